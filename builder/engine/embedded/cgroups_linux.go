package embedded

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// cgroupDirs are the places where the cgroup parent is or would be: one in each
// hierarchy of cgroup v1, or in the only one of v2.
func cgroupDirs(parent string) ([]string, error) {
	points, err := mountPoints()
	if err != nil {
		return nil, err
	}
	var dirs []string
	for _, p := range points {
		if p.fstype == "cgroup" || p.fstype == "cgroup2" {
			dirs = append(dirs, filepath.Join(p.dir, parent))
		}
	}
	return dirs, nil
}

// cgroupsWritable tries to make the steps' cgroup in every hierarchy.
func cgroupsWritable(parent string) bool {
	dirs, err := cgroupDirs(parent)
	if err != nil || len(dirs) == 0 {
		return false
	}
	for _, dir := range dirs {
		if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return false
		}
	}
	return true
}

// removeCgroups kills what still runs in the steps' cgroups and removes them.
func removeCgroups(parent string) error {
	dirs, err := cgroupDirs(parent)
	if err != nil {
		return err
	}
	var errs []error
	for _, dir := range dirs {
		for range 50 { // a killed process leaves its cgroup a moment later
			if err = removeCgroup(dir); err == nil {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func removeCgroup(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() {
			if err := removeCgroup(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	procs, err := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, field := range strings.Fields(string(procs)) {
		if pid, err := strconv.Atoi(field); err == nil && pid > 1 {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may be gone already
		}
	}
	if err := syscall.Rmdir(dir); err != nil && err != syscall.ENOENT {
		return &fs.PathError{Op: "rmdir", Path: dir, Err: err}
	}
	return nil
}
