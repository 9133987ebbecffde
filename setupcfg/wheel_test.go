package setupcfg

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// demo is a project that knows nearly everything.
func demo(t *testing.T, extra ...string) *Project {
	t.Helper()
	text := `[project]
name = "Demo.App"
version = "1.0.0-rc1"
requires-python = ">=3.9, <4"
dependencies = ["a>=1", "b ; python_version<'3'"]
[project.scripts]
demo = "demo:main"
demo-manage = "demo.manage:run"
[project.gui-scripts]
demo-gui = "demo:gui"
[project.optional-dependencies]
Demo_Base = ["c"]
empty = []
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
`
	p, err := Load(fstest.MapFS{"pyproject.toml": &fstest.MapFile{Data: []byte(strings.Replace(text, "[project]\n", "[project]\n"+strings.Join(extra, "\n"), 1))}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const demoMetadata = `Metadata-Version: 2.4
Name: demo-app
Version: 1rc1
Requires-Python: <4,>=3.9
Requires-Dist: a>=1
Requires-Dist: b; python_version < "3"
Provides-Extra: demo-base
Requires-Dist: c; extra == 'demo-base'
Provides-Extra: empty
`

const demoEntryPoints = "[console_scripts]\ndemo-manage = demo.manage:run\ndemo = demo:main\n\n[gui_scripts]\ndemo-gui = demo:gui\n"

func parseDemo(t *testing.T, metadata, entryPoints string) *Wheel {
	t.Helper()
	w, err := ParseWheel([]byte(metadata), []byte(entryPoints))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// TestConfirm changes one thing of a wheel that agrees with its project.
func TestConfirm(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"agrees", "", "", ""},
		{"name", "Name: demo-app", "Name: demoapp", `pyproject.toml:2:1: the project is called "Demo.App" here, but the wheel's METADATA:2:1 says "demoapp"`},
		{"version", "Version: 1rc1", "Version: 1.0.1", `pyproject.toml:3:1: the version is "1.0.0-rc1" here, but the wheel's METADATA:3:1 says "1.0.1"`},
		{"python", "Requires-Python: <4,>=3.9\n", "", `pyproject.toml:4:1: Python ">=3.9, <4" is required here, but the wheel's METADATA says ""`},
		{"script gone", "demo-manage = demo.manage:run\n", "", `pyproject.toml:8:1: console script "demo-manage" is declared here, but the wheel's entry_points.txt has no such script`},
		{"script differs", "demo = demo:main", "demo = demo:other", `pyproject.toml:7:1: console script "demo" is demo:main here, but demo:other in the wheel's entry_points.txt:3:1`},
		{"script more", "demo = demo:main", "demo = demo:main\nmore = m:f", `pyproject.toml:6:1: console script "more" of the wheel's entry_points.txt:4:1 is not declared here`},
		{"gui gone", "demo-gui = demo:gui\n", "", `pyproject.toml:10:1: GUI script "demo-gui" is declared here, but the wheel's entry_points.txt has no such script`},
		{"extra gone", "Provides-Extra: demo-base\n", "", `pyproject.toml:12:1: the extra "Demo_Base" is declared here, but the wheel's METADATA has no such Provides-Extra`},
		{"empty extra gone", "Provides-Extra: empty\n", "", ""},
		{"extra's requirement gone", "Requires-Dist: c; extra == 'demo-base'\n", "", `pyproject.toml:12:14: the requirement "c" is declared here, but the wheel's METADATA has no such Requires-Dist`},
		{"requirement gone", "Requires-Dist: a>=1\n", "", `pyproject.toml:5:17: the requirement "a>=1" is declared here, but the wheel's METADATA has no such Requires-Dist`},
		{"requirement only in an extra", "Requires-Dist: a>=1\n", "Requires-Dist: a>=1 ; extra == \"x\"\n", `pyproject.toml:5:17: the requirement "a>=1" is declared here, but the wheel's METADATA has no such Requires-Dist`},
		{"requirement with a marker gone", "Requires-Dist: b; python_version < \"3\"\n", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := parseDemo(t, strings.Replace(demoMetadata, c.old, c.new, 1), strings.Replace(demoEntryPoints, c.old, c.new, 1))
			got := ""
			if err := demo(t).Confirm(w); err != nil {
				got = err.Error()
			}
			if c.want != "" {
				c.want += ", find out what the build backend reads instead"
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestConfirmReportsAll(t *testing.T) {
	err := demo(t).Confirm(parseDemo(t, "Metadata-Version: 2.1\nName: x\nVersion: 1\n", ""))
	if got := strings.Count(err.Error(), "\n") + 1; got != 8 {
		t.Errorf("%d errors:\n%v", got, err)
	}
}

// TestComplete shows what a wheel adds to a project that knows its facts, and what to one that does not.
func TestComplete(t *testing.T) {
	w := parseDemo(t, strings.Replace(demoMetadata, "Requires-Dist: b; python_version < \"3\"\n", "Requires-Dist: z\nProvides-Extra: More\nRequires-Dist: m ; (x) and extra == \"more\"\n", 1), demoEntryPoints)
	before := demo(t)
	p, err := before.Complete(w)
	if err != nil {
		t.Fatal(err)
	}
	want := `name @ pyproject.toml:2:1: Demo.App
version @ pyproject.toml:3:1: 1.0.0-rc1
version source: static
backend @ pyproject.toml:16:1: hatchling.build
family: hatch, needs git: false
build requires @ pyproject.toml:15:1:
  hatchling @ pyproject.toml:15:13
console scripts @ pyproject.toml:6:1:
  demo = demo:main [] @ pyproject.toml:7:1
  demo-manage = demo.manage:run [] @ pyproject.toml:8:1
gui scripts @ pyproject.toml:9:1:
  demo-gui = demo:gui [] @ pyproject.toml:10:1
extras @ pyproject.toml:11:1:
  demo-base @ pyproject.toml:12:1
    c @ pyproject.toml:12:14
  empty @ pyproject.toml:13:1
  More @ METADATA
    m ; (x) and extra == "more" @ METADATA
dependencies @ pyproject.toml:5:1:
  a>=1 @ pyproject.toml:5:17
  b ; python_version<'3' @ pyproject.toml:5:25
requires python @ pyproject.toml:4:1: >=3.9, <4
warning: METADATA: the extra "More" is found in the wheel only
warning: pyproject.toml:5:25: the requirement "b ; python_version<'3'" is not in the wheel: its marker was evaluated where the wheel was built, or the build backend lost it
warning: METADATA: the requirement "z" is found in the wheel only
`
	if diff := cmp.Diff(want, describe(p, nil)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(demo(t), before); diff != "" {
		t.Errorf("Complete changed the project it was called on:\n%s", diff)
	}
}

func TestCompleteUnknown(t *testing.T) {
	p, err := Load(fstest.MapFS{"setup.py": &fstest.MapFile{Data: []byte("from setuptools import setup\nsetup(**kw)\n")}})
	if err != nil {
		t.Fatal(err)
	}
	if p, err = p.Complete(parseDemo(t, demoMetadata, demoEntryPoints)); err != nil {
		t.Fatal(err)
	}
	want := `name @ METADATA:2:1: demo-app
version @ METADATA:3:1: 1rc1
version source: setup.py
backend @ setup.py: setuptools.build_meta:__legacy__
family: setuptools, needs git: false
build requires @ setup.py:
  setuptools>=40.8.0 @ setup.py
console scripts @ entry_points.txt:2:1:
  demo-manage = demo.manage:run [] @ entry_points.txt:2:1
  demo = demo:main [] @ entry_points.txt:3:1
gui scripts @ entry_points.txt:6:1:
  demo-gui = demo:gui [] @ entry_points.txt:6:1
extras @ METADATA:
  demo-base @ METADATA
    c; extra == 'demo-base' @ METADATA
  empty @ METADATA
dependencies @ METADATA:
  a>=1 @ METADATA
  b; python_version < "3" @ METADATA
requires python @ METADATA:4:1: <4,>=3.9
`
	if diff := cmp.Diff(want, describe(p, nil)); diff != "" {
		t.Error(diff)
	}
}

func TestCompleteGrowsWhatMayGrow(t *testing.T) {
	p, err := demo(t, `dynamic = ["scripts"]`+"\n").Complete(parseDemo(t, demoMetadata, demoEntryPoints[:len("[console_scripts]\n")]+"more = m:f\n"+demoEntryPoints[len("[console_scripts]\n"):]))
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, s := range p.ConsoleScripts.Value {
		got += s.Name + " "
	}
	if got != "demo demo-manage more " || p.ConsoleScripts.MayGrow {
		t.Error(got)
	}
}

func TestParseWheelErrors(t *testing.T) {
	_, err := ParseWheel([]byte("Metadata-Version: 3.0\nName: x\nno header\n"), []byte("early = m:f\n[console_scripts]\nbad\nfoo = m\nok = m:f\nok = m:g\n[other]\nx y = anything\n"))
	want := `METADATA:1:1: Metadata-Version "3.0" is not known, a newer pbrx-go may know it
METADATA:3:1: "no header" is no header
entry_points.txt:1:1: "early = m:f" stands before the first group, begin the file with a group such as [console_scripts]
entry_points.txt:3:1: "bad" in console_scripts is no entry point, write name = module:function
entry_points.txt:4:1: console script "foo": "m" is no object reference: it has no ":" and so no function to call, write module:function, optionally followed by [extra]
entry_points.txt:6:1: console script "ok" exists already, at entry_points.txt:5:1, keep one of them`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	if _, err := ParseMetadata([]byte("Metadata-Version: 2.1\nName: x\n\nVersion: 1\n")); err == nil || err.Error() != "METADATA: the wheel's metadata has no Name or no Version" {
		t.Error(err)
	}
}

func TestParseMetadata(t *testing.T) {
	w, err := ParseMetadata([]byte("METADATA-version: 1.2\r\nname: x\r\nSummary: a\r\n\tb: c\r\nVersion: 1\r\nRequires-Dist: a\r\n   ; b\r\n\r\nName: body\r\n"))
	if err != nil || w.Name != "x" || w.Version != "1" || fmt.Sprintf("%q", w.RequiresDist) != `["a\n; b"]` {
		t.Errorf("%+v, %v", w, err)
	}
}

func TestNormalVersion(t *testing.T) {
	for _, group := range [][]string{
		{"1.0.0", "1", "v1.0", "01.00", " 1.0 "},
		{"1.0a1", "1.0-alpha.1", "1.0.A1", "1a1"},
		{"1.0rc1", "1.0c1", "1.0-pre1", "1.0_preview_1"},
		{"1.0.post2", "1.0-2", "1.0rev2", "1-r2"},
		{"1.0.dev0", "1.0dev", "1.0-DEV0"},
		{"1!2.0+local.1", "1!2+Local-1"},
		{"1.0b2.post345.dev456"},
		{"10"}, {"2"}, {"1.1"}, {"master-abc"},
	} {
		for _, v := range group {
			if got, want := normalVersion(v), normalVersion(group[0]); got != want {
				t.Errorf("%q is %q, but %q is %q", v, got, group[0], want)
			}
		}
	}
	seen := map[string]string{}
	for _, v := range []string{"1", "1.1", "2", "10", "1a1", "1rc1", "1.post1", "1.dev1", "1+a", "1!1", "1b2.post345.dev456"} {
		n := normalVersion(v)
		if other, ok := seen[n]; ok {
			t.Errorf("%q and %q are both %q", v, other, n)
		}
		seen[n] = v
	}
}

// TestCompleteShares makes sure that two completions of one project do not write into each other.
func TestCompleteShares(t *testing.T) {
	p := demo(t)
	p.Warnings = append(make([]Warning, 0, 10), Warning{Msg: "first"})
	more := func(name string) *Project {
		c, err := p.Complete(parseDemo(t, demoMetadata+"Requires-Dist: "+name+"\n", demoEntryPoints))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	one := more("one")
	more("two")
	if want := `METADATA: the requirement "one" is found in the wheel only`; len(one.Warnings) != 2 || one.Warnings[1].String() != want {
		t.Errorf("%q, want %q", one.Warnings, want)
	}
}

// TestConfirmHostileName refuses what would name something else than a project.
func TestConfirmHostileName(t *testing.T) {
	p, err := Load(fstest.MapFS{"setup.py": &fstest.MapFile{Data: []byte("setup(**kw)\n")}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"../evil", "a b", "-x", "x/y", "é"} {
		err := p.Confirm(parseDemo(t, "Metadata-Version: 2.1\nName: "+name+"\nVersion: 1\n", ""))
		want := fmt.Sprintf("METADATA:2:1: %q cannot be the name of a project, find out what the build backend reads instead", name)
		if err == nil || err.Error() != want {
			t.Errorf("%v\nwant\n%s", err, want)
		}
	}
}

// TestConfirmExtrasOfOthers has a requirement that Poetry writes down once for two extras, and a project that requires
// itself, which Hatch resolves and setuptools does not.
func TestConfirmExtrasOfOthers(t *testing.T) {
	text := "[project]\nname = \"x\"\nversion = \"1\"\n[project.optional-dependencies]\na = [\"r\"]\nb = [\"r\"]\nall = [\"X[a]\"]\n[build-system]\nrequires = []\nbuild-backend = \"hatchling.build\"\n"
	p, err := Load(fstest.MapFS{"pyproject.toml": &fstest.MapFile{Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	head := "Metadata-Version: 2.1\nName: x\nVersion: 1\nProvides-Extra: a\nProvides-Extra: b\nProvides-Extra: all\n"
	if err := p.Confirm(parseDemo(t, head+"Requires-Dist: r ; extra == \"a\" or extra == \"b\" or extra == \"all\"\n", "")); err != nil {
		t.Error(err)
	}
	want := `pyproject.toml:6:6: the requirement "r" is declared here, but the wheel's METADATA has no such Requires-Dist, find out what the build backend reads instead`
	if err := p.Confirm(parseDemo(t, head+"Requires-Dist: r ; extra == \"a\" or extra == \"all\"\n", "")); err == nil || err.Error() != want {
		t.Errorf("%v\nwant\n%s", err, want)
	}
}

func TestDataScriptsOfTheWheel(t *testing.T) {
	declared := fstest.MapFS{"setup.py": &fstest.MapFile{Data: []byte("setup(name='x', scripts=['bin/aws'])\n")}}
	growing := fstest.MapFS{"setup.py": &fstest.MapFile{Data: []byte("setup(name='x', scripts=['bin/aws'], cmdclass=c)\n")}}
	unknown := fstest.MapFS{"setup.py": &fstest.MapFile{Data: []byte("setup(name='x', scripts=more)\n")}}
	none := fstest.MapFS{"setup.py": &fstest.MapFile{Data: []byte("setup(name='x')\n")}}
	const head = "known @ setup.py:1:17: aws = bin/aws @ setup.py:1:26; "
	for name, c := range map[string]struct {
		files   fstest.MapFS
		scripts []string // nil: nobody says
		want    string
	}{
		"declared":                     {declared, []string{"aws"}, head},
		"declared, nobody says":        {declared, nil, "known @ setup.py:1:17: aws = bin/aws @ setup.py:1:26; "},
		"declared, and more":           {declared, []string{"aws", "aws.cmd"}, head + "aws.cmd = x_y-1.0.data/scripts/aws.cmd @ x_y-1.0.data/scripts/aws.cmd; warning: x_y-1.0.data/scripts/aws.cmd: the script \"aws.cmd\" is found in the wheel only"},
		"declared, but not there":      {declared, []string{"as"}, `setup.py:1:26: the script "bin/aws" is declared here, but the wheel has no "aws" among its scripts, find out what the build backend reads instead`},
		"declared, but in a folder":    {declared, []string{"f/aws"}, `setup.py:1:26: the script "bin/aws" is declared here, but the wheel has no "aws" among its scripts, find out what the build backend reads instead`},
		"may grow":                     {growing, []string{"aws", "b"}, head + "b = x_y-1.0.data/scripts/b @ x_y-1.0.data/scripts/b; "},
		"unknown":                      {unknown, []string{"a", "b/c"}, "known @ x_y-1.0.data/scripts/a: a = x_y-1.0.data/scripts/a @ x_y-1.0.data/scripts/a; "},
		"unknown, and there are none":  {unknown, []string{}, "absent @ <input>: "},
		"unknown, nobody says":         {unknown, nil, "unknown @ setup.py:1:17: "},
		"absent, and yet there is one": {none, []string{"a"}, "known @ x_y-1.0.data/scripts/a: a = x_y-1.0.data/scripts/a @ x_y-1.0.data/scripts/a; warning: x_y-1.0.data/scripts/a: the script \"a\" is found in the wheel only"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Load(c.files)
			if err != nil {
				t.Fatal(err)
			}
			w := parseDemo(t, "Metadata-Version: 2.1\nName: x\nVersion: 1\n", "")
			if c.scripts != nil {
				w.AddDataScripts("x_y-1.0-1-py3-none-any.whl", c.scripts)
			}
			var got string
			if p, err = p.Complete(w); err != nil {
				got = err.Error()
			} else {
				got = fmt.Sprintf("%s @ %s: ", p.DataScripts.Status, p.DataScripts.Pos)
				for _, s := range p.DataScripts.Value {
					got += fmt.Sprintf("%s = %s @ %s; ", s.Name, s.Value, s.Pos)
				}
				for _, warning := range p.Warnings {
					got += "warning: " + warning.String()
				}
				if p.DataScripts.MayGrow {
					t.Error("nothing can be added any more")
				}
			}
			if got != c.want {
				t.Errorf("%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestVersionThatStandsForNone(t *testing.T) {
	const tags = "which stands for none: pbr takes the version from git's tags, if there is a tag, fetch it: git fetch --tags, and --unshallow for a shallow clone"
	pbr := fstest.MapFS{"setup.py": {Data: []byte("setup(pbr=True)\n")}, "setup.cfg": {Data: []byte("[metadata]\nname = x\n")}}
	py := fstest.MapFS{"setup.py": {Data: []byte("setup(**kw)\n")}}
	static := fstest.MapFS{"setup.py": {Data: []byte("setup(name='x', version='0')\n")}}
	for _, c := range []struct {
		files         fstest.MapFS
		version, want string
	}{
		{pbr, "0.0.0", "METADATA:3:1: the wheel's version is 0.0.0, " + tags},
		{pbr, "0.0.1.dev7", "METADATA:3:1: the wheel's version is 0.0.1.dev7, " + tags},
		{pbr, "0.0.1", ""},
		{py, "0", "METADATA:3:1: the wheel's version is 0, which stands for none: setup.py decides"},
		{py, "0.0.1.dev7", ""},
		{static, "0.0", ""},
	} {
		p, err := Load(c.files)
		if err != nil {
			t.Fatal(err)
		}
		before := len(p.Warnings)
		if p, err = p.Complete(parseDemo(t, "Metadata-Version: 2.1\nName: x\nVersion: "+c.version+"\n", "")); err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, w := range p.Warnings[before:] {
			got += w.String()
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.version, got, c.want)
		}
	}
}
