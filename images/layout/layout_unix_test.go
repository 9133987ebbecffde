//go:build unix

package layout_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/errdefs"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pbrx-go/pbrx-go/images/layout"
)

// putter writes blobs somewhere and describes them.
type putter func(mediaType string, data []byte) v1.Descriptor

// into writes blobs through a writer's store, as engines do.
func into(t *testing.T, w *layout.Writer) putter {
	return func(mediaType string, data []byte) v1.Descriptor {
		t.Helper()
		d := v1.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(data), Size: int64(len(data))}
		if err := content.WriteBlob(t.Context(), w.Store(), d.Digest.String(), bytes.NewReader(data), d); err != nil {
			t.Fatal(err)
		}
		return d
	}
}

func (put putter) json(t *testing.T, mediaType string, v any) v1.Descriptor {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return put(mediaType, data)
}

// image writes an image with these layers, whose text is their content.
func (put putter) image(t *testing.T, author string, layers ...string) v1.Descriptor {
	t.Helper()
	m := v1.Manifest{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: v1.MediaTypeImageManifest,
		Config: put.json(t, v1.MediaTypeImageConfig, v1.Image{Author: author})}
	for _, l := range layers {
		m.Layers = append(m.Layers, put(v1.MediaTypeImageLayer, []byte(l)))
	}
	return put.json(t, v1.MediaTypeImageManifest, m)
}

func writer(t *testing.T, dir string) *layout.Writer {
	t.Helper()
	w, err := layout.NewWriter(dir, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func named(d v1.Descriptor, name string) layout.Named {
	return layout.Named{Descriptor: d, Name: name, FullName: "docker.io/library/" + name}
}

// commit writes one image under a name.
func commit(t *testing.T, dir, name string, layers ...string) v1.Descriptor {
	t.Helper()
	w := writer(t, dir)
	d := into(t, w).image(t, name, layers...)
	if err := w.Commit([]layout.Named{named(d, name)}); err != nil {
		t.Fatal(err)
	}
	return d
}

// has says which of these layers a layout has.
func has(dir string, layers ...string) []string {
	out := []string{}
	for _, l := range layers {
		if _, err := os.Stat(layout.BlobPath(dir, digest.FromString(l))); err == nil {
			out = append(out, l)
		}
	}
	return out
}

// leftovers are the temporary files of a layout.
func leftovers(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if strings.HasPrefix(filepath.Base(path), ".") {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || err.Error() != want {
		t.Errorf("the error is\n%v\nwant\n%s", err, want)
	}
}

func TestFind(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "layout")
	d := commit(t, dir, "foo:1", "a")
	for _, ref := range []string{"", "foo:1", "docker.io/library/foo:1"} {
		img, err := layout.Find(dir, ref, "linux/amd64")
		if err != nil || img.Descriptor.Digest != d.Digest || img.Config.Author != "foo:1" || len(img.Manifest.Layers) != 1 || string(img.RawConfig) == "" {
			t.Errorf("Find(%q) = %+v, %v", ref, img, err)
		}
	}
	commit(t, dir, "bar:1", "b")
	_, err := layout.Find(dir, "", "linux/amd64")
	wantError(t, err, "the OCI layout "+dir+" has 2 images: name one, as in oci:"+dir+":foo:1")
	_, err = layout.Find(dir, "foo", "linux/amd64")
	wantError(t, err, `no image "foo" in the OCI layout `+dir+", which has: foo:1, bar:1: file does not exist")
	if !errors.Is(err, fs.ErrNotExist) {
		t.Error("the error does not say that the image is missing")
	}
	_, err = layout.Find(dir+"/blobs", "", "linux/amd64")
	wantError(t, err, dir+"/blobs is no OCI layout: it has no index.json: file does not exist")
}

func TestFindInIndexOfIndexes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "layout")
	w := writer(t, dir)
	put := into(t, w)
	arm, amd := put.image(t, "arm", "a"), put.image(t, "amd", "b")
	arm.Platform = &v1.Platform{OS: "linux", Architecture: "arm64"}
	amd.Platform = &v1.Platform{OS: "linux", Architecture: "amd64"}
	inner := put.json(t, v1.MediaTypeImageIndex, v1.Index{Manifests: []v1.Descriptor{{MediaType: "text/plain", Digest: arm.Digest}, arm, amd}})
	inner.Platform = amd.Platform
	outer := put.json(t, "application/vnd.docker.distribution.manifest.list.v2+json", v1.Index{Manifests: []v1.Descriptor{inner}})
	if err := w.Commit([]layout.Named{named(outer, "foo:1"), named(inner, "bar:1")}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ ref, platform, want string }{
		{"foo:1", "linux/amd64", "amd"}, {"bar:1", "linux/amd64", "amd"}, {"bar:1", "linux/arm64", "arm"},
	} {
		if img, err := layout.Find(dir, c.ref, c.platform); err != nil || img.Config.Author != c.want {
			t.Errorf("Find(%s, %s) = %+v, %v", c.ref, c.platform, img, err)
		}
	}
	_, err := layout.Find(dir, "bar:1", "linux/riscv64")
	wantError(t, err, "the index "+inner.Digest.String()+" in the OCI layout "+dir+" has no manifest for linux/riscv64")
	if got := has(dir, "a", "b"); len(got) != 2 {
		t.Errorf("of what an index reaches only %q is left", got)
	}
}

