package siblings

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// Checkout is a folder that may hold a sibling.
type Checkout struct {
	// Dir is the folder as it was named.
	Dir string
	// Project is what the folder declares; nil where it holds no Python project.
	Project *setupcfg.Project
	// Name is spelled as the project spells it; empty where its files do not say it.
	Name string
}

// Read reads folders, in order. The errors, all at once, are folders that are none, and setupcfg.ErrorLists whose
// files are named with their folder.
func Read(dirs []string) ([]Checkout, error) {
	var all []Checkout
	var problems []error
	for _, dir := range dirs {
		c, err := read(dir)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		all = append(all, c)
	}
	return all, errors.Join(problems...)
}

func read(dir string) (Checkout, error) {
	c := Checkout{Dir: dir}
	fi, err := os.Stat(dir)
	if err != nil {
		return c, fmt.Errorf("reading a sibling: %w", err)
	}
	if !fi.IsDir() {
		return c, fmt.Errorf("reading a sibling: %s is no directory", dir)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return c, fmt.Errorf("reading a sibling: %w", err)
	}
	defer root.Close()
	if !holdsProject(root.FS()) {
		return c, nil
	}
	if c.Project, err = setupcfg.Load(root.FS()); err != nil {
		return c, within(dir, err)
	}
	if c.Project.Name.Status == setupcfg.Known {
		c.Name = c.Project.Name.Value
	}
	return c, nil
}

func holdsProject(files fs.FS) bool {
	return slices.ContainsFunc([]string{"setup.cfg", "setup.py", "pyproject.toml"}, func(name string) bool {
		_, err := fs.Stat(files, name)
		return err == nil
	})
}

// within names the files of an error with their folder: several folders have files of the same names.
func within(dir string, err error) error {
	var list setupcfg.ErrorList
	if !errors.As(err, &list) {
		return fmt.Errorf("reading %s: %w", dir, err)
	}
	return list.Within(dir)
}

// Check refuses what cannot be used in place of a release while the project is built: folders without a project, siblings whose names
// only their wheels tell (constraints are read before), the project itself, and two folders with one project.
func Check(project *setupcfg.Project, all []Checkout) error {
	var problems []error
	for _, c := range all {
		switch {
		case c.Project == nil:
			problems = append(problems, fmt.Errorf("--sibling %s: there is no setup.cfg, pyproject.toml or setup.py in it: name the folder of a Python project", c.Dir))
		case c.Name == "":
			problems = append(problems, fmt.Errorf("--sibling %s: what it is called is known from its wheel only: say the name in setup.cfg or pyproject.toml", c.Dir))
		case project.Name.Status == setupcfg.Known && setupcfg.Canonical(c.Name) == setupcfg.Canonical(project.Name.Value):
			problems = append(problems, fmt.Errorf("--sibling %s: %s is the project itself: leave it out", c.Dir, c.Name))
		}
	}
	return errors.Join(errors.Join(problems...), CheckNames(all))
}

// CheckNames refuses two folders with one project: which one counts is not for us to say.
func CheckNames(all []Checkout) error {
	var problems []error
	first := map[string]string{}
	for _, c := range all {
		name := setupcfg.Canonical(c.Name)
		if name == "" {
			continue
		}
		if other, taken := first[name]; taken {
			problems = append(problems, fmt.Errorf("%s and %s are both %s: name one of them", other, c.Dir, c.Name))
			continue
		}
		first[name] = c.Dir
	}
	return errors.Join(problems...)
}
