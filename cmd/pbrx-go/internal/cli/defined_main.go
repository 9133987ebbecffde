package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/images/definition"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// mainProject is the project of the set where the folder of the definition has none: the one that is called as the set is.
func mainProject(set *definition.Set) (definition.Project, bool) {
	for _, p := range set.Projects {
		if p.Handle == set.Name.Value {
			return p, true
		}
	}
	return definition.Project{}, false
}

// checkMain says what stands against the main project, before anything is fetched: there is one, in the folder or of the definition, or
// something else to install.
func checkMain(dir string, set *definition.Set) error {
	file := set.Files[len(set.Files)-1]
	main, fetched := mainProject(set)
	var handles []string
	for _, p := range set.Projects {
		handles = append(handles, p.Handle)
	}
	switch here := holdsProject(dir); {
	case here && fetched:
		return usagef("%s: %s is the project in %s: name it otherwise, or move this file to a folder of its own", main.At, main.Handle, dir)
	case here || fetched:
	case !set.Name.IsSet() && len(handles) > 0:
		return usagef("%s: there is no project in %s, and no name that says which project is the main one: write name = %q", file, dir, handles[0])
	case !set.Name.IsSet() && len(set.Requirements) > 0:
		return usagef("%s: there is no project in %s that could name the images: write name = \"…\"", file, dir)
	case !set.Name.IsSet():
		return usagef("%s: nothing to install: there is no project in %s, and no [project] here: add one, and name = \"…\" that says which it is", file, dir)
	case len(set.Requirements) == 0 && len(handles) > 0:
		return usagef("%s: nothing to install: there is no project in %s, and no [project.%s]; known are %s: mend the name, or add requirements",
			set.Name.At, dir, set.Name.Value, strings.Join(handles, ", "))
	}
	return nil
}

// holdsProject says whether a folder has a Python project of its own.
func holdsProject(dir string) bool {
	return slices.ContainsFunc([]string{"setup.cfg", "setup.py", "pyproject.toml"}, func(name string) bool {
		fi, err := os.Stat(filepath.Join(dir, name))
		return err == nil && fi.Mode().IsRegular()
	})
}

// distinct says whether a project is one that is built already.
func distinct(s images.SiblingInput, in images.Input, others []images.SiblingInput) error {
	name := s.Project.Name.Value
	if !in.NoProject && setupcfg.Canonical(name) == setupcfg.Canonical(in.Project.Name.Value) {
		return usagef("%s: %s is the main project itself: leave it out", s.From, name)
	}
	for _, o := range others {
		if setupcfg.Canonical(name) == setupcfg.Canonical(o.Project.Name.Value) {
			return usagef("%s: this is %s, as project.%s is (%s): keep one", s.From, name, o.Dir, o.From)
		}
	}
	return nil
}
