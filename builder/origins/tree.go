package origins

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
)

// tree is a file or folder that was read once, as a file system with that one thing at its top, under Name.
// It is in the order that BuildKit's transfer asks for: by the parts of paths.
type tree struct {
	nodes []node
	// root is the folder of this machine that the paths of files are in.
	root string
}

// node is one file, folder or link.
type node struct {
	stat *types.Stat
	// sum is the digest of a file's bytes.
	sum digest.Digest
	// below is the path in the root, data the bytes of a file that is not there.
	below string
	data  []byte
}

// modeRule is the mode that a file is sent with.
type modeRule func(fs.FileMode) fs.FileMode

// leveled is what git makes of modes, so that the umask of whoever made the files does not count.
func leveled(mode fs.FileMode) fs.FileMode {
	if mode.IsDir() || mode&0o111 != 0 {
		return 0o755
	}
	return 0o644
}

// asIs keeps the permissions, and never more than those.
func asIs(mode fs.FileMode) fs.FileMode { return mode.Perm() }

// plain is that of downloads and texts.
func plain(fs.FileMode) fs.FileMode { return 0o644 }

// readTree reads a file or folder; repositories in it (.git) and sockets, pipes and devices are left out.
func readTree(ctx context.Context, real string, mode modeRule) (*tree, error) {
	t := &tree{root: filepath.Dir(real)}
	root, err := os.OpenRoot(t.root)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	err = filepath.WalkDir(real, func(path string, e fs.DirEntry, err error) error {
		if err := cmp.Or(err, context.Cause(ctx)); err != nil {
			return err
		}
		if e.Name() == ".git" && path != real {
			if e.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		rel, err := filepath.Rel(real, path)
		if err != nil {
			return err
		}
		return t.read(root, e, filepath.ToSlash(filepath.Join(Name, rel)), filepath.Join(filepath.Base(real), rel), mode)
	})
	if err == nil && len(t.nodes) == 0 {
		err = fmt.Errorf("%s is no file, folder or link", real)
	}
	t.sort()
	return t, err
}

// read adds one entry.
func (t *tree) read(root *os.Root, e fs.DirEntry, name, below string, mode modeRule) error {
	info, err := e.Info()
	if err != nil {
		return err
	}
	n := node{below: below, stat: &types.Stat{Path: name, Mode: uint32(info.Mode().Type() | mode(info.Mode()))}}
	switch {
	case info.IsDir():
	case info.Mode()&fs.ModeSymlink != 0:
		n.stat.Mode = uint32(fs.ModeSymlink | 0o777)
		n.stat.Linkname, err = root.Readlink(below)
	case info.Mode().IsRegular():
		n.sum, n.stat.Size, err = sumOf(root, below)
	default:
		return nil
	}
	n.stat.ModTime = timeOf(n)
	t.nodes = append(t.nodes, n)
	return err
}

// sumOf is the digest and size of a file.
func sumOf(root *os.Root, name string) (digest.Digest, int64, error) {
	file, err := root.Open(name)
	if err != nil {
		return "", 0, err
	}
	defer file.Close()
	hash := sha256.New()
	size, err := io.Copy(hash, file)
	return digest.NewDigest(digest.SHA256, hash), size, err
}

// addData adds a file with those bytes.
func (t *tree) addData(name string, data []byte) {
	n := node{stat: &types.Stat{Path: name, Mode: 0o644, Size: int64(len(data))}, sum: digest.FromBytes(data), data: data}
	n.stat.ModTime = timeOf(n)
	t.nodes = append(t.nodes, n)
}

// timeOf is a time of modification that other content does not have: BuildKit keeps what it was sent before and asks for what
// has another size or time. Times are no part of a key.
func timeOf(n node) int64 {
	sum := sha256.Sum256([]byte(string(n.sum) + n.stat.Linkname))
	return int64(binary.BigEndian.Uint64(sum[:]) >> 4) // in the years up to 2006, in nanoseconds
}

// key is what paths are sorted by.
func key(path string) string { return strings.ReplaceAll(path, "/", "\x00") }

func (t *tree) sort() {
	slices.SortFunc(t.nodes, func(a, b node) int { return strings.Compare(key(a.stat.Path), key(b.stat.Path)) })
}

// folder says whether the thing is one.
func (t *tree) folder() bool { return fs.FileMode(t.nodes[0].stat.Mode).IsDir() }

// pin is the digest of the bytes of a file, or of a list of all that is in a folder.
func (t *tree) pin() digest.Digest {
	if !t.folder() && t.nodes[0].sum != "" {
		return t.nodes[0].sum
	}
	hash := sha256.New()
	for _, n := range t.nodes {
		fmt.Fprintf(hash, "%q %o %s %q\n", n.stat.Path, n.stat.Mode, n.sum, n.stat.Linkname)
	}
	return digest.NewDigest(digest.SHA256, hash)
}

// Walk tells of everything at or below target, in order.
func (t *tree) Walk(ctx context.Context, target string, fn fs.WalkDirFunc) error {
	target = strings.Trim(filepath.ToSlash(filepath.Clean("/"+target)), "/")
	skip := ""
	for _, n := range t.nodes {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		name := n.stat.Path
		if target != "" && name != target && !strings.HasPrefix(name, target+"/") || skip != "" && strings.HasPrefix(name, skip) {
			continue
		}
		entry := &fsutil.DirEntryInfo{Stat: n.stat.CloneVT()}
		switch err := fn(filepath.FromSlash(name), entry, nil); {
		case errors.Is(err, filepath.SkipAll):
			return nil
		case errors.Is(err, filepath.SkipDir) && entry.IsDir():
			skip = name + "/"
		case errors.Is(err, filepath.SkipDir):
			skip = name[:strings.LastIndex(name, "/")+1]
		case err != nil:
			return err
		}
	}
	return nil
}

// Open opens a file.
func (t *tree) Open(name string) (io.ReadCloser, error) {
	i, found := slices.BinarySearchFunc(t.nodes, key(filepath.ToSlash(name)), func(n node, k string) int { return strings.Compare(key(n.stat.Path), k) })
	switch {
	case !found:
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	case t.nodes[i].below == "":
		return io.NopCloser(bytes.NewReader(t.nodes[i].data)), nil
	}
	return os.OpenInRoot(t.root, t.nodes[i].below)
}
