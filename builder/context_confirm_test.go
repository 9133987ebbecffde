package builder

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// change writes files of a tree, below it.
func change(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// plumbing begins a setup.py that asks git in a way that takes what the index remembers of a file for granted.
const plumbing = "import os, subprocess\nif os.path.exists(\".git\") and subprocess.call([\"git\", \"diff-index\", \"--quiet\", \"HEAD\"]):\n    raise SystemExit(\"pbrx-go: the tree is dirty\")\n"

// What .dockerignore takes away is not in the wheel, and to git the tree is as clean as it was.
func TestConfirmWheelsOfAContext(t *testing.T) {
	python := backends(t)
	for name, c := range map[string]struct {
		tool, below string
		ignore      string
		change      map[string]string
		plumbing    bool
		want        string
	}{
		"pbr":                             {tool: "pbr", ignore: "demo/data.txt\n", want: "demo-1.2.0 without data"},
		"a hook with git's plumbing":      {tool: "pbr", plumbing: true, want: "demo-1.2.0 with data"},
		"setuptools_scm":                  {tool: "scm", ignore: "**/*.txt\n", want: "demo-1.2.0 without data"},
		"hatch-vcs":                       {tool: "hatch", ignore: "*\n!demo\n**/*.txt\n", want: "demo-1.2.0 without data"},
		"versioningit":                    {tool: "versioningit", ignore: "demo/data.txt\nsetup.cfg\npyproject.toml\n", want: "demo-1.2.0 without data"},
		"pbr, subdirectory":               {tool: "pbr", below: "lib", ignore: "demo/data.txt\nsetup.*\n", want: "demo-1.2.0 without data"},
		"setuptools_scm, subdirectory":    {tool: "scm", below: "lib", ignore: "**/*.txt\n", want: "demo-1.2.0 without data"},
		"the history is ignored":          {tool: "pbr", ignore: ".git\n", want: "demo-1.2.0 with data"},
		"changed, pbr":                    {tool: "pbr", change: map[string]string{"demo/data.txt": "DATA\n"}, want: "demo-1.2.0 with data"},
		"changed, setuptools_scm":         {tool: "scm", change: map[string]string{"demo/data.txt": "DATA\n"}, want: "demo-1.2.1.dev0+g with data"},
		"changed, versioningit":           {tool: "versioningit", change: map[string]string{"demo/__init__.py": "1\n"}, want: "demo-1.2.0+d with data"},
		"beside the project, pbr":         {tool: "pbr", change: map[string]string{"big.bin": "big"}, want: "demo-1.2.0 with data"},
		"beside the project, with a list": {tool: "scm", change: map[string]string{"big.bin": "big", "demo/big.bin": "big"}, want: "demo-1.2.0 with data"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := demo(c.tool, ".")
			if c.below != "" {
				files = below(c.below, demo(c.tool, ".."))
			}
			if c.plumbing {
				files["setup.py"] = plumbing + files["setup.py"]
			}
			if c.ignore != "" {
				files[filepath.Join(c.below, ".dockerignore")] = c.ignore
			}
			dir := repo(t, files)
			change(t, dir, c.change)
			if got := made(t, python, filepath.Join(dir, c.below), nil); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// Two clones of one commit are sent as the same bytes, whatever was done in them since.
func TestClonesAreTheSame(t *testing.T) {
	origin := repo(t, with(demo("pbr", ""), ".dockerignore", "demo/data.txt\n"))
	runGit(t, origin, "tag", "-a", "-m", "two", "v2")
	runGit(t, origin, "branch", "other")
	clone := func() string {
		dir := filepath.Join(t.TempDir(), "clone")
		runGit(t, "", "clone", "-q", "file://"+origin, dir)
		return dir
	}
	one, two := clone(), clone()
	// Each of these was seen to change what is in .git.
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(filepath.Join(two, "setup.py"), later, later); err != nil {
		t.Fatal(err)
	}
	runGit(t, two, "status")
	runGit(t, two, "pack-refs", "--all")
	runGit(t, two, "branch", "mine")
	runGit(t, two, "fetch", "-q", "origin", "other")
	runGit(t, two, "reset", "-q", "--hard")
	runGit(t, two, "update-index", "--index-version", "4")
	runGit(t, two, "commit-graph", "write", "--reachable")
	var first, second map[string]string
	for dir, out := range map[string]*map[string]string{one: &first, two: &second} {
		s, err := OpenSource(dir, withGit())
		if err != nil {
			t.Fatal(err)
		}
		*out = sent(t, s.Git)
		for name, what := range sent(t, s.Files) {
			(*out)["tree/"+name] = what
		}
	}
	sameFiles(t, second, first)
	for _, name := range []string{"HEAD", "index", "packed-refs", "config", "tree/setup.py", "tree/demo/__init__.py"} {
		if _, ok := first[name]; !ok {
			t.Errorf("%s is not sent, but only %s", name, strings.Join(slices.Sorted(maps.Keys(first)), " "))
		}
	}
	if _, ok := first["tree/demo/data.txt"]; ok {
		t.Error("what .dockerignore names is sent")
	}
}

// A submodule's files are tracked, by its own repository.
func TestSubmodulesAreSent(t *testing.T) {
	parent := repo(t, demo("pbr", ""))
	runGit(t, parent, "submodule", "--quiet", "add", repo(t, map[string]string{"deep/x": "x"}), "sub")
	change(t, parent, map[string]string{"sub/big": "b", "sub2/x": "x"})
	s, err := OpenSource(parent, withGit())
	if err != nil {
		t.Fatal(err)
	}
	got := sent(t, s.Files)
	maps.DeleteFunc(got, func(name, _ string) bool { return !strings.HasPrefix(name, "sub") })
	sameFiles(t, got, map[string]string{"sub": "drwxr-xr-x 0:0", "sub/deep": "drwxr-xr-x 0:0", "sub/deep/x": "-rw-r--r-- 0:0 x"})
}

// What is sent is said, and what is not.
func TestSent(t *testing.T) {
	files := map[string]string{"setup.py": "12345", "foo/__init__.py": "1"}
	tracked := repo(t, files)
	change(t, tracked, map[string]string{"a.bin": "123", "b.bin": "1234"})
	damaged := repo(t, files)
	change(t, damaged, map[string]string{".git/index": "?"})
	ignored := repo(t, with(files, ".dockerignore", "foo\n"))
	for name, c := range map[string]struct{ dir, sent, left string }{
		"untracked": {tracked, "sent: 2 files, 6B", "not sent: 2 files that git does not track, 7B, the biggest is b.bin: `git add` it, or name it in MANIFEST.in, if the build needs it"},
		"ignored":   {ignored, "sent: 2 files, 9B", ""},
		"damaged":   {damaged, "sent: 2 files, 6B (all there are, as git's list of files cannot be read: " + damaged + "/.git/index is damaged (it does not begin as an index does): remove it and run `git reset`, which writes it anew)", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := OpenSource(c.dir, withoutGit())
			if err != nil {
				t.Fatal(err)
			}
			sent, left, err := s.Sent(t.Context())
			if err != nil || sent != c.sent || left != c.left {
				t.Errorf("%v\n%s\n%s\nwant\n%s\n%s", err, sent, left, c.sent, c.left)
			}
		})
	}
	s, err := OpenSource(tracked, withGit())
	if err != nil {
		t.Fatal(err)
	}
	if sent, _, err := s.Sent(t.Context()); err != nil || !strings.HasPrefix(sent, "sent: 2 files, 6B, and git's history, ") {
		t.Errorf("%s, %v", sent, err)
	}
}
