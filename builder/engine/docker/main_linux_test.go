package docker

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/pbrx-go/pbrx-go/builder/engine/enginetest/daemons"
)

// What the test's binary is for, when it is started by a test.
const (
	openEnv = "PBRX_GO_TEST_OPEN" // open the engine at this address, and print the error
	dialEnv = "PBRX_GO_TEST_DIAL" // called as ssh: be a connection to this socket
)

// engine is the one Docker Engine of these tests.
type engine struct {
	once sync.Once
	dir  string
	host string
	stop func() error
	err  error
}

var theEngine engine

func TestMain(m *testing.M) {
	switch {
	case filepath.Base(os.Args[0]) == "ssh":
		os.Exit(beSSH())
	case os.Getenv(openEnv) != "":
		d, err := Open(context.Background(), Endpoint{Host: os.Getenv(openEnv), Source: "DOCKER_HOST"})
		if err == nil {
			d.Close()
		}
		fmt.Print(err)
		os.Exit(0)
	}
	status := m.Run()
	if theEngine.stop != nil {
		if err := theEngine.stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			status = 1
		}
	}
	os.RemoveAll(theEngine.dir)
	os.Exit(status)
}

func (e *engine) start() {
	if e.dir, e.err = os.MkdirTemp("/tmp", "pbd"); e.err != nil { // a short name, for sockets
		return
	}
	// Others must reach the socket, to be refused by it.
	if e.err = os.Chmod(e.dir, 0o711); e.err == nil {
		e.host, e.stop, e.err = daemons.StartDocker(e.dir, daemons.DockerOptions{})
	}
}

// host is the address of a real Docker Engine.
func host(t *testing.T) string {
	t.Helper()
	if why := daemons.NoDocker(daemons.DockerOptions{}); why != "" {
		t.Skip("no Docker Engine to test with: " + why)
	}
	theEngine.once.Do(theEngine.start)
	if theEngine.err != nil {
		t.Fatal(theEngine.err)
	}
	return theEngine.host
}

// daemon is a real Docker Engine, opened.
func daemon(t *testing.T) *Daemon {
	t.Helper()
	d, err := Open(t.Context(), Endpoint{Host: host(t), Source: "the test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// beSSH does what "ssh HOST docker system dial-stdio" does.
func beSSH() int {
	if args := strings.Join(os.Args[1:], " "); !strings.HasPrefix(args, "-l user ") || !strings.HasSuffix(args, " -- example.org docker system dial-stdio") {
		fmt.Fprintln(os.Stderr, "unexpected:", args)
		return 1
	}
	conn, err := net.Dial("unix", os.Getenv(dialEnv))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	go func() {
		_, _ = io.Copy(conn, os.Stdin)
		_ = conn.(*net.UnixConn).CloseWrite()
	}()
	_, _ = io.Copy(os.Stdout, conn)
	return 0
}
