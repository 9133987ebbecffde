package gitdir

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // git's checksum, which guards against accidents only
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Index is the list of what git tracks (gitformat-index).
type Index struct {
	Entries []Entry

	newHash func() hash.Hash
	// sparse says that folders outside of a sparse checkout are entries.
	sparse bool
}

// Entry is a file of the index, in a merge one of its versions.
type Entry struct {
	// Path is below the top of the work tree, with slashes; that of a folder of a sparse index ends in one.
	Path string
	mode uint32
	// object is the name of the content, flags and more are git's words without the length of the path.
	object      []byte
	flags, more uint16
}

// Submodule says whether the entry is the commit of another repository.
func (e Entry) Submodule() bool { return e.mode&0o170000 == 0o160000 }

// Bits of the words of an entry, and its size before the object's name.
const (
	flagExtended = 0x4000
	flagsLength  = 0x0fff
	skipWorktree = 0x4000
	statSize     = 40
)

// Index reads what git tracks, nil where nothing was ever added. All versions of the format are read, split
// and sparse ones, too. An error is of reading, or one line about what is damaged.
func (r *Repository) Index() (*Index, error) {
	path := filepath.Join(r.own, "index")
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	newHash, err := r.hash()
	if err != nil {
		return nil, err
	}
	x, link, err := parseIndex(data, newHash)
	if err == nil && link != nil {
		err = x.join(link, r.own)
	}
	if err != nil {
		return nil, fmt.Errorf("%s is damaged (%w): remove it and run `git reset`, which writes it anew", path, err)
	}
	return x, nil
}

// hash is that of the repository's objects.
func (r *Repository) hash() (func() hash.Hash, error) {
	config, err := storageConfig(filepath.Join(r.common, "config"))
	if bytes.Contains(config, []byte("objectformat = sha256\n")) {
		return sha256.New, err
	}
	return sha1.New, err
}

// parseIndex reads one file. link is the extension of a split index, nil without.
func parseIndex(data []byte, newHash func() hash.Hash) (x *Index, link []byte, err error) {
	x = &Index{newHash: newHash}
	size := newHash().Size()
	if len(data) < 12+size || string(data[:4]) != "DIRC" {
		return nil, nil, errors.New("it does not begin as an index does")
	}
	version, count := binary.BigEndian.Uint32(data[4:]), binary.BigEndian.Uint32(data[8:])
	if version < 2 || version > 4 {
		return nil, nil, fmt.Errorf("version %d of the format is not known", version)
	}
	rest, last := data[12:len(data)-size], ""
	for n := range count {
		var e Entry
		if e, rest, err = parseEntry(rest, size, version, last); err != nil {
			return nil, nil, fmt.Errorf("entry %d of %d: %w", n+1, count, err)
		}
		last = e.Path
		x.Entries = append(x.Entries, e)
	}
	for len(rest) >= 8 {
		name, length := string(rest[:4]), binary.BigEndian.Uint32(rest[4:])
		if rest = rest[8:]; uint64(length) > uint64(len(rest)) {
			return nil, nil, fmt.Errorf("the extension %q ends too early", name)
		}
		switch {
		case name == "link":
			link = rest[:length]
		case name == "sdir":
			x.sparse = true
		case name[0] < 'A' || name[0] > 'Z': // which says that nobody may pass over it
			return nil, nil, fmt.Errorf("the extension %q is not known", name)
		}
		rest = rest[length:]
	}
	return x, link, nil
}

// parseEntry reads one entry and returns what follows it; last is the path before it.
func parseEntry(data []byte, hashSize int, version uint32, last string) (e Entry, rest []byte, err error) {
	tooShort := errors.New("it ends too early")
	head := statSize + hashSize + 2
	if len(data) < head {
		return e, nil, tooShort
	}
	e.mode = binary.BigEndian.Uint32(data[24:])
	e.object = data[statSize : statSize+hashSize]
	e.flags = binary.BigEndian.Uint16(data[head-2:]) &^ flagsLength
	if e.flags&flagExtended != 0 {
		if head += 2; len(data) < head {
			return e, nil, tooShort
		}
		e.more = binary.BigEndian.Uint16(data[head-2:])
	}
	prefix := ""
	if version == 4 { // the path is the one before, less some bytes of its end, and more
		cut, n := offset(data[head:])
		if n == 0 || cut > uint64(len(last)) {
			return e, nil, errors.New("its path does not continue the one before")
		}
		head += n
		prefix = last[:uint64(len(last))-cut]
	}
	length := bytes.IndexByte(data[head:], 0)
	if length < 0 {
		return e, nil, tooShort
	}
	e.Path = prefix + string(data[head:head+length])
	end := head + length + 1
	if version < 4 {
		end = (head + length + 8) &^ 7
	}
	if end > len(data) {
		return e, nil, tooShort
	}
	return e, data[end:], nil
}

// offset reads a number as packs have it, and says how many bytes it took; none if it does not end.
func offset(data []byte) (value uint64, n int) {
	for n < len(data) && n < 9 {
		b := data[n]
		value |= uint64(b & 0x7f)
		if n++; b&0x80 == 0 {
			return value, n
		}
		value = (value + 1) << 7
	}
	return 0, 0
}

// Bytes is the index as a file that is the same in every checkout. What git
// remembers of the files on disk (times, inode, owner, size) is left out, and so are the extensions, which save time: git
// then compares the content, as after git read-tree. Files that absent names count as unchanged though they are not there (skip-worktree).
func (x *Index) Bytes(absent func(path string) bool) []byte {
	version := uint32(2)
	entries := make([]Entry, len(x.Entries))
	for n, e := range x.Entries {
		if absent(e.Path) {
			e.more |= skipWorktree
		}
		if e.flags &^= flagExtended; e.more != 0 {
			e.flags |= flagExtended
			version = 3
		}
		entries[n] = e
	}
	out := binary.BigEndian.AppendUint32([]byte("DIRC"), version)
	out = binary.BigEndian.AppendUint32(out, uint32(len(entries)))
	for _, e := range entries {
		start := len(out)
		out = append(out, make([]byte, 24)...)
		out = binary.BigEndian.AppendUint32(out, e.mode)
		out = append(out, make([]byte, statSize-28)...)
		out = append(out, e.object...)
		out = binary.BigEndian.AppendUint16(out, e.flags|uint16(min(len(e.Path), flagsLength)))
		if e.more != 0 {
			out = binary.BigEndian.AppendUint16(out, e.more)
		}
		out = append(out, e.Path...)
		out = append(out, make([]byte, 8-(len(out)-start)%8)...)
	}
	if x.sparse {
		out = append(out, "sdir\x00\x00\x00\x00"...)
	}
	sum := x.newHash()
	sum.Write(out)
	return sum.Sum(out)
}

// Below are the entries below a folder (with slashes, empty for all), with paths from there. The versions of a file
// in a merge are one.
func (x *Index) Below(folder string) []Entry {
	if x == nil {
		return nil
	}
	if folder != "" {
		folder += "/"
	}
	var out []Entry
	for _, e := range x.Entries {
		path, ok := strings.CutPrefix(e.Path, folder)
		if !ok || path == "" || len(out) > 0 && out[len(out)-1].Path == path {
			continue
		}
		e.Path = path
		out = append(out, e)
	}
	return out
}
