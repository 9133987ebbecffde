package embedded_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/moby/buildkit/client/llb"

	"github.com/pbrx-go/pbrx-go/builder/engine/embedded"
)

// The environment of a victim: a process that builds a step of a minute, to be killed meanwhile.
const (
	victimEnv = "PBRX_GO_TEST_VICTIM" // the state directory
	stepEnv   = "PBRX_GO_TEST_STEP"   // the directory of the step binary
	secret    = "the-secret-word-of-the-victims-step"
	napEnv    = "PBRX_GO_TEST_NAP" // how long the step sleeps; unique, to find its processes
)

func victimMain() int {
	ctx := context.Background()
	e, err := embedded.Open(ctx, embedded.Options{StateDir: os.Getenv(victimEnv), Command: "the victim"})
	if err != nil {
		fmt.Fprintln(os.Stderr, "opening:", err)
		return 1
	}
	defer e.Close()
	fmt.Println("opened")
	long := step("write", "/a", os.Getenv(napEnv)).Run(args("/step", "sleep", os.Getenv(napEnv)), llb.AddSecret("/secret", llb.SecretID("word"))).Root()
	if _, err = solve(ctx, e.Client(), os.Getenv(stepEnv), long, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "building:", err)
		return 1
	}
	return 0
}

type victim struct {
	*exec.Cmd
	out *bufio.Reader
	nap string
	tmp string
}

func startVictim(t *testing.T, state, dir string) *victim {
	t.Helper()
	v := &victim{Cmd: exec.Command("/proc/self/exe"), nap: fmt.Sprintf("60.%09ds", rand.IntN(1e9)), tmp: t.TempDir()}
	v.Env = append(os.Environ(), victimEnv+"="+state, stepEnv+"="+dir, napEnv+"="+v.nap, "TMPDIR="+v.tmp)
	v.Stderr = t.Output()
	out, err := v.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	v.out = bufio.NewReader(out)
	v.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := v.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		v.Process.Kill()
		v.Wait()
	})
	return v
}

// await reads what the victim prints until a line is want.
func (v *victim) await(t *testing.T, want string) {
	t.Helper()
	for {
		line, err := v.out.ReadString('\n')
		if err != nil {
			t.Fatalf("the victim ended before it said %q: %v", want, err)
		}
		if strings.TrimSpace(line) == want {
			return
		}
	}
}

func TestKilledCommandLeavesNothing(t *testing.T) {
	needEngine(t)
	state, dir := filepath.Join(t.TempDir(), "state"), stepDir(t)
	for i := range 10 {
		ok := t.Run(strconv.Itoa(i), func(t *testing.T) {
			v := startVictim(t, state, dir)
			wait := time.Duration(rand.IntN(700)) * time.Millisecond
			if i%2 == 1 { // every other time the step is running for certain
				v.await(t, "sleeping")
				wait /= 3
			}
			time.Sleep(wait)
			t.Logf("killed %v after its start or its step's", wait)
			v.Process.Kill()
			v.Wait()
			assertClean(t, state, v.tmp, v.nap, 10*time.Second)

			e := open(t, embedded.Options{StateDir: state})
			mustBuild(t, e.Client(), dir, "built after "+v.nap)
			if err := e.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
			assertClean(t, state, v.tmp, v.nap, 0)
		})
		if !ok { // what is left now would fail every other round as well
			return
		}
	}
}

// childOf finds the engine child of the process pid.
func childOf(t *testing.T, pid int, state string) int {
	t.Helper()
	procs, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range procs {
		cmdline, _ := os.ReadFile(p + "/cmdline")
		stat, _ := os.ReadFile(p + "/stat")
		_, after, _ := strings.Cut(string(stat), ") ")
		if string(cmdline) == "pbrx-go-engine\x00"+state+"\x00" && len(strings.Fields(after)) > 1 && strings.Fields(after)[1] == strconv.Itoa(pid) {
			n, _ := strconv.Atoi(filepath.Base(p))
			return n
		}
	}
	t.Fatalf("process %d has no engine for %s", pid, state)
	return 0
}

