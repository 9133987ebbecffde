package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/pbrx-go/pbrx-go/builder/dockerfile"
	"github.com/pbrx-go/pbrx-go/images"
)

// dockerfilePrefix begins the names of Dockerfiles that make the image of a script.
const dockerfilePrefix = "Dockerfile."

// openDockerfiles reads the Dockerfiles of a project for single scripts, each with its .dockerignore. What is wrong with one is
// told in it: it counts where there is a script of that name only.
func openDockerfiles(dir string) ([]images.Dockerfile, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, usagef("reading the project: %w", err)
	}
	defer root.Close()
	files := root.FS()
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, usagef("reading the project: %w", err)
	}
	var out []images.Dockerfile
	for _, e := range entries {
		script, ok := strings.CutPrefix(e.Name(), dockerfilePrefix)
		if !ok || script == "" || strings.HasSuffix(script, ".dockerignore") || e.IsDir() {
			continue
		}
		d := images.Dockerfile{File: e.Name(), Script: script}
		if d.Data, err = fs.ReadFile(files, e.Name()); err != nil {
			d.Err = fmt.Errorf("%s: reading it: %w", e.Name(), err)
		} else if parsed, err := dockerfile.Parse(d.File, d.Data); err != nil {
			d.Err = err
		} else {
			d.Notes = parsed.Notes
		}
		if d.Ignore, err = readIgnore(files, d.File); err != nil {
			d.Err = errors.Join(d.Err, err)
		}
		out = append(out, d)
	}
	return out, nil
}

// readIgnore reads what a Dockerfile's build context leaves out: its own file, else that of all; nil where there is neither.
func readIgnore(files fs.FS, name string) ([]byte, error) {
	for _, ignore := range []string{name + ".dockerignore", ".dockerignore"} {
		data, err := fs.ReadFile(files, ignore)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: reading it: %w", ignore, err)
		}
		return data, nil
	}
	return nil, nil
}
