package embedded_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/client/llb"

	"github.com/pbrx-go/pbrx-go/builder/engine/embedded"
)

func TestBuildTwice(t *testing.T) {
	needEngine(t)
	state, dir, tmp := filepath.Join(t.TempDir(), "state"), stepDir(t), t.TempDir()
	t.Setenv("TMPDIR", tmp)
	for range 3 {
		start := time.Now()
		e := open(t, embedded.Options{StateDir: state})
		if _, err := e.Client().ListWorkers(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Logf("open and first answer: %v", time.Since(start))
		mustBuild(t, e.Client(), dir, "hello from the step")
		start = time.Now()
		for range 2 { // Close is idempotent
			if err := e.Close(); err != nil {
				t.Fatalf("Close: %v", err)
			}
		}
		t.Logf("close: %v", time.Since(start))
		assertClean(t, state, tmp, "", 0)
	}
}

func TestSecondOpenerWaitsAndIsTold(t *testing.T) {
	needEngine(t)
	state, dir := filepath.Join(t.TempDir(), "state"), stepDir(t)
	first := open(t, embedded.Options{StateDir: state, Command: "pbrx-go build-images /src/foo"})
	var told []embedded.Holder
	opts := embedded.Options{StateDir: state, Command: "second", Waiting: func(h embedded.Holder) { told = append(told, h) }}

	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := embedded.Open(ctx, opts)
	if want := "waiting for " + state + ": context deadline exceeded"; err == nil || err.Error() != want || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("Open while it is held = %v, want %q", err, want)
	}
	if len(told) != 1 || told[0].PID != os.Getpid() || told[0].Command != "pbrx-go build-images /src/foo" || time.Since(told[0].Since) > time.Minute {
		t.Errorf("told %+v, want once who holds it", told)
	}

	var closed atomic.Bool
	go func() {
		time.Sleep(300 * time.Millisecond)
		closed.Store(true)
		first.Close()
	}()
	second := open(t, opts)
	if !closed.Load() {
		t.Error("the second engine opened while the first had the state directory")
	}
	mustBuild(t, second.Client(), dir, "built by the second")
}

func TestLongStateDir(t *testing.T) {
	needEngine(t)
	state := filepath.Join(t.TempDir(), strings.Repeat("long-", 20), strings.Repeat("with space [*] ", 8), "state")
	e := open(t, embedded.Options{StateDir: state})
	mustBuild(t, e.Client(), stepDir(t), "built in a long path")
	if err := e.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if _, err := os.Lstat(filepath.Join(state, "engine.sock")); !os.IsNotExist(err) {
		t.Errorf("the socket is left: %v", err)
	}
}

// usage is what the store holds, in bytes and records.
func usage(t *testing.T, c *client.Client) (size int64, records int) {
	t.Helper()
	du, err := c.DiskUsage(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range du {
		size += r.Size
	}
	return size, len(du)
}

func TestBudgetIsKeptWithoutBeingAsked(t *testing.T) {
	needEngine(t)
	state, dir := filepath.Join(t.TempDir(), "state"), stepDir(t)
	const budget, layer = 24 << 20, 10 << 20
	for i := range 5 {
		e := open(t, embedded.Options{StateDir: state, CacheBudget: budget})
		if size, n := usage(t, e.Client()); size > budget {
			t.Fatalf("round %d begins with %d bytes in %d records, more than the budget of %d", i, size, n, budget)
		}
		fill := step("fill", fmt.Sprintf("/%d", i), fmt.Sprint(layer))
		if _, err := solve(t.Context(), e.Client(), dir, fill, t.Output()); err != nil {
			t.Fatal(err)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		if size := diskUsage(t, state); size > budget+4<<20 { // databases on top
			t.Errorf("round %d ends with %d bytes on disk, more than the budget of %d", i, size, budget)
		}
	}
	e := open(t, embedded.Options{StateDir: state, CacheBudget: budget})
	if size, n := usage(t, e.Client()); size < layer {
		t.Errorf("only %d bytes in %d records are left: what fits the budget should stay", size, n)
	}
}

// diskUsage is what the files below dir take.
func diskUsage(t *testing.T, dir string) (size int64) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		size += info.Sys().(*syscall.Stat_t).Blocks * 512
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return size
}

// A step's files get the modes it asks for, whatever the user's umask is.
func TestUmaskOfTheUserDoesNotCount(t *testing.T) {
	needEngine(t)
	dir := stepDir(t)
	old := syscall.Umask(0o077)
	e := open(t, embedded.Options{})
	syscall.Umask(old)
	st := step("write", "/hello", "x").File(llb.Mkdir("/made", 0o777)).File(llb.Mkfile("/made/file", 0o666, nil))
	tarball, err := solve(t.Context(), e.Client(), dir, st, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	modes := tarModes(t, bytes.NewReader(tarball))
	for name, want := range map[string]int64{"made/": 0o777, "made/file": 0o666, "hello": 0o644} { // runc gives a step umask 022
		if modes[name] != want {
			t.Errorf("%s has mode %o, want %o", name, modes[name], want)
		}
	}
}

func TestLogGoesWhereItIsWanted(t *testing.T) {
	needEngine(t)
	var log bytes.Buffer
	state := filepath.Join(t.TempDir(), "state")
	e := open(t, embedded.Options{StateDir: state, Log: &log})
	mustBuild(t, e.Client(), stepDir(t), "built with a log")
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "level=") {
		t.Errorf("the log is %q", log.String())
	}
	if _, err := os.Stat(filepath.Join(state, "engine.log")); !os.IsNotExist(err) {
		t.Errorf("engine.log was written as well: %v", err)
	}
}

// What package managers keep in cache mounts is there for the next engine.
func TestCacheMountsStay(t *testing.T) {
	needEngine(t)
	state, dir := filepath.Join(t.TempDir(), "state"), stepDir(t)
	const size = 1 << 20
	kept := func(e *embedded.Engine) (all []int64) {
		du, err := e.Client().DiskUsage(t.Context(), client.WithFilter([]string{"type==exec.cachemount"}))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range du {
			all = append(all, r.Size)
		}
		return all
	}
	e := open(t, embedded.Options{StateDir: state})
	base := llb.Scratch().File(llb.Copy(llb.Local("step"), "/step", "/step"))
	fill := base.Run(args("/step", "fill", "/cache/file", fmt.Sprint(size)), llb.Network(llb.NetModeNone),
		llb.AddMount("/cache", llb.Scratch(), llb.AsPersistentCacheDir("kept", llb.CacheMountLocked))).Root()
	if _, err := solve(t.Context(), e.Client(), dir, fill, t.Output()); err != nil {
		t.Fatal(err)
	}
	if all := kept(e); len(all) != 1 || all[0] < size {
		t.Errorf("after the step the cache mounts have %d bytes, want one of %d", all, size)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if all := kept(open(t, embedded.Options{StateDir: state})); len(all) != 1 || all[0] < size {
		t.Errorf("the next engine's cache mounts have %d bytes, want one of %d", all, size)
	}
}
