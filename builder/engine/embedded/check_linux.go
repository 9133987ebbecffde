package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/docker/go-units"
)

const (
	rootProblem       = "the embedded engine needs root"
	rootRemedy        = "run the command as root (sudo)"
	runcProblem       = "runc is not on PATH"
	runcRemedy        = "install it (Debian, Ubuntu: apt-get install runc; Alpine: apk add runc; Fedora: dnf install runc)"
	namespacesProblem = "starting the build engine in namespaces of its own"
	namespacesRemedy  = "it needs CAP_SYS_ADMIN (in a container: docker run --privileged), or choose another engine with --engine"

	lowDisk = 2e9 // below this a build with a compiler in it is likely to fail
)

// require looks at what costs nothing and without which the child cannot start.
func require() (runc string, err error) {
	if os.Geteuid() != 0 {
		return "", &SurroundingsError{Problem: rootProblem, Remedy: rootRemedy}
	}
	runc, err = exec.LookPath("runc")
	if err != nil {
		return "", &SurroundingsError{Problem: runcProblem, Remedy: runcRemedy}
	}
	return filepath.Abs(runc)
}

// runcUsable asks runc for its version and refuses those before 1.0, which lack what BuildKit passes.
func runcUsable(ctx context.Context, runc string) (version string, err error) {
	out, err := exec.CommandContext(ctx, runc, "--version").Output()
	if err != nil {
		return "", &SurroundingsError{Problem: "asking " + runc + " for its version", Err: err, Remedy: runcRemedy}
	}
	version = parseRuncVersion(string(out))
	major, _, _ := strings.Cut(version, ".")
	if n, err := strconv.Atoi(major); err != nil || n < 1 {
		return "", &SurroundingsError{Problem: fmt.Sprintf("%s is version %q, at least 1.0 is needed", runc, version), Remedy: runcRemedy}
	}
	return version, nil
}

// parseRuncVersion gives "1.1.5+ds1" where the first line is "runc version 1.1.5+ds1".
func parseRuncVersion(out string) string {
	line, _, _ := strings.Cut(out, "\n")
	return strings.TrimSpace(strings.TrimPrefix(line, "runc version"))
}

// Check looks at everything the engine needs, for doctor: it starts nothing that
// stays, makes no state directory and asks no network. Free disk space is a
// finding only and never stops Open, which "cache prune" needs as well.
func Check(ctx context.Context, stateDir string) []Finding {
	var all []Finding
	root := os.Geteuid() == 0
	if root {
		all = append(all, Finding{Name: "root", Level: LevelOK, Detail: "running as root"})
	} else {
		all = append(all, Finding{Name: "root", Level: LevelFail, Detail: rootProblem, Remedy: rootRemedy})
	}
	all = append(all, checkRunc(ctx))
	stateDir = existingAncestor(stateDir)
	if root { // nobody else can try
		all = append(all, checkSnapshots(stateDir)...)
		all = append(all, checkCgroups())
	}
	return append(all, checkDisk(stateDir))
}

func checkRunc(ctx context.Context) Finding {
	fail := Finding{Name: "runc", Level: LevelFail, Detail: runcProblem, Remedy: runcRemedy}
	runc, err := exec.LookPath("runc")
	if err != nil {
		return fail
	}
	version, err := runcUsable(ctx, runc)
	if s := (*SurroundingsError)(nil); errors.As(err, &s) {
		fail.Detail = (&SurroundingsError{Problem: s.Problem, Err: s.Err}).Error()
		return fail
	}
	return Finding{Name: "runc", Level: LevelOK, Detail: "runc version " + version + " (" + runc + ")"}
}

// probeArg asks a child to try an overlay mount in the directory that follows, in
// its own namespaces, and to print why it does not work.
const probeArg = "--probe"

func probeMain(dir string) int {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_SLAVE, ""); err != nil {
		fmt.Fprint(os.Stdout, err)
		return 1
	}
	if err := overlayWorks(dir); err != nil {
		fmt.Fprint(os.Stdout, err)
		return 1
	}
	return 0
}

// checkSnapshots finds out whether namespaces can be made and overlayfs works.
func checkSnapshots(dir string) []Finding {
	scratch, err := os.MkdirTemp(dir, ".pbrx-go-check-")
	if err != nil {
		return []Finding{{Name: "snapshots", Level: LevelFail, Detail: "the state directory cannot be written: " + err.Error(),
			Remedy: "choose another state directory"}}
	}
	defer os.RemoveAll(scratch)
	out, err := childCommand(probeArg, scratch).Output()
	namespaces := Finding{Name: "namespaces", Level: LevelOK, Detail: "PID and mount namespaces can be made"}
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return []Finding{{Name: "namespaces", Level: LevelFail, Detail: namespacesProblem + ": " + err.Error(), Remedy: namespacesRemedy}}
	}
	if err != nil {
		return []Finding{namespaces, {Name: "snapshots", Level: LevelWarn, Detail: "overlayfs does not work in " + dir + ", layers are copied: " + string(out),
			Remedy: "put the state directory on a disk with ext4, xfs or btrfs (in a container: on a volume)"}}
	}
	return []Finding{namespaces, {Name: "snapshots", Level: LevelOK, Detail: "overlayfs works in " + dir}}
}

func checkCgroups() Finding {
	probe := fmt.Sprintf("pbrx-go-check-%d", os.Getpid())
	writable := cgroupsWritable(probe)
	if err := removeCgroups(probe); err != nil || !writable {
		return Finding{Name: "cgroups", Level: LevelWarn, Detail: "the cgroup file system is not writable, steps run without cgroups",
			Remedy: "nothing has to be done; in a container, --privileged makes it writable"}
	}
	return Finding{Name: "cgroups", Level: LevelOK, Detail: "cgroups can be made"}
}

func checkDisk(dir string) Finding {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return Finding{Name: "disk", Level: LevelWarn, Detail: "asking for the free space of " + dir + ": " + err.Error(), Remedy: "choose another state directory"}
	}
	free := float64(st.Bavail) * float64(st.Bsize)
	f := Finding{Name: "disk", Level: LevelOK, Detail: units.HumanSize(free) + " free in " + dir}
	if free < lowDisk {
		f.Level, f.Remedy = LevelWarn, "free some space (pbrx-go cache prune), or choose another state directory"
	}
	return f
}

// existingAncestor is dir, or the nearest directory above it that exists.
func existingAncestor(dir string) string {
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	for {
		if info, err := os.Stat(dir); err == nil && info.IsDir() || dir == filepath.Dir(dir) {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}
