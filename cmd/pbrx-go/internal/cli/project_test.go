package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const projectToml = `[project]
name = "Ferry"
version = "1.2"
dependencies = ["a @ https://user:secret@host/a.whl"]
[project.scripts]
ferry-dock = "ferry:dock"
ferry = "ferry:main [quay]"
[project.optional-dependencies]
ferry_base = ["b>=1"]
quay = []
Ferry_Dock = ["c"]
[project.entry-points.console_scripts]
ferry-more = "ferry:more"
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
`

// runProject runs "pbrx-go project" on a directory with the files.
func runProject(t *testing.T, files map[string]string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var out, errOut bytes.Buffer
	cmd := newProject(&app{streams: Streams{Out: &out, Err: &errOut}, env: environment{}})
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(append([]string{dir}, args...))
	err = cmd.Execute()
	return out.String(), errOut.String(), err
}

func TestProjectText(t *testing.T) {
	stdout, stderr, err := runProject(t, map[string]string{"pyproject.toml": projectToml})
	if err != nil {
		t.Fatal(err)
	}
	want := `name               Ferry                                 pyproject.toml:2:1
version            1.2                                   pyproject.toml:3:1
version from       static
build backend      setuptools.build_meta (setuptools)    pyproject.toml:16:1
needs git          no
requires Python    none
build requirement  setuptools                            pyproject.toml:15:13
console script     ferry-dock = ferry:dock               pyproject.toml:6:1
console script     ferry = ferry:main [quay]             pyproject.toml:7:1
GUI script         none
script file        none
extra              ferry_base: b>=1                      pyproject.toml:9:1
extra              quay:                                 pyproject.toml:10:1
extra              Ferry_Dock: c                         pyproject.toml:11:1
dependency         a @ https://***@host/a.whl            pyproject.toml:4:17
image              ferry-base with the extra ferry_base
image              ferry-dock with the extra Ferry_Dock
image              ferry with the extra quay
`
	if diff := cmp.Diff(want, stdout); diff != "" {
		t.Error(diff)
	}
	const warning = "warning: pyproject.toml:12:1: this has no effect: setuptools takes [project.scripts] in its place, move the lines to [project.scripts]\n"
	if stderr != warning {
		t.Errorf("stderr %q", stderr)
	}
}

func TestProjectJSON(t *testing.T) {
	stdout, stderr, err := runProject(t, map[string]string{"pyproject.toml": projectToml}, "--format", "json")
	if err != nil || stderr != "" {
		t.Fatal(err, stderr)
	}
	var got struct {
		Name           string
		Version        *string
		VersionSource  string `json:"version_source"`
		ConsoleScripts []scriptReport
		Extras         map[string][]string
		Dependencies   []string
		Images         []imageReport
		Facts          []factReport
		Warnings       []string
	}
	if err := json.Unmarshal([]byte(stdout), &got); err != nil {
		t.Fatal(err)
	}
	if got.Name != "Ferry" || got.Version == nil || *got.Version != "1.2" || got.VersionSource != "static" || len(got.Warnings) != 1 {
		t.Errorf("%+v", got)
	}
	if diff := cmp.Diff(map[string][]string{"ferry_base": {"b>=1"}, "quay": {}, "Ferry_Dock": {"c"}}, got.Extras); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"a @ https://***@host/a.whl"}, got.Dependencies); diff != "" {
		t.Error(diff)
	}
	text := func(s string) *string { return &s }
	images := []imageReport{{"ferry-base", nil, text("ferry_base")}, {"ferry-dock", text("ferry-dock"), text("Ferry_Dock")},
		{"ferry", text("ferry"), text("quay")}}
	if diff := cmp.Diff(images, got.Images); diff != "" {
		t.Error(diff)
	}
	facts := []factReport{{Fact: "name", Status: "known", File: "pyproject.toml", Line: 2, Column: 1}, {Fact: "gui_scripts", Status: "absent"},
		{Fact: "console_scripts.ferry", Status: "known", File: "pyproject.toml", Line: 7, Column: 1}}
	for _, want := range facts {
		found := false
		for _, fact := range got.Facts {
			found = found || fact == want
		}
		if !found {
			t.Errorf("no fact %+v in %+v", want, got.Facts)
		}
	}
}

