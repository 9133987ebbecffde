//go:build linux

package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// place is an engine that --engine auto chooses, with images of its own, and where its containers would be seen.
type place struct {
	name string
	env  []string
	data string
	// executor is a pattern of what BuildKit keeps of each container that runs.
	executor string
	// images is what the build says of where the images are.
	images string
}

// sandpipers are the places that have the images of sandpiper, by name.
var sandpipers = map[string]place{}

// placeNames are those of all places.
func placeNames() []string { return []string{"embedded", "docker", "buildkitd"} }

// placeOf is an engine with the images of sandpiper where builds put them.
func placeOf(t *testing.T, name string) place {
	t.Helper()
	if p, ok := sandpipers[name]; ok {
		return p
	}
	testBase(t)
	folder := func(address string) string { return filepath.Dir(strings.TrimPrefix(address, "unix://")) }
	p := place{name: name, data: filepath.Join(workDir, "sandpiper-"+name)}
	switch name {
	case "embedded":
		p.env, p.executor = dockerAt(t, nowhere, ""), sharedState()+"/runc-*/executor/*/"
	case "docker":
		host := dockerHost(t)
		p.env, p.executor = dockerAt(t, host, ""), folder(host)+"/data/buildkit/executor/*/"
		p.images = "Docker Engine"
	case "buildkitd":
		address := buildkitdAddress(t)
		p.env, p.executor = dockerAt(t, nowhere, address), folder(address)+"/root/runc-*/executor/*/"
	}
	p.env = append(p.env, "XDG_DATA_HOME="+p.data)
	if p.images == "" {
		p.images = "oci:" + p.data + "/pbrx-go/images"
	}
	p.build(t, sandpiper(t), "")
	sandpipers[name] = p
	return p
}

// build builds sandpiper to where --output says, or with no such flag.
func (p place) build(t *testing.T, project, output string) outcome {
	t.Helper()
	c := command{args: []string{"build-images", project, "--base", testBase(t), "--init-path", "none", "--progress", "quiet"}, env: p.env}
	if output != "" {
		c.args = append(c.args, "--output", output)
		return c.succeed(t)
	}
	out := c.succeed(t)
	if !strings.HasSuffix(out.stderr, "\nimages are in "+p.images+"\n") {
		t.Errorf("on %s stderr does not end with where the images are, %s:\n%s", p.name, p.images, out.stderr)
	}
	want := `\Asandpiper-base:latest@sha256:\w{64}\nsandpiper:latest@sha256:\w{64}\n\z`
	if p.name == "docker" && !keepsSnapshots(t, dockerHost(t)) { // graph drivers have no manifests
		want = strings.ReplaceAll(want, "@", " ")
	}
	if !regexp.MustCompile(want).MatchString(out.stdout) {
		t.Errorf("on %s stdout is %q", p.name, out.stdout)
	}
	if _, err := os.Stat(p.data); os.IsNotExist(err) != (p.name == "docker") {
		t.Errorf("on %s the user's image store: %v", p.name, err)
	}
	return out
}

// run is a call of `pbrx-go run` with no flag at all.
func (p place) run(args ...string) command {
	return command{args: append([]string{"run", "sandpiper"}, args...), env: p.env}
}

// sandpiper is a project whose script does what scripts do to their surroundings.
func sandpiper(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "sandpiper")
	write(t, filepath.Join(dir, "pyproject.toml"), `[build-system]
requires = ["flit_core>=3.4"]
build-backend = "flit_core.buildapi"

[project]
name = "sandpiper"
version = "0.5"
description = "Runs"

[project.scripts]
sandpiper = "sandpiper:main"
`)
	write(t, filepath.Join(dir, "sandpiper.py"), `"""Runs."""
import hashlib
import os
import signal
import subprocess
import sys
import time


def say(text, file=None):
    print(text, file=file or sys.stdout, flush=True)


def main():
    what, args = sys.argv[1], sys.argv[2:]
    return globals()[what](*args)


def arguments(*args):
    say(list(args))


def leave(status):
    return int(status)


def both():
    say("to stdout")
    say("to stderr", sys.stderr)


def digest():
    """Stdin comes back as it is, and its digest on stderr."""
    data = sys.stdin.buffer.read()
    sys.stdout.buffer.write(data)
    say(hashlib.sha256(data).hexdigest(), sys.stderr)


def first():
    """The first line of stdin, and no more of it."""
    say(sys.stdin.readline().strip())


def size(*_):
    columns, lines = os.get_terminal_size(1)
    say(f"{columns}x{lines}")


def terminal():
    say([os.isatty(n) for n in (0, 1, 2)])
    size()
    signal.signal(signal.SIGWINCH, size)
    say("asked: " + input("name? "))
    return 7


def obey(mark):
    """Ends when told to."""
    def end(*_):
        say("told to end", sys.stderr)
        os._exit(9)
    signal.signal(signal.SIGTERM, end)
    say("ready")
    time.sleep(600)


def stay(mark):
    """Does not end by itself, and has a child."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", mark])
    say("ready")
    child.wait()
`)
	return dir
}

