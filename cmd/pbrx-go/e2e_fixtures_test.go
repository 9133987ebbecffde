package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// fixture is a project that is built once, in the shared state directory, for all tests that
// look at what was built.
type fixture struct {
	once sync.Once
	name string
	// project is its folder and layout what it was built into.
	project, layout string
	out             outcome
}

var (
	leafcount = fixture{name: "leafcount"}
	lightship = fixture{name: "lightship"}
)

// build builds the fixture unless that is done.
func (f *fixture) build(t *testing.T) {
	t.Helper()
	base := testBase(t)
	f.once.Do(func() {
		f.project = filepath.Join(workDir, "projects", f.name)
		copyProject(t, f.name, f.project)
		if f.name == lightship.name {
			beginRepo(t, f.project)
		}
		layout := filepath.Join(workDir, "layouts", f.name)
		f.out = command{args: buildArgs(f.project, base, layout)}.succeed(t)
		f.layout = layout
	})
	if f.layout == "" {
		t.Fatalf("%s was not built; see the test that came first", f.name)
	}
}

// sourceOf fetches a release's source distribution from the package index of this machine.
func sourceOf(t *testing.T, name, version string) string {
	t.Helper()
	dir := t.TempDir()
	python := filepath.Join(dir, "venv/bin/python")
	for _, argv := range [][]string{
		{"python3", "-m", "venv", filepath.Join(dir, "venv")},
		{python, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest", dir, name + "==" + version},
		{"tar", "-C", dir, "-xzf", filepath.Join(dir, name+"-"+version+".tar.gz")},
	} {
		if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", argv, err, out)
		}
	}
	source := filepath.Join(dir, name+"-"+version)
	if _, err := os.Stat(source); err != nil {
		t.Fatal(err)
	}
	return source
}