// TestProjectJSONUnknown has null and empty lists for what only the wheel knows, and says why.
func TestProjectJSONUnknown(t *testing.T) {
	stdout, _, err := runProject(t, map[string]string{"setup.py": "from setuptools import setup\nsetup(**kw)\n"}, "--format", "json")
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(stdout), &got); err != nil {
		t.Fatal(err)
	}
	facts := got["facts"].([]any)
	delete(got, "facts")
	want := map[string]any{"name": nil, "version": nil, "version_source": "setup.py", "build_backend": "setuptools.build_meta:__legacy__", "needs_git": false,
		"console_scripts": []any{}, "gui_scripts": []any{}, "data_scripts": []any{}, "extras": map[string]any{}, "requires_python": nil, "dependencies": []any{}, "images": []any{}, "warnings": []any{}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	name := map[string]any{"fact": "name", "status": "unknown", "file": "setup.py", "line": 2.0, "column": 1.0, "why": "setup.py decides"}
	if diff := cmp.Diff(name, facts[0]); diff != "" {
		t.Error(diff)
	}
}

func TestProjectErrors(t *testing.T) {
	for _, c := range []struct {
		files map[string]string
		args  []string
		want  string
	}{
		{nil, nil, "no setup.cfg, pyproject.toml or setup.py in this directory, run pbrx-go in the directory of a Python project, or name that directory"},
		{map[string]string{"pyproject.toml": projectToml}, []string{"--format", "xml"}, "--format xml: use text or json"},
		{map[string]string{"setup.cfg": "[metadata\nname = x\n"}, nil, `setup.cfg:1:1: MissingSectionHeaderError: "[metadata" stands before the first section header, begin the file with a section such as [metadata]`},
	} {
		_, _, err := runProject(t, c.files, c.args...)
		if err == nil || err.Error() != c.want {
			t.Errorf("got  %v\nwant %s", err, c.want)
			continue
		}
		if code := exitCode(err); code != exitUsage {
			t.Errorf("%v: exit code %d", err, code)
		}
	}
}

// TestProjectMayGrow has a field that is static and dynamic.
func TestProjectMayGrow(t *testing.T) {
	files := map[string]string{"pyproject.toml": `[project]
name = "ferry"
version = "1"
dynamic = ["scripts"]
scripts = {ferry = "ferry:main"}
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
`}
	stdout, _, err := runProject(t, files)
	if err != nil {
		t.Fatal(err)
	}
	const want = "console script     ferry = ferry:main        pyproject.toml:5:12\nconsole script     more may be in the wheel  pyproject.toml:5:1\n"
	if !strings.Contains(stdout, want) {
		t.Errorf("%s\nhas not\n%s", stdout, want)
	}
	stdout, _, err = runProject(t, files, "--format", "json")
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Facts []factReport }
	if err := json.Unmarshal([]byte(stdout), &got); err != nil {
		t.Fatal(err)
	}
	if fact := (factReport{Fact: "console_scripts", Status: "known", File: "pyproject.toml", Line: 5, Column: 1, MayGrow: true}); !slices.Contains(got.Facts, fact) {
		t.Errorf("no %+v in %+v", fact, got.Facts)
	}
}

// TestProjectLinks follows links inside the project and none that leads out of it.
func TestProjectLinks(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	for _, name := range []string{filepath.Join(outside, "pyproject.toml"), filepath.Join(dir, "real.toml")} {
		if err := os.WriteFile(name, []byte(projectToml), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(dir, "pyproject.toml")
	for target, want := range map[string]string{
		"real.toml":                              "",
		filepath.Join(outside, "pyproject.toml"): "pyproject.toml: reading the file: openat pyproject.toml: path escapes from parent, make it a readable file in the project",
	} {
		if err := os.RemoveAll(link); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
		_, _, err := openProject(dir)
		if got := fmt.Sprint(err); got != want && (want != "" || err != nil) {
			t.Errorf("a link to %s: %s, want %s", target, got, want)
		}
	}
}
