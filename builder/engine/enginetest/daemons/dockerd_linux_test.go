package daemons

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func ping(host string) error {
	c := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", strings.TrimPrefix(host, "unix://"))
		},
	}}
	resp, err := c.Get("http://docker/_ping")
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// bridgeOf is the network bridge that a daemon was given.
func bridgeOf(t *testing.T, dir string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "daemon.json"))
	if err != nil {
		t.Fatal(err)
	}
	var config struct{ Bridge string }
	if err := json.Unmarshal(data, &config); err != nil || config.Bridge == "" {
		t.Fatalf("no bridge in %s: %v", data, err)
	}
	return config.Bridge
}

func wantNoBridge(t *testing.T, name string) {
	t.Helper()
	if _, err := net.InterfaceByName(name); err == nil {
		t.Errorf("the bridge %s is still there", name)
	}
}

// running are the processes that have text in their command line.
func running(t *testing.T, text string) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, f := range files {
		if data, err := os.ReadFile(f); err == nil && strings.Contains(string(data), text) {
			found = append(found, strings.ReplaceAll(string(data), "\x00", " "))
		}
	}
	return found
}

func TestDockerEndsWithItsTest(t *testing.T) {
	var host, bridge string
	t.Run("daemon", func(t *testing.T) {
		host = Docker(t, DockerOptions{Config: map[string]any{"labels": []string{"a=b"}}})
		if err := ping(host); err != nil {
			t.Error(err)
		}
		bridge = bridgeOf(t, filepath.Dir(strings.TrimPrefix(host, "unix://")))
		if _, err := net.InterfaceByName(bridge); err != nil {
			t.Error(err)
		}
	})
	if host == "" {
		t.Skip("no Docker Engine to test with, see above")
	}
	dir := filepath.Dir(strings.TrimPrefix(host, "unix://"))
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", dir, err)
	}
	if left := running(t, dir); len(left) > 0 {
		t.Errorf("still running: %q", left)
	}
	if mounts, err := os.ReadFile("/proc/self/mountinfo"); err != nil || strings.Contains(string(mounts), dir) {
		t.Errorf("still mounted below %s: %v", dir, err)
	}
	wantNoBridge(t, bridge)
}

func TestADaemonThatDoesNotStartSaysWhy(t *testing.T) {
	if why := NoDocker(DockerOptions{}); why != "" {
		t.Skip("no Docker Engine to test with: " + why)
	}
	dir := t.TempDir()
	_, _, err := StartDocker(dir, DockerOptions{Config: map[string]any{"storage-driver": "no-such"}})
	if err == nil || !strings.Contains(err.Error(), "starting dockerd: it ended: exit status 1; the end of its log:") ||
		!strings.Contains(err.Error(), "no-such") {
		t.Errorf("got %v", err)
	}
	wantNoBridge(t, bridgeOf(t, dir))
}

// The test's binary starts a daemon in a process of its own and is killed.
func TestDockerDiesWithItsProcess(t *testing.T) {
	if dir := os.Getenv("PBRX_GO_TEST_DOCKERD"); dir != "" {
		if _, _, err := StartDocker(dir, DockerOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "ready"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		select {}
	}
	if why := NoDocker(DockerOptions{}); why != "" {
		t.Skip("no Docker Engine to test with: " + why)
	}
	dir, err := shortTempDir("pbk")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	cmd := exec.Command(os.Args[0], "-test.run=^TestDockerDiesWithItsProcess$")
	cmd.Env = append(os.Environ(), "PBRX_GO_TEST_DOCKERD="+dir)
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
	// The bridge is left until the next daemon is started; that of a living process stays.
	_, remove, err := addBridge()
	if err != nil {
		t.Fatal(err)
	}
	mine := bridgeNames(t)
	removeAbandonedBridges()
	wantNoBridge(t, bridgeOf(t, dir))
	if err := remove(); err != nil {
		t.Errorf("a bridge in use was removed: %v; there were %q", err, mine)
	}
}

func bridgeNames(t *testing.T) (names []string) {
	t.Helper()
	all, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range all {
		names = append(names, i.Name)
	}
	return names
}

func waitUntil(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited a minute until %s", what)
		}
	}
}
