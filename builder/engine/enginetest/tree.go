package enginetest

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pbrx-go/pbrx-go/builder"
	"github.com/pbrx-go/pbrx-go/images/layout"
)

// layerFiles describes the entries of one layer, by their names.
func layerFiles(t *testing.T, dir string, desc v1.Descriptor) map[string]string {
	t.Helper()
	f, err := os.Open(layout.BlobPath(dir, desc.Digest))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var r io.Reader = f
	switch desc.MediaType {
	case v1.MediaTypeImageLayerGzip:
		if r, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	case v1.MediaTypeImageLayerZstd:
		z, err := zstd.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		r = z
	}
	files := map[string]string{}
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatalf("layer %s: %v", desc.Digest, err)
		}
		data, err := io.ReadAll(tr)
		if err != nil {
			t.Fatalf("layer %s: %v", desc.Digest, err)
		}
		// Docker writes the type of a file into its mode a second time.
		files[strings.TrimSuffix(h.Name, "/")] = fmt.Sprintf("%c %o %d:%d %d %q %s", h.Typeflag, h.Mode&0o7777, h.Uid, h.Gid, h.ModTime.Unix(), h.Linkname, data)
	}
}

// names are the files of a layer, without folders, sorted.
func names(files map[string]string) []string {
	out := []string{}
	for name, what := range files {
		if what[0] != tar.TypeDir {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// tree is all files of an image; nothing in these images is ever removed, so a whiteout is an error.
func (b *built) tree(t *testing.T, x builder.Exported) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, l := range x.Image.Manifest.Layers {
		files := layerFiles(t, b.layout, l)
		for name := range files {
			if strings.Contains(name, ".wh.") {
				t.Errorf("%s removes %s", x.Plan.Name, name)
			}
		}
		maps.Copy(all, files)
	}
	return all
}
