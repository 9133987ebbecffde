package layout

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// containerdName is the annotation by which containerd names an image it imports.
const containerdName = "io.containerd.image.name"

// Image is one image of a layout.
type Image struct {
	// Descriptor points at the image's manifest, never at an index.
	Descriptor v1.Descriptor
	Manifest   v1.Manifest
	Config     v1.Image
	// RawConfig is the configuration as it is stored, with fields this version does not know.
	RawConfig []byte
}

// ChoiceError says that there is no image of a name, or that one has to be named.
type ChoiceError struct {
	// Place is what was looked into, and Prefix what stands before a name there: the OCI layout DIR and
	// oci:DIR. Whoever made the layout of something else says what that was.
	Place, Prefix string
	// Ref is the name that was asked for, empty where none was.
	Ref string
	// Names are those there are.
	Names []string
}

// Error is one line.
func (e *ChoiceError) Error() string {
	if e.Ref == "" && len(e.Names) > 0 {
		return fmt.Sprintf("%s has %d images: name one, as in %s:%s", e.Place, len(e.Names), e.Prefix, e.Names[0])
	}
	return fmt.Sprintf("no image %q in %s, which has: %s: %v", e.Ref, e.Place, strings.Join(e.Names, ", "), fs.ErrNotExist)
}

// Unwrap is [fs.ErrNotExist] where the name does not exist.
func (e *ChoiceError) Unwrap() error {
	if e.Ref == "" && len(e.Names) > 0 {
		return nil
	}
	return fs.ErrNotExist
}

// Find returns the image of a layout that has the name ref for one platform
// (os/arch). Without a ref the layout must hold exactly one image. The name is
// compared with both annotations. A *[ChoiceError] says which names there are.
func Find(dir, ref, platform string) (*Image, error) {
	index, err := readIndex(dir)
	if err != nil {
		return nil, err
	}
	var found []v1.Descriptor
	var names []string
	for _, d := range index.Manifests {
		names = append(names, d.Annotations[v1.AnnotationRefName])
		if ref == "" || ref == d.Annotations[v1.AnnotationRefName] || ref == d.Annotations[containerdName] {
			found = append(found, d)
		}
	}
	switch {
	case len(found) == 0:
		return nil, &ChoiceError{Place: "the OCI layout " + dir, Prefix: "oci:" + dir, Ref: ref, Names: names}
	case len(found) > 1 && ref == "":
		return nil, &ChoiceError{Place: "the OCI layout " + dir, Prefix: "oci:" + dir, Names: names}
	}
	return load(dir, found[0], platform)
}

// All returns every image of a layout; an index among them counts as the images that it lists.
func All(dir string) ([]*Image, error) {
	index, err := readIndex(dir)
	if err != nil {
		return nil, err
	}
	var out []*Image
	for pending := index.Manifests; len(pending) > 0; pending = pending[1:] {
		d := pending[0]
		if isIndex(d) {
			var inner v1.Index
			if _, err := readJSON(dir, d.Digest, &inner); err != nil {
				return nil, err
			}
			pending = append(pending, inner.Manifests...)
			continue
		}
		img, err := load(dir, d, "")
		if err != nil {
			return nil, err
		}
		out = append(out, img)
	}
	return out, nil
}

func isIndex(d v1.Descriptor) bool {
	return strings.HasSuffix(d.MediaType, "image.index.v1+json") || strings.HasSuffix(d.MediaType, "manifest.list.v2+json")
}

// load follows an index, if the descriptor is one, to the manifest for platform.
func load(dir string, desc v1.Descriptor, platform string) (*Image, error) {
	return loadFrom([]string{dir}, desc, platform)
}

// loadFrom is load where the blobs lie in several folders.
func loadFrom(dirs []string, desc v1.Descriptor, platform string) (*Image, error) {
	if isIndex(desc) {
		var index v1.Index
		if _, err := readJSONFrom(dirs, desc.Digest, &index); err != nil {
			return nil, err
		}
		for _, d := range index.Manifests {
			if d.Platform != nil && d.Platform.OS+"/"+d.Platform.Architecture == platform {
				return loadFrom(dirs, d, platform)
			}
		}
		return nil, fmt.Errorf("the index %s in the OCI layout %s has no manifest for %s", desc.Digest, dirs[0], platform)
	}
	img := &Image{Descriptor: desc}
	if _, err := readJSONFrom(dirs, desc.Digest, &img.Manifest); err != nil {
		return nil, err
	}
	raw, err := readJSONFrom(dirs, img.Manifest.Config.Digest, &img.Config)
	img.RawConfig = raw
	return img, err
}

// Read reads an image whose blobs lie elsewhere: its manifest, which desc describes, and its configuration.
func Read(desc v1.Descriptor, blob func(digest.Digest) ([]byte, error)) (*Image, error) {
	img := &Image{Descriptor: desc}
	raw, err := blob(desc.Digest)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(raw, &img.Manifest); err != nil {
		return nil, fmt.Errorf("reading the manifest %s: %w", desc.Digest, err)
	}
	if img.RawConfig, err = blob(img.Manifest.Config.Digest); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(img.RawConfig, &img.Config); err != nil {
		return nil, fmt.Errorf("reading the configuration %s: %w", img.Manifest.Config.Digest, err)
	}
	return img, nil
}

// BlobPath is where a layout keeps a blob.
func BlobPath(dir string, d digest.Digest) string {
	return filepath.Join(dir, v1.ImageBlobsDir, d.Algorithm().String(), d.Encoded())
}

func readIndex(dir string) (*v1.Index, error) {
	raw, err := os.ReadFile(filepath.Join(dir, v1.ImageIndexFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is no OCI layout: it has no %s: %w", dir, v1.ImageIndexFile, fs.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the OCI layout %s: %w", dir, err)
	}
	var index v1.Index
	if err := json.Unmarshal(raw, &index); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, v1.ImageIndexFile), err)
	}
	return &index, nil
}

// readJSONFrom reads a blob from the first folder that has it.
func readJSONFrom(dirs []string, d digest.Digest, into any) (raw []byte, err error) {
	for _, dir := range dirs {
		if raw, err = readJSON(dir, d, into); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return raw, err
}

func readJSON(dir string, d digest.Digest, into any) ([]byte, error) {
	if err := d.Validate(); err != nil {
		return nil, fmt.Errorf("OCI layout %s: %w", dir, err)
	}
	raw, err := os.ReadFile(BlobPath(dir, d))
	if err != nil {
		return nil, fmt.Errorf("reading the OCI layout %s: %w", dir, err)
	}
	if got := d.Algorithm().FromBytes(raw); got != d {
		return nil, fmt.Errorf("OCI layout %s: blob %s is damaged: its content has digest %s", dir, d, got)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return nil, fmt.Errorf("OCI layout %s: blob %s: %w", dir, d, err)
	}
	return raw, nil
}
