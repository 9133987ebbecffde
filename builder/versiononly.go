package builder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/pbrx-go/pbrx-go/builder/gitdir"
)

// VersionOnly makes more of OpenSource's error where a project that takes its files from git is in no repository and
// a variable sets its version: what the wheel would lack is said, since the build would not end with an error.
func VersionOnly(err error, dir, variable string) error {
	var none *gitdir.NoRepositoryError
	if !errors.As(err, &none) {
		return err
	}
	lost := packageData(os.DirFS(dir))
	what := "packages' data files"
	if n := len(lost); n > 0 {
		what = fmt.Sprintf("%d data files (%s", n, strings.Join(lost[:min(3, n)], ", "))
		if n > 3 {
			what += ", …"
		}
		what += ")"
	}
	return fmt.Errorf("reading the project's history: there is no git repository in %s or above, and %s sets the version only: the list of files is git's, and without it the wheel would lack %s: "+
		"build from a clone or a released sdist, or make one: git init, git add and git commit", none.Dir, variable, what)
}

// packageData are the files in the packages of a tree that are no code.
func packageData(tree fs.FS) []string {
	var found []string
	inside := map[string]bool{} // folders of packages
	// What cannot be read is not counted: this is for a message about another problem.
	_ = fs.WalkDir(tree, ".", func(name string, e fs.DirEntry, err error) error {
		hidden := name != "." && strings.HasPrefix(path.Base(name), ".")
		switch {
		case err != nil:
			return fs.SkipDir
		case e.IsDir():
			if hidden || path.Base(name) == "__pycache__" || strings.HasPrefix(path.Base(name), "venv") {
				return fs.SkipDir
			}
			_, err := fs.Stat(tree, path.Join(name, "__init__.py"))
			inside[name] = name != "." && (err == nil || inside[path.Dir(name)])
		case inside[path.Dir(name)] && !hidden && path.Ext(name) != ".py" && path.Ext(name) != ".pyc":
			found = append(found, name)
		}
		return nil
	})
	return found
}
