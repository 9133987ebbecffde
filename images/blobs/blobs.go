// Package blobs offers content-addressed bytes and files, wherever they lie, as a
// read-only containerd content store, so that an engine can read a base image out of
// a layout on a read-only disk or out of a plain root file system tarball.
//
// A blob is trusted to be what its digest says only as far as the engine checks
// it: engines verify every blob they unpack.
package blobs

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/errdefs"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// Source says where the bytes of a blob are: in a file or in memory. ok is false
// for a blob it does not have.
type Source func(digest.Digest) (path string, data []byte, ok bool)

// Store is a read-only content store over a Source. Everything that would write is refused.
type Store struct{ source Source }

// New returns the store over a source.
func New(source Source) *Store { return &Store{source: source} }

var _ content.Store = (*Store)(nil)

// Info tells the size of a blob.
func (s *Store) Info(_ context.Context, d digest.Digest) (content.Info, error) {
	path, data, ok := s.source(d)
	if !ok {
		return content.Info{}, fmt.Errorf("blob %s: %w", d, errdefs.ErrNotFound)
	}
	if path == "" {
		return content.Info{Digest: d, Size: int64(len(data))}, nil
	}
	fi, err := os.Stat(path)
	if err != nil {
		return content.Info{}, fmt.Errorf("blob %s: %w", d, err)
	}
	return content.Info{Digest: d, Size: fi.Size(), CreatedAt: fi.ModTime(), UpdatedAt: fi.ModTime()}, nil
}

// ReaderAt opens a blob.
func (s *Store) ReaderAt(_ context.Context, desc v1.Descriptor) (content.ReaderAt, error) {
	path, data, ok := s.source(desc.Digest)
	if !ok {
		return nil, fmt.Errorf("blob %s: %w", desc.Digest, errdefs.ErrNotFound)
	}
	if path == "" {
		return memory{bytes.NewReader(data)}, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("blob %s: %w", desc.Digest, err)
	}
	fi, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("blob %s: %w", desc.Digest, err)
	}
	return file{f, fi.Size()}, nil
}

type memory struct{ *bytes.Reader }

func (memory) Close() error { return nil }

type file struct {
	*os.File
	size int64
}

func (f file) Size() int64 { return f.size }

// Walk visits nothing: the store cannot list what it has.
func (s *Store) Walk(context.Context, content.WalkFunc, ...string) error { return nil }

// Update is refused.
func (s *Store) Update(context.Context, content.Info, ...string) (content.Info, error) {
	return content.Info{}, readOnly("Update")
}

// Delete is refused.
func (s *Store) Delete(context.Context, digest.Digest) error { return readOnly("Delete") }

// Status is refused: nothing is ever being written.
func (s *Store) Status(context.Context, string) (content.Status, error) {
	return content.Status{}, errdefs.ErrNotFound
}

// ListStatuses lists nothing.
func (s *Store) ListStatuses(context.Context, ...string) ([]content.Status, error) { return nil, nil }

// Abort is refused.
func (s *Store) Abort(context.Context, string) error { return readOnly("Abort") }

// Writer is refused.
func (s *Store) Writer(context.Context, ...content.WriterOpt) (content.Writer, error) {
	return nil, readOnly("Writer")
}

func readOnly(what string) error {
	return fmt.Errorf("%s on a read-only content store: %w", what, errdefs.ErrNotImplemented)
}
