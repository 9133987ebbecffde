package remote_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pbrx-go/pbrx-go/builder/engine/enginetest/daemons"
	"github.com/pbrx-go/pbrx-go/builder/engine/remote"
)

// useSSH puts the client of a server first on PATH.
func useSSH(t *testing.T, server daemons.SSHServer) {
	t.Helper()
	t.Setenv("PATH", server.ClientPath+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// sshHint is what the messages about a server end with.
func sshHint(t *testing.T, server daemons.SSHServer) string {
	t.Helper()
	user, port, found := strings.Cut(strings.TrimPrefix(server.Address, "ssh://"), "@127.0.0.1:")
	if !found {
		t.Fatalf("the address is %s", server.Address)
	}
	return ": `ssh -p " + port + " " + user + "@127.0.0.1 buildctl debug workers` must work without asking anything"
}

func TestSSH(t *testing.T) {
	socket := strings.TrimPrefix(daemons.Buildkitd(t, daemons.BuildkitdOptions{}), "unix://")
	server := daemons.SSHD(t, "/usr/bin:/bin:"+tools(t))
	useSSH(t, server)

	t.Run("a socket of the other side builds", func(t *testing.T) {
		mustBuild(t, open(t, server.Address+socket, remote.Options{}))
	})
	t.Run("nothing runs after Close", func(t *testing.T) {
		c := open(t, server.Address+socket, remote.Options{})
		client := filepath.Join(filepath.Dir(server.ClientPath), "ssh_config")
		if n := running(t, client); n == 0 {
			t.Error("no ssh runs while the engine is open")
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		waitUntil(t, "ssh has ended", func() bool { return running(t, client) == 0 })
	})
	t.Run("no such socket", func(t *testing.T) {
		missing := filepath.Join(t.TempDir(), "s")
		mustNotOpen(t, server.Address+missing, remote.Options{},
			"ssh: error: dial unix "+missing+": connect: no such file or directory (exit status 1)"+sshHint(t, server))
	})
	t.Run("no buildctl there", func(t *testing.T) {
		bare := daemons.SSHD(t, "/usr/bin:/bin")
		useSSH(t, bare)
		// The words before are those of the user's shell.
		mustNotOpenEnding(t, bare.Address+socket, "buildctl: command not found (exit status 127)"+sshHint(t, bare))
	})
	t.Run("an unknown host", func(t *testing.T) {
		other := daemons.SSHD(t, "/usr/bin:/bin")
		mustNotOpen(t, other.Address+socket, remote.Options{}, "ssh: Host key verification failed. (exit status 255)"+sshHint(t, other))
	})
}
