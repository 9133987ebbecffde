package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// ociLayout is an OCI layout as the specification has it, read without the code that wrote it.
type ociLayout struct {
	dir   string
	index v1.Index
}

// ociImage is one entry of a layout's index.
type ociImage struct {
	layout     ociLayout
	name       string // org.opencontainers.image.ref.name
	descriptor v1.Descriptor
	manifest   v1.Manifest
	config     v1.Image
	rawConfig  []byte
}

func readLayout(t *testing.T, dir string) ociLayout {
	t.Helper()
	l := ociLayout{dir: dir}
	for name, into := range map[string]any{v1.ImageLayoutFile: &v1.ImageLayout{}, v1.ImageIndexFile: &l.index} {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, into); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return l
}

// names are the names of the images in the order of the index.
func (l ociLayout) names() []string {
	var names []string
	for _, d := range l.index.Manifests {
		names = append(names, d.Annotations[v1.AnnotationRefName])
	}
	return names
}

func (l ociLayout) path(d digest.Digest) string {
	return filepath.Join(l.dir, v1.ImageBlobsDir, d.Algorithm().String(), d.Encoded())
}

// blob reads a blob and checks it against its descriptor.
func (l ociLayout) blob(t *testing.T, d v1.Descriptor) []byte {
	t.Helper()
	raw, err := os.ReadFile(l.path(d.Digest))
	if err != nil {
		t.Fatal(err)
	}
	if digest.FromBytes(raw) != d.Digest || int64(len(raw)) != d.Size {
		t.Fatalf("blob %s is not what its descriptor says", d.Digest)
	}
	return raw
}

// blobs are the digests of all blobs that lie there, sorted.
func (l ociLayout) blobs(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(l.dir, v1.ImageBlobsDir, "sha256"))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, e := range entries {
		found = append(found, "sha256:"+e.Name())
	}
	return found
}

// image reads the image that has the name, tag included.
func (l ociLayout) image(t *testing.T, name string) ociImage {
	t.Helper()
	for _, d := range l.index.Manifests {
		if d.Annotations[v1.AnnotationRefName] != name {
			continue
		}
		img := ociImage{layout: l, name: name, descriptor: d}
		if err := json.Unmarshal(l.blob(t, d), &img.manifest); err != nil {
			t.Fatal(err)
		}
		img.rawConfig = l.blob(t, img.manifest.Config)
		if err := json.Unmarshal(img.rawConfig, &img.config); err != nil {
			t.Fatal(err)
		}
		return img
	}
	t.Fatalf("the layout has no %s, only %s", name, strings.Join(l.names(), ", "))
	return ociImage{}
}

// images are all images of the layout.
func (l ociLayout) images(t *testing.T) []ociImage {
	t.Helper()
	var all []ociImage
	for _, name := range l.names() {
		all = append(all, l.image(t, name))
	}
	return all
}

// layerDigests are the digests of the image's layers, the base's included.
func (i ociImage) layerDigests() []string {
	var all []string
	for _, l := range i.manifest.Layers {
		all = append(all, l.Digest.String())
	}
	return all
}

// tarEntry is one entry of a layer. Content is empty for what is no regular file.
type tarEntry struct {
	*tar.Header
	path    string // without leading or trailing slash
	content []byte
}

// layer reads a layer: all its entries with their contents. Layers of a base are big; see walk.
func (i ociImage) layer(t *testing.T, n int) []tarEntry {
	t.Helper()
	var entries []tarEntry
	i.walk(t, n, func(h *tar.Header, r io.Reader) {
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, tarEntry{Header: h, path: strings.Trim(path.Clean(h.Name), "/"), content: content})
	})
	return entries
}

// walk visits the entries of a layer and checks it against its diff ID.
func (i ociImage) walk(t *testing.T, n int, visit func(*tar.Header, io.Reader)) {
	t.Helper()
	f, err := os.Open(i.layout.path(i.manifest.Layers[n].Digest))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	diffID := digest.SHA256.Digester()
	plain := io.TeeReader(uncompressed(t, i.manifest.Layers[n].MediaType, f), diffID.Hash())
	r := tar.NewReader(plain)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("layer %d of %s: %v", n, i.name, err)
		}
		visit(h, r)
	}
	if _, err := io.Copy(io.Discard, plain); err != nil {
		t.Fatal(err)
	}
	if diffID.Digest() != i.config.RootFS.DiffIDs[n] {
		t.Errorf("layer %d of %s is %s, its configuration says %s", n, i.name, diffID.Digest(), i.config.RootFS.DiffIDs[n])
	}
}

func uncompressed(t *testing.T, mediaType string, r io.Reader) io.Reader {
	t.Helper()
	switch {
	case strings.HasSuffix(mediaType, "+zstd"):
		z, err := zstd.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(z.Close)
		return z
	case strings.HasSuffix(mediaType, "gzip"):
		z, err := gzip.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		return z
	}
	return r
}

// file is the content of a file in the image's file system, from the topmost layer that has it.
func (i ociImage) file(t *testing.T, name string) []byte {
	t.Helper()
	for n := range slices.Backward(i.manifest.Layers) {
		var found []byte
		i.walk(t, n, func(h *tar.Header, r io.Reader) {
			if strings.Trim(path.Clean(h.Name), "/") == name {
				var b bytes.Buffer
				if _, err := io.Copy(&b, r); err != nil {
					t.Fatal(err)
				}
				found = b.Bytes()
			}
		})
		if found != nil {
			return found
		}
	}
	t.Fatalf("%s has no %s", i.name, name)
	return nil
}
