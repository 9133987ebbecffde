package deliver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pbrx-go/pbrx-go/images/layout"
	"github.com/pbrx-go/pbrx-go/images/naming"
)

// fakeDocker stands for a Docker Engine that breaks when it is told to, which a real one cannot be.
type fakeDocker struct {
	// names are the images by name; ids those without one.
	names map[string]string
	ids   map[string]bool
	// refuse is a name that cannot be given.
	refuse string
	// noLoad makes every load fail after it has been read.
	noLoad bool
}

func (f *fakeDocker) Load(_ context.Context, archive io.Reader) error {
	data, err := io.ReadAll(archive)
	if err != nil {
		return err
	}
	if f.noLoad {
		return errors.New("the disk is full")
	}
	for _, name := range strings.Split(string(data), `"`) {
		if strings.HasPrefix(name, HelperRepository+":") {
			f.names[name] = "loaded"
		}
	}
	return nil
}

func (f *fakeDocker) Save(context.Context, []string) (io.ReadCloser, error) {
	return nil, errors.New("nothing is saved here")
}

func (f *fakeDocker) Image(_ context.Context, ref string) (*layout.Image, error) {
	return &layout.Image{Descriptor: v1.Descriptor{Digest: digest.Digest(ref)}}, nil
}

func (f *fakeDocker) Tag(_ context.Context, ref, name string) error {
	if name == f.refuse {
		return errors.New("the engine went away")
	}
	f.names[name] = ref
	return nil
}

func (f *fakeDocker) Untag(_ context.Context, name string) error {
	delete(f.names, name)
	return nil
}

func (f *fakeDocker) Discard(_ context.Context, id string) error {
	for _, ref := range f.names {
		if ref == id {
			return nil
		}
	}
	delete(f.ids, id)
	return nil
}

