package origins

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

const (
	// archiveBytes and archiveMembers are more than any archive for an image has, and less than what fills a disk.
	archiveBytes   = 16 << 30
	archiveMembers = 1 << 20
)

// archiveError is what is wrong with an archive.
type archiveError struct{ msg string }

func (e *archiveError) Error() string { return e.msg }

func badArchive(format string, args ...any) error { return &archiveError{fmt.Sprintf(format, args...)} }

// unpackArchive writes all members of a tar (plain or compressed) or zip archive below dir. Their permissions are kept, owners, times and what
// gives a program the rights of its owner are not. Members that would be outside of dir, links that lead out of it and
// devices are an *archiveError: an archive that has them is not taken in part.
func unpackArchive(ctx context.Context, file, dir string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	u := &unpacker{ctx: ctx, root: root, left: archiveBytes, folders: map[string]fs.FileMode{".": 0o755}}
	head := make([]byte, 4)
	if _, err := io.ReadFull(f, head); err != nil {
		return badArchive("it is no archive")
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if bytes.Equal(head, []byte("PK\x03\x04")) || bytes.Equal(head, []byte("PK\x05\x06")) {
		err = u.zip(f)
	} else {
		err = u.tar(f)
	}
	if err != nil {
		return err
	}
	return u.finish()
}

// uncompressed reads what a file says at its beginning that it is.
func uncompressed(f io.Reader) (io.Reader, error) {
	in := bufio.NewReaderSize(f, 1<<16)
	head, err := in.Peek(6)
	if err != nil {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		return gzip.NewReader(in)
	case bytes.HasPrefix(head, []byte("BZh")):
		return bzip2.NewReader(in), nil
	case bytes.HasPrefix(head, []byte("\xfd7zXZ\x00")):
		return xz.NewReader(in)
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		d, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	}
	return in, nil
}

// tar writes the members of a tar archive.
func (u *unpacker) tar(f io.Reader) error {
	in, err := uncompressed(f)
	if err != nil {
		return badArchive("it is no archive: %v", err)
	}
	if c, ok := in.(io.Closer); ok {
		defer c.Close()
	}
	r := tar.NewReader(in)
	for {
		h, err := r.Next()
		switch {
		case errors.Is(err, io.EOF) && u.members == 0:
			return badArchive("it has no members")
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return badArchive("it is no archive, or a damaged one: %v", err)
		}
		if err := u.tarMember(h, r); err != nil {
			return err
		}
	}
}

func (u *unpacker) tarMember(h *tar.Header, data io.Reader) error {
	mode := fs.FileMode(h.Mode) & fs.ModePerm
	switch h.Typeflag {
	case tar.TypeXGlobalHeader:
		return nil
	case tar.TypeReg, tar.TypeRegA, tar.TypeGNUSparse, tar.TypeCont: //nolint:staticcheck // old archives have it
		return u.file(h.Name, data, mode)
	case tar.TypeDir:
		return u.folder(h.Name, mode)
	case tar.TypeSymlink:
		return u.link(h.Name, h.Linkname)
	case tar.TypeLink:
		return u.hardLink(h.Name, h.Linkname)
	}
	return badArchive("its member %q is a device, pipe or something else that no image is given", h.Name)
}

// zip writes the members of a zip archive.
func (u *unpacker) zip(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	r, err := zip.NewReader(f, info.Size())
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // names are looked at below
		return badArchive("it is a damaged archive: %v", err)
	}
	for _, m := range r.File {
		if err := u.zipMember(m); err != nil {
			return err
		}
	}
	return nil
}

func (u *unpacker) zipMember(m *zip.File) error {
	if strings.HasSuffix(m.Name, "/") {
		return u.folder(m.Name, m.Mode().Perm())
	}
	data, err := m.Open()
	if err != nil {
		return badArchive("its member %q: %v", m.Name, err)
	}
	defer data.Close()
	mode := m.Mode().Perm()
	if mode == 0 { // made where there are no modes
		mode = 0o644
	}
	switch m.Mode().Type() {
	case 0:
		return u.file(m.Name, data, mode)
	case fs.ModeSymlink:
		target, err := io.ReadAll(io.LimitReader(data, 4096))
		if err != nil {
			return badArchive("its member %q: %v", m.Name, err)
		}
		return u.link(m.Name, string(target))
	}
	return badArchive("its member %q is a device, pipe or something else that no image is given", m.Name)
}
