package definition

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// escapes says what is wrong with a path that leads out of where the file may look; empty if nothing is. What is not there yet is
// judged by the folders that are.
func (d *document) escapes(path string) string {
	if filepath.IsAbs(path) {
		return fmt.Sprintf("%q is an absolute path; write it relative to this file", path)
	}
	target := resolve(filepath.Join(d.dir, path))
	for _, root := range d.roots {
		if target != "" && within(root, target) {
			return ""
		}
	}
	return fmt.Sprintf("%q is outside the repository; copy what is needed into it", path)
}

// within says whether a path is a folder or something in it; both are resolved.
func within(root, path string) bool {
	rel, err := filepath.Rel(root, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// resolve follows the symbolic links of a path, as far as it is there. It is empty where a link leads nowhere.
func resolve(path string) string {
	path, err := filepath.Abs(path)
	if err != nil {
		return ""
	}
	missing := ""
	for {
		real, err := filepath.EvalSymlinks(path)
		if err == nil {
			return filepath.Join(real, missing)
		}
		if _, err := os.Lstat(path); err == nil || filepath.Dir(path) == path {
			return ""
		}
		missing = filepath.Join(filepath.Base(path), missing)
		path = filepath.Dir(path)
	}
}

// workTree is the git work tree that a folder is in, resolved; empty where it is in none.
func workTree(dir string) string {
	for dir = resolve(dir); dir != ""; dir = filepath.Dir(dir) {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return dir
		}
		if filepath.Dir(dir) == dir {
			break
		}
	}
	return ""
}

// commonRoot is the folder that holds the roots of all files.
func commonRoot(docs []*document) string {
	root := docs[0].roots[0]
	for _, d := range docs {
		for !within(root, d.roots[0]) && filepath.Dir(root) != root {
			root = filepath.Dir(root)
		}
	}
	return root
}

// findRoots says where the paths of each file of a chain may lead: into its work tree; without one into the folder of the outermost
// parent, or its own.
func findRoots(docs []*document) {
	for _, d := range docs {
		if tree := workTree(d.dir); tree != "" {
			d.roots = []string{tree}
			continue
		}
		outermost, own := resolve(docs[0].dir), resolve(d.dir)
		if within(outermost, own) {
			d.roots = []string{outermost}
		} else {
			d.roots = []string{own}
		}
	}
}
