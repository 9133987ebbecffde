package embedded_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pbrx-go/pbrx-go/builder/engine/embedded"
)

// leftovers names everything an engine on state has left: processes (also those
// whose arguments contain marker), mounts, the lock, sockets, step directories,
// temporary files, containers and cgroups. tmp is the TMPDIR the engine was started with.
func leftovers(t *testing.T, state, tmp, marker string) []string {
	t.Helper()
	var left []string
	procs, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range procs {
		if p == fmt.Sprintf("/proc/%d", os.Getpid()) {
			continue
		}
		cmdline, _ := os.ReadFile(p + "/cmdline") // processes come and go while we look
		args := strings.ReplaceAll(string(cmdline), "\x00", " ")
		if strings.Contains(args, state) || marker != "" && strings.Contains(args, marker) {
			left = append(left, "process "+args)
		}
		if mounts, _ := os.ReadFile(p + "/mountinfo"); strings.Contains(string(mounts), state) {
			left = append(left, "mount in "+p)
		}
	}
	if f, err := os.OpenFile(filepath.Join(state, "buildkitd.lock"), os.O_RDWR, 0); err == nil {
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
			left = append(left, "lock: "+err.Error())
		}
		f.Close()
	}
	containers, _ := filepath.Glob("/run/runc/*/state.json")
	for _, c := range containers {
		if b, _ := os.ReadFile(c); strings.Contains(string(b), state) {
			left = append(left, c)
		}
	}
	cgroup, err := embedded.CgroupParentOf(filepath.Dir(state)) // any existing directory: only the name counts
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(state); err == nil {
		if cgroup, err = embedded.CgroupParentOf(state); err != nil {
			t.Fatal(err)
		}
	}
	for _, pattern := range []string{
		"/sys/fs/cgroup/" + cgroup, "/sys/fs/cgroup/*/" + cgroup, tmp + "/*",
		state + "/*.sock", state + "/probe", state + "/runc-*/executor/*", state + "/runc-*/cachemounts/*",
		state + "/runc-*/content/ingest/*", state + "/runc-*/snapshots/snapshots/new-*",
	} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		left = append(left, names...)
	}
	return left
}

// assertClean gives what was killed up to limit to be gone, then fails for what is left.
func assertClean(t *testing.T, state, tmp, marker string, limit time.Duration) {
	t.Helper()
	start := time.Now()
	for {
		left := leftovers(t, state, tmp, marker)
		if len(left) == 0 {
			t.Logf("clean after %v", time.Since(start).Round(time.Millisecond))
			return
		}
		if time.Since(start) > limit {
			t.Fatalf("left behind after %v:\n%s", limit, strings.Join(left, "\n"))
		}
		time.Sleep(20 * time.Millisecond)
	}
}
