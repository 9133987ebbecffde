package gitdir

import (
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
// and names of programs, is replaced by the few lines that say how it is stored; hooks, logs and other worktrees stay
// behind. Owners and modes are levelled by level. Errors are of reading files.
func (r *Repository) Files(level func(dir string, patterns *fsutil.FilterOpt) (fsutil.FS, error)) (fsutil.FS, error) {
	config, err := storageConfig(filepath.Join(r.common, "config"))
	if err != nil {
		return nil, err
	}
	left := []string{"config", "config.worktree", "commondir", "gitdir", "hooks", "logs", "worktrees", "modules", "info/exclude", "info/sparse-checkout",
		"FETCH_HEAD", "ORIG_HEAD", "COMMIT_EDITMSG", "description", "gc.log", "gc.pid", "fsmonitor--daemon*", "**/*.lock",
		"objects/info/alternates", "objects/info/http-alternates", "objects/**/tmp_*"}
	own := []string{"HEAD", "index", "sharedindex.*"}
	if r.own != r.common {
		left = append(left, own...)
	}
	if len(r.borrowed) > 0 {
		left = append(left, aboutPacks("objects/")...)
	}
	open := func(dir string, patterns *fsutil.FilterOpt) (fsutil.FS, error) {
		f, err := level(dir, patterns)
		return layer{f}, err
	}
	files, err := open(r.common, &fsutil.FilterOpt{ExcludePatterns: left})
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
	fresh := staticfs.NewFS()
	fresh.Add("config", &types.Stat{Mode: 0o644}, config)
	return staticfs.NewMergeFS(files, fresh), nil
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

// aboutPacks are files that speak of all packs of a folder of objects, and are wrong of several folders in one.
func aboutPacks(objects string) []string {
	return []string{objects + "info", objects + "pack/multi-pack-index*"}
}

// Shallow says whether the repository has only the last commits of its history.
func (r *Repository) Shallow() bool {
	fi, err := os.Stat(filepath.Join(r.common, "shallow"))
	return err == nil && fi.Size() > 0
}
