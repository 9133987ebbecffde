package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// lampHouse is a folder with a definition, and with the git repositories that it names below it: lamp-house, which has its version by
// pbr, tide-bell, which has it by setuptools-scm, and requirements with upper constraints. Each has a commit after its tag.
type lampHouse struct{ dir string }

func newLampHouse(t *testing.T) lampHouse {
	t.Helper()
	l := lampHouse{t.TempDir()}
	l.beginLampHouse(t)
	l.beginTideBell(t)
	write(t, l.path("repositories/requirements/upper-constraints.txt"), "iniconfig===2.0.0\nlamp_house===1.0\nLamp-House===1.1\nzope.interface===5.0.0\n")
	beginRepository(t, l.path("repositories/requirements"), "main", "")
	return l
}

// beginLampHouse makes the main project: its script says which versions and which files of its package there are.
func (l lampHouse) beginLampHouse(t *testing.T) {
	t.Helper()
	dir := l.path("repositories/lamp-house")
	for name, text := range map[string]string{
		"setup.cfg": `[metadata]
name = lamp-house
summary = Lamps

[files]
packages = lamp_house

[entry_points]
console_scripts =
    lamp-house = lamp_house.main:main
`,
		"setup.py": "import setuptools\n\nsetuptools.setup(setup_requires=[\"pbr\"], pbr=True)\n",
		"pyproject.toml": `[build-system]
requires = ["pbr>=6.0.0", "setuptools>=64"]
build-backend = "pbr.build"
`,
		"requirements.txt":       "iniconfig\n",
		"lamp_house/__init__.py": "",
		"lamp_house/main.py": `import importlib.metadata
import os
import sys

import iniconfig.exceptions


def main():
    for name in "lamp-house", "tide-bell", "iniconfig":
        try:
            print(name, importlib.metadata.version(name))
        except importlib.metadata.PackageNotFoundError:
            print(name, "is not there")
    print(*sorted(n for n in os.listdir(os.path.dirname(__file__)) if n.endswith(".txt")))
    print(getattr(iniconfig.exceptions, "LAID", "as it came"), *sys.argv[1:])
`,
	} {
		write(t, filepath.Join(dir, name), text)
	}
	beginRepository(t, dir, "main", "1.2.0")
	git(t, dir, "commit", "--quiet", "--allow-empty", "--message", "Trim the wicks")
}

func (l lampHouse) beginTideBell(t *testing.T) {
	t.Helper()
	dir := l.path("repositories/tide-bell")
	write(t, filepath.Join(dir, "pyproject.toml"), `[build-system]
requires = ["setuptools>=64", "setuptools-scm>=8"]
build-backend = "setuptools.build_meta"

[project]
name = "tide-bell"
dynamic = ["version"]

[tool.setuptools]
packages = ["tide_bell"]

[tool.setuptools_scm]
`)
	write(t, filepath.Join(dir, "tide_bell/__init__.py"), "SOUND = \"ding\"\n")
	beginRepository(t, dir, "main", "v0.7")
	git(t, dir, "commit", "--quiet", "--allow-empty", "--message", "Oil the hinge")
}

// path is that of something below the folder.
func (l lampHouse) path(name string) string { return filepath.Join(l.dir, filepath.FromSlash(name)) }

// define writes the definition.
func (l lampHouse) define(t *testing.T, text string) {
	t.Helper()
	write(t, l.path("pbrx-go.toml"), text)
}

// commit writes a file of a repository and commits it.
func (l lampHouse) commit(t *testing.T, repository, file, text string) {
	t.Helper()
	write(t, filepath.Join(l.path("repositories/"+repository), file), text)
	commitAll(t, l.path("repositories/"+repository), "Change "+file)
}

// args are those of a build in the folder on a base, of the definition's own where that is empty.
func (l lampHouse) args(base, layout string, flags ...string) []string {
	args := buildArgs(".", base, layout, append([]string{"--engine", "embedded", "--init-path", "none"}, flags...)...)
	if base == "" {
		n := slices.Index(args, "--base")
		args = slices.Delete(args, n, n+2)
	}
	return args
}

// build builds, and reads where the images were put.
func (l lampHouse) build(t *testing.T, flags ...string) lampHouseBuild {
	t.Helper()
	layout := filepath.Join(t.TempDir(), "layout")
	out := command{dir: l.dir, args: l.args(testBase(t), layout, flags...)}.succeed(t)
	return lampHouseBuild{out, readLayout(t, layout).image(t, "lamp-house:latest")}
}

// refused is a build that must end with a code and these last lines of stderr; no image has a name then.
func (l lampHouse) refused(t *testing.T, code int, want string, flags ...string) {
	t.Helper()
	layout := filepath.Join(t.TempDir(), "layout")
	out := command{dir: l.dir, args: l.args(testBase(t), layout, flags...)}.run(t)
	if out.code != code || !strings.HasSuffix(out.stderr, "error: "+want+"\n") || out.stdout != "" {
		t.Errorf("status %d, stdout %q, stderr\n%swant %d and\nerror: %s", out.code, out.stdout, tail(out.stderr), code, want)
	}
	if _, err := os.Stat(filepath.Join(layout, "index.json")); !os.IsNotExist(err) {
		t.Errorf("a layout was made: %v", readLayout(t, layout).names())
	}
}

// lampHouseBuild is what became of a build.
type lampHouseBuild struct {
	outcome
	image ociImage
}

// checkRan compares the steps that ran.
func (b lampHouseBuild) checkRan(t *testing.T, after string, want ...string) {
	t.Helper()
	if ran := b.ran(t); !slices.Equal(ran, want) {
		t.Errorf("after %s ran %q, want %q", after, ran, want)
	}
}

// layers are the digests of the layers that hold something, by what the history says of them.
func (b lampHouseBuild) layers(content string) []string {
	var all []string
	n := 0
	for _, h := range b.image.config.History {
		if h.EmptyLayer {
			continue
		}
		if strings.Contains(h.CreatedBy, content) {
			all = append(all, b.image.manifest.Layers[n].Digest.String())
		}
		n++
	}
	return all
}

// dependencies are the digests of the layers that hold them.
func (b lampHouseBuild) dependencies(t *testing.T) []string {
	t.Helper()
	all := b.layers("dependencies")
	if len(all) == 0 {
		t.Errorf("no layer holds dependencies: %+v", b.image.config.History)
	}
	return all
}

// says runs the script.
func (b lampHouseBuild) says(t *testing.T, want string, args ...string) {
	t.Helper()
	out := command{args: append([]string{"run", "--output", "oci:" + b.image.layout.dir, "lamp-house"}, args...)}.succeed(t)
	checkString(t, "what lamp-house says", out.stdout, want)
}
