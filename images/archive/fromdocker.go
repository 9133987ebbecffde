package archive

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// fromDocker makes blobs and an index of the images that manifest.json lists.
func (s *spool) fromDocker(contents []dockerImage, blobs string, o ExtractOptions) ([]byte, error) {
	c := converter{spool: s, blobs: blobs, compression: o.Compression, layers: map[digest.Digest]v1.Descriptor{}}
	index := v1.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: v1.MediaTypeImageIndex}
	for _, img := range contents {
		desc, err := c.image(img)
		if err != nil {
			return nil, err
		}
		entries, err := named(desc, img.RepoTags)
		if err != nil {
			return nil, err
		}
		index.Manifests = append(index.Manifests, entries...)
	}
	return json.Marshal(index)
}

// converter turns images of a docker-archive into blobs.
type converter struct {
	*spool
	blobs, compression string
	// layers are those that were made, by diffID.
	layers map[digest.Digest]v1.Descriptor
}

func (c *converter) image(img dockerImage) (v1.Descriptor, error) {
	raw, file, err := c.bytes(img.Config)
	if err != nil {
		return v1.Descriptor{}, err
	}
	var config v1.Image
	if err := json.Unmarshal(raw, &config); err != nil {
		return v1.Descriptor{}, fmt.Errorf("%s: %w", img.Config, err)
	}
	diffIDs := config.RootFS.DiffIDs
	if len(diffIDs) != len(img.Layers) {
		return v1.Descriptor{}, fmt.Errorf("manifest.json gives %s %d layers, its configuration %d", img.Config, len(img.Layers), len(diffIDs))
	}
	m := v1.Manifest{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: v1.MediaTypeImageManifest,
		Config: v1.Descriptor{MediaType: v1.MediaTypeImageConfig, Digest: file.digest, Size: file.size}, Layers: []v1.Descriptor{}}
	for i, path := range img.Layers {
		if err := diffIDs[i].Validate(); err != nil || diffIDs[i].Algorithm() != digest.SHA256 {
			return v1.Descriptor{}, fmt.Errorf("%s: %q is no SHA-256 digest of a layer", img.Config, diffIDs[i])
		}
		desc, err := c.layer(path, diffIDs[i])
		if err != nil {
			return v1.Descriptor{}, err
		}
		m.Layers = append(m.Layers, desc)
	}
	if err := file.move(c.blobs); err != nil {
		return v1.Descriptor{}, err
	}
	manifest, err := json.Marshal(m)
	if err != nil {
		return v1.Descriptor{}, err
	}
	desc := v1.Descriptor{MediaType: v1.MediaTypeImageManifest, Digest: digest.FromBytes(manifest), Size: int64(len(manifest))}
	return desc, os.WriteFile(filepath.Join(c.blobs, desc.Digest.Encoded()), manifest, 0o644)
}

// layer makes the blob of one layer, once.
func (c *converter) layer(name string, diffID digest.Digest) (v1.Descriptor, error) {
	if desc, ok := c.layers[diffID]; ok {
		return desc, nil
	}
	file, err := c.find(name)
	if err != nil {
		return v1.Descriptor{}, err
	}
	desc := v1.Descriptor{MediaType: v1.MediaTypeImageLayer, Digest: file.digest, Size: file.size}
	if file.digest == diffID && (c.compression == "" || c.compression == "uncompressed") {
		err = file.move(c.blobs) // the common case: nothing is read a second time
	} else {
		desc, err = c.recompress(file, diffID)
	}
	if err != nil {
		return v1.Descriptor{}, fmt.Errorf("%s: %w", name, err)
	}
	c.layers[diffID] = desc
	return desc, nil
}

// recompress writes a layer as the compression of the options wants it.
func (c *converter) recompress(file *spooled, diffID digest.Digest) (desc v1.Descriptor, err error) {
	in, err := os.Open(file.path)
	if err != nil {
		return desc, err
	}
	defer in.Close()
	// A plain tar may begin with bytes that look compressed: its digest tells.
	plain := io.NopCloser(io.Reader(in))
	if file.digest != diffID {
		if plain, err = decompress(in); err != nil {
			return desc, err
		}
	}
	defer plain.Close()
	out, err := os.CreateTemp(c.dir, "layer-*")
	if err != nil {
		return desc, err
	}
	defer out.Close()
	hash, blobHash := digest.SHA256.Digester(), digest.SHA256.Digester()
	z, mediaType, err := compressor(c.compression, io.MultiWriter(out, blobHash.Hash()))
	if err != nil {
		return desc, err
	}
	_, err = io.Copy(io.MultiWriter(z, hash.Hash()), plain)
	if err := errors.Join(err, z.Close()); err != nil {
		return desc, err
	}
	if hash.Digest() != diffID {
		return desc, fmt.Errorf("the layer has diffID %s, its configuration says %s", hash.Digest(), diffID)
	}
	size, err := out.Seek(0, io.SeekEnd)
	if err := errors.Join(err, out.Close()); err != nil {
		return desc, err
	}
	blob := spooled{path: out.Name(), digest: blobHash.Digest(), size: size}
	return v1.Descriptor{MediaType: mediaType, Digest: blob.digest, Size: size}, blob.move(c.blobs)
}