func TestDamage(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "layout")
	d := commit(t, dir, "foo:1", "a")
	path := layout.BlobPath(dir, d.Digest)
	if err := os.WriteFile(path, []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := layout.Find(dir, "foo:1", "")
	wantError(t, err, "OCI layout "+dir+": blob "+d.Digest.String()+" is damaged: its content has digest "+digest.FromString("{}").String())
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	_, err = layout.Find(dir, "foo:1", "")
	wantError(t, err, "reading the OCI layout "+dir+": open "+path+": no such file or directory")
	if err := os.WriteFile(filepath.Join(dir, "index.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err = layout.Find(dir, "foo:1", "")
	wantError(t, err, filepath.Join(dir, "index.json")+": unexpected end of JSON input")
	wantError(t, writer(t, dir).Commit(nil), filepath.Join(dir, "index.json")+": unexpected end of JSON input")
}

func TestIndexWithoutADigest(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "index.json"), []byte(`{"manifests": [{"digest": "sha256:../../x"}]}`), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := layout.Find(dir, "", "")
	wantError(t, err, "OCI layout "+dir+": invalid checksum digest length")
}

func TestNothingIsVisibleBeforeCommit(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "layout")
	w := writer(t, dir)
	d := into(t, w).image(t, "foo", "a")
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the layout exists before Commit: %v", err)
	}
	img, err := w.ReadImage(t.Context(), d)
	if err != nil || img.Config.Author != "foo" {
		t.Errorf("ReadImage = %+v, %v", img, err)
	}
	if err := w.Commit([]layout.Named{named(d, "foo:1")}); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "index.json"))
	want := `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"` +
		d.Digest.String() + `","size":` + size(d) + `,"annotations":{"io.containerd.image.name":"docker.io/library/foo:1","org.opencontainers.image.ref.name":"foo:1"}}]}`
	if err != nil || string(raw) != want {
		t.Errorf("the index is\n%s (%v), want\n%s", raw, err, want)
	}
	if marker, err := os.ReadFile(filepath.Join(dir, "oci-layout")); err != nil || string(marker) != `{"imageLayoutVersion":"1.0.0"}` {
		t.Errorf("oci-layout is %s, %v", marker, err)
	}
	if left := leftovers(t, dir); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func size(d v1.Descriptor) string {
	raw, _ := json.Marshal(d.Size)
	return string(raw)
}

func TestReplacedImages(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "layout")
	commit(t, dir, "foo:1", "shared", "old")
	commit(t, dir, "bar:1", "shared")
	foreign := layout.BlobPath(dir, digest.FromString("foreign"))
	if err := os.WriteFile(foreign, []byte("foreign"), 0o644); err != nil {
		t.Fatal(err)
	}
	d := commit(t, dir, "foo:1", "shared", "new")
	if got, want := has(dir, "shared", "old", "new", "foreign"), []string{"shared", "new", "foreign"}; !slices.Equal(got, want) {
		t.Errorf("the layout has %q, want %q", got, want)
	}
	if img, err := layout.Find(dir, "foo:1", ""); err != nil || img.Descriptor.Digest != d.Digest {
		t.Errorf("foo:1 is %+v, %v", img, err)
	}
	if _, err := layout.Find(dir, "bar:1", ""); err != nil {
		t.Errorf("bar:1: %v", err)
	}
	if entries, err := os.ReadDir(filepath.Join(dir, "blobs/sha256")); err != nil || len(entries) != 3+2*2 { // layers; two images
		t.Errorf("%d blobs, want 7: %v", len(entries), err)
	}
}

