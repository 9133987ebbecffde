package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// fixture is a project that is built once, in the shared state directory, for all tests that
// look at what was built.
type fixture struct {
	once sync.Once
	name string
	// version is that of a release on PyPI; samples of this repository have none.
	version string
	// env is put over the environment of the build.
	env []string
	// project is its folder and layout what it was built into.
	project, layout string
	out             outcome
}

var (
	leafcount = fixture{name: "leafcount"}
	lightship = fixture{name: "lightship"}
	bindep    = fixture{name: "bindep", version: "2.14.0"}
	// openstackclient has more than 50 dependencies.
	openstackclient = fixture{name: "python-openstackclient", version: "8.2.0"}
)

// build builds the fixture unless that is done.
func (f *fixture) build(t *testing.T) {
	t.Helper()
	base := testBase(t)
	f.once.Do(func() {
		f.project = f.copy(t, filepath.Join(workDir, "projects"))
		layout := filepath.Join(workDir, "layouts", f.name)
		f.out = command{env: f.env, args: buildArgs(f.project, base, layout, "--engine", "embedded")}.succeed(t)
		f.layout = layout
	})
	if f.layout == "" {
		t.Fatalf("%s was not built; see the test that came first", f.name)
	}
}

// copy puts the project into a folder below dir and returns it.
func (f *fixture) copy(t *testing.T, dir string) string {
	t.Helper()
	if f.version != "" {
		return sourceOf(t, f.name, f.version, dir)
	}
	project := filepath.Join(dir, f.name)
	copyProject(t, f.name, project)
	if f.name == lightship.name {
		beginRepo(t, project)
	}
	return project
}

// pip makes a virtual environment with a pip for all tests, once.
var pip = sync.OnceValues(func() (python string, err error) {
	dir := filepath.Join(workDir, "venv")
	if out, err := exec.Command("python3", "-m", "venv", dir).CombinedOutput(); err != nil {
		return "", fmt.Errorf("python3 -m venv: %w: %s", err, out)
	}
	return filepath.Join(dir, "bin/python"), nil
})

// sourceOf fetches a release's source distribution from the package index of this machine, and unpacks it below dir.
func sourceOf(t *testing.T, name, version, dir string) string {
	t.Helper()
	python, err := pip()
	if err != nil {
		t.Fatal(err)
	}
	archives := t.TempDir()
	run := func(argv ...string) {
		if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", argv, err, out)
		}
	}
	run(python, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest", archives, name+"=="+version)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	spellings := []string{name, strings.NewReplacer("-", "_", ".", "_").Replace(name)} // releases before PEP 625 have the name as it is
	for _, spelled := range spellings {
		if archive := filepath.Join(archives, spelled+"-"+version+".tar.gz"); exists(archive) {
			run("tar", "-C", dir, "-xzf", archive)
		}
	}
	for _, spelled := range spellings {
		if source := filepath.Join(dir, spelled+"-"+version); exists(source) {
			return source
		}
	}
	t.Fatalf("pip did not fetch an archive of %s %s", name, version)
	return ""
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
