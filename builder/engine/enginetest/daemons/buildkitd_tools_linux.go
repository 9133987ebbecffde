package daemons

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

const buildkitModule = "github.com/moby/buildkit"

// BuildkitTools gives a folder with buildkitd and buildctl of the BuildKit that go.mod requires.
// They are static programs, built by the machine's Go with the dependencies of
// BuildKit's release, the first time that somebody asks: that takes a minute or more, and the Go module
// proxy. The folder is below the user's cache folder and stays.
func BuildkitTools() (string, error) {
	dir, err := buildkitTools()
	if err != nil {
		return "", fmt.Errorf("building buildkitd: %w", err)
	}
	return dir, nil
}

func buildkitTools() (_ string, err error) {
	module, err := output("go", "list", "-m", "-f", "{{.Version}} {{.Dir}}", buildkitModule)
	if err != nil {
		return "", err
	}
	version, source, _ := strings.Cut(module, " ")
	goVersion, err := output("go", "env", "GOVERSION")
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	parent := filepath.Join(cache, "pbrx-go", "tools")
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return "", err
	}
	// Packages are tested by processes of their own, side by side: one builds, the others wait.
	lock, err := os.OpenFile(filepath.Join(parent, "lock"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if err := flock(lock); err != nil {
		return "", err
	}
	done := filepath.Join(parent, "buildkitd-"+version+"-"+goVersion)
	if _, err := os.Stat(done); err == nil {
		return done, nil
	}
	work, err := os.MkdirTemp(parent, "build")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	// go install refuses a module whose go.mod has exclude directives. In the module's own folder
	// they hold, and what is built is what was released.
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w -X "+buildkitModule+"/version.Version="+version,
		"-o", work+"/", "./cmd/buildkitd", "./cmd/buildctl")
	cmd.Dir = source
	cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-mod=readonly", "GOOS=", "GOARCH=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w: %s", err, bytes.TrimSpace(out))
	}
	if err := os.Chmod(work, 0o755); err != nil {
		return "", err
	}
	return done, os.Rename(work, done)
}

func flock(f *os.File) error {
	for {
		if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// output is what a program printed, without the line's end.
func output(name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, bytes.TrimSpace(said.Bytes()))
	}
	return string(bytes.TrimSpace(out)), nil
}
