package archive

import (
	"encoding/json"
	"fmt"
	"io"
	"path"

	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pbrx-go/pbrx-go/images/naming"
)

// containerdName is the annotation by which containerd names an image it imports.
const containerdName = "io.containerd.image.name"

// WriteOCI writes an oci-archive: the images as they are, every blob once. Each
// name of an image is an entry of the index.
func WriteOCI(w io.Writer, set []Image, open Opener) error {
	index, err := newIndex(set)
	if err != nil {
		return err
	}
	t := newTarball(w)
	marker, _ := json.Marshal(v1.ImageLayout{Version: v1.ImageLayoutVersion})
	if err := t.bytes(v1.ImageLayoutFile, marker); err != nil {
		return err
	}
	if err := t.bytes(v1.ImageIndexFile, index); err != nil {
		return err
	}
	for _, img := range set {
		blobs := append([]v1.Descriptor{img.Descriptor, img.Manifest.Config}, img.Manifest.Layers...)
		for _, desc := range blobs {
			if err := t.blob(desc, open); err != nil {
				return fmt.Errorf("writing %s to an oci-archive: blob %s: %w", img.title(), desc.Digest, err)
			}
		}
	}
	return t.Close()
}

func newIndex(set []Image) ([]byte, error) {
	index := v1.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: v1.MediaTypeImageIndex, Manifests: []v1.Descriptor{}}
	for _, img := range set {
		entries, err := named(img.Descriptor, img.Names)
		if err != nil {
			return nil, fmt.Errorf("writing %s to an oci-archive: %w", img.title(), err)
		}
		index.Manifests = append(index.Manifests, entries...)
	}
	return json.Marshal(index)
}

// named are the entries of one image in an index: one for each name, one without any.
func named(desc v1.Descriptor, names []string) ([]v1.Descriptor, error) {
	desc.Annotations = nil
	if len(names) == 0 {
		return []v1.Descriptor{desc}, nil
	}
	var out []v1.Descriptor
	for _, name := range names {
		full, err := naming.NormalizeRef(name)
		if err != nil {
			return nil, err
		}
		desc.Annotations = map[string]string{v1.AnnotationRefName: familiar(name), containerdName: full}
		out = append(out, desc)
	}
	return out, nil
}

// familiar is a name as Docker shows it: Podman writes docker.io/library/foo:1 for foo:1.
func familiar(name string) string {
	ref, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return name
	}
	return reference.FamiliarString(reference.TagNameOnly(ref))
}

func (t *tarball) blob(desc v1.Descriptor, open Opener) error {
	if err := desc.Digest.Validate(); err != nil {
		return err
	}
	name := blobName(desc.Digest)
	if !t.claim(name) {
		return nil
	}
	r, err := open(desc.Digest)
	if err != nil {
		return err
	}
	defer r.Close()
	return t.stream(name, desc.Size, r, desc.Digest)
}

// blobName is the path of a blob in a layout.
func blobName(d digest.Digest) string {
	return path.Join(v1.ImageBlobsDir, d.Algorithm().String(), d.Encoded())
}
