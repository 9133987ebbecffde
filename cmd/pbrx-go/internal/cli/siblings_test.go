package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/pbrx-go/pbrx-go/images"
)

// What plan says of siblings, and what is refused; it needs no engine.
func TestPlanSiblings(t *testing.T) {
	dir := t.TempDir()
	flit := func(name string) string {
		return "[build-system]\nrequires = [\"flit_core>=3.4\"]\nbuild-backend = \"flit_core.buildapi\"\n\n[project]\nname = \"" + name + "\"\nversion = \"1\"\n\n[project.scripts]\nhail = \"hail:main\"\n"
	}
	for name, text := range map[string]string{
		"pyproject.toml": "[project]\nname = \"sea.fog\"\nversion = \"1\"\ndependencies = [\"tide\"]\n", "os-release": "ID=debian\nVERSION_ID=12\n",
		"upper.txt":             "Tide===0.9\nhorn===1\n",
		"near/tide/setup.cfg":   "[metadata]\nname = Tide\n",
		"near/tide/setup.py":    "from setuptools import setup\nsetup(setup_requires=['pbr'], pbr=True)\n",
		"horn/pyproject.toml":   flit("horn"),
		"twin/pyproject.toml":   flit("Horn"),
		"self/pyproject.toml":   flit("Sea_Fog"),
		"broken/pyproject.toml": "[project]\nversion = 3\n",
		"code/setup.py":         "from setuptools import setup\nsetup(name=open('x').read())\n",
		"empty/README":          "",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	run := func(env []string, args ...string) (code int, stdout, stderr string) {
		var out, errOut bytes.Buffer
		args = append([]string{"plan", "--os-release", "os-release"}, args...)
		code = Main(t.Context(), args, Streams{In: strings.NewReader(""), Out: &out, Err: &errOut}, append(env, "HOME="+dir))
		return code, out.String(), errOut.String()
	}

	// PBR_VERSION is the project's, whose version it would set were it pbr's: not the sibling's.
	code, stdout, stderr := run([]string{"PBRX_GO_SIBLING=near/tide ./horn", "PBR_VERSION=7"}, "--format", "json", "-c", "upper.txt")
	const notes = "constraint Tide===0.9 of upper.txt:1:1 is left out: it is the sibling in near/tide\n" +
		"constraint horn===1 of upper.txt:2:1 is left out: it is the sibling in ./horn\n"
	if code != 0 || stderr != notes {
		t.Errorf("status %d, %s\nwant\n%s", code, stderr, notes)
	}
	var plan images.Plan
	if err := json.Unmarshal([]byte(stdout), &plan); err != nil {
		t.Fatal(err)
	}
	want := []images.Sibling{
		{Name: "Tide", Dir: "near/tide", From: "near/tide/setup.cfg:2:1", Source: images.Source{Git: true, Tags: true, Files: "pbr", Sdist: true}},
		{Name: "horn", Dir: "./horn", Version: "1", From: "horn/pyproject.toml:6:1"},
	}
	if !reflect.DeepEqual(plan.Siblings, want) {
		t.Errorf("%+v, want %+v", plan.Siblings, want)
	}
	if len(plan.Images) != 1 || len(plan.Tools) != 1 || plan.Tools[0].From != "the version of the sibling Tide comes from git" {
		t.Errorf("images %+v, tools %+v", plan.Images, plan.Tools)
	}
	if _, stdout, _ := run(nil, "--sibling", "horn"); !strings.Contains(stdout, "sibling  horn 1        horn/pyproject.toml:6:1\n") {
		t.Errorf("the text is %s", stdout)
	}

	for _, c := range []struct {
		siblings, stderr string
	}{
		{"nowhere os-release", "error: reading a sibling: stat nowhere: no such file or directory\nerror: reading a sibling: os-release is no directory\n"},
		{"empty self", "error: --sibling empty: there is no setup.cfg, pyproject.toml or setup.py in it: name the folder of a Python project\n" +
			"error: --sibling self: Sea_Fog is the project itself: leave it out\n"},
		{"horn near/tide twin", "error: horn and twin are both Horn: name one of them\n"},
		{"code", "error: --sibling code: what it is called is known from its wheel only: say the name in setup.cfg or pyproject.toml\n"},
		{"broken", "error: broken/pyproject.toml:1:1: [project] must have a name, which may not be dynamic, add name = \"…\"\n" +
			"error: broken/pyproject.toml:2:1: project.version must be a string, put it into quotes\n"},
	} {
		if code, _, stderr := run([]string{"PBRX_GO_SIBLING=" + c.siblings}); code != 2 || stderr != c.stderr {
			t.Errorf("%s: status %d, %s\nwant 2, %s", c.siblings, code, stderr, c.stderr)
		}
	}
}
