package rootfs

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// OpenRemembered is Open with a memory: the digests of a tarball, which take a second for every few
// hundred megabytes, are kept in the file memory and taken from there as long as the tarball has the
// same size, inode and times (ctime too, which nobody can set).
func OpenRemembered(path, tmp, memory string, platform v1.Platform) (*Image, error) {
	key, ok := fileKey(path)
	if !ok {
		return Open(path, tmp, platform)
	}
	known := map[string]remembered{}
	if raw, err := os.ReadFile(memory); err == nil {
		_ = json.Unmarshal(raw, &known) // a damaged memory is no memory
	}
	if r, ok := known[path]; ok && r.Key == key {
		return newImage(layer{path: path, desc: r.Desc, diffID: r.DiffID}, platform)
	}
	img, err := Open(path, tmp, platform)
	if err != nil {
		return nil, err
	}
	var manifest v1.Manifest
	if err := json.Unmarshal(img.bytes[img.Manifest.Digest], &manifest); err != nil {
		return nil, fmt.Errorf("reading the root file system %s: %w", path, err)
	}
	desc := manifest.Layers[0]
	if img.files[desc.Digest] == path { // not unpacked to somewhere else
		known[path] = remembered{Key: key, Desc: desc, DiffID: img.Config.RootFS.DiffIDs[0]}
		remember(memory, known)
	}
	return img, nil
}

type remembered struct {
	Key    string        `json:"key"`
	Desc   v1.Descriptor `json:"desc"`
	DiffID digest.Digest `json:"diff_id"`
}

// remember writes the memory; where it cannot, the next run computes again.
func remember(memory string, known map[string]remembered) {
	raw, err := json.Marshal(known)
	if err != nil {
		return
	}
	if err := os.MkdirAll(filepath.Dir(memory), 0o700); err == nil {
		_ = os.WriteFile(memory, raw, 0o600)
	}
}
