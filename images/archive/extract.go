package archive

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// ExtractOptions say how an archive becomes a layout.
type ExtractOptions struct {
	// Compression is that of the layers a docker-archive gives: uncompressed (the
	// default), gzip or zstd. What an oci-archive holds is kept as it is.
	Compression string
}

// maxMetadata is far more than any manifest or configuration has.
const maxMetadata = 16 << 20

// Extract turns an archive, compressed with gzip, zstd, xz or not at all, into an
// OCI layout in dir, which layout.Find reads. A docker-archive's images get a manifest
// of ours, their configurations and layers stay what they are. Names are annotated as
// Docker shows them (foo:latest) and in full (docker.io/library/foo:latest).
//
// After an error dir holds nothing that layout.Find would take for an image; it is the
// caller's to remove. Errors do not say which file was read: the caller knows.
func Extract(r io.Reader, dir string, o ExtractOptions) error {
	if w, _, err := compressor(o.Compression, io.Discard); err != nil {
		return err
	} else if err := w.Close(); err != nil {
		return err
	}
	blobs := filepath.Join(dir, v1.ImageBlobsDir, "sha256")
	if err := os.MkdirAll(blobs, 0o755); err != nil {
		return fmt.Errorf("unpacking an image archive: %w", err)
	}
	tmp, err := os.MkdirTemp(dir, ".spool-*")
	if err != nil {
		return fmt.Errorf("unpacking an image archive: %w", err)
	}
	defer os.RemoveAll(tmp)
	s := &spool{dir: tmp, files: map[string]*spooled{}, links: map[string]string{}}
	if err := s.fill(r); err != nil {
		return fmt.Errorf("unpacking an image archive: %w", err)
	}
	index, err := s.convert(blobs, o)
	if err != nil {
		return err
	}
	marker, _ := json.Marshal(v1.ImageLayout{Version: v1.ImageLayoutVersion})
	if err := os.WriteFile(filepath.Join(dir, v1.ImageLayoutFile), marker, 0o644); err != nil {
		return fmt.Errorf("unpacking an image archive: %w", err)
	}
	// The index comes last: without it a folder is no layout.
	if err := os.WriteFile(filepath.Join(dir, v1.ImageIndexFile), index, 0o644); err != nil {
		return fmt.Errorf("unpacking an image archive: %w", err)
	}
	return nil
}

// convert moves what the images need from the spool to blobs, and returns the index.
func (s *spool) convert(blobs string, o ExtractOptions) ([]byte, error) {
	var contents []dockerImage
	if err := s.json(dockerManifest, &contents); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("this docker-archive cannot be read: %w", err)
	}
	// Docker with the containerd store writes an empty manifest.json when no image is for its platform.
	if len(contents) > 0 {
		index, err := s.fromDocker(contents, blobs, o)
		if err != nil {
			return nil, fmt.Errorf("this docker-archive is damaged: %w", err)
		}
		return index, nil
	}
	if _, err := s.find(v1.ImageIndexFile); err == nil {
		index, err := s.fromOCI(blobs)
		if err != nil {
			return nil, fmt.Errorf("this oci-archive is damaged: %w", err)
		}
		return index, nil
	}
	return nil, errors.New("this is no image archive, or its end is missing: it has neither a manifest.json (docker save) nor an index.json (OCI layout)")
}

// spool holds the files of an archive until it is known what they are, for they come in any
// order. Their names are never names of files here.
type spool struct {
	dir   string
	files map[string]*spooled
	links map[string]string
}

// spooled is a file of the archive.
type spooled struct {
	path   string
	digest digest.Digest
	size   int64
}

// fill reads the archive.
func (s *spool) fill(r io.Reader) error {
	plain, err := decompress(r)
	if err != nil {
		return truncated(err)
	}
	defer plain.Close()
	t := tar.NewReader(plain)
	for first := true; ; first = false {
		h, err := t.Next()
		switch {
		case err == io.EOF && !first:
			// What compresses may have lost its end behind the tar's, and who writes wants to finish.
			_, err := io.Copy(io.Discard, plain)
			return truncated(err)
		case err == io.EOF, first && errors.Is(err, tar.ErrHeader):
			return errors.New("it is no tar, neither plain nor compressed with gzip, zstd or xz")
		case err != nil:
			return truncated(err)
		}
		if err := s.entry(h, t); err != nil {
			return truncated(err)
		}
	}
}

func truncated(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("its end is missing: %w", err)
	}
	return err
}

func (s *spool) entry(h *tar.Header, r io.Reader) error {
	name, err := inside("", h.Name)
	if err != nil {
		return err
	}
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeSymlink, tar.TypeLink:
		// Of a path that comes twice the last one counts, as for tar.
		delete(s.links, name)
		delete(s.files, name)
	}
	switch h.Typeflag {
	case tar.TypeReg:
		s.files[name], err = s.take(r)
	case tar.TypeSymlink:
		s.links[name], err = inside(path.Dir(name), h.Linkname)
	case tar.TypeLink:
		s.links[name], err = inside("", h.Linkname)
	case tar.TypeDir, tar.TypeXGlobalHeader:
	default:
		return fmt.Errorf("its entry %q is no file, folder or link: image archives have nothing else", h.Name)
	}
	return err
}

// inside is the clean path of name, seen from a folder of the archive.
func inside(from, name string) (string, error) {
	clean := path.Join(from, name)
	if path.IsAbs(name) || clean == ".." || strings.HasPrefix(clean, "../") {
		return "", fmt.Errorf("its entry %q lies outside of the archive", name)
	}
	return clean, nil
}

// take keeps a file and says what it is.
func (s *spool) take(r io.Reader) (*spooled, error) {
	f, err := os.CreateTemp(s.dir, "*")
	if err != nil {
		return nil, err
	}
	hash := digest.SHA256.Digester()
	n, err := io.Copy(io.MultiWriter(f, hash.Hash()), r)
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	return &spooled{path: f.Name(), digest: hash.Digest(), size: n}, nil
}

// find follows links to a file.
func (s *spool) find(name string) (*spooled, error) {
	at := path.Clean(name)
	for range 10 {
		if f, ok := s.files[at]; ok {
			return f, nil
		}
		next, ok := s.links[at]
		if !ok {
			return nil, fmt.Errorf("it has no %s: %w", name, os.ErrNotExist)
		}
		at = next
	}
	return nil, fmt.Errorf("%s is a link to itself", name)
}

// bytes reads a small file.
func (s *spool) bytes(name string) ([]byte, *spooled, error) {
	f, err := s.find(name)
	if err != nil {
		return nil, nil, err
	}
	if f.size > maxMetadata {
		return nil, nil, fmt.Errorf("%s has %d bytes: that is no metadata of an image", name, f.size)
	}
	raw, err := os.ReadFile(f.path)
	return raw, f, err
}

func (s *spool) json(name string, into any) error {
	raw, _, err := s.bytes(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// move makes a blob of a spooled file. The same content may be there already.
func (f *spooled) move(blobs string) error {
	to := filepath.Join(blobs, f.digest.Encoded())
	if f.path == to {
		return nil
	}
	if err := os.Chmod(f.path, 0o644); err != nil {
		return err
	}
	if err := os.Rename(f.path, to); err != nil {
		return err
	}
	f.path = to
	return nil
}
