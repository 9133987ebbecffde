package archive_test

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/client"
	"github.com/opencontainers/go-digest"

	"github.com/pbrx-go/pbrx-go/builder/engine/enginetest/daemons" //nolint:depguard // a real Docker to try against
	"github.com/pbrx-go/pbrx-go/images/archive"
	"github.com/pbrx-go/pbrx-go/images/layout"
)

// What we write Docker loads, and what it then saves is the same images again.
func TestDockerLoadsAndSaves(t *testing.T) {
	docker, err := client.NewClientWithOpts(client.WithHost(daemons.Docker(t, daemons.DockerOptions{})), client.WithAPIVersionNegotiation())
	if err != nil {
		t.Fatal(err)
	}
	defer docker.Close()
	load := func(data []byte) string {
		t.Helper()
		answer, err := docker.ImageLoad(t.Context(), bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		raw, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}

	s := store{}
	names := []string{"foo-base:1", "foo-base:latest", "registry.example.org/team/foo:1"}
	layers := []string{string(makeTar(t, file{name: "etc/one", content: "1"})), string(makeTar(t, file{name: "etc/two", content: "2"}))}
	images := []archive.Image{s.image(t, names[:2], layers...), s.image(t, names[2:], append(layers, string(makeTar(t, file{name: "foo", content: "3"})))...)}
	var buf bytes.Buffer
	if err := archive.WriteDocker(&buf, images, s.open); err != nil {
		t.Fatal(err)
	}
	answer := load(buf.Bytes())
	for _, name := range names {
		if !strings.Contains(answer, "Loaded image: "+name) {
			t.Errorf("Docker did not load %s: %s", name, answer)
		}
	}

	saved, err := docker.ImageSave(t.Context(), names)
	if err != nil {
		t.Fatal(err)
	}
	defer saved.Close()
	dir := t.TempDir()
	if err := archive.Extract(saved, dir, archive.ExtractOptions{}); err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{names[1], names[2]} {
		got, err := layout.Find(dir, name, "linux/amd64")
		if err != nil {
			t.Fatal(err)
		}
		if got.Manifest.Config.Digest != images[i].Manifest.Config.Digest {
			t.Errorf("%s came back as %s, was %s", name, got.Manifest.Config.Digest, images[i].Manifest.Config.Digest)
		}
		if ids := diffIDs(t, dir, got); !slices.Equal(ids, images[i].Config.RootFS.DiffIDs) {
			t.Errorf("%s came back with layers %s, had %s", name, ids, images[i].Config.RootFS.DiffIDs)
		}
	}

	// Another configuration of layers that are there needs no layers.
	again := s.image(t, []string{"foo-again:1"}, layers...)
	buf.Reset()
	if err := archive.WriteDockerConfig(&buf, []archive.Image{again}); err != nil {
		t.Fatal(err)
	}
	load(buf.Bytes())
	if got, err := docker.ImageInspect(t.Context(), "foo-again:1"); err != nil || digest.Digest(got.ID) != again.Manifest.Config.Digest {
		t.Errorf("the image of a configuration only is %s, %v; want %s", got.ID, err, again.Manifest.Config.Digest)
	}
}
