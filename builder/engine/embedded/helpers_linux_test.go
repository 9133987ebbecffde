package embedded_test

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/session/secrets/secretsprovider"
	"github.com/tonistiigi/fsutil"

	"github.com/pbrx-go/pbrx-go/builder/engine/embedded"
)

func TestMain(m *testing.M) {
	if isChild, code := embedded.ChildMain(os.Args); isChild {
		os.Exit(code)
	}
	if os.Getenv(openEnv) != "" {
		os.Exit(openMain())
	}
	if os.Getenv(victimEnv) != "" {
		os.Exit(victimMain())
	}
	os.Exit(m.Run())
}

// needEngine skips where the machine cannot run the engine at all.
func needEngine(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("embedded engine: needs root")
	}
	if _, err := exec.LookPath("runc"); err != nil {
		t.Skip("embedded engine: runc is not on PATH")
	}
}

// stepDir holds the static binary that steps run, built once per test.
func stepDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("go", "build", "-o", filepath.Join(dir, "step"), "./testdata/step")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building the step binary: %v\n%s", err, out)
	}
	return dir
}

// step is a state in which /step ran with argv on scratch.
func step(argv ...string) llb.State {
	base := llb.Scratch().File(llb.Copy(llb.Local("step"), "/step", "/step"))
	return base.Run(args(append([]string{"/step"}, argv...)...), llb.Network(llb.NetModeNone)).Root()
}

// solve builds st and gives it back as a tar stream.
func solve(ctx context.Context, c *client.Client, dir string, st llb.State, log io.Writer) ([]byte, error) {
	def, err := st.Marshal(ctx)
	if err != nil {
		return nil, err
	}
	fs, err := fsutil.NewFS(dir)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	status := make(chan *client.SolveStatus)
	printed := make(chan struct{})
	go func() {
		defer close(printed)
		for s := range status {
			for _, l := range s.Logs {
				fmt.Fprintf(log, "%s", l.Data)
			}
		}
	}()
	_, err = c.Solve(ctx, def, client.SolveOpt{
		LocalMounts: map[string]fsutil.FS{"step": fs},
		Session:     []session.Attachable{secretsprovider.FromMap(map[string][]byte{"word": []byte(secret)})},
		Exports: []client.ExportEntry{{Type: client.ExporterTar, Output: func(map[string]string) (io.WriteCloser, error) {
			return nopCloser{&out}, nil
		}}},
	}, status)
	<-printed
	return out.Bytes(), err
}

func args(a ...string) llb.RunOption { return llb.Args(a) }

// lineWriter passes on what a step prints.
type lineWriter struct{ c chan string }

func (w lineWriter) Write(p []byte) (int, error) {
	w.c <- string(p)
	return len(p), nil
}

// tarModes gives the permissions of every entry.
func tarModes(t *testing.T, r io.Reader) map[string]int64 {
	t.Helper()
	modes := map[string]int64{}
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if err == io.EOF {
			return modes
		}
		if err != nil {
			t.Fatal(err)
		}
		modes[h.Name] = h.Mode & 0o777
	}
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// open opens an engine that the test closes at its end, if it has not before.
func open(t *testing.T, opts embedded.Options) *embedded.Engine {
	t.Helper()
	if opts.StateDir == "" {
		opts.StateDir = filepath.Join(t.TempDir(), "state")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	e, err := embedded.Open(ctx, opts)
	if err != nil {
		log, _ := os.ReadFile(filepath.Join(opts.StateDir, "engine.log"))
		t.Fatalf("Open: %v\n%s", err, log)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// mustBuild runs a step that nothing has cached and checks its result.
func mustBuild(t *testing.T, c *client.Client, dir, text string) {
	t.Helper()
	image, err := solve(t.Context(), c, dir, step("write", "/hello", text), t.Output())
	if err != nil {
		t.Fatalf("building: %v", err)
	}
	if !strings.Contains(string(image), text) {
		t.Fatalf("the image's tar lacks %q", text)
	}
}