// What only an index reaches stays with the index, and goes with it.
func TestReplacedBesideAnIndex(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "layout")
	w := writer(t, dir)
	put := into(t, w)
	index := put.json(t, v1.MediaTypeImageIndex, v1.Index{Manifests: []v1.Descriptor{put.image(t, "amd", "shared", "inside")}})
	if err := w.Commit([]layout.Named{named(index, "index:1"), named(put.image(t, "foo", "shared", "old"), "foo:1")}); err != nil {
		t.Fatal(err)
	}
	commit(t, dir, "foo:1", "new")
	if got, want := has(dir, "shared", "inside", "old", "new"), []string{"shared", "inside", "new"}; !slices.Equal(got, want) {
		t.Errorf("the layout has %q, want %q", got, want)
	}
	commit(t, dir, "index:1", "other")
	if got, want := has(dir, "shared", "inside", "new", "other"), []string{"new", "other"}; !slices.Equal(got, want) {
		t.Errorf("the layout has %q, want %q", got, want)
	}
}

// A blob that the layout has is not written again, and so survives only if nobody removes it.
func TestKnownBlobsAreNotTakenAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "layout")
	commit(t, dir, "foo:1", "shared")
	w := writer(t, dir)
	desc := v1.Descriptor{Digest: digest.FromString("shared"), Size: 6}
	if _, err := w.Store().Writer(t.Context(), content.WithRef("x"), content.WithDescriptor(desc)); !errdefs.IsAlreadyExists(err) {
		t.Errorf("the store takes what the layout has: %v", err)
	}
	d := into(t, w).image(t, "bar", "shared")
	commit(t, dir, "foo:1", "other") // meanwhile somebody replaces the image that had it
	gone := layout.BlobPath(dir, digest.FromString("shared"))
	wantError(t, w.Commit([]layout.Named{named(d, "bar:1")}),
		"the OCI layout "+dir+" was changed by another build meanwhile (stat "+gone+": no such file or directory): run again")
	if _, err := layout.Find(dir, "bar:1", ""); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("bar:1 was named all the same: %v", err)
	}
}

// Somebody who has locked the folder is waited for.
func TestCommitWaitsForTheLock(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "layout")
	commit(t, dir, "foo:1", "a")
	holder, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close()
	if err := syscall.Flock(int(holder.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	w := writer(t, dir)
	d := into(t, w).image(t, "bar", "b")
	done := make(chan error, 1)
	go func() { done <- w.Commit([]layout.Named{named(d, "bar:1")}) }()
	select {
	case err := <-done:
		t.Fatalf("Commit did not wait: %v", err)
	case <-time.After(200 * time.Millisecond):
	}
	if got := has(dir, "b"); len(got) > 0 {
		t.Error("the layout was written to while it was locked")
	}
	holder.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := layout.Find(dir, "bar:1", ""); err != nil {
		t.Error(err)
	}
}

func TestTwoWritersAtATime(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "layout")
	var names []string
	var all sync.WaitGroup
	start := make(chan struct{})
	for _, letter := range strings.Split("abcdefgh", "") {
		names = append(names, letter+":1")
		w := writer(t, dir)
		d := into(t, w).image(t, letter, "shared", letter)
		all.Go(func() {
			<-start
			if err := w.Commit([]layout.Named{named(d, letter+":1")}); err != nil {
				t.Error(err)
			}
		})
	}
	close(start)
	all.Wait()
	for _, name := range names {
		if _, err := layout.Find(dir, name, ""); err != nil {
			t.Errorf("%s was lost: %v", name, err)
		}
	}
	if left := leftovers(t, dir); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}
