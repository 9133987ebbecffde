package main

import (
	"archive/tar"
	"crypto/sha256"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
)

// treeFile is a file of an image.
type treeFile struct {
	path string
	// what is its type, mode, owner, target and content, as text that can be compared.
	what string
	time time.Time
	dir  bool
	// layer is the one that it comes from, of those that the image has.
	layer int
	// link is the path of the file that this is another name of, if it is one.
	link string
}

// layersRead are the files of layers that were read, by the digest of their blobs: images share layers.
var layersRead = struct {
	sync.Mutex
	files map[digest.Digest][]treeFile
}{files: map[digest.Digest][]treeFile{}}

// filesOf are the files of a layer in the order in which they lie there.
func filesOf(t *testing.T, img ociImage, n int) []treeFile {
	t.Helper()
	layersRead.Lock()
	defer layersRead.Unlock()
	id := img.manifest.Layers[n].Digest
	files, ok := layersRead.files[id]
	if ok {
		return files
	}
	img.walk(t, n, func(h *tar.Header, r io.Reader) {
		content := sha256.New()
		if _, err := io.Copy(content, r); err != nil {
			t.Fatal(err)
		}
		// Docker writes the type of a file into its mode a second time.
		f := treeFile{path: cleaned(h.Name), time: h.ModTime, dir: h.Typeflag == tar.TypeDir,
			what: fmt.Sprintf("%c %o %d:%d %q %d:%d %x", h.Typeflag, h.Mode&0o7777, h.Uid, h.Gid, h.Linkname, h.Devmajor, h.Devminor, content.Sum(nil)[:8])}
		if h.Typeflag == tar.TypeLink {
			f.link = cleaned(h.Linkname)
		}
		files = append(files, f)
	})
	layersRead.files[id] = files
	return files
}

func cleaned(name string) string { return strings.Trim(path.Clean(name), "/") }

// treeOf is the file system of an image, by path.
func treeOf(t *testing.T, img ociImage) map[string]treeFile {
	t.Helper()
	tree := map[string]treeFile{}
	for n := range img.manifest.Layers {
		files := filesOf(t, img, n)
		for _, f := range files { // what a layer removes is of those below it
			name, removes := strings.CutPrefix(path.Base(f.path), ".wh.")
			if removes && name == ".wh..opq" {
				removeBelow(tree, path.Dir(f.path))
			} else if removes {
				gone := path.Join(path.Dir(f.path), name)
				delete(tree, gone)
				removeBelow(tree, gone)
			}
		}
		for _, f := range files {
			if strings.HasPrefix(path.Base(f.path), ".wh.") {
				continue
			}
			if f.link != "" { // which of its names a file is stored under says nothing
				target, ok := tree[f.link]
				if !ok {
					t.Errorf("%s: %s is another name of %s, which is not there", img.name, f.path, f.link)
				}
				target.path = f.path
				f = target
			}
			f.layer = n
			tree[f.path] = f
		}
	}
	return tree
}

func removeBelow(tree map[string]treeFile, dir string) {
	for name := range tree {
		if strings.HasPrefix(name, dir+"/") {
			delete(tree, name)
		}
	}
}

// checkTrees compares the file systems that two engines made of the same plan, with the times of everything but
// some folders, where want is of an engine that leaves no trace of mount points: that of those in which the other one
// makes mount points while a step runs, and of those that want has from the base. Where only the time of a folder
// changed, BuildKit leaves it out of the layer, Docker does not.
func checkTrees(t *testing.T, name string, want, got map[string]treeFile) {
	t.Helper()
	var bad []string
	for path, w := range want {
		g, ok := got[path]
		switch {
		case !ok:
			bad = append(bad, path+" is missing")
		case g.what != w.what:
			bad = append(bad, fmt.Sprintf("%s is %s, want %s", path, g.what, w.what))
		case !g.time.Equal(w.time) && !(w.dir && (w.layer == 0 || slices.Contains([]string{"etc", "usr/sbin", "var/log"}, path))):
			bad = append(bad, fmt.Sprintf("%s is of %s, want %s", path, g.time.UTC(), w.time.UTC()))
		}
	}
	for path, g := range got {
		if _, ok := want[path]; !ok {
			bad = append(bad, path+" is too much: "+g.what)
		}
	}
	slices.Sort(bad)
	if len(want) < 1000 {
		t.Errorf("%s has only %d files", name, len(want))
	}
	if len(bad) > 0 {
		t.Errorf("%s differs in %d files:\n%s", name, len(bad), strings.Join(bad[:min(len(bad), 30)], "\n"))
	}
}
