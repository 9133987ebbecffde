// Package rootfs makes an image out of a plain root file system: a tarball, bare or
// compressed, or a folder, as debootstrap, mmdebstrap and docker export make them.
//
// A tarball that is bare, gzip or zstd becomes the image's one layer as it is; xz
// and bzip2, which no layer may have, are unpacked to a temporary file first, and
// a folder is packed into one: entries in order of their names, times and owners as
// they are. The image has no configuration beyond its platform: what environment
// and which Python there is, is learnt from its files.
package rootfs

import (
	"compress/bzip2"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/ulikunitz/xz"
)

// Image is a root file system in the clothes of an image.
type Image struct {
	Manifest  v1.Descriptor
	Config    v1.Image
	RawConfig []byte
	files     map[digest.Digest]string
	bytes     map[digest.Digest][]byte
}

// Open reads the tarball or folder at path for a platform such as linux/amd64.
// Temporary files are made in tmp, and are the caller's to remove with it.
func Open(path, tmp string, platform v1.Platform) (*Image, error) {
	fi, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reading the root file system: %w", err)
	}
	tarball := path
	if fi.IsDir() {
		tarball = filepath.Join(tmp, "rootfs.tar")
		if err := packFolder(path, tarball); err != nil {
			return nil, fmt.Errorf("packing the root file system %s: %w", path, err)
		}
	}
	layer, err := openLayer(tarball, tmp)
	if err != nil {
		return nil, fmt.Errorf("reading the root file system %s: %w", path, err)
	}
	return newImage(layer, platform)
}

// Source finds the image's blobs; it fits blobs.New.
func (i *Image) Source(d digest.Digest) (path string, data []byte, ok bool) {
	if p, ok := i.files[d]; ok {
		return p, nil, true
	}
	b, ok := i.bytes[d]
	return "", b, ok
}

type layer struct {
	path   string
	desc   v1.Descriptor
	diffID digest.Digest
}

func newImage(l layer, platform v1.Platform) (*Image, error) {
	img := &Image{files: map[digest.Digest]string{l.desc.Digest: l.path}, bytes: map[digest.Digest][]byte{}}
	img.Config = v1.Image{Platform: platform, RootFS: v1.RootFS{Type: "layers", DiffIDs: []digest.Digest{l.diffID}}}
	config, err := json.Marshal(img.Config)
	if err != nil {
		return nil, err
	}
	img.RawConfig = config
	manifest, err := json.Marshal(v1.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2},
		MediaType: v1.MediaTypeImageManifest,
		Config:    img.add(v1.MediaTypeImageConfig, config),
		Layers:    []v1.Descriptor{l.desc},
	})
	if err != nil {
		return nil, err
	}
	img.Manifest = img.add(v1.MediaTypeImageManifest, manifest)
	return img, nil
}

func (i *Image) add(mediaType string, data []byte) v1.Descriptor {
	d := digest.FromBytes(data)
	i.bytes[d] = data
	return v1.Descriptor{MediaType: mediaType, Digest: d, Size: int64(len(data))}
}

// openLayer finds out how a tarball is compressed, by its first bytes, and hashes it.
func openLayer(path, tmp string) (layer, error) {
	head, err := firstBytes(path)
	if err != nil {
		return layer{}, err
	}
	switch compressionOf(head) {
	case "gzip":
		return hashLayer(path, v1.MediaTypeImageLayerGzip, func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) })
	case "zstd":
		return hashLayer(path, v1.MediaTypeImageLayerZstd, func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r) })
	case "xz":
		return unpackLayer(path, tmp, func(r io.Reader) (io.Reader, error) { return xz.NewReader(r) })
	case "bzip2":
		return unpackLayer(path, tmp, func(r io.Reader) (io.Reader, error) { return bzip2.NewReader(r), nil })
	case "tar":
		return hashLayer(path, v1.MediaTypeImageLayer, nil)
	}
	return layer{}, fmt.Errorf("it is no tarball (bare, gzip, zstd, xz or bzip2) and no folder")
}

func compressionOf(head []byte) string {
	for _, c := range []struct{ name, magic string }{
		{"gzip", "\x1f\x8b"}, {"zstd", "\x28\xb5\x2f\xfd"}, {"xz", "\xfd7zXZ\x00"}, {"bzip2", "BZh"},
	} {
		if len(head) >= len(c.magic) && string(head[:len(c.magic)]) == c.magic {
			return c.name
		}
	}
	if len(head) >= 262 && string(head[257:262]) == "ustar" {
		return "tar"
	}
	return ""
}

func firstBytes(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head := make([]byte, 512)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return head[:n], nil
}

// hashLayer computes the digest of the file and, with a decompressor, that of its content in the same pass.
func hashLayer(path, mediaType string, decompress func(io.Reader) (io.Reader, error)) (layer, error) {
	f, err := os.Open(path)
	if err != nil {
		return layer{}, err
	}
	defer f.Close()
	outer := digest.SHA256.Digester()
	r := io.TeeReader(f, outer.Hash())
	diffID := outer
	if decompress != nil {
		plain, err := decompress(r)
		if err != nil {
			return layer{}, err
		}
		diffID = digest.SHA256.Digester()
		if _, err := io.Copy(diffID.Hash(), plain); err != nil {
			return layer{}, err
		}
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		return layer{}, err
	}
	fi, err := f.Stat()
	if err != nil {
		return layer{}, err
	}
	desc := v1.Descriptor{MediaType: mediaType, Digest: outer.Digest(), Size: fi.Size()}
	return layer{path: path, desc: desc, diffID: diffID.Digest()}, nil
}

func unpackLayer(path, tmp string, decompress func(io.Reader) (io.Reader, error)) (layer, error) {
	in, err := os.Open(path)
	if err != nil {
		return layer{}, err
	}
	defer in.Close()
	plain, err := decompress(in)
	if err != nil {
		return layer{}, err
	}
	out, err := os.Create(filepath.Join(tmp, "rootfs.tar"))
	if err != nil {
		return layer{}, err
	}
	_, err = io.Copy(out, plain)
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return layer{}, err
	}
	return hashLayer(out.Name(), v1.MediaTypeImageLayer, nil)
}
