package push

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	ggcr "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pbrx-go/pbrx-go/images/archive"
)

// sourceError is a fault on our side, of what is to be sent or of the configuration.
type sourceError struct{ err error }

func (e *sourceError) Error() string { return e.err.Error() }
func (e *sourceError) Unwrap() error { return e.err }

// blob is a layer or a configuration as the registry client wants it. Nothing is decompressed.
type blob struct {
	desc v1.Descriptor
	open archive.Opener
	// sent is set when the content was asked for: it was not there yet.
	sent atomic.Bool
}

var errNotUnpacked = errors.New("blobs are sent as they are")

func (b *blob) Digest() (ggcr.Hash, error)           { return ggcr.NewHash(b.desc.Digest.String()) }
func (b *blob) DiffID() (ggcr.Hash, error)           { return ggcr.Hash{}, errNotUnpacked }
func (b *blob) Uncompressed() (io.ReadCloser, error) { return nil, errNotUnpacked }
func (b *blob) Size() (int64, error)                 { return b.desc.Size, nil }
func (b *blob) MediaType() (types.MediaType, error)  { return types.MediaType(b.desc.MediaType), nil }
func (b *blob) Compressed() (content io.ReadCloser, err error) {
	b.sent.Store(true)
	r, err := b.open(b.desc.Digest)
	if err != nil {
		return nil, &sourceError{fmt.Errorf("opening blob %s: %w", b.desc.Digest, err)}
	}
	return &checked{ReadCloser: r, desc: b.desc, hash: digest.SHA256.Digester()}, nil
}

// checked is a blob whose end is only reached when it is what its digest says: a registry that
// finds the damage can only say that something was damaged somewhere.
type checked struct {
	io.ReadCloser
	desc v1.Descriptor
	hash digest.Digester
	size int64
}

func (c *checked) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.hash.Hash().Write(p[:n])
	c.size += int64(n)
	switch {
	case err == io.EOF && c.size < c.desc.Size, c.size > c.desc.Size:
		return 0, &sourceError{fmt.Errorf("blob %s is damaged: its size is not %d", c.desc.Digest, c.desc.Size)}
	case c.size == c.desc.Size && n > 0 && c.hash.Digest() != c.desc.Digest:
		return 0, &sourceError{fmt.Errorf("blob %s is damaged: its content has digest %s", c.desc.Digest, c.hash.Digest())}
	case err != nil && err != io.EOF:
		return n, &sourceError{fmt.Errorf("reading blob %s: %w", c.desc.Digest, err)}
	}
	return n, err
}
