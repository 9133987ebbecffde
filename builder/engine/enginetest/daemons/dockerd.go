package daemons

import (
	"os"
	"strings"
	"testing"
)

// DockerOptions say which Docker Engine is started, and how.
type DockerOptions struct {
	// Path is the dockerd to start; where it is empty the one that PBRX_GO_TEST_DOCKER names, else the one on PATH.
	Path string
	// Search are folders that are searched before PATH for what dockerd starts: containerd, runc,
	// docker-init, docker-proxy. For releases that are unpacked somewhere.
	Search []string
	// Config is put into daemon.json, over what keeps the daemon to itself. Without it that is the JSON object in
	// PBRX_GO_TEST_DOCKER_CONFIG.
	Config map[string]any
}

// Docker starts a Docker Engine of the test's own and returns the address of its socket
// (unix://…). It ends with the test, and with the test's process. A test is skipped where
// there is no dockerd, or no right to start one; a daemon that does not start fails it.
func Docker(t testing.TB, options DockerOptions) string {
	t.Helper()
	if why := NoDocker(options); why != "" {
		t.Skip("no Docker Engine to test with: " + why)
	}
	dir, err := shortTempDir("pbd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("removing what dockerd left: %v", err)
		}
	})
	host, stop, err := StartDocker(dir, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("the end of dockerd's log:\n%s", tail(dir+"/"+dockerLog, 100))
		}
	})
	return host
}

// shortTempDir makes a temporary folder whose sockets have names that fit into an address of
// 107 bytes, wherever TMPDIR points.
func shortTempDir(prefix string) (string, error) {
	parent := os.TempDir()
	if len(parent) > 40 {
		parent = "/tmp"
	}
	return os.MkdirTemp(parent, prefix)
}

// tail is the end of a text file.
func tail(path string, lines int) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
