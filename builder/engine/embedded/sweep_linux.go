package embedded

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// newChildConfig fills in what follows from the state directory; budget 0 is the default budget.
func newChildConfig(stateDir, runc string, budget int64) (childConfig, error) {
	if budget == 0 {
		var st syscall.Statfs_t
		if err := syscall.Statfs(stateDir, &st); err != nil {
			return childConfig{}, fmt.Errorf("asking for the size of the disk of %s: %w", stateDir, err)
		}
		budget = min(defaultBudget, int64(st.Blocks)*st.Bsize/5)
	}
	// A cgroup of our own for each state directory: what is in it is ours to kill
	// and remove, whatever other engines run.
	sum := sha256.Sum256([]byte(stateDir))
	return childConfig{StateDir: stateDir, Runc: runc, Budget: budget, CgroupParent: fmt.Sprintf("pbrx-go-%x", sum[:6])}, nil
}

const defaultBudget = 20e9

// sweep removes what an engine leaves when it is killed: the socket, step and
// mount directories, half downloads, cgroups. The caller holds the lock.
func sweep(cfg childConfig) error {
	var errs []error
	remove := func(err error) {
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	remove(os.Remove(filepath.Join(cfg.StateDir, socketName)))
	remove(os.RemoveAll(filepath.Join(cfg.StateDir, probeDir)))
	remove(os.RemoveAll(filepath.Join(cfg.StateDir, tempName)))
	errs = append(errs, removeCgroups(cfg.CgroupParent))
	for _, pattern := range []string{"executor/*", "cachemounts/*", "content/ingest/*", "snapshots/snapshots/new-*"} {
		// Glob has no escape for a state directory named with metacharacters, a directory's FS needs none.
		names, err := fs.Glob(os.DirFS(cfg.StateDir), "runc-*/"+pattern)
		if err != nil {
			errs = append(errs, err)
		}
		for _, name := range names {
			path := filepath.Join(cfg.StateDir, name)
			mounted, err := mountsBelow(path)
			if err != nil || len(mounted) > 0 {
				// Another engine's: removing through a mount would empty what is mounted.
				errs = append(errs, err)
				continue
			}
			remove(os.RemoveAll(path))
		}
	}
	return errors.Join(errs...)
}

// mountsBelow lists the mount points of this mount namespace at or below path.
func mountsBelow(path string) ([]string, error) {
	points, err := mountPoints()
	if err != nil {
		return nil, err
	}
	var below []string
	for _, p := range points {
		if p.dir == path || strings.HasPrefix(p.dir, path+"/") {
			below = append(below, p.dir)
		}
	}
	return below, nil
}

type mountPoint struct{ dir, fstype string }

// mountPoints reads /proc/self/mountinfo, see proc(5).
func mountPoints() ([]mountPoint, error) {
	b, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("listing mounts: %w", err)
	}
	unescape := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
	var points []mountPoint
	for line := range strings.Lines(string(b)) {
		before, after, ok := strings.Cut(line, " - ")
		fields, rest := strings.Fields(before), strings.Fields(after)
		if !ok || len(fields) < 5 || len(rest) < 1 {
			continue
		}
		points = append(points, mountPoint{unescape.Replace(fields[4]), rest[0]})
	}
	return points, nil
}