func (f *fakeDocker) has() []string {
	var out []string
	for name := range f.names {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// sampleSet is foo-base and foo, with two tags each, in a folder of blobs.
func sampleSet(t *testing.T) *Set {
	t.Helper()
	dir := t.TempDir()
	set := &Set{Dirs: []string{dir}}
	for _, name := range []string{"foo-base", "foo"} {
		layer := blob(t, dir, v1.MediaTypeImageLayer, []byte("no tar, but nobody looks into it"))
		config := blob(t, dir, v1.MediaTypeImageConfig, encoded(t, v1.Image{
			Platform: v1.Platform{OS: "linux", Architecture: "amd64"}, Config: v1.ImageConfig{Cmd: []string{name}},
			RootFS: v1.RootFS{Type: "layers", DiffIDs: []digest.Digest{layer.Digest}},
		}))
		manifest := v1.Manifest{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: v1.MediaTypeImageManifest, Config: config, Layers: []v1.Descriptor{layer}}
		desc := blob(t, dir, v1.MediaTypeImageManifest, encoded(t, manifest))
		img, err := layout.Read(desc, func(d digest.Digest) ([]byte, error) { return os.ReadFile(layout.BlobPath(dir, d)) })
		if err != nil {
			t.Fatal(err)
		}
		set.Items = append(set.Items, Item{Name: name, Tags: []string{"1", "latest"}, Image: img})
	}
	return set
}

func encoded(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func blob(t *testing.T, dir, mediaType string, data []byte) v1.Descriptor {
	t.Helper()
	d := v1.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(data), Size: int64(len(data))}
	path := layout.BlobPath(dir, d.Digest)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return d
}

func newLayout(t *testing.T, dir string) Layout {
	t.Helper()
	w, err := layout.NewWriter(dir, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return Layout{Writer: w}
}

func TestDeliverToAll(t *testing.T) {
	set, dir := sampleSet(t), t.TempDir()
	docker := &fakeDocker{names: map[string]string{}}
	err := Deliver(t.Context(), set, []Destination{
		newLayout(t, dir+"/images"), &File{Transport: naming.OCIArchive, Path: dir + "/oci.tar"},
		&File{Transport: naming.DockerArchive, Path: dir + "/docker.tar"}, &Docker{Daemon: docker},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"foo-base:1", "foo-base:latest", "foo:1", "foo:latest"} {
		if _, err := layout.Find(dir+"/images", name, ""); err != nil {
			t.Error(err)
		}
	}
	if got, want := docker.has(), []string{"foo-base:1", "foo-base:latest", "foo:1", "foo:latest"}; !slices.Equal(got, want) {
		t.Errorf("Docker has %q, want %q and no helping name", got, want)
	}
	if got, want := entries(t, dir), []string{"docker.tar", "images", "oci.tar"}; !slices.Equal(got, want) {
		t.Errorf("there are %q, want %q", got, want)
	}
}

// Whatever fails before the names leaves nothing anywhere.
func TestNothingIsNamedBeforeAllIsThere(t *testing.T) {
	set, dir := sampleSet(t), t.TempDir()
	docker := &fakeDocker{names: map[string]string{}, noLoad: true}
	err := Deliver(t.Context(), set, []Destination{
		newLayout(t, dir+"/images"), &File{Transport: naming.DockerArchive, Path: dir + "/docker.tar"}, &Docker{Daemon: docker},
	})
	if want := "loading the images into Docker: the disk is full: nothing was named"; err == nil || firstLine(err) != want {
		t.Errorf("the error is %v, want %s", err, want)
	}
	if got := entries(t, dir); len(got) > 0 {
		t.Errorf("there are %q", got)
	}
}

func TestBrokenNamingIsReported(t *testing.T) {
	set, dir := sampleSet(t), t.TempDir()
	docker := &fakeDocker{names: map[string]string{}, refuse: "foo:1"}
	err := Deliver(t.Context(), set, []Destination{&Docker{Daemon: docker}, newLayout(t, dir+"/images")})
	want := "tagging foo:1 in Docker: the engine went away: these names were given: foo-base:1, foo-base:latest; these were not: foo:1, foo:latest: run again to complete it"
	if err == nil || firstLine(err) != want {
		t.Errorf("the error is %v, want %s", err, want)
	}
	if got, want := docker.has(), []string{"foo-base:1", "foo-base:latest"}; !slices.Equal(got, want) {
		t.Errorf("Docker has %q, want %q", got, want)
	}
	if got := entries(t, dir); len(got) > 0 {
		t.Errorf("there are %q", got)
	}
}

// Images that Docker kept and nobody named go; those that got a name stay.
func TestKept(t *testing.T) {
	set := sampleSet(t)
	docker := &fakeDocker{names: map[string]string{}, ids: map[string]bool{}, refuse: "foo:1"}
	kept := &Kept{Daemon: docker}
	for _, item := range set.Items {
		docker.ids[item.Image.Descriptor.Digest.String()] = true
		if _, err := kept.ReadImage(t.Context(), item.Image.Descriptor); err != nil {
			t.Fatal(err)
		}
	}
	if err := Deliver(t.Context(), set, []Destination{kept}); err == nil {
		t.Error("the delivery succeeded")
	}
	base := set.Items[0].Image.Descriptor.Digest.String()
	if len(docker.ids) != 1 || !docker.ids[base] {
		t.Errorf("Docker has the images %v, want %s", docker.ids, base)
	}
}

func TestEndOfContext(t *testing.T) {
	set, dir := sampleSet(t), t.TempDir()
	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(enough)
	for _, d := range []Destination{
		&File{Transport: naming.DockerArchive, Path: dir + "/docker.tar"},
		&Docker{Daemon: &fakeDocker{noLoad: true}}, // whose own words for it are others
	} {
		if err := Deliver(ctx, set, []Destination{d}); !errors.Is(err, enough) {
			t.Errorf("the error is %v, want %v", err, enough)
		}
	}
	if got := entries(t, dir); len(got) > 0 {
		t.Errorf("there are %q", got)
	}
}

func TestInOrder(t *testing.T) {
	registry, docker, oci := naming.Location{Transport: naming.Registry}, naming.Location{Transport: naming.DockerDaemon}, naming.Location{Transport: naming.OCILayout, Name: "x"}
	if got, want := InOrder([]naming.Location{docker, registry, oci}), []naming.Location{docker, oci, registry}; !slices.Equal(got, want) {
		t.Errorf("the order is %v, want %v", got, want)
	}
}

func TestOpen(t *testing.T) {
	set := sampleSet(t)
	set.Dirs = append([]string{t.TempDir()}, set.Dirs...)
	r, err := set.Open(set.Items[0].Image.Manifest.Layers[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if data, err := io.ReadAll(r); err != nil || !bytes.HasPrefix(data, []byte("no tar")) {
		t.Errorf("the blob is %q, %v", data, err)
	}
}

func entries(t *testing.T, dir string) []string {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range all {
		out = append(out, e.Name())
	}
	return out
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
