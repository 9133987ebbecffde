package archive

import (
	"errors"
	"fmt"
	"os"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// fromOCI moves the blobs of a layout and returns its index as it is.
func (s *spool) fromOCI(blobs string) ([]byte, error) {
	raw, _, err := s.bytes(v1.ImageIndexFile)
	if err != nil {
		return nil, err
	}
	var index v1.Index
	if err := s.json(v1.ImageIndexFile, &index); err != nil {
		return nil, err
	}
	if len(index.Manifests) == 0 {
		return nil, errors.New("index.json names no image")
	}
	done := map[digest.Digest]bool{}
	for _, desc := range index.Manifests {
		if err := s.keep(desc, blobs, done); err != nil {
			return nil, err
		}
	}
	return raw, nil
}

// node is a manifest or an index.
type node struct {
	Config    *v1.Descriptor  `json:"config"`
	Layers    []v1.Descriptor `json:"layers"`
	Manifests []v1.Descriptor `json:"manifests"`
}

// keep checks a manifest or an index and all it needs, and moves it to blobs. What is done
// is not done again, however often indexes name it.
func (s *spool) keep(desc v1.Descriptor, blobs string, done map[digest.Digest]bool) error {
	if done[desc.Digest] {
		return nil
	}
	done[desc.Digest] = true
	var n node
	if err := s.keepBlob(desc, blobs); err != nil {
		return err
	}
	if err := s.json(blobName(desc.Digest), &n); err != nil {
		return err
	}
	if n.Config != nil {
		n.Layers = append(n.Layers, *n.Config)
	}
	for _, d := range n.Layers {
		if err := s.keepBlob(d, blobs); err != nil {
			return err
		}
	}
	var missing error
	there := 0
	for _, d := range n.Manifests {
		// An index names all platforms of an image; an archive often holds one of them.
		if _, err := s.find(blobName(d.Digest)); errors.Is(err, os.ErrNotExist) {
			missing = err
			continue
		}
		if err := s.keep(d, blobs, done); err != nil {
			return err
		}
		there++
	}
	if there == 0 {
		return missing
	}
	return nil
}

func (s *spool) keepBlob(desc v1.Descriptor, blobs string) error {
	if err := desc.Digest.Validate(); err != nil || desc.Digest.Algorithm() != digest.SHA256 {
		return fmt.Errorf("%q is no SHA-256 digest of a blob", desc.Digest)
	}
	f, err := s.find(blobName(desc.Digest))
	if err != nil {
		return err
	}
	if f.digest != desc.Digest {
		return fmt.Errorf("%s has the content of %s", blobName(desc.Digest), f.digest)
	}
	if f.size != desc.Size {
		return fmt.Errorf("%s has %d bytes, %d were announced", blobName(desc.Digest), f.size, desc.Size)
	}
	return f.move(blobs)
}
