package embedded_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/pbrx-go/pbrx-go/builder/engine/embedded"
)

// openEnv makes the test binary open an engine there and print why it does not.
const openEnv = "PBRX_GO_TEST_OPEN"

func openMain() int {
	_, err := embedded.Open(context.Background(), embedded.Options{StateDir: os.Getenv(openEnv)})
	fmt.Print(err)
	return 0
}

// wantSurroundings checks that Open refuses with exactly this text, and leaves no state directory.
func wantSurroundings(t *testing.T, opts embedded.Options, want string) {
	t.Helper()
	e, err := embedded.Open(t.Context(), opts)
	if err == nil {
		e.Close()
	}
	var s *embedded.SurroundingsError
	if !errors.As(err, &s) || err.Error() != want {
		t.Errorf("Open = %v, want the SurroundingsError %q", err, want)
	}
}

func TestOpenWithoutRunc(t *testing.T) {
	needEngine(t)
	t.Setenv("PATH", t.TempDir())
	wantSurroundings(t, embedded.Options{StateDir: filepath.Join(t.TempDir(), "state")},
		"runc is not on PATH: install it (Debian, Ubuntu: apt-get install runc; Alpine: apk add runc; Fedora: dnf install runc)")
}

func TestOpenWithOldRunc(t *testing.T) {
	needEngine(t)
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "runc"), []byte("#!/bin/sh\necho runc version 0.1.1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	state := filepath.Join(t.TempDir(), "state")
	wantSurroundings(t, embedded.Options{StateDir: state}, bin+`/runc is version "0.1.1", at least 1.0 is needed: `+
		"install it (Debian, Ubuntu: apt-get install runc; Alpine: apk add runc; Fedora: dnf install runc)")
	assertClean(t, state, t.TempDir(), "", 0)
}

func TestOpenWithoutRoot(t *testing.T) {
	needEngine(t)
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), openEnv+"=/nonexistent")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	want := "the embedded engine needs root: run the command as root (sudo)"
	if err != nil || string(out) != want {
		t.Errorf("got %q, %v, want %q", out, err, want)
	}
}

func TestOpenRefusesAStateDirOfOthers(t *testing.T) {
	needEngine(t)
	state := filepath.Join(t.TempDir(), "state")
	if err := os.Mkdir(state, 0o700); err != nil {
		t.Fatal(err)
	}
	want := "the engine's state directory " + state + " belongs to or is writable for other users: " +
		"choose another directory, or: chown 0 " + state + " && chmod 700 " + state
	if err := os.Chmod(state, 0o777); err != nil {
		t.Fatal(err)
	}
	wantSurroundings(t, embedded.Options{StateDir: state}, want)
	if err := errors.Join(os.Chmod(state, 0o700), os.Chown(state, 65534, 65534)); err != nil {
		t.Fatal(err)
	}
	wantSurroundings(t, embedded.Options{StateDir: state}, want)
}

func TestOpenNeedsAStateDir(t *testing.T) {
	needEngine(t)
	_, err := embedded.Open(t.Context(), embedded.Options{})
	if want := "opening the embedded engine: no state directory given"; err == nil || err.Error() != want {
		t.Errorf("Open = %v, want %q", err, want)
	}
}

// A child that cannot serve says why, and its start leaves nothing.
func TestOpenOfABrokenStore(t *testing.T) {
	needEngine(t)
	state := filepath.Join(t.TempDir(), "state")
	if err := os.Mkdir(state, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(state, "runc-overlayfs"), nil, 0o600); err != nil { // where a directory should be
		t.Fatal(err)
	}
	wantSurroundings(t, embedded.Options{StateDir: state}, "starting the build engine: making a mount point: mkdir "+
		state+"/runc-overlayfs: not a directory: see "+state+"/engine.log; if the store is damaged, begin a new one by removing "+state)
	assertClean(t, state, t.TempDir(), "", 0)
}

func TestCheck(t *testing.T) {
	needEngine(t)
	parent := t.TempDir()
	findings := embedded.Check(t.Context(), filepath.Join(parent, "not", "yet"))
	var names []string
	for _, f := range findings {
		t.Logf("%+v", f)
		names = append(names, f.Name)
		if f.Level == embedded.LevelFail || (f.Level == embedded.LevelOK) != (f.Remedy == "") || f.Detail == "" {
			t.Errorf("unexpected on a machine that runs the engine: %+v", f)
		}
	}
	if got, want := strings.Join(names, " "), "root runc namespaces snapshots cgroups disk"; got != want {
		t.Errorf("looked at %q, want %q", got, want)
	}
	if left, err := os.ReadDir(parent); err != nil || len(left) > 0 {
		t.Errorf("Check left %v, %v", left, err)
	}
	t.Setenv("PATH", t.TempDir())
	want := embedded.Finding{Name: "runc", Level: embedded.LevelFail, Detail: "runc is not on PATH",
		Remedy: "install it (Debian, Ubuntu: apt-get install runc; Alpine: apk add runc; Fedora: dnf install runc)"}
	if got := embedded.Check(t.Context(), parent)[1]; got != want {
		t.Errorf("without runc: %+v, want %+v", got, want)
	}
}

func TestParseRuncVersion(t *testing.T) {
	for out, want := range map[string]string{
		"runc version 1.1.5+ds1\ncommit: 1.1.5+ds1-1+deb12u1\nspec: 1.0.2-dev\n": "1.1.5+ds1",
		"runc version 1.3.0": "1.3.0",
		"":                   "",
	} {
		if got := embedded.ParseRuncVersion(out); got != want {
			t.Errorf("parseRuncVersion(%q) = %q, want %q", out, got, want)
		}
	}
}

func TestChildMainIsNotForOthers(t *testing.T) {
	for _, args := range [][]string{nil, {"pbrx-go"}, {"/usr/bin/pbrx-go", "pbrx-go-engine", "/var/lib"}} {
		if isChild, code := embedded.ChildMain(args); isChild || code != 0 {
			t.Errorf("ChildMain(%q) = %v, %d", args, isChild, code)
		}
	}
}

// Somebody who starts the child by hand gets an error, not an engine.
func TestChildByHand(t *testing.T) {
	cmd := exec.Command("/proc/self/exe")
	cmd.Args = []string{"pbrx-go-engine", t.TempDir()}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	err := cmd.Run()
	if cmd.ProcessState.ExitCode() != 1 || !strings.Contains(stderr.String(), "reading the configuration") {
		t.Errorf("got %v, %q", err, stderr.String())
	}
}