// What was built without a flag runs without a flag, and is the script's alone.
func TestRun(t *testing.T) {
	for _, name := range placeNames() {
		t.Run(name, func(t *testing.T) {
			p := placeOf(t, name)
			for _, c := range []struct {
				args           []string
				stdin          string
				code           int
				stdout, stderr string
			}{
				{args: []string{"arguments", "--engine", "a b", "", "$HOME", "-h"}, stdout: "['--engine', 'a b', '', '$HOME', '-h']\n"},
				{args: []string{"leave", "0"}},
				{args: []string{"leave", "3"}, code: 3},
				{args: []string{"leave", "255"}, code: 255},
				{args: []string{"both"}, stdout: "to stdout\n", stderr: "to stderr\n"},
				{args: []string{"digest"}, stdin: "", stderr: fmt.Sprintf("%x\n", sha256.Sum256(nil))},
				{args: []string{"first"}, stdin: "one\ntwo\n", stdout: "one\n"},
			} {
				cmd := p.run(c.args...)
				cmd.stdin = c.stdin
				out := cmd.run(t)
				if out.code != c.code {
					t.Errorf("%q ended with %d, want %d", c.args, out.code, c.code)
				}
				checkString(t, "stdout of "+c.args[0], out.stdout, c.stdout)
				checkString(t, "stderr of "+c.args[0], out.stderr, c.stderr)
			}
			t.Run("binary stdin", func(t *testing.T) { p.checkBinary(t) })
			t.Run("stdin that nobody reads", func(t *testing.T) { p.checkUnread(t) })
			t.Run("terminal", func(t *testing.T) { p.checkTerminal(t) })
			t.Run("SIGTERM", func(t *testing.T) { p.checkSignal(t, syscall.SIGTERM, "obey") })
			t.Run("SIGINT, and a script that stays", func(t *testing.T) { p.checkSignal(t, syscall.SIGINT, "stay") })
			t.Run("failures of ours", func(t *testing.T) { p.checkOurs(t) })
		})
	}
}

// checkBinary sends a file of every byte there is.
func (p place) checkBinary(t *testing.T) {
	data := make([]byte, 1<<20+17)
	random := rand.NewChaCha8([32]byte{1})
	if _, err := random.Read(data); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cmd := p.run("digest").cmd(t)
	cmd.Stdin = f
	out := run(t, cmd)
	checkString(t, "the digest of stdin", out.stderr, fmt.Sprintf("%x\n", sha256.Sum256(data)))
	if out.code != 0 || out.stdout != string(data) {
		t.Errorf("status %d, %d bytes came back of %d", out.code, len(out.stdout), len(data))
	}
}

// checkUnread gives the script a pipe that stays open and that it reads nothing of.
func (p place) checkUnread(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if _, err := w.WriteString("nobody reads this\n"); err != nil {
		t.Fatal(err)
	}
	cmd := p.run("both").cmd(t)
	cmd.Stdin = r
	out := run(t, cmd)
	if out.code != 0 || out.stdout != "to stdout\n" {
		t.Errorf("status %d, stdout %q, stderr %q", out.code, out.stdout, out.stderr)
	}
}

// checkOurs looks at what is not the script's fault.
func (p place) checkOurs(t *testing.T) {
	for _, c := range []struct{ args []string }{{[]string{"run", "no-such-script"}}, {[]string{"run", "--tag", "none", "sandpiper"}}} {
		out := command{args: c.args, env: p.env}.run(t)
		one := regexp.MustCompile(`\Aerror: .*(no-such-script:latest|sandpiper:none).*: build it first with ` + "`pbrx-go build-images`" + `\n\z`)
		if out.code != 125 || out.stdout != "" || !one.MatchString(out.stderr) {
			t.Errorf("%q ended with %d: %s", c.args, out.code, out.stderr)
		}
	}
}

// checkSignal ends us while the script runs, and looks for what is left of it.
func (p place) checkSignal(t *testing.T, signal syscall.Signal, script string) {
	mark := fmt.Sprintf("mark-%d", rand.Uint64())
	cmd := p.run(script, mark).cmd(t)
	var stdout, stderr output
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }() // in vain, unless the test has failed
	await(t, "the script to run", func() bool { return stdout.String() == "ready\n" })
	if err := cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	sent := time.Now()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-ended:
	case <-time.After(30 * time.Second):
		t.Fatalf("it runs on after %v; stderr: %s", signal, stderr.String())
	}
	took := time.Since(sent)
	word := map[syscall.Signal]string{syscall.SIGTERM: "terminated", syscall.SIGINT: "interrupted"}[signal]
	if code := cmd.ProcessState.ExitCode(); code != 128+int(signal) {
		t.Errorf("status %d, want %d", code, 128+int(signal))
	}
	want := "error: " + word + ": the script was ended\n"
	if script == "obey" && p.name != "docker" { // whose BuildKit knows of no signals
		want = "told to end\n" + want
	}
	checkString(t, "stderr", stderr.String(), want)
	for len(p.left(mark)) > 0 && time.Since(sent) < 20*time.Second {
		time.Sleep(50 * time.Millisecond)
	}
	if left := p.left(mark); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	t.Logf("we ended after %v, and nothing was left after %v", took.Round(time.Millisecond), time.Since(sent).Round(time.Millisecond))
}

