package embedded_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const victimEnv = "PBRX_GO_TEST_VICTIM"

func victimMain() int { return 0 }

// leftovers names everything an engine on state has left: processes, mounts, the
// lock, sockets, step directories, temporary files and cgroups.
func leftovers(t *testing.T, state string) []string {
	t.Helper()
	var left []string
	procs, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range procs {
		if cmdline, err := os.ReadFile(p + "/cmdline"); err == nil && strings.Contains(string(cmdline), state) {
			left = append(left, "process "+strings.ReplaceAll(string(cmdline), "\x00", " "))
		}
		if mounts, err := os.ReadFile(p + "/mountinfo"); err == nil && strings.Contains(string(mounts), state) {
			left = append(left, "mount in "+p)
		}
	}
	f, err := os.OpenFile(filepath.Join(state, "buildkitd.lock"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		left = append(left, "lock: "+err.Error())
	}
	for _, pattern := range []string{
		state + "/*.sock", state + "/runc-*/executor/*", state + "/runc-*/cachemounts/*", state + "/runc-*/content/ingest/*",
		os.TempDir() + "/buildkit*", os.TempDir() + "/runc*", os.TempDir() + "/containerd-mount*", "/run/runc/*",
		"/sys/fs/cgroup/pbrx-go-*", "/sys/fs/cgroup/*/pbrx-go-*",
	} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		left = append(left, names...)
	}
	return left
}

func assertClean(t *testing.T, state string) {
	t.Helper()
	if left := leftovers(t, state); len(left) > 0 {
		t.Errorf("left behind:\n%s", strings.Join(left, "\n"))
	}
}
