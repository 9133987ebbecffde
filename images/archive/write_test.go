package archive_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"archive/tar"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pbrx-go/pbrx-go/images/archive"
	"github.com/pbrx-go/pbrx-go/images/layout"
)

// store holds blobs in memory.
type store map[digest.Digest][]byte

func (s store) open(d digest.Digest) (io.ReadCloser, error) {
	data, ok := s[d]
	if !ok {
		return nil, fmt.Errorf("blob %s: %w", d, fs.ErrNotExist)
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

func (s store) put(mediaType string, data []byte) v1.Descriptor {
	d := v1.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(data), Size: int64(len(data))}
	s[d.Digest] = data
	return d
}

func pack(t *testing.T, mediaType string, data []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	switch mediaType {
	case v1.MediaTypeImageLayerGzip:
		return gz(t, data)
	case v1.MediaTypeImageLayerZstd:
		w, err := zstd.NewWriter(&buf)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return buf.Bytes()
	}
	return data
}

func unpack(t *testing.T, mediaType string, data []byte) []byte {
	t.Helper()
	var r io.Reader = bytes.NewReader(data)
	var err error
	switch mediaType {
	case v1.MediaTypeImageLayerGzip:
		r, err = gzip.NewReader(r)
	case v1.MediaTypeImageLayerZstd:
		r, err = zstd.NewReader(r)
	}
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

// image makes an image of layers, each in its own compression.
func (s store) image(t *testing.T, names []string, layers ...string) archive.Image {
	t.Helper()
	types := []string{v1.MediaTypeImageLayerGzip, v1.MediaTypeImageLayerZstd, v1.MediaTypeImageLayer}
	m := v1.Manifest{MediaType: v1.MediaTypeImageManifest}
	c := v1.Image{Author: strings.Join(names, " "), Platform: v1.Platform{OS: "linux", Architecture: "amd64"}, RootFS: v1.RootFS{Type: "layers"}}
	for i, l := range layers {
		mediaType := types[i%len(types)]
		m.Layers = append(m.Layers, s.put(mediaType, pack(t, mediaType, []byte(l))))
		c.RootFS.DiffIDs = append(c.RootFS.DiffIDs, digest.FromString(l))
	}
	raw, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	m.SchemaVersion = 2
	m.Config = s.put(v1.MediaTypeImageConfig, raw)
	manifest, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return archive.Image{Names: names, Image: &layout.Image{Descriptor: s.put(v1.MediaTypeImageManifest, manifest), Manifest: m, Config: c, RawConfig: raw}}
}

// set is a base and a script, which share layers.
func set(t *testing.T, s store) []archive.Image {
	return []archive.Image{
		s.image(t, []string{"foo-base:1", "foo-base:latest"}, "one", "two", "three"),
		s.image(t, []string{"registry.example.org/team/foo:1"}, "one", "two", "three", "four"),
		s.image(t, nil, "one"),
	}
}

// listing is the names in a tar, and whether any entry tells more than its content.
func listing(t *testing.T, data []byte) []string {
	t.Helper()
	var out []string
	r := tar.NewReader(bytes.NewReader(data))
	for {
		h, err := r.Next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.ModTime.Unix() != 0 || h.Mode != 0o644 || h.Typeflag != tar.TypeReg {
			t.Errorf("%s has header %+v", h.Name, h)
		}
		out = append(out, h.Name)
	}
}

func hex(text string) string { return digest.FromString(text).Encoded() }

func TestWriteDocker(t *testing.T) {
	s := store{}
	images := set(t, s)
	var first, second bytes.Buffer
	for _, w := range []io.Writer{&first, &second} {
		if err := archive.WriteDocker(w, images, s.open); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("two runs gave different bytes")
	}
	want := []string{"manifest.json"}
	for _, img := range images {
		want = append(want, img.Manifest.Config.Digest.Encoded()+".json")
	}
	want = append(want, hex("one")+".tar", hex("two")+".tar", hex("three")+".tar", hex("four")+".tar")
	if got := listing(t, first.Bytes()); !slices.Equal(got, want) {
		t.Errorf("it has\n%q, want\n%q", got, want)
	}
	dir := t.TempDir()
	extract(t, first.Bytes(), dir, "")
	for _, img := range images[:2] {
		for _, name := range img.Names {
			got, err := layout.Find(dir, name, "linux/amd64")
			if err != nil {
				t.Fatal(err)
			}
			if got.Manifest.Config.Digest != img.Manifest.Config.Digest {
				t.Errorf("%s has configuration %s, want %s", name, got.Manifest.Config.Digest, img.Manifest.Config.Digest)
			}
			if ids := diffIDs(t, dir, got); !slices.Equal(ids, img.Config.RootFS.DiffIDs) {
				t.Errorf("%s has layers %s, want %s", name, ids, img.Config.RootFS.DiffIDs)
			}
		}
	}
}

func TestWriteDockerConfig(t *testing.T) {
	s := store{}
	images := set(t, s)[:1]
	var buf bytes.Buffer
	if err := archive.WriteDockerConfig(&buf, images); err != nil {
		t.Fatal(err)
	}
	conf := images[0].Manifest.Config.Digest.Encoded() + ".json"
	if got := listing(t, buf.Bytes()); !slices.Equal(got, []string{"manifest.json", conf}) {
		t.Errorf("it has %q", got)
	}
	want := `[{"Config":"` + conf + `","RepoTags":["foo-base:1","foo-base:latest"],"Layers":["` + hex("one") + `.tar","` + hex("two") + `.tar","` + hex("three") + `.tar"]}]`
	if !strings.Contains(buf.String(), want) {
		t.Errorf("manifest.json is %.600s, want %s", buf.String()[512:], want)
	}
}

func TestWriteOCI(t *testing.T) {
	s := store{}
	images := set(t, s)
	var first, second bytes.Buffer
	for _, w := range []io.Writer{&first, &second} {
		if err := archive.WriteOCI(w, images, s.open); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("two runs gave different bytes")
	}
	names := listing(t, first.Bytes())
	if len(names) != 2+len(s) || !slices.Equal(names[:2], []string{"oci-layout", "index.json"}) {
		t.Errorf("it has %q, want every one of %d blobs once", names, len(s))
	}
	dir := t.TempDir()
	extract(t, first.Bytes(), dir, "gzip")
	for _, name := range []string{"foo-base:1", "docker.io/library/foo-base:latest", "registry.example.org/team/foo:1"} {
		got, err := layout.Find(dir, name, "linux/amd64")
		if err != nil {
			t.Fatal(err)
		}
		want := images[0]
		if strings.HasSuffix(name, "foo:1") {
			want = images[1]
		}
		if got.Descriptor.Digest != want.Descriptor.Digest {
			t.Errorf("%s is %s, want %s", name, got.Descriptor.Digest, want.Descriptor.Digest)
		}
	}
}

func TestWriteErrors(t *testing.T) {
	s := store{}
	bad := func(change func(*archive.Image)) []archive.Image {
		images := set(t, s)[1:2]
		change(&images[0])
		return images
	}
	const name = "registry.example.org/team/foo:1"
	gone := digest.FromString("gone")
	last := digest.FromString("three") // the uncompressed one
	layerOf := func(i int) digest.Digest { return set(t, s)[1].Manifest.Layers[i].Digest }
	for what, c := range map[string]struct {
		images []archive.Image
		docker string
		oci    string
	}{
		"layer missing": {bad(func(i *archive.Image) { i.Manifest.Layers[0].Digest = gone }),
			"writing " + name + " to a docker-archive: layer " + gone.String() + ": blob " + gone.String() + ": file does not exist",
			"writing " + name + " to an oci-archive: blob " + gone.String() + ": blob " + gone.String() + ": file does not exist"},
		"other diffID": {bad(func(i *archive.Image) { i.Config.RootFS.DiffIDs[1] = gone }),
			"writing " + name + " to a docker-archive: layer " + layerOf(1).String() + ": it is damaged: its content has digest " + digest.FromString("two").String() + ", not " + gone.String(), ""},
		"too short": {bad(func(i *archive.Image) { i.Manifest.Layers[2].Size = 9 }),
			"writing " + name + " to a docker-archive: layer " + last.String() + ": it is damaged: its size is not the 9 bytes that were announced",
			"writing " + name + " to an oci-archive: blob " + last.String() + ": it is damaged: its size is not the 9 bytes that were announced"},
		"too long": {bad(func(i *archive.Image) { i.Manifest.Layers[2].Size = 2 }),
			"writing " + name + " to a docker-archive: layer " + last.String() + ": it is damaged: its size is not the 2 bytes that were announced",
			"writing " + name + " to an oci-archive: blob " + last.String() + ": it is damaged: its size is not the 2 bytes that were announced"},
		"diffID missing": {bad(func(i *archive.Image) { i.Config.RootFS.DiffIDs = i.Config.RootFS.DiffIDs[1:] }),
			"writing " + name + " to a docker-archive: its manifest has 4 layers, its configuration 3", ""},
		"name": {bad(func(i *archive.Image) { i.Names = []string{"Foo"} }), "",
			`writing Foo to an oci-archive: "Foo" names no image: invalid reference format: repository name (library/Foo) must be lowercase`},
	} {
		t.Run(what, func(t *testing.T) {
			if c.docker != "" {
				wantError(t, archive.WriteDocker(io.Discard, c.images, s.open), c.docker)
			}
			if c.oci != "" {
				wantError(t, archive.WriteOCI(io.Discard, c.images, s.open), c.oci)
			}
		})
	}
	full := errors.New("no space left on device")
	if err := archive.WriteDocker(failing{full}, set(t, s), s.open); !errors.Is(err, full) {
		t.Errorf("WriteDocker = %v, want %v", err, full)
	}
	if err := archive.WriteOCI(failing{full}, set(t, s), s.open); !errors.Is(err, full) {
		t.Errorf("WriteOCI = %v, want %v", err, full)
	}
}

type failing struct{ error }

func (f failing) Write([]byte) (int, error) { return 0, f.error }
