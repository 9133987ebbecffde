package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/pbrx-go/pbrx-go/bindep"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// openProject reads what a project directory declares; no bindep file is no error.
func openProject(dir string) (*setupcfg.Project, *bindep.File, error) {
	fi, err := os.Stat(dir)
	if err != nil {
		return nil, nil, usagef("reading the project: %w", err)
	}
	if !fi.IsDir() {
		return nil, nil, usagef("reading the project: %s is no directory", dir)
	}
	root, err := os.OpenRoot(dir) // a link that leads out of the project leads nowhere in the build, either
	if err != nil {
		return nil, nil, usagef("reading the project: %w", err)
	}
	defer root.Close()
	files := root.FS()
	project, projectErr := setupcfg.Load(files)
	file, bindepErr := openBindep(files)
	if err := errors.Join(projectErr, bindepErr); err != nil {
		return nil, nil, err
	}
	return project, file, nil
}

func openBindep(files fs.FS) (*bindep.File, error) {
	name, err := bindep.Find(files)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, usageError{err}
	}
	src, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, fmt.Errorf("reading the distro packages: %w", err)
	}
	return bindep.Parse(name, src)
}

// directory is the DIR argument of a command, the current one where it is left out.
func directory(args []string) string {
	if len(args) == 0 {
		return "."
	}
	return args[0]
}
