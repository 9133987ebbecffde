package layout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/containerd/errdefs"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// Writer collects the blobs of new images until they are committed to a layout.
type Writer struct {
	dir, staging string
	store        content.Store
}

// Named is an image to be named at Commit.
type Named struct {
	Descriptor v1.Descriptor
	// Name is what users see (foo-base:latest), FullName its normalised form.
	Name, FullName string
}

// incoming begins the names of files that are not whole yet.
const incoming = ".incoming-"

// NewWriter prepares writing to the layout dir, which need not exist yet. Blobs
// are kept in staging, a folder of the caller's that is best on the same file
// system and goes when the caller goes.
func NewWriter(dir, staging string) (*Writer, error) {
	store, err := local.NewStore(staging)
	if err != nil {
		return nil, fmt.Errorf("preparing to write the OCI layout %s: %w", dir, err)
	}
	return &Writer{dir: dir, staging: staging, store: store}, nil
}

// Store takes the blobs of the images. Blobs that the layout has already are not taken again.
func (w *Writer) Store() content.Store { return present{Store: w.store, dir: w.dir} }

// Take stages the blobs of an image that lie in other folders, without copying where the file system allows.
// Blobs that the layout has already are not taken again.
func (w *Writer) Take(img *Image, from []string) error {
	blobs := append([]v1.Descriptor{img.Descriptor, img.Manifest.Config}, img.Manifest.Layers...)
	for _, b := range blobs {
		if err := w.takeBlob(b, from); err != nil {
			return fmt.Errorf("preparing to write the OCI layout %s: %w", w.dir, err)
		}
	}
	return nil
}

func (w *Writer) takeBlob(b v1.Descriptor, from []string) error {
	to := BlobPath(w.staging, b.Digest)
	for _, have := range []string{BlobPath(w.dir, b.Digest), to} {
		if fi, err := os.Stat(have); err == nil && fi.Size() == b.Size {
			return nil
		}
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	for _, dir := range from {
		err := linkFile(BlobPath(dir, b.Digest), to)
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return fmt.Errorf("blob %s: %w", b.Digest, fs.ErrNotExist)
}

// linkFile links a file, or copies it where the two lie on different file systems.
func linkFile(from, to string) error {
	if err := os.Link(from, to); err == nil || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return copyFile(from, to)
}

// ReadImage reads back manifest and configuration of an image whose blobs the store took.
func (w *Writer) ReadImage(_ context.Context, desc v1.Descriptor) (*Image, error) {
	return loadFrom([]string{w.staging, w.dir}, desc, "")
}

// present is a store that knows what a layout has.
type present struct {
	content.Store
	dir string
}

// Writer refuses to take a blob that the layout has.
func (p present) Writer(ctx context.Context, opts ...content.WriterOpt) (content.Writer, error) {
	var o content.WriterOpts
	for _, opt := range opts {
		if err := opt(&o); err != nil {
			return nil, err
		}
	}
	if d := o.Desc.Digest; d.Validate() == nil {
		if fi, err := os.Stat(BlobPath(p.dir, d)); err == nil && fi.Size() == o.Desc.Size {
			return nil, fmt.Errorf("blob %s: %w", d, errdefs.ErrAlreadyExists)
		}
	}
	return p.Store.Writer(ctx, opts...)
}

// Commit moves the staged blobs into the layout and names all images in one
// step. Images that had one of the names lose it, and blobs only they used are removed.
func (w *Writer) Commit(images []Named) error {
	if err := os.MkdirAll(filepath.Join(w.dir, v1.ImageBlobsDir, "sha256"), 0o755); err != nil {
		return fmt.Errorf("writing the OCI layout: %w", err)
	}
	unlock, err := lockDir(w.dir)
	if err != nil {
		return fmt.Errorf("locking the OCI layout %s: %w", w.dir, err)
	}
	defer unlock()
	if err := w.sweep(); err != nil {
		return fmt.Errorf("sweeping what a killed command left in the OCI layout %s: %w", w.dir, err)
	}
	old, err := readIndex(w.dir)
	if errors.Is(err, fs.ErrNotExist) {
		old = &v1.Index{}
	} else if err != nil {
		return err
	}
	if err := w.moveBlobs(); err != nil {
		return fmt.Errorf("writing the OCI layout %s: %w", w.dir, err)
	}
	if err := w.complete(images); err != nil {
		return err
	}
	index := newIndex(old, images)
	if err := w.writeIndex(index); err != nil {
		return fmt.Errorf("writing the OCI layout %s: %w", w.dir, err)
	}
	return w.removeOrphans(old, index)
}

func newIndex(old *v1.Index, images []Named) *v1.Index {
	index := &v1.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: v1.MediaTypeImageIndex}
	for _, d := range old.Manifests {
		replaced := slices.ContainsFunc(images, func(n Named) bool {
			return d.Annotations[v1.AnnotationRefName] == n.Name || d.Annotations[containerdName] == n.FullName
		})
		if !replaced {
			index.Manifests = append(index.Manifests, d)
		}
	}
	for _, n := range images {
		d := n.Descriptor
		d.Annotations = map[string]string{v1.AnnotationRefName: n.Name, containerdName: n.FullName}
		index.Manifests = append(index.Manifests, d)
	}
	return index
}

// complete makes sure that nothing is named that is not there: another build may have removed
// blobs that this one counted on.
func (w *Writer) complete(images []Named) error {
	needed := map[digest.Digest]bool{}
	for _, n := range images {
		reach(w.dir, n.Descriptor, needed)
	}
	for d := range needed {
		if _, err := os.Stat(BlobPath(w.dir, d)); err != nil {
			return fmt.Errorf("the OCI layout %s was changed by another build meanwhile (%w): run again", w.dir, err)
		}
	}
	return nil
}

func (w *Writer) moveBlobs() error {
	from := filepath.Join(w.staging, v1.ImageBlobsDir, "sha256")
	entries, err := os.ReadDir(from)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		to := BlobPath(w.dir, digest.NewDigestFromEncoded(digest.SHA256, e.Name()))
		if _, err := os.Stat(to); err == nil {
			continue
		}
		if err := moveFile(filepath.Join(from, e.Name()), to); err != nil {
			return err
		}
	}
	return nil
}