// left are processes of a script, and containers of the engine.
func (p place) left(mark string) []string {
	left, _ := filepath.Glob(p.executor)
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, f := range files { // they come and go while we look: what cannot be read is gone
		if data, err := os.ReadFile(f); err == nil && bytes.Contains(data, []byte(mark)) {
			left = append(left, f+" "+strings.ReplaceAll(string(data), "\x00", " "))
		}
	}
	return left
}

// output is what a process has printed so far.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// checkTerminal sits at a terminal: the script has it, with its size, which changes, and its keys.
func (p place) checkTerminal(t *testing.T) {
	keyboard, terminal := openTerminal(t)
	resize(t, keyboard, 91, 31)
	before, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	cmd := p.run("terminal").cmd(t)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal, terminal, terminal
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }() // in vain, unless the test has failed
	var screen output
	go func() {
		buf := make([]byte, 1024)
		for {
			n, err := keyboard.Read(buf)
			_, _ = screen.Write(buf[:n])
			if err != nil {
				return
			}
		}
	}()
	await(t, "the script to ask", func() bool { return strings.HasSuffix(screen.String(), "name? ") })
	checkString(t, "the screen", screen.String(), "[True, True, True]\r\n91x31\r\nname? ")
	resize(t, keyboard, 120, 40)
	await(t, "the script to see the new size", func() bool { return strings.Contains(screen.String(), "120x40") })
	// Keys reach the script as they are typed: ^C is none of our business, and is echoed once.
	if _, err := keyboard.WriteString("sandpiper\r"); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 7 {
			t.Errorf("it ended with %v", err)
		}
	case <-time.After(30 * time.Second):
		t.Fatalf("it does not end; the screen: %q", screen.String())
	}
	await(t, "the answer", func() bool { return strings.Contains(screen.String(), "asked: ") })
	checkString(t, "the screen", screen.String(), "[True, True, True]\r\n91x31\r\nname? 120x40\r\nsandpiper\r\nasked: sandpiper\r\n")
	after, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	if err != nil || *after != *before {
		t.Errorf("the terminal is not as it was: %+v, %v", after, err)
	}
}

// openTerminal makes a terminal: what is typed into keyboard arrives there, what is printed on the terminal comes out.
func openTerminal(t *testing.T) (keyboard, terminal *os.File) {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	keyboard = os.NewFile(uintptr(fd), "/dev/ptmx")
	t.Cleanup(func() { keyboard.Close() })
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if terminal, err = os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { terminal.Close() })
	return keyboard, terminal
}

func resize(t *testing.T, keyboard *os.File, columns, rows uint16) {
	t.Helper()
	if err := unix.IoctlSetWinsize(int(keyboard.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: rows, Col: columns}); err != nil {
		t.Fatal(err)
	}
}

// Images in archives run on every engine, and leave nothing in Docker.
func TestRunFromArchives(t *testing.T) {
	project, dir := sandpiper(t), t.TempDir()
	for _, transport := range []string{"oci-archive", "docker-archive"} {
		output := transport + ":" + filepath.Join(dir, transport+".tar")
		placeOf(t, "embedded").build(t, project, output)
		for _, name := range placeNames() {
			t.Run(name+" "+transport, func(t *testing.T) {
				p := placeOf(t, name)
				before := dockerImages(t, dockerHost(t))
				run := func(args ...string) outcome {
					return command{args: append([]string{"run", "--output", output}, args...), env: p.env}.run(t)
				}
				out := run("sandpiper", "both")
				if out.code != 0 || out.stdout != "to stdout\n" || out.stderr != "to stderr\n" {
					t.Errorf("status %d, stdout %q, stderr %q", out.code, out.stdout, out.stderr)
				}
				none := run("--tag", "none", "sandpiper", "both")
				if none.code != 125 || none.stdout != "" || strings.Count(none.stderr, "\n") != 1 || !strings.Contains(none.stderr, "sandpiper:none") {
					t.Errorf("an image that is not there: status %d, stderr %q", none.code, none.stderr)
				}
				if after := dockerImages(t, dockerHost(t)); !slices.Equal(before, after) {
					t.Errorf("Docker had %q and has %q", before, after)
				}
			})
		}
	}
}
