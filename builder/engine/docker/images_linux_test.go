package docker

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/google/go-cmp/cmp"
	buildkit "github.com/moby/buildkit/client"
	"github.com/moby/buildkit/client/llb"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pbrx-go/pbrx-go/images/layout"
)

// tarOf is an archive of files, in the order of name and text.
func tarOf(t *testing.T, files ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for n := 0; n < len(files); n += 2 {
		if err := w.WriteHeader(&tar.Header{Name: files[n], Mode: 0o644, Size: int64(len(files[n+1])), ModTime: time.Unix(0, 0)}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, files[n+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// archive is a docker-archive of one image with one layer, and its image ID. The names may be none.
func archive(t *testing.T, content string, names ...string) (data []byte, id string, config []byte) {
	t.Helper()
	layer := tarOf(t, "file", content)
	config = marshal(t, map[string]any{
		"architecture": "amd64", "os": "linux", "created": "1980-01-01T00:00:00Z", "x-unknown": "kept",
		"config":  map[string]any{"Entrypoint": []string{"/init"}, "Cmd": []string{"serve"}, "Env": []string{"A=b"}, "User": "1000", "WorkingDir": "/w", "Labels": map[string]string{"l": content}},
		"rootfs":  map[string]any{"type": "layers", "diff_ids": []string{digest.FromBytes(layer).String()}},
		"history": []any{map[string]any{"created": "1980-01-01T00:00:00Z", "created_by": "the file"}, map[string]any{"created": "1980-01-01T00:00:00Z", "created_by": "the rest", "empty_layer": true}},
	})
	manifest := marshal(t, []any{map[string]any{"Config": "config.json", "RepoTags": names, "Layers": []string{"layer.tar"}}})
	return tarOf(t, "config.json", string(config), "layer.tar", string(layer), "manifest.json", string(manifest)), digest.FromBytes(config).String(), config
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// load puts an image into the engine and returns its ID; it goes with the test.
func load(t *testing.T, d *Daemon, content string, names ...string) (id string, config []byte) {
	t.Helper()
	data, id, config := archive(t, content, names...)
	if err := d.Load(t.Context(), bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, err := d.api.ImageRemove(context.Background(), id, image.RemoveOptions{Force: true})
		if err != nil && !errdefs.IsNotFound(err) {
			t.Error(err)
		}
	})
	return id, config
}

func names(t *testing.T, d *Daemon, id string) []string {
	t.Helper()
	found, err := d.api.ImageInspect(t.Context(), id)
	if errdefs.IsNotFound(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return append([]string{}, found.RepoTags...) // an image without names is not nil
}

func wantNames(t *testing.T, d *Daemon, id string, want []string) {
	t.Helper()
	got := names(t, d, id)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the names of %s (-want +got):\n%s", id, diff)
	}
}

func TestLoadAndImage(t *testing.T) {
	d := daemon(t)
	id, config := load(t, d, "named", "pbrx/named:1", "pbrx/named:2")
	img, err := d.Image(t.Context(), "pbrx/named:1")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(img.RawConfig, config) {
		t.Errorf("the configuration is\n%s\nwant\n%s", img.RawConfig, config)
	}
	want := v1.Descriptor{MediaType: v1.MediaTypeImageConfig, Digest: digest.Digest(id), Size: int64(len(config))}
	if diff := cmp.Diff(want, img.Descriptor); diff != "" {
		t.Errorf("the descriptor (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, img.Manifest.Config); diff != "" {
		t.Errorf("the manifest's configuration (-want +got):\n%s", diff)
	}
	layers := []v1.Descriptor{{MediaType: v1.MediaTypeImageLayer, Digest: digest.FromBytes(tarOf(t, "file", "named")), Size: int64(len("named"))}}
	if diff := cmp.Diff(layers, img.Manifest.Layers); diff != "" {
		t.Errorf("the layers (-want +got):\n%s", diff)
	}
	if h := img.Config.History; len(h) != 2 || h[0].EmptyLayer || !h[1].EmptyLayer {
		t.Errorf("the history is %+v", h)
	}
}

// What the inspection tells of an image without a name is all but what the configuration says.
func TestImageWithoutAName(t *testing.T) {
	d := daemon(t)
	id, config := load(t, d, "unnamed")
	img, err := d.Image(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	var want v1.Image
	if err := json.Unmarshal(config, &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, img.Config); diff != "" {
		t.Errorf("the configuration (-want +got):\n%s", diff)
	}
	if img.RawConfig != nil {
		t.Errorf("the configuration claims to be exact: %s", img.RawConfig)
	}
	if want := (v1.Descriptor{MediaType: v1.MediaTypeImageConfig, Digest: digest.Digest(id)}); img.Manifest.Config.Digest != want.Digest || img.Descriptor.Digest != want.Digest {
		t.Errorf("got %+v and %+v", img.Descriptor, img.Manifest.Config)
	}
	if len(img.Manifest.Layers) != 1 || img.Manifest.Layers[0].Size != int64(len("unnamed")) {
		t.Errorf("the layers are %+v", img.Manifest.Layers)
	}
}

// A name that was given to another image, while this one was looked at, must not lend it its configuration.
func TestRawConfigOfAnotherImage(t *testing.T) {
	d := daemon(t)
	load(t, d, "theirs", "pbrx/theirs:1")
	id, _ := load(t, d, "ours")
	found, err := d.api.ImageInspect(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	found.RepoTags = []string{"pbrx/theirs:1"}
	// Without an ID that is a digest of the configuration, the layers tell.
	inContainerd := &Daemon{api: d.api, buildkit: d.buildkit, containerd: true}
	if raw, err := inContainerd.rawConfig(t.Context(), found); err != nil || raw != nil {
		t.Errorf("with other layers: got %s, %v", raw, err)
	}
	found.RootFS.Layers = []string{digest.FromBytes(tarOf(t, "file", "theirs")).String()}
	if raw, err := inContainerd.rawConfig(t.Context(), found); err != nil || raw == nil {
		t.Errorf("with the same layers: got %s, %v", raw, err)
	}
	if raw, err := d.rawConfig(t.Context(), found); err != nil || raw != nil {
		t.Errorf("with another ID: got %s, %v", raw, err)
	}
}

// Images that were squashed or imported have less history than layers.
func TestManifestWithTooLittleHistory(t *testing.T) {
	img := &layout.Image{}
	for _, l := range []string{"base", "more base", "ours"} {
		img.Config.RootFS.DiffIDs = append(img.Config.RootFS.DiffIDs, digest.FromString(l))
	}
	img.Config.History = []v1.History{{CreatedBy: "more base"}, {CreatedBy: "ours"}}
	var sizes []int64
	for _, l := range manifest(img, []image.HistoryResponseItem{{Size: 7}, {Size: 5}}).Layers {
		sizes = append(sizes, l.Size)
	}
	if diff := cmp.Diff([]int64{0, 7, 5}, sizes); diff != "" {
		t.Errorf("the sizes of the layers (-want +got):\n%s", diff)
	}
}

func TestNoSuchImage(t *testing.T) {
	d := daemon(t)
	if _, err := d.Image(t.Context(), "pbrx/none:1"); !errdefs.IsNotFound(err) || !strings.HasPrefix(err.Error(), "looking at the image pbrx/none:1 in Docker: ") {
		t.Errorf("Image: %v", err)
	}
	if _, err := d.Save(t.Context(), []string{"pbrx/none:1"}); !errdefs.IsNotFound(err) || !strings.HasPrefix(err.Error(), "saving pbrx/none:1 from Docker: ") {
		t.Errorf("Save: %v", err)
	}
	if err := d.Tag(t.Context(), "pbrx/none:1", "pbrx/other:1"); !errdefs.IsNotFound(err) || !strings.HasPrefix(err.Error(), "naming pbrx/none:1 pbrx/other:1 in Docker: ") {
		t.Errorf("Tag: %v", err)
	}
	if err := d.Untag(t.Context(), "pbrx/none:1"); err != nil {
		t.Errorf("Untag: %v", err)
	}
	if err := d.Discard(t.Context(), "sha256:"+strings.Repeat("0", 64)); err != nil {
		t.Errorf("Discard: %v", err)
	}
}

func TestNames(t *testing.T) {
	d := daemon(t)
	id, _ := load(t, d, "names")
	steps := []struct {
		what string
		do   func() error
		want []string
	}{
		{"nothing yet", func() error { return nil }, []string{}},
		{"name", func() error { return d.Tag(t.Context(), id, "pbrx/x") }, []string{"pbrx/x:latest"}},
		{"name again", func() error { return d.Tag(t.Context(), "pbrx/x", "example.org/pbrx/x:1") }, []string{"example.org/pbrx/x:1", "pbrx/x:latest"}},
		{"discard what has names", func() error { return d.Discard(t.Context(), id) }, []string{"example.org/pbrx/x:1", "pbrx/x:latest"}},
		{"take a name away", func() error { return d.Untag(t.Context(), "pbrx/x") }, []string{"example.org/pbrx/x:1"}},
		{"discard what has a name", func() error { return d.Discard(t.Context(), id) }, []string{"example.org/pbrx/x:1"}},
		{"take the last name away", func() error { return d.Untag(t.Context(), "example.org/pbrx/x:1") }, nil},
	}
	for _, s := range steps {
		if err := s.do(); err != nil {
			t.Fatalf("%s: %v", s.what, err)
		}
		t.Log(s.what)
		wantNames(t, d, id, s.want)
	}
	id, _ = load(t, d, "names")
	wantNames(t, d, id, []string{})
	if err := d.Discard(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	wantNames(t, d, id, nil)
}

// A name moves from one image to the next; the first is left without one.
func TestANameMoves(t *testing.T) {
	d := daemon(t)
	first, _ := load(t, d, "first", "pbrx/moves:1")
	second, _ := load(t, d, "second")
	if err := d.Tag(t.Context(), second, "pbrx/moves:1"); err != nil {
		t.Fatal(err)
	}
	wantNames(t, d, first, []string{})
	wantNames(t, d, second, []string{"pbrx/moves:1"})
}

func TestUntagTakesNoIDs(t *testing.T) {
	d := daemon(t)
	id, _ := load(t, d, "id", "pbrx/id:1")
	if err := d.Untag(t.Context(), strings.TrimPrefix(id, "sha256:")); err == nil {
		t.Error("no error")
	}
	wantNames(t, d, id, []string{"pbrx/id:1"})
}

func TestImagesInUseStay(t *testing.T) {
	d := daemon(t)
	id, _ := load(t, d, "in use", "pbrx/used:1")
	c, err := d.api.ContainerCreate(t.Context(), &container.Config{Image: id}, nil, nil, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.api.ContainerRemove(context.Background(), c.ID, container.RemoveOptions{}); err != nil {
			t.Error(err)
		}
	}()
	if err := d.Untag(t.Context(), "pbrx/used:1"); !errdefs.IsConflict(err) {
		t.Errorf("got %v", err)
	}
	wantNames(t, d, id, []string{"pbrx/used:1"})
}

func TestSave(t *testing.T) {
	d := daemon(t)
	one, config := load(t, d, "one", "pbrx/one:1")
	two, _ := load(t, d, "two")
	r, err := d.Save(t.Context(), []string{"pbrx/one:1", two})
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[h.Name], err = io.ReadAll(tr); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	var manifest []struct {
		Config   string
		RepoTags []string
	}
	if err := json.Unmarshal(files["manifest.json"], &manifest); err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for _, m := range manifest {
		got[digest.FromBytes(files[m.Config]).String()] = m.RepoTags
	}
	if diff := cmp.Diff(map[string][]string{one: {"pbrx/one:1"}, two: nil}, got); diff != "" {
		t.Errorf("the images (-want +got):\n%s", diff)
	}
	if want := digest.FromBytes(config).Encoded() + ".json"; !bytes.Equal(files[want], config) {
		t.Errorf("%s is %s", want, files[want])
	}
}

func TestLoadFails(t *testing.T) {
	d := daemon(t)
	good, _, _ := archive(t, "broken", "pbrx/broken:1")
	for _, c := range []struct {
		name string
		data io.Reader
		want string
	}{
		{"no archive", strings.NewReader(strings.Repeat("no archive", 100)), "loading images into Docker: Error processing tar file(exit status 1): archive/tar: invalid tar header"},
		{"half an archive", bytes.NewReader(good[:1100]), "loading images into Docker: Error processing tar file(exit status 1): unexpected EOF"},
		{"a reader that fails", io.MultiReader(bytes.NewReader(good[:600]), failing{}), "loading images into Docker: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := d.Load(t.Context(), c.data)
			if err == nil || !strings.HasPrefix(err.Error(), c.want) || (c.name != "a reader that fails" && err.Error() != c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if c.name == "a reader that fails" && !errors.Is(err, errFailing) {
				t.Errorf("the cause is not there: %v", err)
			}
		})
	}
	if _, err := d.Image(t.Context(), "pbrx/broken:1"); !errdefs.IsNotFound(err) {
		t.Errorf("it was loaded all the same: %v", err)
	}
}

var errFailing = errors.New("the disk is gone")

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errFailing }

func TestReadLoaded(t *testing.T) {
	for _, c := range []struct{ answer, want string }{
		{`{"stream":"Loaded image ID: sha256:0\n"}`, ""},
		{`{"status":"Loading layer"}{"stream":"Loaded image: x:1\n"}`, ""},
		{``, "the answer names no image"},
		{`{"status":"Loading layer"}`, "the answer names no image"},
		{`{"stream":"Loaded image: x:1\n"}{"errorDetail":{"message":"no space left on device"},"error":"short"}`, "no space left on device"},
		{`{"error":"short"}`, "short"},
		{`{"stream":"Loaded image: x:1\n"}{"str`, "reading the answer: unexpected EOF"},
		{`<html>`, "reading the answer: invalid character '<' looking for beginning of value"},
	} {
		got := ""
		if err := readLoaded(strings.NewReader(c.answer)); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.answer, got, c.want)
		}
	}
}

func TestEndedContext(t *testing.T) {
	d := daemon(t)
	id, _ := load(t, d, "ended", "pbrx/ended:1")
	interrupted := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	// The archive never ends: the engine waits for the rest of it.
	r, w := io.Pipe()
	defer w.Close()
	time.AfterFunc(50*time.Millisecond, func() { cancel(interrupted) })
	if err := d.Load(ctx, r); !errors.Is(err, interrupted) {
		t.Errorf("Load: %v", err)
	}
	for want, do := range map[string]func() error{
		"loading images into Docker: interrupted":                        func() error { return d.Load(ctx, strings.NewReader("")) },
		"saving " + id + " from Docker: interrupted":                     func() error { _, err := d.Save(ctx, []string{id}); return err },
		"naming " + id + " pbrx/ended:2 in Docker: interrupted":          func() error { return d.Tag(ctx, id, "pbrx/ended:2") },
		"removing the name pbrx/ended:1 from Docker: interrupted":        func() error { return d.Untag(ctx, "pbrx/ended:1") },
		"removing the unnamed image " + id + " from Docker: interrupted": func() error { return d.Discard(ctx, id) },
		"looking at the image " + id + " in Docker: interrupted":         func() error { _, err := d.Image(ctx, id); return err },
	} {
		if err := do(); !errors.Is(err, interrupted) || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	wantNames(t, d, id, []string{"pbrx/ended:1"})
}

// The facts of the package's comment, for an image that is exported without a name.
func TestUnnamedExport(t *testing.T) {
	d := daemon(t)
	state := llb.Scratch().File(llb.Mkfile("/a", 0o644, []byte("aaa"), llb.WithCreatedTime(time.Unix(0, 0)))).
		File(llb.Mkdir("/empty", 0o755, llb.WithCreatedTime(time.Unix(0, 0)))).
		File(llb.Mkfile("/b", 0o644, []byte("bb"), llb.WithCreatedTime(time.Unix(0, 0))))
	def, err := state.Marshal(t.Context(), llb.LinuxAmd64)
	if err != nil {
		t.Fatal(err)
	}
	created := time.Unix(315532800, 0).UTC()
	entry := func(by string, empty bool) map[string]any {
		return map[string]any{"created": created, "created_by": by, "empty_layer": empty}
	}
	config := marshal(t, map[string]any{
		"architecture": "amd64", "os": "linux", "created": created, "x-unknown": "kept", "config": map[string]any{"Cmd": []string{"x"}},
		"history": []any{entry("a", false), entry("empty", false), entry("b", false), entry("meta", true)},
	})
	export := func() string {
		resp, err := d.Client().Build(t.Context(), buildkit.SolveOpt{Exports: []buildkit.ExportEntry{{Type: "moby"}}}, "",
			func(ctx context.Context, c gateway.Client) (*gateway.Result, error) {
				res, err := c.Solve(ctx, gateway.SolveRequest{Definition: def.ToPB()})
				if err == nil {
					res.AddMeta("containerimage.config", config)
				}
				return res, err
			}, nil)
		if err != nil {
			t.Fatal(err)
		}
		id := resp.ExporterResponse["containerimage.digest"]
		if diff := cmp.Diff(map[string]string{"containerimage.digest": id}, resp.ExporterResponse); diff != "" {
			t.Errorf("the exporter's answer (-want +got):\n%s", diff)
		}
		return id
	}
	id := export()
	wantNames(t, d, id, []string{})
	img, err := d.Image(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if img.Config.Created == nil || !img.Config.Created.Equal(created) {
		t.Errorf("created %v, want %v", img.Config.Created, created)
	}
	var sizes []int64
	for _, l := range img.Manifest.Layers {
		sizes = append(sizes, l.Size)
	}
	if diff := cmp.Diff([]int64{3, 0, 2}, sizes); diff != "" {
		t.Errorf("the sizes of the layers (-want +got):\n%s", diff)
	}
	if h := img.Config.History; len(h) != 4 || h[1].EmptyLayer || !h[3].EmptyLayer || h[3].CreatedBy != "meta" {
		t.Errorf("the history is %+v", h)
	}
	if again := export(); again != id {
		t.Errorf("the same input gave %s and %s", id, again)
	}
	if err := d.Tag(t.Context(), id, "pbrx/export:1"); err != nil {
		t.Fatal(err)
	}
	named, err := d.Image(t.Context(), "pbrx/export:1")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(named.RawConfig), `"x-unknown":"kept"`) || digest.FromBytes(named.RawConfig).String() != id {
		t.Errorf("the configuration is %s", named.RawConfig)
	}
	if diff := cmp.Diff(named.Manifest.Layers, img.Manifest.Layers); diff != "" {
		t.Errorf("the layers (-named +unnamed):\n%s", diff)
	}
	if err := d.Untag(t.Context(), "pbrx/export:1"); err != nil {
		t.Fatal(err)
	}
	wantNames(t, d, id, nil)
}
