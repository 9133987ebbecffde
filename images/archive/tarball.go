package archive

import (
	"archive/tar"
	"fmt"
	"io"
	"time"

	"github.com/opencontainers/go-digest"
)

// tarball writes files that are told from their content only: same owner, mode and time for all.
type tarball struct {
	*tar.Writer
	// written are the paths that are there already: what images share is written once.
	written map[string]bool
}

func newTarball(w io.Writer) *tarball {
	return &tarball{Writer: tar.NewWriter(w), written: map[string]bool{}}
}

// claim says whether a path is still to be written, and takes it.
func (t *tarball) claim(path string) bool {
	if t.written[path] {
		return false
	}
	t.written[path] = true
	return true
}

func (t *tarball) header(path string, size int64) error {
	return t.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: path, Size: size, Mode: 0o644, ModTime: time.Unix(0, 0)})
}

// bytes writes a file that is in memory.
func (t *tarball) bytes(path string, data []byte) error {
	if !t.claim(path) {
		return nil
	}
	if err := t.header(path, int64(len(data))); err != nil {
		return err
	}
	_, err := t.Write(data)
	return err
}

// stream writes a file of a known size, whose content must have the digest want.
func (t *tarball) stream(path string, size int64, r io.Reader, want digest.Digest) error {
	if err := t.header(path, size); err != nil {
		return err
	}
	hash := digest.SHA256.Digester()
	// One byte more than announced is enough to see that the content is another one.
	n, err := io.Copy(io.MultiWriter(t, hash.Hash()), io.LimitReader(r, size))
	if err != nil {
		return err
	}
	if extra, err := io.ReadFull(r, make([]byte, 1)); extra > 0 || n < size {
		return fmt.Errorf("it is damaged: its size is not the %d bytes that were announced", size)
	} else if err != io.EOF {
		return err
	}
	if hash.Digest() != want {
		return fmt.Errorf("it is damaged: its content has digest %s, not %s", hash.Digest(), want)
	}
	return nil
}
