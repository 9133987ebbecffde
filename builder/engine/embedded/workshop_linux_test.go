package embedded_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/buildkit/client"

	"github.com/pbrx-go/pbrx-go/bindep"
	"github.com/pbrx-go/pbrx-go/builder"
	"github.com/pbrx-go/pbrx-go/builder/engine"
	"github.com/pbrx-go/pbrx-go/builder/engine/embedded"
	"github.com/pbrx-go/pbrx-go/builder/host"
	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/images/layout"
	"github.com/pbrx-go/pbrx-go/images/naming"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// workshop builds real projects on real bases, with the host's package index, in one engine.
type workshop struct {
	engine *engine.Engine
	host   builder.Host
}

func newWorkshop(t *testing.T) *workshop {
	t.Helper()
	needEngine(t)
	env := map[string]string{}
	for _, e := range os.Environ() {
		name, value, _ := strings.Cut(e, "=")
		env[name] = value
	}
	read, _, err := host.Read(env, "")
	if err != nil {
		t.Fatal(err)
	}
	e := open(t, embedded.Options{})
	return &workshop{host: read, engine: &engine.Engine{Client: e.Client(), Compression: "uncompressed", SharedKey: t.Name(), Epoch: "315532800"}}
}

// testBase is Debian with Python, as a root file system.
func testBase(t *testing.T) naming.Location {
	t.Helper()
	return givenBase(t, "PBRX_GO_TEST_BASE")
}

func givenBase(t *testing.T, name string) naming.Location {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		t.Skipf("e2e: %s is not set", name)
	}
	if !strings.Contains(value, ":") {
		value = "rootfs:" + value
	}
	at, err := naming.ParseLocation(value)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// product is what became of a build of the workshop.
type product struct {
	*builder.Result
	base   images.Base
	layout string
	log    string
}

// build builds a project from its files into a layout of the test's own.
func (w *workshop) build(t *testing.T, files map[string]string, base naming.Location, choose func(*builder.Options)) (*product, error) {
	t.Helper()
	dir, in := checkout(t, files)
	var log logBuffer
	opts := builder.Options{Base: base, TempDir: t.TempDir(), Memory: filepath.Join(t.TempDir(), "rootfs.json"), Host: w.host, Epoch: time.Unix(315532800, 0), Status: log.update}
	opts.Plan.InitPath = "none"
	var err error
	if opts.Source, err = builder.OpenSource(dir, in); err != nil {
		t.Fatal(err)
	}
	if choose != nil {
		choose(&opts)
	}
	started := time.Now()
	defer func() { t.Logf("built in %.0fs", time.Since(started).Seconds()) }()
	run, err := builder.Probe(t.Context(), w.engine, opts)
	if err != nil {
		return &product{log: log.String()}, err
	}
	defer func() {
		if err := run.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	p := &product{layout: filepath.Join(t.TempDir(), "images"), base: run.Base}
	out, err := layout.NewWriter(p.layout, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	p.Result, err = run.Build(t.Context(), in, out)
	p.log = log.String()
	if err != nil {
		return p, err
	}
	var named []layout.Named
	for _, x := range p.Images {
		named = append(named, layout.Named{Descriptor: x.Image.Descriptor, Name: x.Plan.Name, FullName: x.Plan.Name})
	}
	return p, out.Commit(named)
}

func (w *workshop) mustBuild(t *testing.T, files map[string]string, base naming.Location, choose func(*builder.Options)) *product {
	t.Helper()
	p, err := w.build(t, files, base, choose)
	if err != nil {
		t.Fatalf("building: %v\n%s", err, p.log)
	}
	return p
}

// checkout writes a project and reads what it declares.
func checkout(t *testing.T, files map[string]string) (string, images.Input) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	project, err := setupcfg.Load(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	in := images.Input{Project: project}
	if text, ok := files["bindep.txt"]; ok {
		if in.Bindep, err = bindep.Parse("bindep.txt", []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	return dir, in
}

// runs runs the command of an image and checks what it prints.
func (w *workshop) runs(t *testing.T, p *product, image, want string) {
	t.Helper()
	var out bytes.Buffer
	opts := builder.Options{Base: naming.Location{Transport: naming.OCILayout, Name: p.layout, Ref: image}, TempDir: t.TempDir()}
	status, err := builder.RunContainer(t.Context(), w.engine, opts, builder.Container{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out})
	if err != nil || status != 0 || out.String() != want {
		t.Errorf("%s ends with %d (%v) and prints %q, want %q", image, status, err, out.String(), want)
	}
}

// contents are the words for the layers of an image.
func (p *product) contents(n int) []string {
	var out []string
	for _, l := range p.Images[n].Layers {
		out = append(out, l.Content)
	}
	return out
}

// digests are those of the layers of an image.
func (p *product) digests(n int) []string {
	var out []string
	for _, l := range p.Images[n].Layers {
		out = append(out, l.Digest+" "+strconv.FormatInt(l.Size, 10))
	}
	return out
}

// logBuffer is what all steps printed, and which there were.
type logBuffer struct {
	text  strings.Builder
	mutex sync.Mutex
}

func (l *logBuffer) update(s *client.SolveStatus) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for _, v := range s.Vertexes {
		if v.Started != nil && v.Completed == nil {
			l.text.WriteString("=> " + v.Name + "\n")
		}
	}
	for _, line := range s.Logs {
		l.text.Write(line.Data)
	}
}

func (l *logBuffer) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.String()
}

// readLayer lists the files of a layer of the base image, sorted by the tar.
func readLayer(t *testing.T, p *product, n int) (names []string) {
	t.Helper()
	f, err := os.Open(layout.BlobPath(p.layout, p.Images[0].Image.Manifest.Layers[n].Digest))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for name := range tarModes(t, f) {
		names = append(names, name)
	}
	return names
}
