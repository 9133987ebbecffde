package daemons

import (
	"os"
	"path/filepath"
	"testing"
)

// SSHServer is an sshd that a test started.
type SSHServer struct {
	// Address is ssh://USER@HOST:PORT.
	Address string
	// ClientPath is a folder with an ssh that knows the server and has a key for it: put it first on PATH. ssh reads its
	// configuration from the home folder that the user database names, whatever HOME says.
	ClientPath string
}

// SSHD starts an sshd of the test's own on the loopback interface, with a host key and a user key made
// for it. Commands run as this user, with path as their PATH, or as the end of it where the user's shell
// puts folders before it. It ends with the test, and with the test's
// process. A test is skipped where there is no sshd, no ssh, or no right to start one; one that does not start fails it.
func SSHD(t testing.TB, path string) SSHServer {
	t.Helper()
	if why := noSSHD(); why != "" {
		t.Skip("no sshd to test with: " + why)
	}
	dir, err := shortTempDir("pbs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("removing what sshd left: %v", err)
		}
	})
	server, stop, err := startSSHD(dir, path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("the end of sshd's log:\n%s", tail(filepath.Join(dir, sshdLog), 40))
		}
	})
	return server
}
