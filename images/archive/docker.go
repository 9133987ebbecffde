package archive

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// dockerManifest is the table of contents of a docker-archive.
const dockerManifest = "manifest.json"

// dockerImage is one image of a docker-archive
// (github.com/moby/docker-image-spec, "Combined Image JSON + Filesystem Changeset Format").
type dockerImage struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// WriteDocker writes a docker-archive as `docker save` does, which Docker and
// Podman load. Layers are written uncompressed, whatever they are in the images, and
// each must have the diffID that the configuration says.
func WriteDocker(w io.Writer, images []Image, open Opener) error {
	t, err := dockerHead(w, images)
	if err != nil {
		return err
	}
	for _, img := range images {
		for i, layer := range img.Manifest.Layers {
			diffID := img.Config.RootFS.DiffIDs[i]
			if !t.claim(layerPath(diffID)) {
				continue
			}
			if err := t.layer(layer, diffID, open); err != nil {
				return fmt.Errorf("writing %s to a docker-archive: layer %s: %w", img.title(), layer.Digest, err)
			}
		}
	}
	return t.Close()
}

// WriteDockerConfig writes a docker-archive that names layers and does not hold
// them. Only a Docker Engine with a graph driver loads it, and only when it has all the
// layers already.
func WriteDockerConfig(w io.Writer, images []Image) error {
	t, err := dockerHead(w, images)
	if err != nil {
		return err
	}
	return t.Close()
}

// dockerHead writes everything but the layers.
func dockerHead(w io.Writer, images []Image) (*tarball, error) {
	contents := []dockerImage{}
	for _, img := range images {
		entry := dockerImage{Config: digest.FromBytes(img.RawConfig).Encoded() + ".json", RepoTags: img.Names, Layers: []string{}}
		if have, want := len(img.Manifest.Layers), len(img.Config.RootFS.DiffIDs); have != want {
			return nil, fmt.Errorf("writing %s to a docker-archive: its manifest has %d layers, its configuration %d", img.title(), have, want)
		}
		for _, diffID := range img.Config.RootFS.DiffIDs {
			if err := diffID.Validate(); err != nil {
				return nil, fmt.Errorf("writing %s to a docker-archive: diffID %q: %w", img.title(), diffID, err)
			}
			entry.Layers = append(entry.Layers, layerPath(diffID))
		}
		contents = append(contents, entry)
	}
	raw, err := json.Marshal(contents)
	if err != nil {
		return nil, err
	}
	t := newTarball(w)
	if err := t.bytes(dockerManifest, raw); err != nil {
		return nil, err
	}
	for i, img := range images {
		if err := t.bytes(contents[i].Config, img.RawConfig); err != nil {
			return nil, fmt.Errorf("writing %s to a docker-archive: %w", img.title(), err)
		}
	}
	return t, nil
}

func layerPath(diffID digest.Digest) string { return diffID.Encoded() + ".tar" }

// layer writes one layer. The size stands before the content in a tar, so that what is
// compressed is read twice.
func (t *tarball) layer(desc v1.Descriptor, diffID digest.Digest, open Opener) error {
	if desc.Digest == diffID {
		r, err := open(desc.Digest)
		if err != nil {
			return err
		}
		defer r.Close()
		return t.stream(layerPath(diffID), desc.Size, r, diffID)
	}
	size, err := uncompressedSize(desc, open)
	if err != nil {
		return err
	}
	r, err := openLayer(desc, open)
	if err != nil {
		return err
	}
	defer r.Close()
	return t.stream(layerPath(diffID), size, r, diffID)
}

func uncompressedSize(desc v1.Descriptor, open Opener) (int64, error) {
	r, err := openLayer(desc, open)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	n, err := io.Copy(io.Discard, r)
	if err != nil {
		return 0, fmt.Errorf("decompressing it: %w", err)
	}
	return n, nil
}

// openLayer opens a layer and decompresses it.
func openLayer(desc v1.Descriptor, open Opener) (io.ReadCloser, error) {
	f, err := open(desc.Digest)
	if err != nil {
		return nil, err
	}
	r, err := decompress(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("decompressing it: %w", err)
	}
	return both{r, f}, nil
}

// both is a decompressor and the file below it.
type both struct {
	io.ReadCloser
	file io.Closer
}

func (b both) Close() error {
	err := b.ReadCloser.Close()
	if err := b.file.Close(); err != nil {
		return err
	}
	return err
}