// moveFile renames, or copies to a temporary name first where the two lie on different file systems.
func moveFile(from, to string) error {
	if err := os.Rename(from, to); err == nil {
		return nil
	}
	return copyFile(from, to)
}

// copyFile copies to a temporary name, which is renamed in the end.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.CreateTemp(filepath.Dir(to), incoming+"*")
	if err != nil {
		return err
	}
	defer os.Remove(out.Name())
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	if err := errors.Join(out.Chmod(0o644), out.Sync(), out.Close()); err != nil {
		return err
	}
	return os.Rename(out.Name(), to)
}

func (w *Writer) writeIndex(index *v1.Index) error {
	marker, _ := json.Marshal(v1.ImageLayout{Version: v1.ImageLayoutVersion})
	if err := w.replaceFile(filepath.Join(w.dir, v1.ImageLayoutFile), marker); err != nil {
		return err
	}
	raw, err := json.Marshal(index)
	if err != nil {
		return err
	}
	return w.replaceFile(filepath.Join(w.dir, v1.ImageIndexFile), raw)
}

// replaceFile begins in the staging folder, which goes however the command ends.
func (w *Writer) replaceFile(path string, data []byte) error {
	f, err := os.CreateTemp(w.staging, incoming+"*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err := errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	return moveFile(f.Name(), path)
}

// sweep removes what a command that was killed while it copied from another file system left.
// The caller holds the lock.
func (w *Writer) sweep() error {
	var errs []error
	for _, dir := range []string{".", path.Join(v1.ImageBlobsDir, "sha256")} {
		names, err := fs.Glob(os.DirFS(w.dir), path.Join(dir, incoming+"*"))
		errs = append(errs, err)
		for _, name := range names {
			errs = append(errs, os.Remove(filepath.Join(w.dir, name)))
		}
	}
	return errors.Join(errs...)
}

// removeOrphans removes the blobs that old reached and index does not. Blobs that
// neither reaches are left alone: they may be somebody else's.
func (w *Writer) removeOrphans(old, index *v1.Index) error {
	kept := map[digest.Digest]bool{}
	for _, d := range index.Manifests {
		reach(w.dir, d, kept)
	}
	gone := map[digest.Digest]bool{}
	for _, d := range old.Manifests {
		reach(w.dir, d, gone)
	}
	for d := range gone {
		if kept[d] {
			continue
		}
		if err := os.Remove(BlobPath(w.dir, d)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing what replaced images used from the OCI layout %s: %w", w.dir, err)
		}
	}
	return nil
}

// reach adds every blob below a descriptor. What cannot be read has nothing below it.
func reach(dir string, desc v1.Descriptor, into map[digest.Digest]bool) {
	if into[desc.Digest] {
		return
	}
	into[desc.Digest] = true
	var node struct {
		Config    *v1.Descriptor  `json:"config"`
		Layers    []v1.Descriptor `json:"layers"`
		Manifests []v1.Descriptor `json:"manifests"`
	}
	if _, err := readJSON(dir, desc.Digest, &node); err != nil {
		return
	}
	if node.Config != nil {
		into[node.Config.Digest] = true
	}
	for _, l := range node.Layers {
		into[l.Digest] = true
	}
	for _, m := range node.Manifests {
		reach(dir, m, into)
	}
}
