package embedded

import (
	"context"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// require looks at what costs nothing and without which the child cannot start.
func require() (runc string, err error) {
	if os.Geteuid() != 0 {
		return "", &SurroundingsError{Problem: "the embedded engine needs root",
			Remedy: "run the command as root (sudo), or choose another engine with --engine (docker, or the address of a buildkitd)"}
	}
	runc, err = exec.LookPath("runc")
	if err != nil {
		return "", &SurroundingsError{Problem: "runc is not on PATH", Remedy: runcRemedy}
	}
	return runc, nil
}

const runcRemedy = "install it (Debian, Ubuntu: apt-get install runc; Alpine: apk add runc; Fedora: dnf install runc)"

// runcUsable asks runc for its version and refuses those before 1.0, which lack what BuildKit passes.
func runcUsable(ctx context.Context, runc string) error {
	version, err := runcVersion(ctx, runc)
	if err != nil {
		return &SurroundingsError{Problem: "asking " + runc + " for its version", Err: err, Remedy: runcRemedy}
	}
	major, _, _ := strings.Cut(version, ".")
	if n, err := strconv.Atoi(major); err != nil || n < 1 {
		return &SurroundingsError{Problem: runc + " is version " + version + ", at least 1.0 is needed", Remedy: runcRemedy}
	}
	return nil
}

// runcVersion gives "1.1.5+ds1" where the first line is "runc version 1.1.5+ds1".
func runcVersion(ctx context.Context, runc string) (string, error) {
	out, err := exec.CommandContext(ctx, runc, "--version").Output()
	if err != nil {
		return "", err
	}
	line, _, _ := strings.Cut(string(out), "\n")
	fields := strings.Fields(line)
	if len(fields) == 0 {
		return "unknown", nil
	}
	return fields[len(fields)-1], nil
}