func TestKilledChildIsReported(t *testing.T) {
	needEngine(t)
	state, dir := filepath.Join(t.TempDir(), "state"), stepDir(t)
	e := open(t, embedded.Options{StateDir: state})
	nap := fmt.Sprintf("61.%09ds", rand.IntN(1e9))
	lines := lineWriter{c: make(chan string, 100)}
	failed := make(chan error, 1)
	go func() {
		_, err := solve(context.Background(), e.Client(), dir, step("sleep", nap), lines)
		failed <- err
	}()
	select {
	case <-lines.c:
	case err := <-failed:
		t.Fatalf("the step did not start: %v", err)
	}
	if err := syscall.Kill(childOf(t, os.Getpid(), state), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	want := "the build engine died (signal: killed): see " + state + "/engine.log"
	err := <-failed
	var s *embedded.SurroundingsError
	if !errors.As(err, &s) || s.Error() != want {
		t.Errorf("the solve failed with %v, want %q as a SurroundingsError", err, want)
	}
	if err := e.Close(); err == nil || err.Error() != want {
		t.Errorf("Close = %v, want %q", err, want)
	}
	assertClean(t, state, t.TempDir(), nap, 0)
	e = open(t, embedded.Options{StateDir: state})
	mustBuild(t, e.Client(), dir, "built after the child was killed")
}

// Both killed: nobody is left to clean up, the next Open has to.
func TestKilledTogetherIsSwept(t *testing.T) {
	needEngine(t)
	state, dir := filepath.Join(t.TempDir(), "state"), stepDir(t)
	v := startVictim(t, state, dir)
	v.await(t, "sleeping")
	child := childOf(t, v.Process.Pid, state)
	syscall.Kill(v.Process.Pid, syscall.SIGSTOP) // so that it cannot clean up in between
	syscall.Kill(child, syscall.SIGKILL)
	v.Process.Kill()
	v.Wait()
	ingest := filepath.Join(state, "runc-overlayfs", "content", "ingest", "half")
	if err := os.MkdirAll(ingest, 0o755); err != nil {
		t.Fatal(err)
	}
	var left []string
	for range 50 { // the kernel takes a moment to end a PID namespace
		left = leftovers(t, state, v.tmp, v.nap)
		if !strings.Contains(strings.Join(left, "\n"), "process ") {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if len(left) < 2 { // socket and download at least
		t.Fatalf("the test is void, it left only %q", left)
	}
	for _, l := range left { // all else was on the child's own tmpfs mounts
		if !strings.HasSuffix(l, "/engine.sock") && !strings.HasSuffix(l, "/ingest/half") && !strings.HasPrefix(l, "/sys/fs/cgroup/") {
			t.Errorf("left until the next Open: %s", l)
		}
	}
	if out, err := exec.Command("grep", "-rlF", secret, state).Output(); len(out) > 0 {
		t.Errorf("the secret of a step is on disk: %s (%v)", out, err)
	}
	e := open(t, embedded.Options{StateDir: state})
	mustBuild(t, e.Client(), dir, "built after both were killed")
	if err := e.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	assertClean(t, state, v.tmp, v.nap, 0)
}

// The lock is the child's as well: nobody may open the store while it still stops.
func TestLockIsHeldUntilBothAreGone(t *testing.T) {
	needEngine(t)
	state, dir := filepath.Join(t.TempDir(), "state"), stepDir(t)
	v := startVictim(t, state, dir)
	v.await(t, "sleeping")
	child := childOf(t, v.Process.Pid, state)
	if err := syscall.Kill(child, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	v.Process.Kill()
	v.Wait()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	e, err := embedded.Open(ctx, embedded.Options{StateDir: state})
	if want := "waiting for " + state + ": context deadline exceeded"; err == nil || err.Error() != want {
		t.Errorf("Open while the child lives = %v, want %q", err, want)
	}
	if err == nil {
		e.Close()
	}
	if err := syscall.Kill(child, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	assertClean(t, state, v.tmp, v.nap, 10*time.Second)
}

// A database that somebody else has open blocks the start: the command can give
// up meanwhile, and the child does not outlive it.
func TestBlockedStartEndsWithTheCommand(t *testing.T) {
	needEngine(t)
	state := filepath.Join(t.TempDir(), "state")
	e := open(t, embedded.Options{StateDir: state})
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := os.OpenFile(filepath.Join(state, "runc-overlayfs", "containerdmeta.db"), os.O_RDWR, 0)
	if err != nil {
		t.Skip("embedded engine: the store is not on overlayfs here")
	}
	defer db.Close()
	if err := syscall.Flock(int(db.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}

	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err = embedded.Open(ctx, embedded.Options{StateDir: state})
	if want := "starting the build engine: context deadline exceeded"; err == nil || err.Error() != want {
		t.Errorf("Open of a blocked store = %v, want %q", err, want)
	}
	if d := time.Since(start); d > 3*time.Second {
		t.Errorf("Open took %v to give up", d)
	}
	assertClean(t, state, t.TempDir(), "", 0)

	v := startVictim(t, state, t.TempDir())
	time.Sleep(500 * time.Millisecond)
	childOf(t, v.Process.Pid, state)
	v.Process.Kill()
	v.Wait()
	assertClean(t, state, v.tmp, v.nap, 5*time.Second)
}

// A terminal's Ctrl-C goes to the whole process group and a service manager
// signals every process: the engine goes on until the command closes it.
func TestSignalsAreTheCommands(t *testing.T) {
	needEngine(t)
	state, dir := filepath.Join(t.TempDir(), "state"), stepDir(t)
	e := open(t, embedded.Options{StateDir: state})
	child := childOf(t, os.Getpid(), state)
	if pgid, err := syscall.Getpgid(child); err != nil || pgid != child {
		t.Errorf("the child's process group is %d (%v), want its own, %d", pgid, err, child)
	}
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		if err := syscall.Kill(child, sig); err != nil {
			t.Fatal(err)
		}
	}
	mustBuild(t, e.Client(), dir, "built after the signals")
	if err := e.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}
