package gitdir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Repository is the git repository of a project.
type Repository struct {
	// Root is the top of the work tree.
	Root string
	// Below is where the project lies below Root, with slashes; empty at the top.
	Below string

	// own has HEAD and index, common everything else; they differ in linked worktrees.
	own, common string
	// borrowed are the folders of objects of other repositories.
	borrowed []string
}

// NoRepositoryError says that a project lies in no repository.
type NoRepositoryError struct{ Dir string }

// Error is one line that says what to do.
func (e *NoRepositoryError) Error() string {
	return fmt.Sprintf("there is no git repository in %s or above, and the version or the list of files comes from git: build from a clone, or from a released sdist", e.Dir)
}

// Find looks for the repository of the project in dir: there, else upwards, as git does, though not stopping where
// another file system begins. Errors are *NoRepositoryError, or one line that says what to do.
func Find(dir string) (*Repository, error) {
	here, err := filepath.Abs(dir)
	if err == nil {
		here, err = filepath.EvalSymlinks(here) // git goes up from the real place, too
	}
	if err != nil {
		return nil, err
	}
	for root := here; ; root = filepath.Dir(root) {
		r, err := Open(root)
		if err != nil {
			return nil, err
		}
		if r != nil {
			below, err := filepath.Rel(root, here)
			if err != nil {
				return nil, err
			}
			if below != "." {
				r.Below = filepath.ToSlash(below)
			}
			return r, nil
		}
		if root == filepath.Dir(root) {
			return nil, &NoRepositoryError{Dir: dir}
		}
	}
}

// Open is the repository whose work tree has its top in root, or nil where there is none. Errors are as Find's.
func Open(root string) (*Repository, error) {
	link := filepath.Join(root, ".git")
	r := &Repository{Root: root, own: link, common: link}
	data, err := os.ReadFile(link)
	switch target, isLink := strings.CutPrefix(string(data), "gitdir: "); {
	case isLink && err == nil:
		if r.own, err = follow(link, root, target); err != nil {
			return nil, err
		}
	case !isDir(link):
		return nil, nil
	}
	r.common = r.own
	data, err = os.ReadFile(filepath.Join(r.own, "commondir"))
	if err == nil {
		if r.common, err = follow(filepath.Join(r.own, "commondir"), r.own, string(data)); err != nil {
			return nil, err
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(r.own, "HEAD")); errors.Is(err, fs.ErrNotExist) || !isDir(filepath.Join(r.common, "objects")) {
		return nil, nil // git goes past a folder that only has the name, too
	} else if err != nil {
		return nil, err
	}
	if r.own != r.common && r.reftable() {
		return nil, fmt.Errorf("%s is a worktree of a repository in the reftable format, which is not supported: build from a clone of its own", link)
	}
	r.borrowed, err = alternates(filepath.Join(r.common, "objects"), nil)
	return r, err
}

// reftable says whether references are in that format, which is not read here.
func (r *Repository) reftable() bool { return isDir(filepath.Join(r.common, "reftable")) }

// follow is the folder that a file of one line names.
func follow(file, from, line string) (string, error) {
	target := filepath.FromSlash(strings.TrimRight(line, "\r\n"))
	if !filepath.IsAbs(target) {
		target = filepath.Join(from, target)
	}
	if !isDir(target) {
		return "", fmt.Errorf("%s leads to %s, where no folder is: the repository was moved or is not mounted here; `git worktree repair` in it mends worktrees, or build from a clone of its own", file, target)
	}
	return target, nil
}

// alternates are the folders that a folder of objects borrows from, and those that they borrow from, each once.
func alternates(objects string, found []string) ([]string, error) {
	file := filepath.Join(objects, "info", "alternates")
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return found, nil
	}
	if err != nil {
		return nil, err
	}
next:
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		target := filepath.FromSlash(line)
		if !filepath.IsAbs(target) {
			target = filepath.Join(objects, target)
		}
		if !isDir(target) {
			return nil, fmt.Errorf("%s borrows objects from %s, where no folder is: mount it here, or run `git repack -a -d` where it is and remove that file", file, target)
		}
		for _, f := range found {
			if f == target {
				continue next
			}
		}
		if found, err = alternates(target, append(found, target)); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func isDir(path string) bool {
	fi, err := os.Stat(path)
	return err == nil && fi.IsDir()
}
