package remote

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	controlapi "github.com/moby/buildkit/api/services/control"
	"google.golang.org/grpc"
)

// mustNotOpen opens what cannot be opened, and compares the whole message.
func mustNotOpen(t *testing.T, address string, o Options, want string) {
	t.Helper()
	c, err := Open(t.Context(), address, o)
	if err == nil {
		c.Close()
		t.Fatal("it was opened")
	}
	var unavailable *Unavailable
	if !errors.As(err, &unavailable) || unavailable.Address != address {
		t.Errorf("no *Unavailable of %s: %#v", address, err)
	}
	if err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
}

// listen serves connections on a new socket until the test ends.
func listen(t *testing.T, serve func(net.Listener)) (address string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "r") // the test's own folder has a name too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go serve(l)
	return "unix://" + filepath.Join(dir, "s")
}

func TestNobodyThere(t *testing.T) {
	socket := "unix://" + filepath.Join(t.TempDir(), "s")
	mustNotOpen(t, socket, Options{}, "connecting to buildkitd at "+socket+": there is no such socket: is buildkitd running there?")

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	address := "tcp://" + l.Addr().String()
	mustNotOpen(t, address, Options{}, "connecting to buildkitd at "+address+": connection refused: is buildkitd running there, and is the port open?")
}

func TestNoBuildkitd(t *testing.T) {
	web := listen(t, func(l net.Listener) { _ = http.Serve(l, http.NotFoundHandler()) })
	mustNotOpen(t, web, Options{}, "connecting to buildkitd at "+web+": this is a web server, not a buildkitd: for Docker Engine use --engine docker, else mend the address")

	// It answers the first bytes and hangs up before it has heard all, as dockerd does.
	hasty := listen(t, func(l net.Listener) {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
			conn.Close()
		}
	})
	for range 20 {
		mustNotOpen(t, hasty, Options{}, "connecting to buildkitd at "+hasty+": this is a web server, not a buildkitd: for Docker Engine use --engine docker, else mend the address")
	}

	other := grpc.NewServer()
	t.Cleanup(other.Stop)
	address := listen(t, func(l net.Listener) { _ = other.Serve(l) })
	mustNotOpen(t, address, Options{}, "connecting to buildkitd at "+address+": this is a gRPC server, but not a buildkitd: mend the address")
}

func TestNoWorker(t *testing.T) {
	server := grpc.NewServer()
	t.Cleanup(server.Stop)
	controlapi.RegisterControlServer(server, workless{})
	address := listen(t, func(l net.Listener) { _ = server.Serve(l) })
	mustNotOpen(t, address, Options{}, "connecting to buildkitd at "+address+": it has no worker: start it with a worker (its log says why there is none)")
}

type workless struct {
	controlapi.UnimplementedControlServer
}

func (workless) ListWorkers(context.Context, *controlapi.ListWorkersRequest) (*controlapi.ListWorkersResponse, error) {
	return &controlapi.ListWorkersResponse{}, nil
}

func TestNoAnswer(t *testing.T) {
	address := listen(t, func(l net.Listener) {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go io.Copy(io.Discard, c)
		}
	})
	mustNotOpen(t, address, Options{Timeout: 100 * time.Millisecond}, "connecting to buildkitd at "+address+": no answer within 100ms: is buildkitd running there?")

	reason := errors.New("somebody pressed a key")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Millisecond, reason)
	defer cancel()
	if _, err := Open(ctx, address, Options{}); err != reason {
		t.Errorf("got %v, want the cause of the cancelled context", err)
	}
}

func TestFilesOfTLS(t *testing.T) {
	dir := t.TempDir()
	const prefix, remedy = "connecting to buildkitd at tcp://127.0.0.1:1: reading the TLS files: ", ": give a folder with ca.pem, cert.pem and key.pem to --engine-tls"
	mustNotOpen(t, "tcp://127.0.0.1:1", Options{TLSDir: dir}, prefix+dir+" has no ca.pem"+remedy)
	for _, name := range []string{"ca.crt", "tls.crt", "tls.key"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("no PEM"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	mustNotOpen(t, "tcp://127.0.0.1:1", Options{TLSDir: dir}, prefix+filepath.Join(dir, "ca.crt")+" holds no certificate"+remedy)

	_, err := Open(t.Context(), "unix:///x", Options{TLSDir: dir})
	if want := `"unix:///x": TLS files are for tcp:// only: leave them out, such a connection is made otherwise`; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// fakeProgram puts a program on PATH that complains and fails.
func fakeProgram(t *testing.T, name, stderr, status string) {
	t.Helper()
	dir := t.TempDir()
	text := "#!/bin/sh\nprintf '" + stderr + "' >&2\nexit " + status + "\n"
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
}

func TestProgramsComplaints(t *testing.T) {
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip("there is no /bin/sh to play the parts of the programs")
	}
	for _, c := range []struct{ program, address, stderr, status, want string }{
		{"ssh", "ssh://me@host:22/s", `Warning: something\nme@host: Permission denied (publickey).\n`, "255",
			"ssh: me@host: Permission denied (publickey). (exit status 255): `ssh -p 22 me@host buildctl debug workers` must work without asking anything"},
		{"docker", "docker-container://x", `Error: No such container: x\n`, "1",
			"docker: Error: No such container: x (exit status 1): see `docker ps`: is it running, with buildkitd and buildctl in it?"},
		{"kubectl", "kube-pod://x?namespace=n", ``, "3",
			"kubectl: exit status 3: see `kubectl get pod x`: is it running, with buildkitd and buildctl in it?"},
		{"podman", "podman-container://x", ``, "0", "podman hung up: see `podman ps`: is it running, with buildkitd and buildctl in it?"},
	} {
		t.Run(c.program, func(t *testing.T) {
			fakeProgram(t, c.program, c.stderr, c.status)
			mustNotOpen(t, c.address, Options{}, "connecting to buildkitd at "+c.address+": "+c.want)
		})
	}
	t.Run("none", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		mustNotOpen(t, "nerdctl-container://x", Options{}, "connecting to buildkitd at nerdctl-container://x: there is no nerdctl on PATH: install it")
	})
}

func TestMessagesAreOneLine(t *testing.T) {
	e := &Unavailable{Address: "a", Err: errors.New("b\n\tc"), Hint: "d"}
	if got := e.Error(); strings.Contains(got, "\n") || got != "connecting to buildkitd at a: b c: d" {
		t.Errorf("got %q", got)
	}
}
