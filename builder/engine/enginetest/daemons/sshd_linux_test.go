package daemons

import (
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestSSHDRunsCommands(t *testing.T) {
	dir := ""
	t.Run("server", func(t *testing.T) {
		path := "/usr/bin:/bin:/a folder"
		s := SSHD(t, path)
		dir = filepath.Dir(s.ClientPath)
		u, err := url.Parse(s.Address)
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(filepath.Join(s.ClientPath, "ssh"), "-l", u.User.Username(), "-p", u.Port(), "--", u.Hostname(), "echo", "$PATH")
		out, err := cmd.CombinedOutput()
		// The user's shell may have put more before it.
		if err != nil || !strings.HasSuffix(string(out), path+"\n") {
			t.Errorf("got %q, %v", out, err)
		}
	})
	if dir == "" {
		t.Skip("no sshd to test with, see above")
	}
	if left := running(t, dir); len(left) > 0 {
		t.Errorf("still running: %q", left)
	}
}
