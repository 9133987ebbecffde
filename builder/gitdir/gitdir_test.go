package gitdir

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// place writes files below a new folder; names that end in / are folders.
func place(t *testing.T, files map[string]string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if strings.HasSuffix(name, "/") {
			if err := os.MkdirAll(path, 0o755); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, "DIR", dir)), fs.FileMode(0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFind(t *testing.T) {
	for name, c := range map[string]struct {
		files        map[string]string
		in           string
		below, found string
	}{
		"at the top": {map[string]string{".git/HEAD": "x", ".git/objects/": ""}, ".", "", "."},
		"above":      {map[string]string{".git/HEAD": "x", ".git/objects/": "", "a/b/setup.py": ""}, "a/b", "a/b", "."},
		"past folders and files that only have the name": {map[string]string{".git/HEAD": "x", ".git/objects/": "", "a/.git/HEAD": "", "a/b/.git": "no link"}, "a/b", "a/b", "."},
		"worktree": {map[string]string{"main/.git/objects/": "", "main/.git/worktrees/w/HEAD": "x", "main/.git/worktrees/w/commondir": "../..\n",
			"w/.git": "gitdir: DIR/main/.git/worktrees/w\n", "w/lib/x": ""}, "w/lib", "lib", "w"},
		"submodule, by a relative path": {map[string]string{".git/modules/s/HEAD": "x", ".git/modules/s/objects/": "", "s/.git": "gitdir: ../.git/modules/s"}, "s", "", "s"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := place(t, c.files)
			r, err := Find(filepath.Join(dir, c.in))
			if err != nil {
				t.Fatal(err)
			}
			if r.Root != filepath.Join(dir, c.found) || r.Below != c.below {
				t.Errorf("found %s and %q, want %s and %q", r.Root, r.Below, filepath.Join(dir, c.found), c.below)
			}
		})
	}
}

func TestFindGoesUpFromTheRealPlace(t *testing.T) {
	dir := place(t, map[string]string{"repo/.git/HEAD": "x", "repo/.git/objects/": "", "repo/lib/x": "", "elsewhere/": ""})
	link := filepath.Join(dir, "elsewhere", "link")
	if err := os.Symlink(filepath.Join(dir, "repo", "lib"), link); err != nil {
		t.Fatal(err)
	}
	if r, err := Find(link); err != nil || r.Root != filepath.Join(dir, "repo") || r.Below != "lib" {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestUnusableRepositories(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"none": {map[string]string{"setup.py": ""},
			"there is no git repository in DIR or above, and the version or the list of files comes from git: build from a clone, or from a released sdist"},
		"moved": {map[string]string{".git": "gitdir: /elsewhere/.git/worktrees/x\n"},
			"DIR/.git leads to /elsewhere/.git/worktrees/x, where no folder is: the repository was moved or is not mounted here; `git worktree repair` in it mends worktrees, or build from a clone of its own"},
		"borrowed": {map[string]string{".git/HEAD": "x", ".git/objects/info/alternates": "# mine\n../../../near/objects\n"},
			"DIR/.git/objects/info/alternates borrows objects from DIR/../near/objects, where no folder is: mount it here, or run `git repack -a -d` where it is and remove that file"},
		"reftable": {map[string]string{".git": "gitdir: DIR/main/worktrees/w", "main/objects/": "", "main/reftable/": "", "main/worktrees/w/HEAD": "", "main/worktrees/w/commondir": "../.."},
			"DIR/.git is a worktree of a repository in the reftable format, which is not supported: build from a clone of its own"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := place(t, c.files)
			want := strings.ReplaceAll(c.want, "DIR/../", filepath.Dir(dir)+"/")
			want = strings.ReplaceAll(want, "DIR", dir)
			if _, err := Find(dir); err == nil || err.Error() != want {
				t.Errorf("%v, want %s", err, want)
			}
		})
	}
}

// Each repository that is borrowed from is read once, in circles, too.
func TestAlternatesOfAlternates(t *testing.T) {
	dir := place(t, map[string]string{".git/HEAD": "x", ".git/objects/info/alternates": "DIR/a\nDIR/b\n", "a/info/alternates": "../b\n", "b/info/alternates": "DIR/a\n"})
	r, err := Find(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(r.borrowed, " "), dir+"/a "+dir+"/b"; got != want {
		t.Errorf("borrowed from %s, want %s", got, want)
	}
}

func TestHasVersionTag(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  bool
	}{
		"none":               {nil, false},
		"loose":              {map[string]string{"refs/tags/v1.0": ""}, true},
		"release-":           {map[string]string{"refs/tags/stable/release-1.0": ""}, true},
		"word":               {map[string]string{"refs/tags/latest": "", "refs/tags/py3": "", "refs/heads/1.0": ""}, false},
		"packed":             {map[string]string{"packed-refs": "# pack-refs with: peeled\nabc refs/heads/2.0\nabc refs/tags/1.0\n^def\n"}, true},
		"packed, no version": {map[string]string{"packed-refs": "abc refs/heads/2.0\nabc refs/tags/stable\n"}, false},
		"reftable":           {map[string]string{"reftable/tables.list": ""}, true}, // not read here
	} {
		t.Run(name, func(t *testing.T) {
			got, err := (&Repository{common: place(t, c.files)}).HasVersionTag()
			if err != nil || got != c.want {
				t.Errorf("%t, %v; want %t", got, err, c.want)
			}
		})
	}
}

// Nothing of a configuration comes through but words that are known.
func TestStorageConfig(t *testing.T) {
	const config = "[core]\n\trepositoryformatversion = 1\n\tfilemode = false\n\tautocrlf = input\n\tsymlinks = x\n\tlogallrefupdates = true\n[alias]\n\tfsmonitor = /spy\n" +
		"[extensions]\n\trefStorage = reftable\n\tpartialClone = https://token@git.example\n\tobjectformat = sha256 ; why\n[remote \"o\"]\n\turl = https://token@git.example\n"
	const want = "[core]\n\tbare = false\n\trepositoryformatversion = 1\n\tfilemode = false\n\tautocrlf = input\n[extensions]\n\trefstorage = reftable\n[core]\n[extensions]\n\tobjectformat = sha256\n[core]\n"
	got, err := storageConfig(filepath.Join(place(t, map[string]string{"config": config}), "config"))
	if err != nil || string(got) != want {
		t.Errorf("%v\n%s\nwant\n%s", err, got, want)
	}
}
