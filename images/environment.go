package images

import (
	"cmp"
	"fmt"
	"path"
	"strings"

	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// Environment is the virtual environment that somebody asked for.
type Environment struct {
	// Place is its absolute path in the images; empty makes none, but for an interpreter that may not be installed into: then
	// it is below /opt.
	Place string
	// PlaceAt is where that is set, for errors.
	PlaceAt string
	// SystemSitePackages has it see the modules that the distribution's packages install; SystemAt is where that is set.
	SystemSitePackages bool
	SystemAt           string
}

// chooseEnvironment says where Python distributions are installed, and what stands against that. Without a base
// nothing is said of its interpreter.
func (p *Plan) chooseEnvironment(base Base, asked Environment, name string) []error {
	p.Environment = environmentOf(base, asked, name)
	if asked.Place != "" {
		p.EnvironmentFrom = asked.PlaceAt
	}
	if asked.Place != "" && (!path.IsAbs(asked.Place) || path.Clean(asked.Place) != asked.Place || asked.Place == "/") {
		return []error{at(asked.PlaceAt, "venv", `%q is no place for a virtual environment: write an absolute path without "." and "..", as in "/opt/app"`, asked.Place)}
	}
	if !asked.SystemSitePackages {
		return nil
	}
	p.SystemSitePackages = true
	python := base.Python.Executable
	if python == "" {
		return nil
	}
	if p.Environment == "" && p.Project.Name != "" {
		return []error{at(asked.SystemAt, "system-site-packages", `it is a property of a virtual environment, and %s needs none: write venv = "/opt/%s"`, python, setupcfg.Canonical(p.Project.Name))}
	}
	if names := distroModules(base.PackageManager); names != "" && !base.Python.seesDistribution() {
		return []error{at(asked.SystemAt, "system-site-packages", `%s is not the distribution's: %s would never be seen; set python = "/usr/bin/python3"`, python, names)}
	}
	return nil
}

// environmentOf is where the virtual environment of a set is; empty where there is none.
func environmentOf(base Base, asked Environment, name string) string {
	switch {
	case asked.Place != "":
		return asked.Place
	case base.Python.ExternallyManaged && name != "":
		return "/opt/" + setupcfg.Canonical(name)
	}
	return ""
}

// distroModules is what the packages of Python modules are called, for people.
func distroModules(manager string) string {
	return map[string]string{"apt": "apt's python3-*", "apk": "apk's py3-*", "dnf": "dnf's python3-*"}[manager]
}

// seesDistribution says whether the interpreter looks for modules where the distribution's packages put them.
func (p Python) seesDistribution() bool {
	return cmp.Or(p.Prefix, path.Dir(path.Dir(p.Executable))) == "/usr"
}

// at is an error with the place of a setting before it; without a place, with its name.
func at(place, name, format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	if place != "" && strings.Contains(place, ":") {
		return fmt.Errorf("%s: %s: %s", place, name, text)
	}
	return fmt.Errorf("%s: %s", cmp.Or(place, name), text)
}
