package builder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/moby/buildkit/util/staticfs"
	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
)

// OpenSource prepares what the project's wheel is built from: the files below dir
// and, if withGit, its history. Owners and the umask of whoever checked it out are levelled, so
// that they neither make git refuse nor change a key.
func OpenSource(dir string, withGit bool) (Source, error) {
	files, err := leveled(dir, nil)
	if err != nil {
		return Source{}, fmt.Errorf("reading the project: %w", err)
	}
	s := Source{Files: files, Exclude: uninteresting(dir)}
	if !withGit {
		return s, nil
	}
	s.Git, err = openGit(filepath.Join(dir, ".git"))
	return s, err
}

// uninteresting are files that are made by building or testing and would, stale, end up in the wheel.
func uninteresting(dir string) []string {
	patterns := []string{
		".git", ".hg", ".svn", ".tox", ".nox", ".venv", "venv", ".eggs", "dist", "build/lib*", "build/bdist*", "build/temp*",
		"**/__pycache__", "**/*.pyc", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".stestr", ".coverage*", "htmlcov", "**/node_modules",
	}
	if _, err := os.Stat(filepath.Join(dir, "PKG-INFO")); err != nil {
		// An unpacked sdist needs its egg-info: it is the list of its files.
		patterns = append(patterns, "**/*.egg-info")
	}
	return patterns
}

// leveled is a folder whose files belong to root and have one of four modes.
func leveled(dir string, exclude []string) (fsutil.FS, error) {
	root, err := fsutil.NewFS(dir)
	if err != nil {
		return nil, err
	}
	return fsutil.NewFilterFS(root, &fsutil.FilterOpt{ExcludePatterns: exclude, Map: func(_ string, st *types.Stat) fsutil.MapResult {
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

// openGit is a repository reduced to what a version and a list of files are read from. Its
// configuration, which may hold tokens and names of programs, is replaced by the few lines
// that say how it is stored; hooks, logs and other worktrees stay behind.
func openGit(dir string) (fsutil.FS, error) {
	fi, err := os.Lstat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the project's history: %s does not exist: the version comes from git: build from a clone, or from a released sdist", dir)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the project's history: %w", err)
	}
	if !fi.IsDir() {
		return nil, fmt.Errorf("reading the project's history: %s is a link to another place (a worktree or submodule), which is not supported yet: build from a clone of its own", dir)
	}
	if _, err := os.Stat(filepath.Join(dir, "objects", "info", "alternates")); err == nil {
		return nil, fmt.Errorf("reading the project's history: %s borrows objects from another repository, which is not supported yet: run `git repack -a -d` and remove .git/objects/info/alternates", dir)
	}
	config, err := storageConfig(filepath.Join(dir, "config"))
	if err != nil {
		return nil, fmt.Errorf("reading the project's history: %w", err)
	}
	files, err := leveled(dir, []string{"config", "config.worktree", "hooks", "logs", "worktrees", "modules", "info/exclude", "FETCH_HEAD", "ORIG_HEAD",
		"COMMIT_EDITMSG", "description", "gc.log", "gc.pid", "fsmonitor--daemon*", "**/*.lock"})
	if err != nil {
		return nil, fmt.Errorf("reading the project's history: %w", err)
	}
	fresh := staticfs.NewFS()
	fresh.Add("config", &types.Stat{Mode: 0o644}, config)
	return staticfs.NewMergeFS(files, fresh), nil
}

// storageConfig keeps of a git configuration what says how the repository is stored:
// its format version and the extensions, none of which can hold an address or a secret.
func storageConfig(path string) ([]byte, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out := "[core]\n\tbare = false\n"
	section := ""
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			section = strings.ToLower(strings.Trim(line, "[] "))
			continue
		}
		key, value, _ := strings.Cut(line, "=")
		key, value = strings.ToLower(strings.TrimSpace(key)), strings.TrimSpace(value)
		switch {
		case section == "core" && key == "repositoryformatversion":
			out += "\trepositoryformatversion = " + value + "\n"
		case section == "extensions" && (key == "objectformat" || key == "refstorage"):
			out += "[extensions]\n\t" + key + " = " + value + "\n[core]\n"
		}
	}
	return []byte(out), nil
}
