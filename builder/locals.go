package builder

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"

	"github.com/docker/go-units"
	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"

	"github.com/pbrx-go/pbrx-go/builder/gitdir"
	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
	"github.com/pbrx-go/pbrx-go/builder/projectfiles"
	"github.com/pbrx-go/pbrx-go/images"
)

// OpenSource prepares what the project's wheel is built from: the files below dir that a build needs (see package
// projectfiles) and, if the wheel needs it, its history, which may be that of a repository that dir is a part of. Owners, the umask of
// whoever checked it out, and what git remembers of the checkout are levelled, so that they neither make git refuse nor change a key.
func OpenSource(dir string, in images.Input) (Source, error) {
	repository, index, tracked, err := trackedFiles(dir)
	if err != nil && in.NeedsGit() {
		return Source{}, fmt.Errorf("reading the project's history: %w", err)
	}
	var none *gitdir.NoRepositoryError
	s := Source{}
	if err != nil && !errors.As(err, &none) {
		s.withoutGit = err
	}
	choice, err := projectfiles.Choose(projectfiles.Options{Dir: dir, Tracked: tracked, ListFromGit: in.Project.FilesFromGit()})
	if err != nil {
		return Source{}, err
	}
	s.choice = choice
	if s.Files, err = leveled(dir, &fsutil.FilterOpt{Map: func(name string, st *types.Stat) fsutil.MapResult {
		switch {
		case choice.Sends(filepath.ToSlash(name)):
			return fsutil.MapResultKeep
		case fs.FileMode(st.Mode).IsDir():
			return fsutil.MapResultSkipDir
		}
		return fsutil.MapResultExclude
	}}); err != nil {
		return Source{}, fmt.Errorf("reading the project: %w", err)
	}
	if s.Folder, err = leveled(dir, &fsutil.FilterOpt{}); err != nil {
		return Source{}, fmt.Errorf("reading the project: %w", err)
	}
	if !in.NeedsGit() {
		return s, nil
	}
	s.repository, s.Below = repository, repository.Below
	var written []byte
	if index != nil {
		written = index.Bytes(func(name string) bool {
			below, err := filepath.Rel(filepath.FromSlash("/"+s.Below), filepath.FromSlash("/"+name))
			return err == nil && choice.Excludes(filepath.ToSlash(below))
		})
	}
	if s.Git, err = repository.Files(written, leveled); err != nil {
		return Source{}, fmt.Errorf("reading the project's history: %w", err)
	}
	return s, nil
}

// trackedFiles are the files below dir that git tracks, those of submodules that are checked out included.
func trackedFiles(dir string) (*gitdir.Repository, *gitdir.Index, []string, error) {
	repository, err := gitdir.Find(dir)
	if err != nil {
		return nil, nil, nil, err
	}
	index, err := repository.Index()
	if err != nil {
		return nil, nil, nil, err
	}
	var files []string
	var add func(root, prefix string, entries []gitdir.Entry) error
	add = func(root, prefix string, entries []gitdir.Entry) error {
		for _, e := range entries {
			name := path.Join(prefix, e.Path)
			if !e.Submodule() {
				files = append(files, name)
				continue
			}
			inner, err := gitdir.Open(filepath.Join(root, filepath.FromSlash(name)))
			if err != nil {
				return err
			}
			if inner == nil { // it is not checked out
				continue
			}
			index, err := inner.Index()
			if err != nil {
				return err
			}
			if err := add(root, name, index.Below("")); err != nil {
				return err
			}
		}
		return nil
	}
	err = add(filepath.Join(repository.Root, filepath.FromSlash(repository.Below)), "", index.Below(repository.Below))
	return repository, index, files, err
}

// Sent says in a line how much a build is sent of the project, and in another what it is not, which
// is empty where that is nothing. An error is of reading the history.
func (s Source) Sent(ctx context.Context) (sent, left string, err error) {
	size := func(bytes int64) string { return units.HumanSize(float64(bytes)) }
	sent = fmt.Sprintf("sent: %s, %s", count(s.choice.Files, "file"), size(s.choice.Bytes))
	if s.Git != nil {
		bytes, err := sizeOf(ctx, s.Git)
		if err != nil {
			return "", "", fmt.Errorf("reading the project's history: %w", err)
		}
		sent += ", and git's history, " + size(bytes)
	}
	if s.withoutGit != nil {
		sent += fmt.Sprintf(" (all there are, as git's list of files cannot be read: %v)", s.withoutGit)
	}
	if l := s.choice.LeftOut; l.Files > 0 {
		left = fmt.Sprintf("not sent: %s that git does not track, %s, the biggest is %s: `git add` it, or name it in MANIFEST.in, if the build needs it", count(l.Files, "file"), size(l.Bytes), l.Largest)
	}
	return sent, left, nil
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// CheckVersion looks whether the history has what a version is made of. A shallow clone without a version tag is an
// error: every tool would take a version that is wrong. A whole one without tags may be that of a new project, and is
// a warning, empty where there is none. What HEAD can reach is known to the step that makes the wheel.
func (s Source) CheckVersion() (warning string, err error) {
	tagged, err := s.repository.HasVersionTag()
	switch {
	case err != nil:
		return "", fmt.Errorf("reading the tags of %s: %w", s.repository.Root, err)
	case tagged:
		return "", nil
	case s.repository.Shallow():
		return "", fmt.Errorf("reading the project's version: %s is a shallow clone without a version tag: run `git fetch --unshallow --tags` in it; in CI check out the whole history (fetch-depth: 0)", s.repository.Root)
	}
	return fmt.Sprintf("the git repository in %s has no version tag: the version will be that of a project before its first release; if it has releases, run `git fetch --tags`", s.repository.Root), nil
}

// tree is how the files lie in the step that makes the wheel.
func (s Source) tree() plan2llb.Tree { return plan2llb.Tree{Below: s.Below} }

// leveled is a folder whose files belong to root and have one of four modes.
func leveled(dir string, opt *fsutil.FilterOpt) (fsutil.FS, error) {
	root, err := fsutil.NewFS(dir)
	if err != nil {
		return nil, err
	}
	choose := opt.Map
	return fsutil.NewFilterFS(root, &fsutil.FilterOpt{IncludePatterns: opt.IncludePatterns, ExcludePatterns: opt.ExcludePatterns, Map: func(name string, st *types.Stat) fsutil.MapResult {
		if choose != nil {
			if result := choose(name, st); result != fsutil.MapResultKeep {
				return result
			}
		}
		st.Uid, st.Gid = 0, 0
		mode := fs.FileMode(st.Mode)
		perm := fs.FileMode(0o644)
		if mode.IsDir() || mode&0o111 != 0 {
			perm = 0o755
		}
		st.Mode = uint32(mode&^fs.ModePerm | perm)
		return fsutil.MapResultKeep
	}})
}

// sizeOf is how many bytes the files of a file system have.
func sizeOf(ctx context.Context, f fsutil.FS) (bytes int64, err error) {
	err = f.Walk(ctx, "", func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			bytes += info.Size()
		}
		return err
	})
	return bytes, err
}
