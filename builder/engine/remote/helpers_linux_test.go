package remote_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/client/llb"
	"github.com/tonistiigi/fsutil"

	"github.com/pbrx-go/pbrx-go/builder/engine/enginetest/daemons"
	"github.com/pbrx-go/pbrx-go/builder/engine/remote"
)

// open opens an engine that is closed with the test.
func open(t *testing.T, address string, o remote.Options) *client.Client {
	t.Helper()
	c, err := remote.Open(t.Context(), address, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// mustNotOpen opens what cannot be opened, and compares the whole message after the address.
func mustNotOpen(t *testing.T, address string, o remote.Options, want string) {
	t.Helper()
	c, err := remote.Open(t.Context(), address, o)
	if err == nil {
		c.Close()
		t.Fatal("it was opened")
	}
	var unavailable *remote.Unavailable
	if !errors.As(err, &unavailable) {
		t.Errorf("no *Unavailable: %#v", err)
	}
	if want = "connecting to buildkitd at " + address + ": " + want; err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
}

// mustNotOpenEnding is mustNotOpen where the begin of the reason is not ours.
func mustNotOpenEnding(t *testing.T, address, want string) {
	t.Helper()
	c, err := remote.Open(t.Context(), address, remote.Options{})
	if err == nil {
		c.Close()
		t.Fatal("it was opened")
	}
	if got := err.Error(); !strings.HasPrefix(got, "connecting to buildkitd at "+address+": ") || !strings.HasSuffix(got, want) || strings.Contains(got, "\n") {
		t.Errorf("got  %s\nwant … %s", got, want)
	}
}

// running counts the processes that have text in their command line.
func running(t *testing.T, text string) (n int) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if data, err := os.ReadFile(f); err == nil && strings.Contains(string(data), text) {
			n++
		}
	}
	return n
}

func waitUntil(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// tools are the folder of buildctl and buildkitd.
func tools(t *testing.T) string {
	t.Helper()
	dir, err := daemons.BuildkitTools()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// static builds one of our programs that a step or a base consists of.
func static(t *testing.T, pkg, to string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", to, "github.com/pbrx-go/pbrx-go/builder/engine/"+pkg)
	cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building %s: %v\n%s", pkg, err, out)
	}
}

// mustBuild has an engine run one step: files go there, a process runs there, files come back.
func mustBuild(t *testing.T, c *client.Client) {
	t.Helper()
	dir := t.TempDir()
	static(t, "embedded/testdata/step", filepath.Join(dir, "step"))
	st := llb.Scratch().File(llb.Copy(llb.Local("step"), "/step", "/step")).
		Run(llb.Args([]string{"/step", "write", "/hello", t.Name()}), llb.Network(llb.NetModeNone)).Root()
	def, err := st.Marshal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	local, err := fsutil.NewFS(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out, said bytes.Buffer
	status, read := make(chan *client.SolveStatus), make(chan struct{})
	go func() {
		defer close(read)
		for s := range status {
			for _, line := range s.Logs {
				said.Write(line.Data)
			}
		}
	}()
	_, err = c.Solve(t.Context(), def, client.SolveOpt{
		LocalMounts: map[string]fsutil.FS{"step": local},
		Exports: []client.ExportEntry{{Type: client.ExporterTar, Output: func(map[string]string) (io.WriteCloser, error) {
			return nopCloser{&out}, nil
		}}},
	}, status)
	<-read
	if err != nil {
		t.Fatalf("building: %v\n%s", err, &said)
	}
	for tr := tar.NewReader(&out); ; {
		h, err := tr.Next()
		if err != nil {
			t.Fatalf("looking for the file of the step: %v", err)
		}
		if h.Name == "hello" {
			if data, err := io.ReadAll(tr); err != nil || string(data) != t.Name() {
				t.Errorf("the step wrote %q, %v", data, err)
			}
			return
		}
	}
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// run runs a program that has to succeed, and gives its output.
func run(ctx context.Context, t *testing.T, stdin io.Reader, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdin = stdin
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}
