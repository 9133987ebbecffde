package projectfiles

import (
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// project writes files below a new folder.
func project(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// sent are the files that are sent, of those that are there.
func sent(c *Choice, files map[string]string) string {
	var out []string
	for name := range files {
		if c.Sends(name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

const (
	tomlHatch  = "[build-system]\nrequires = [\"hatchling>=1\"]\n[project]\nname = \"x\"\ndescription = \"data\"\nreadme = \"docs/start.md\"\nlicense-files = [\"legal/*.txt\"]\n"
	tomlPoetry = "[build-system]\nrequires = [\"poetry-core\"]\n[tool.poetry]\nkeywords = [\"data\"]\npackages = [{include = \"foo\", from = \"lib\"}]\ninclude = [{path = \"share/made\"}, \"maps/**/*.json\"]\nexclude = [\"data\"]\n[tool.ruff]\nsrc = [\"data\"]\n"
	tomlSCM    = "[build-system]\nrequires = [\"setuptools\", \"setuptools_scm\"]\n[tool.setuptools.packages.find]\nwhere = [\"lib\"]\n[tool.setuptools.package-data]\n\"*\" = [\"*.json\", \"static/*\"]\n"
)

// What git does not track is sent for one of the reasons that the package names.
func TestUntracked(t *testing.T) {
	for name, c := range map[string]struct {
		tracked, untracked map[string]string
		listFromGit        bool
		want               string
	}{
		"code anywhere, configuration at the top": {
			tracked: map[string]string{"setup.py": "", "native/a.c": ""},
			untracked: map[string]string{"native/made.h": "", "native/notes.txt": "", "deep/down/gen.py": "", "requirements-dev.txt": "", "README.md": "", "VERSION": "1",
				"other/README.md": "", "notes.txt": "", ".env": "token", "big.bin": "", "rust/Cargo.toml": "", "rust/src/lib.rs": ""},
			want: "README.md VERSION deep/down/gen.py native/made.h requirements-dev.txt rust/Cargo.toml rust/src/lib.rs",
		},
		"packages, list from the tree": {
			tracked:   map[string]string{"pyproject.toml": tomlHatch, "foo/__init__.py": "", "src/bar/__init__.py": "", "tests/__init__.py": "", "data/x": ""},
			untracked: map[string]string{"foo/made.bin": "", "foo/deep/made": "", "src/made.bin": "", "new/__init__.py": "", "new/made.bin": "", "tests/made.bin": "", "data/made.bin": ""},
			want:      "foo/deep/made foo/made.bin new/__init__.py new/made.bin src/made.bin",
		},
		"packages, list from git": {
			tracked:     map[string]string{"pyproject.toml": tomlSCM, "lib/foo/__init__.py": ""},
			untracked:   map[string]string{"lib/foo/made.bin": "", "lib/foo/made.json": "", "lib/foo/sub/static/made": "", "lib/foo/made.py": "", "made.json": "", "src/made": ""},
			listFromGit: true,
			want:        "lib/foo/made.json lib/foo/made.py lib/foo/sub/static/made",
		},
		"pyproject.toml, hatch": {
			tracked:   map[string]string{"pyproject.toml": tomlHatch + "[tool.hatch.build]\nartifacts = [\"*.so\", \"gen/*.dat\"]\n[tool.hatch.build.targets.wheel.force-include]\n\"dist-web\" = \"foo/web\"\n[tool.hatch.build.hooks.vcs]\nversion-file = \"made/version.txt\"\n"},
			untracked: map[string]string{"docs/start.md": "", "docs/other.md": "", "legal/MIT.txt": "", "legal/MIT.md": "", "dist-web/a/b.js": "", "made/version.txt": "", "made/other.txt": "", "x.so": "", "gen/a.dat": "", "gen/a.txt": "", "data/x": ""},
			want:      "dist-web/a/b.js docs/start.md gen/a.dat legal/MIT.txt made/version.txt x.so",
		},
		"pyproject.toml, poetry": {
			tracked:   map[string]string{"pyproject.toml": tomlPoetry},
			untracked: map[string]string{"lib/foo/made": "", "share/made/x": "", "share/other": "", "maps/a.json": "", "maps/b/c/d.json": "", "data/x": ""},
			want:      "lib/foo/made maps/a.json maps/b/c/d.json share/made/x",
		},
		"setup.cfg": {
			tracked:     map[string]string{"setup.cfg": "[metadata]\nname = data\nsummary = all of data\ndescription-file = TEXT\nlicense_files = LEGAL*\n[files]\npackages = foo\ndata_files =\n  etc/foo = etc/*\n  share = share/a share/b\n[tool:pytest]\ntestpaths = data\n", "foo/__init__.py": ""},
			untracked:   map[string]string{"TEXT": "", "LEGAL-1": "", "etc/made": "", "share/a": "", "share/c": "", "data/x": "", "foo/x": ""},
			listFromGit: true,
			want:        "LEGAL-1 TEXT etc/made share/a",
		},
		"setup.py": {
			tracked:     map[string]string{"setup.py": "from setuptools import setup\nopen('LONG').read()\nsetup(packages=['foo'], package_data={'foo': [\"data/*.dat\"]}, data_files=[('share', ['share/x'])])\n", "foo/__init__.py": ""},
			untracked:   map[string]string{"LONG": "", "foo/data/x.dat": "", "foo/data/x.txt": "", "share/x": "", "share/y": "", "foo/x": ""},
			listFromGit: true,
			want:        "LONG foo/data/x.dat share/x",
		},
		"everything in packages": {
			tracked:     map[string]string{"setup.py": "setup(package_data={'foo': ['*']}, exclude=['**/*'])\n", "foo/__init__.py": ""},
			untracked:   map[string]string{"x": "", "y/x": "", "foo/x": ""},
			listFromGit: true,
			want:        "foo/x",
		},
		"MANIFEST.in": {
			tracked: map[string]string{"setup.py": "", "MANIFEST.in": "include one.txt \\\n  two*.txt\nrecursive-include web *.js *.css # built\ngraft .assets\nprune .assets/raw\nglobal-include *.mo\nexclude two-not.txt\nnonsense\n"},
			untracked: map[string]string{"one.txt": "", "two-a.txt": "", "two-not.txt": "", "sub/one.txt": "", "web/a.js": "", "web/x/y/b.css": "", "web/c.html": "",
				".assets/a": "", ".assets/raw/b": "", "locale/de/x.mo": "", ".hidden/x.mo": ""},
			want: ".assets/a locale/de/x.mo one.txt two-a.txt web/a.js web/x/y/b.css",
		},
		"what tools make": {
			tracked: map[string]string{"setup.py": "", "foo/__init__.py": "", "dist/kept": "", "old.egg-info/kept": ""},
			untracked: map[string]string{".tox/py/x.py": "", "venv/x.py": "", "env2/pyvenv.cfg": "", "env2/lib/x.py": "", "target/CACHEDIR.TAG": "", "target/x.rs": "", "clone/.git/HEAD": "", "clone/x.py": "",
				"node_modules/a.py": "", "web/node_modules/a.py": "", "foo/__pycache__/x.py": "", "foo/x.pyc": "", "dist/x.py": "", "build/lib/x.py": "", "build/own.py": "", ".idea/x.py": "", "foo.egg-info/x.py": ""},
			want: "build/own.py dist/x.py", // git tracks a part of dist
		},
	} {
		t.Run(name, func(t *testing.T) {
			files := maps.Clone(c.tracked)
			maps.Copy(files, c.untracked)
			choice, err := Choose(Options{Dir: project(t, files), Tracked: slices.Collect(maps.Keys(c.tracked)), ListFromGit: c.listFromGit})
			if err != nil {
				t.Fatal(err)
			}
			if got := sent(choice, c.untracked); got != c.want {
				t.Errorf("of what git does not track is sent\n%s\nwant\n%s", got, c.want)
			}
			if got, want := sent(choice, c.tracked), strings.Join(slices.Sorted(maps.Keys(c.tracked)), " "); got != want {
				t.Errorf("of what git tracks is sent\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestDockerignore(t *testing.T) {
	for name, c := range map[string]struct {
		ignore   string
		untracks bool
		want     string
		excluded string
	}{
		"none":              {"", false, "LICENSE README data/a data/sub/b foo/__init__.py foo/x.bin pyproject.toml setup.cfg", ""},
		"folder":            {"# all of it\n/data/\n", false, "LICENSE README foo/__init__.py foo/x.bin pyproject.toml setup.cfg", "data/a data/sub/b"},
		"exception":         {"data\n!data/sub\n", false, "LICENSE README data/sub/b foo/__init__.py foo/x.bin pyproject.toml setup.cfg", "data/a"},
		"everything":        {"*\n!foo\n**/*.bin\n", false, "LICENSE README foo/__init__.py pyproject.toml setup.cfg", "data/a data/sub/b foo/x.bin"},
		"exception, no git": {"data\n!data/sub\n", true, "LICENSE README data/sub/b foo/__init__.py foo/x.bin pyproject.toml setup.cfg", ""},
		"no git":            {"*\n!foo\n**/*.bin\n", true, "LICENSE README foo/__init__.py pyproject.toml setup.cfg", ""},
		"history":           {".git\n", true, "LICENSE README data/a data/sub/b foo/__init__.py foo/x.bin pyproject.toml setup.cfg", ""},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{"setup.cfg": "", "pyproject.toml": "[project]\nreadme = \"README\"\nlicense-files = [\"LIC*\"]\n", "README": "", "LICENSE": "",
				"foo/__init__.py": "", "foo/x.bin": "", "data/a": "", "data/sub/b": ""}
			tracked := slices.Collect(maps.Keys(files))
			files[".dockerignore"] = c.ignore
			if c.untracks {
				tracked = nil
			}
			choice, err := Choose(Options{Dir: project(t, files), Tracked: tracked})
			if err != nil {
				t.Fatal(err)
			}
			if got := sent(choice, files); got != c.want {
				t.Errorf("%s is sent, want %s", got, c.want)
			}
			var excluded []string
			for name := range files {
				if choice.Excludes(name) {
					excluded = append(excluded, name)
				}
			}
			slices.Sort(excluded)
			if got := strings.Join(excluded, " "); got != c.excluded {
				t.Errorf("%s is tracked and excluded, want %s", got, c.excluded)
			}
		})
	}
}

// The optional configuration is no part of the project, unless that asks for it.
func TestConfiguration(t *testing.T) {
	files := map[string]string{"setup.py": "", "pbrx-go.toml": "", "pbrx-go.lock": "", "foo/pbrx-go.toml": ""}
	for name, c := range map[string]struct {
		tracked        []string
		pyproject      string
		want, excluded string
	}{
		"tracked":   {[]string{"setup.py", "pbrx-go.toml", "pbrx-go.lock", "foo/pbrx-go.toml"}, "", "foo/pbrx-go.toml setup.py", "pbrx-go.lock pbrx-go.toml"},
		"untracked": {[]string{"setup.py"}, "", "setup.py", ""},
		"no git":    {nil, "", "foo/pbrx-go.toml setup.py", ""},
		"asked for": {[]string{"setup.py", "pbrx-go.toml"}, "[project]\nreadme = \"pbrx-go.toml\"\n", "pbrx-go.toml setup.py", ""},
	} {
		t.Run(name, func(t *testing.T) {
			all := maps.Clone(files)
			if c.pyproject != "" {
				all["pyproject.toml"] = c.pyproject
			}
			choice, err := Choose(Options{Dir: project(t, all), Tracked: c.tracked})
			if err != nil {
				t.Fatal(err)
			}
			var excluded []string
			for _, name := range slices.Sorted(maps.Keys(files)) {
				if choice.Excludes(name) {
					excluded = append(excluded, name)
				}
			}
			if got := sent(choice, files); got != c.want || strings.Join(excluded, " ") != c.excluded {
				t.Errorf("%s is sent, want %s; %s is tracked and excluded, want %s", got, c.want, excluded, c.excluded)
			}
		})
	}
}

func TestDockerignoreProblems(t *testing.T) {
	const hint = "; put a backslash before a character that stands for itself, and a path after an exclamation mark"
	const want = `.dockerignore:2: "a[" is not a pattern: syntax error in pattern` + hint + "\n" +
		`.dockerignore:4: "!" is not a pattern: illegal exclusion pattern: "!"` + hint + "\n" +
		`.dockerignore:5: "[z-a]" is not a pattern: syntax error in pattern` + hint
	_, err := Choose(Options{Dir: project(t, map[string]string{".dockerignore": "\ufeff# [\na[\n!ok\n  !  \n[z-a]\n"})})
	if err == nil || err.Error() != want {
		t.Errorf("%v\nwant\n%s", err, want)
	}
}

// What is sent is counted, and what is not; links are not followed.
func TestCounts(t *testing.T) {
	dir := project(t, map[string]string{"setup.py": "12345", "a/one": "1", "a/big": "123456", "b/two": "1234567", "elsewhere/x": "x"})
	for link, to := range map[string]string{"a/link": "../setup.py", "tracked": "elsewhere"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	c, err := Choose(Options{Dir: dir, Tracked: []string{"setup.py", "a/one", "gone", "a/link", "tracked/x"}})
	if err != nil {
		t.Fatal(err)
	}
	if c.Files != 3 || c.Bytes != 6 || !c.Sends("a") || c.Sends("b") || c.Sends("tracked") || !c.Sends("a/link") {
		t.Errorf("%d files with %d bytes are sent: %v", c.Files, c.Bytes, c.sent)
	}
	if l := c.LeftOut; l.Files != 4 || l.Bytes != 14 || l.Largest != "b/two" {
		t.Errorf("%+v is left out", l)
	}
}

func TestExpression(t *testing.T) {
	for pattern, c := range map[string]struct{ yes, no []string }{
		"*.py":       {[]string{"a.py", "a.py/b"}, []string{"a/b.py", "apy"}},
		"a/**/b":     {[]string{"a/b", "a/x/y/b", "a/b/c"}, []string{"ab", "a/bb"}},
		"a/**":       {[]string{"a/b", "a/b/c"}, []string{"b/a"}},
		"[!a-c]?.\\": {[]string{"dx.\\"}, []string{"ax.\\", "d/.\\"}},
		"[a^[]":      {[]string{"^", "["}, []string{"b"}},
		"a[":         {[]string{"a["}, []string{"a"}},
	} {
		re := anyOf("", []string{pattern})
		for _, s := range c.yes {
			if !re.MatchString(s) {
				t.Errorf("%s does not match %s", pattern, s)
			}
		}
		for _, s := range c.no {
			if re.MatchString(s) {
				t.Errorf("%s matches %s", pattern, s)
			}
		}
	}
	if re := anyOf("", []string{"[z-a]"}); re != nil {
		t.Errorf("%s is what an impossible class became", re)
	}
}

// Folders that nobody needs are passed by, and big ones are no burden.
func BenchmarkUntracked(b *testing.B) {
	dir := b.TempDir()
	for n := range 100 {
		folder := filepath.Join(dir, "data", path.Join("x", string(rune('a'+n%26)), string(rune('a'+n/26))))
		if err := os.MkdirAll(folder, 0o755); err != nil {
			b.Fatal(err)
		}
		for m := range 1000 {
			if err := os.WriteFile(filepath.Join(folder, "file-"+string(rune('a'+m%26))+"-"+string(rune('A'+m/26))+".json"), nil, 0o600); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "setup.py"), []byte("setup(package_data={'foo': ['*.json', 'x/*.txt']})\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		c, err := Choose(Options{Dir: dir, Tracked: []string{"setup.py"}})
		if err != nil || c.Files != 1 || c.LeftOut.Files != 100000 {
			b.Fatalf("%v, %+v", err, c)
		}
	}
}
