package builder

import (
	"encoding/json"
	"strings"
	"testing"
	"text/scanner"

	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// What check.py says of a script becomes an error that says what to do, or a warning where that is not sure.
func TestJudge(t *testing.T) {
	pos := scanner.Position{Filename: "setup.cfg", Line: 12, Column: 5}
	script := setupcfg.Script{Name: "sail", Value: "boat.cmd.sail:main", Pos: pos}
	project := &setupcfg.Project{}
	project.Extras.Value = []setupcfg.Extra{{Name: "radio", Requirements: []setupcfg.Requirement{{Text: "Ham_Radio>=2"}}}}
	for name, c := range map[string]struct {
		said          string
		constrained   bool
		dies, warning string
	}{
		"loads": {said: `{"kind": "loaded"}`},
		"undeclared": {said: `{"kind": "raised", "type": "ModuleNotFoundError", "message": "No module named 'yaml'", "missing": "yaml", "frames": ["a.py:1", "b.py:7"]}`,
			dies: "ModuleNotFoundError: No module named 'yaml' (b.py:7): nothing that the project requires brings it: add what has it to the requirements"},
		"of an extra": {said: `{"kind": "raised", "type": "ModuleNotFoundError", "message": "No module named 'ham_radio'", "missing": "ham_radio.waves"}`,
			dies: `ModuleNotFoundError: No module named 'ham_radio': the extra "radio" has it, and is not in this image: move it to the requirements, or to an extra with the name of the script`},
		"of the project": {said: `{"kind": "raised", "type": "ModuleNotFoundError", "message": "No module named 'boat.cmd'", "missing": "boat.cmd"}`,
			dies: "ModuleNotFoundError: No module named 'boat.cmd': the wheel lacks this module of the project: is it in a package that is declared, and tracked by git?"},
		"pkg_resources without setuptools": {said: `{"kind": "raised", "type": "ModuleNotFoundError", "message": "No module named 'pkg_resources'", "missing": "pkg_resources", "setuptools": ""}`,
			dies: "ModuleNotFoundError: No module named 'pkg_resources': it is a part of setuptools before 82, which nothing requires: add setuptools<81 to the requirements, or, where something requires setuptools already, constrain it with --constraint"},
		"pkg_resources with setuptools": {said: `{"kind": "raised", "type": "ModuleNotFoundError", "message": "No module named 'pkg_resources'", "missing": "pkg_resources", "setuptools": "84.0.0"}`,
			dies: "ModuleNotFoundError: No module named 'pkg_resources': setuptools 84.0.0 no longer has it: add setuptools<81 to the requirements, or, where something requires setuptools already, constrain it with --constraint"},
		"distutils": {said: `{"kind": "raised", "type": "ModuleNotFoundError", "message": "No module named 'distutils'", "missing": "distutils.version", "python": "3.13"}`,
			dies: "ModuleNotFoundError: No module named 'distutils': Python 3.13 no longer has it, setuptools brings a replacement: add setuptools to the requirements, or build on a base with an older Python"},
		"asyncore": {said: `{"kind": "raised", "type": "ModuleNotFoundError", "message": "No module named 'asyncore'", "missing": "asyncore", "python": "3.13"}`,
			dies: "ModuleNotFoundError: No module named 'asyncore': Python 3.13 no longer has it: build on a base with an older Python, or take a version that does without"},
		"no attribute": {said: `{"kind": "raised", "type": "AttributeError", "message": "module 'boat.cmd.sail' has no attribute 'main'"}`,
			dies: "AttributeError: module 'boat.cmd.sail' has no attribute 'main': correct the entry point, or the module boat.cmd.sail"},
		"library, glibc": {said: `{"kind": "raised", "type": "ImportError", "message": "libyaml-0.so.2: cannot open shared object file: No such file or directory"}`,
			dies: "ImportError: libyaml-0.so.2: cannot open shared object file: No such file or directory: name the distro package that has libyaml-0.so.2 in bindep.txt, in a line without a profile, which is for run time"},
		"library, musl": {said: `{"kind": "raised", "type": "OSError", "os": true, "message": "Error loading shared library libyaml-0.so.2: No such file or directory (needed by /x/_yaml.so)"}`,
			dies: "OSError: Error loading shared library libyaml-0.so.2: No such file or directory (needed by /x/_yaml.so): name the distro package that has libyaml-0.so.2 in bindep.txt, in a line without a profile, which is for run time"},
		"untested versions": {said: `{"kind": "raised", "type": "oslo_config.cfg.DuplicateOptError", "message": "duplicate option: x"}`,
			dies: "oslo_config.cfg.DuplicateOptError: duplicate option: x: these versions were not tested together: services of OpenStack want the upper constraints of their release: --constraint URL"},
		"constrained": {constrained: true, said: `{"kind": "raised", "type": "oslo_config.cfg.DuplicateOptError", "message": "duplicate option: x"}`,
			dies: "oslo_config.cfg.DuplicateOptError: duplicate option: x"},
		"of a dependency": {said: `{"kind": "raised", "type": "ImportError", "message": "cannot import name 'a' from 'b'", "frames": ["/opt/x/lib/python3.13/site-packages/c.py:1"]}`,
			dies: "ImportError: cannot import name 'a' from 'b' (/opt/x/lib/python3.13/site-packages/c.py:1): versions of dependencies may not go together: if there is a list of those that were tested, give it with --constraint"},
		"ends":      {said: `{"kind": "raised", "type": "SystemExit", "message": "no yaml", "status": 1, "frames": ["a.py:1"]}`, dies: "it ends with status 1 while it is loaded (no yaml)"},
		"no script": {said: `{"kind": "absent"}`, dies: "the image has no program of that name on its PATH"},
		"killed":    {said: `{"kind": "killed", "status": -11}`, dies: "signal 11 ended it while it was loaded"},
		"left":      {said: `{"kind": "killed", "status": 4}`, dies: "it ended with status 4 while it was loaded"},
		"slow":      {said: `{"kind": "slow", "seconds": 120}`, warning: "setup.cfg:12:5: sail did not load within 120 seconds: whether it starts is not known"},
		"a file": {said: `{"kind": "raised", "type": "FileNotFoundError", "os": true, "message": "no /etc/sail.conf", "frames": ["a.py:1"]}`,
			warning: "setup.cfg:12:5: sail did not load where there is no network and no configuration: FileNotFoundError: no /etc/sail.conf (a.py:1)"},
		"a variable": {said: `{"kind": "raised", "type": "KeyError", "environ": true, "message": "'SAIL'"}`,
			warning: "setup.cfg:12:5: sail did not load where there is no network and no configuration: KeyError: 'SAIL'"},
	} {
		t.Run(name, func(t *testing.T) {
			var results []loaded
			if err := json.Unmarshal([]byte("["+strings.Replace(c.said, "{", `{"script": "sail", `, 1)+"]"), &results); err != nil {
				t.Fatal(err)
			}
			b := &build{Run: &Run{}, plan: &images.Plan{}}
			if c.constrained {
				b.plan.Constraints = &images.Constraints{}
			}
			b.judge(project, []start{scriptStart(script)}, results)
			got := ""
			if len(b.failed) > 0 {
				got = (&ScriptsError{Failed: b.failed}).Error()
			}
			want := c.dies
			if want != "" {
				want = "setup.cfg:12:5: sail would die at start: " + want
			}
			if got != want {
				t.Errorf("the error is\n%s\nwant\n%s", got, want)
			}
			if got := strings.Join(b.warnings, "\n"); got != c.warning {
				t.Errorf("the warning is\n%s\nwant\n%s", got, c.warning)
			}
		})
	}
}
