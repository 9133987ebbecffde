package gitdir

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/moby/buildkit/util/staticfs"
	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
)

// Files is the repository as one .git folder that needs nothing else. Its configuration, which may hold tokens
// and names of programs, is replaced by the few lines that say how it is stored; of the rest comes what a version and a
// list of files follow from, so written that it does not tell one checkout from another: the index as Bytes has it (nil: none), and references in one
// file. Objects come as they are, in the packs that the clone has. Owners and modes are levelled by level. Errors are of reading files.
func (r *Repository) Files(index []byte, level func(dir string, patterns *fsutil.FilterOpt) (fsutil.FS, error)) (fsutil.FS, error) {
	fresh, err := r.written(index)
	if err != nil {
		return nil, err
	}
	kept := []string{"objects", "refs", "info/attributes", "info/grafts", "reftable"}
	left := append(aboutPacks("objects/"), "**/*.lock", "objects/**/tmp_*")
	if !r.reftable() {
		left = append(left, "refs/*")
	}
	own := []string{"HEAD"}
	if r.own == r.common {
		kept = append(kept, own...)
	}
	open := func(dir string, patterns *fsutil.FilterOpt) (fsutil.FS, error) {
		f, err := level(dir, patterns)
		return layer{f}, err
	}
	files, err := open(r.common, &fsutil.FilterOpt{IncludePatterns: kept, ExcludePatterns: left})
	if err != nil {
		return nil, err
	}
	if r.own != r.common {
		tree, err := open(r.own, &fsutil.FilterOpt{IncludePatterns: own})
		if err != nil {
			return nil, err
		}
		files = staticfs.NewMergeFS(files, tree)
	}
	for _, dir := range r.borrowed {
		objects, err := open(dir, &fsutil.FilterOpt{ExcludePatterns: append(aboutPacks(""), "**/*.lock", "**/tmp_*")})
		if err != nil {
			return nil, err
		}
		below, err := fsutil.SubDirFS([]fsutil.Dir{{Stat: &types.Stat{Path: "objects", Mode: uint32(fs.ModeDir | 0o755)}, FS: objects}})
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", dir, err)
		}
		files = staticfs.NewMergeFS(layer{below}, files)
	}
	return staticfs.NewMergeFS(files, fresh), nil
}

// written are the files that are not the repository's own.
func (r *Repository) written(index []byte) (fsutil.FS, error) {
	config, err := storageConfig(filepath.Join(r.common, "config"))
	if err != nil {
		return nil, err
	}
	fresh := staticfs.NewFS()
	add := func(name string, data []byte) { fresh.Add(name, &types.Stat{Mode: 0o644, ModTime: timeOf(data)}, data) }
	add("config", config)
	if index != nil {
		add("index", index)
	}
	shallow, err := r.shallow()
	if err != nil {
		return nil, err
	}
	if shallow != nil {
		add("shallow", shallow)
	}
	if r.reftable() {
		return fresh, nil
	}
	refs, err := r.packedRefs()
	add("packed-refs", refs)
	return fresh, err
}

// timeOf is a time of modification that other bytes do not have. BuildKit keeps what it was sent before and asks for what
// has another size or time: references after a commit have the same size. Times are no part of a key.
func timeOf(data []byte) int64 {
	sum := sha256.Sum256(data)
	return int64(binary.BigEndian.Uint64(sum[:]) >> 4) // in the years up to 2006, in nanoseconds
}

// layer is a file system that says of a file that it lacks what staticfs.MergeFS understands.
type layer struct{ fsutil.FS }

// Open opens a file; fsutil wraps the error, which os.IsNotExist does not look into.
func (l layer) Open(path string) (io.ReadCloser, error) {
	f, err := l.FS.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	return f, err
}

// aboutPacks are files that speak of all packs of a folder of objects, and are wrong of several folders in one; git does
// without them, and not every clone of a commit has them.
func aboutPacks(objects string) []string {
	return []string{objects + "info", objects + "pack/multi-pack-index*", objects + "pack/*.bitmap"}
}

// Shallow says whether the repository has only the last commits of its history.
func (r *Repository) Shallow() bool {
	fi, err := os.Stat(filepath.Join(r.common, "shallow"))
	return err == nil && fi.Size() > 0
}
