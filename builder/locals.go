package builder

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"

	"github.com/pbrx-go/pbrx-go/builder/gitdir"
	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
)

// OpenSource prepares what the project's wheel is built from: the files below dir
// and, if withGit, its history, which may be that of a repository that dir is a part of. Owners and the umask of
// whoever checked it out are levelled, so that they neither make git refuse nor change a key.
func OpenSource(dir string, withGit bool) (Source, error) {
	files, err := leveled(dir, &fsutil.FilterOpt{})
	if err != nil {
		return Source{}, fmt.Errorf("reading the project: %w", err)
	}
	s := Source{Files: files, Exclude: uninteresting(dir)}
	if !withGit {
		return s, nil
	}
	if s.repository, err = gitdir.Find(dir); err == nil {
		s.Below = s.repository.Below
		s.Git, err = s.repository.Files(leveled)
	}
	if err != nil {
		return Source{}, fmt.Errorf("reading the project's history: %w", err)
	}
	return s, nil
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
func (s Source) tree() plan2llb.Tree { return plan2llb.Tree{Exclude: s.Exclude, Below: s.Below} }

// uninteresting are files that are made by building or testing and would, stale, end up in the wheel.
func uninteresting(dir string) []string {
	patterns := []string{
		"**/.git", ".hg", ".svn", ".tox", ".nox", ".venv", "venv", ".eggs", "dist", "build/lib*", "build/bdist*", "build/temp*",
		"**/__pycache__", "**/*.pyc", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".stestr", ".coverage", ".coverage.*", "htmlcov", "**/node_modules",
	}
	if _, err := os.Stat(filepath.Join(dir, "PKG-INFO")); err != nil {
		// An unpacked sdist needs its egg-info: it is the list of its files.
		patterns = append(patterns, "**/*.egg-info")
	}
	return patterns
}

// leveled is a folder whose files belong to root and have one of four modes.
// Of opt, the patterns count.
func leveled(dir string, opt *fsutil.FilterOpt) (fsutil.FS, error) {
	root, err := fsutil.NewFS(dir)
	if err != nil {
		return nil, err
	}
	return fsutil.NewFilterFS(root, &fsutil.FilterOpt{IncludePatterns: opt.IncludePatterns, ExcludePatterns: opt.ExcludePatterns, Map: func(_ string, st *types.Stat) fsutil.MapResult {
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
