package enginetest

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/buildkit/client"

	"github.com/pbrx-go/pbrx-go/bindep"
	"github.com/pbrx-go/pbrx-go/builder"
	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/images/deliver"
	"github.com/pbrx-go/pbrx-go/images/layout"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// built is what became of a build.
type built struct {
	run    *builder.Run
	result *builder.Result
	layout string
	log    *log
}

// log is what all steps printed.
type log struct {
	mu   sync.Mutex
	text strings.Builder
	seen func(text string)
}

func (l *log) update(s *client.SolveStatus) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range s.Logs {
		l.text.Write(line.Data)
	}
	if l.seen != nil && len(s.Logs) > 0 {
		l.seen(l.text.String())
	}
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// choice changes how a build is asked for.
type choice func(*builder.Options, *images.Input)

// options are those that every build has.
func (s *suite) options(t *testing.T) builder.Options {
	t.Helper()
	o := builder.Options{
		Base: s.layout, TempDir: t.TempDir(), Memory: filepath.Join(t.TempDir(), "memory.json"),
		Host: builder.Host{Secrets: map[string][]byte{}}, Mirror: noMirror, Epoch: time.Unix(epoch, 0),
	}
	if s.engine.Docker != nil {
		o.OnImages = true
		o.Images = func(context.Context) (builder.ImageStore, error) { return s.engine.Docker, nil }
	}
	return o
}

// build builds the project in dir into a new layout, as the command does.
func (s *suite) build(ctx context.Context, t *testing.T, dir string, choices ...choice) (*built, error) {
	t.Helper()
	project, err := setupcfg.Load(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	src, err := os.ReadFile(filepath.Join(dir, "bindep.txt"))
	if err != nil {
		t.Fatal(err)
	}
	file, err := bindep.Parse("bindep.txt", src)
	if err != nil {
		t.Fatal(err)
	}
	b := &built{layout: filepath.Join(t.TempDir(), "images"), log: &log{}}
	in := images.Input{Project: project, Bindep: file, NativeSource: "tiny.c"}
	options := s.options(t)
	options.Status = b.log.update
	if options.Source, err = builder.OpenSource(dir, in); err != nil {
		t.Fatal(err)
	}
	for _, choose := range choices {
		choose(&options, &in)
	}
	if b.run, err = builder.Probe(ctx, s.engine, options); err != nil {
		return b, err
	}
	defer func() {
		if err := b.run.Close(ctx); err != nil {
			t.Error(err)
		}
	}()
	w, err := layout.NewWriter(b.layout, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if s.engine.Keeps {
		if err := b.keep(ctx, t, s.engine.Docker, in, w); err != nil {
			return b, err
		}
	} else if b.result, err = b.run.Build(ctx, in, w); err != nil {
		return b, err
	}
	var named []layout.Named
	for _, x := range b.result.Images {
		named = append(named, layout.Named{Descriptor: x.Image.Descriptor, Name: x.Plan.Name + ":latest", FullName: "docker.io/library/" + x.Plan.Name + ":latest"})
	}
	return b, w.Commit(named)
}

// keep builds on an engine that keeps the images, and fetches them.
func (b *built) keep(ctx context.Context, t *testing.T, docker Docker, in images.Input, w *layout.Writer) (err error) {
	t.Helper()
	kept := &deliver.Kept{Daemon: docker}
	defer func() {
		if err := kept.Discard(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
	}()
	if b.result, err = b.run.Build(ctx, in, kept); err != nil {
		return err
	}
	staging := t.TempDir()
	fetched, err := kept.Fetch(ctx, b.result.Digests(), staging, "zstd")
	if err != nil {
		return err
	}
	b.result.Fetched(fetched)
	for _, img := range fetched {
		if err := w.Take(img, []string{staging}); err != nil {
			return err
		}
	}
	return nil
}

func (s *suite) mustBuild(t *testing.T, dir string, choices ...choice) *built {
	t.Helper()
	b, err := s.build(t.Context(), t, dir, choices...)
	if err != nil {
		t.Fatalf("building: %v\n%s", err, b.log)
	}
	return b
}

// mustFail builds what cannot be built, and makes sure that nothing was named.
func (s *suite) mustFail(ctx context.Context, t *testing.T, dir string, choices ...choice) error {
	t.Helper()
	b, err := s.build(ctx, t, dir, choices...)
	if err == nil {
		t.Fatal("the build succeeded")
	}
	if _, err := os.Stat(b.layout); !os.IsNotExist(err) {
		t.Errorf("the output exists after a failed build: %v", err)
	}
	return err
}

// ran are the names of the steps that ran, sorted, and how many there were in all.
func (b *built) ran() (names []string, all int) {
	steps := b.run.Steps()
	for _, step := range steps {
		if !step.Cached {
			names = append(names, step.Name)
		}
	}
	slices.Sort(names)
	return names, len(steps)
}

// image finds an image of the result by its name.
func (b *built) image(t *testing.T, name string) builder.Exported {
	t.Helper()
	i := slices.IndexFunc(b.result.Images, func(x builder.Exported) bool { return x.Plan.Name == name })
	if i < 0 {
		t.Fatalf("there is no image %s", name)
	}
	return b.result.Images[i]
}

// digests are those of all images, by name.
func (b *built) digests() map[string]string {
	out := map[string]string{}
	for _, x := range b.result.Images {
		out[x.Plan.Name] = x.Image.Descriptor.Digest.String()
	}
	return out
}
