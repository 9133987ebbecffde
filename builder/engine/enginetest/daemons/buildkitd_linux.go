package daemons

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const (
	buildkitdLog    = "buildkitd.log"
	buildkitdStarts = 60 * time.Second
)

// NoBuildkitd says why no buildkitd can be started here, and nothing when one can.
func NoBuildkitd() string {
	if os.Geteuid() != 0 {
		return "buildkitd needs root"
	}
	for _, name := range []string{"unshare", "runc", "go"} {
		if _, err := exec.LookPath(name); err != nil {
			return err.Error()
		}
	}
	return ""
}

// StartBuildkitd is [Buildkitd] for where there is no test to end with: its socket, its log (buildkitd.log)
// and, unless the options say otherwise, its store lie in dir, whose name must be short, and
// which the caller removes after stop. After an error nothing runs any more.
func StartBuildkitd(dir string, options BuildkitdOptions) (address string, stop func() error, err error) {
	tools, err := BuildkitTools()
	if err != nil {
		return "", nil, err
	}
	argv, err := buildkitdArgs(dir, options)
	if err != nil {
		return "", nil, fmt.Errorf("starting buildkitd: %w", err)
	}
	log := filepath.Join(dir, buildkitdLog)
	p, err := startContained(log, []string{"TMPDIR=" + dir}, filepath.Join(tools, "buildkitd"), argv...)
	if err != nil {
		return "", nil, fmt.Errorf("starting buildkitd: %w", err)
	}
	// A port is known only when it listens.
	var listens string
	err = p.waitFor(buildkitdStarts, func() bool {
		data, err := os.ReadFile(log)
		_, after, found := strings.Cut(string(data), "running server on ")
		listens, _, _ = strings.Cut(after, `"`)
		return err == nil && found && strings.Contains(after, "\n")
	})
	if err != nil {
		err = fmt.Errorf("starting buildkitd: %w; the end of its log:\n%s", err, tail(log, 40))
		return "", nil, errors.Join(err, p.end())
	}
	if options.TCP || options.TLSDir != "" {
		return "tcp://" + listens, p.end, nil
	}
	return "unix://" + listens, p.end, nil
}

// buildkitdArgs writes the configuration and gives the arguments that keep the daemon to itself.
func buildkitdArgs(dir string, options BuildkitdOptions) ([]string, error) {
	config := filepath.Join(dir, "buildkitd.toml")
	// Always given, or the machine's own were read.
	if err := os.WriteFile(config, []byte(options.Config), 0o600); err != nil {
		return nil, err
	}
	root := options.Root
	if root == "" {
		root = filepath.Join(dir, "root")
	}
	address := "unix://" + filepath.Join(dir, "buildkitd.sock")
	if options.TCP || options.TLSDir != "" {
		address = "tcp://127.0.0.1:0"
	}
	argv := []string{
		"--config", config,
		"--root", root,
		"--addr", address,
		"--otel-socket-path", filepath.Join(dir, "otel.sock"), // by default below /run, one for all
		"--containerd-worker=false",
		"--oci-worker-net=host", // there is no CNI; it is what the embedded engine does, too
		"--allow-insecure-entitlement", "network.host",
	}
	if options.TLSDir != "" {
		argv = append(argv,
			"--tlscacert", filepath.Join(options.TLSDir, caFile),
			"--tlscert", filepath.Join(options.TLSDir, certFile),
			"--tlskey", filepath.Join(options.TLSDir, keyFile))
	}
	return argv, nil
}
