package daemons

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestBuildkitdEndsWithItsTest(t *testing.T) {
	var address string
	t.Run("daemon", func(t *testing.T) {
		address = Buildkitd(t, BuildkitdOptions{})
		if got := workers(t, "--addr", address); !strings.Contains(got, "linux/") {
			t.Errorf("the workers are %q", got)
		}
	})
	if address == "" {
		t.Skip("no buildkitd to test with, see above")
	}
	dir := filepath.Dir(strings.TrimPrefix(address, "unix://"))
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", dir, err)
	}
	if left := running(t, dir); len(left) > 0 {
		t.Errorf("still running: %q", left)
	}
	if mounts, err := os.ReadFile("/proc/self/mountinfo"); err != nil || strings.Contains(string(mounts), dir) {
		t.Errorf("still mounted below %s: %v", dir, err)
	}
}

func TestBuildkitdListensWithTLS(t *testing.T) {
	ca := NewCA(t)
	address := Buildkitd(t, BuildkitdOptions{TLSDir: ca.Server(t, "127.0.0.1")})
	if got := workers(t, "--addr", address, "--tlsdir", ca.Client(t)); !strings.Contains(got, "linux/") {
		t.Errorf("the workers are %q", got)
	}
}

func TestABuildkitdThatDoesNotStartSaysWhy(t *testing.T) {
	if why := NoBuildkitd(); why != "" {
		t.Skip("no buildkitd to test with: " + why)
	}
	dir := t.TempDir()
	_, _, err := StartBuildkitd(dir, BuildkitdOptions{Config: "no = toml = here"})
	if err == nil || !strings.Contains(err.Error(), "starting buildkitd: it ended: exit status 1; the end of its log:") ||
		!strings.Contains(err.Error(), "toml") {
		t.Errorf("got %v", err)
	}
	if left := running(t, dir); len(left) > 0 {
		t.Errorf("still running: %q", left)
	}
}

// The test's binary starts a daemon in a process of its own and is killed.
func TestBuildkitdDiesWithItsProcess(t *testing.T) {
	if dir := os.Getenv("PBRX_GO_TEST_BUILDKITD"); dir != "" {
		if _, _, err := StartBuildkitd(dir, BuildkitdOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "ready"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		select {}
	}
	if why := NoBuildkitd(); why != "" {
		t.Skip("no buildkitd to test with: " + why)
	}
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run=^TestBuildkitdDiesWithItsProcess$")
	cmd.Env = append(os.Environ(), "PBRX_GO_TEST_BUILDKITD="+dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitUntil(t, "the daemon runs", func() bool {
		_, err := os.Stat(filepath.Join(dir, "ready"))
		return err == nil
	})
	if len(running(t, dir)) == 0 {
		t.Error("no process has the folder in its command line")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	waitUntil(t, "all its processes are gone", func() bool { return len(running(t, dir)) == 0 })
}

// workers is what buildctl says about the workers.
func workers(t *testing.T, flags ...string) string {
	t.Helper()
	tools, err := BuildkitTools()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(tools, "buildctl"), append(flags, "debug", "workers")...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}
