package gitdir

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// git runs git as a user with no configuration of their own does.
func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=Keeper", "-c", "user.email=keeper@example.org"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// meadow makes a repository with some files, in folders with a long common beginning, and one commit.
func meadow(t *testing.T, format string) string {
	t.Helper()
	long := strings.Repeat("grass/", 30)
	dir := place(t, map[string]string{"a.txt": "a\n", "run.sh": "#!/bin/sh\n", "sub/one.py": "1\n", "sub/two.py": "2\n", "sub/deep/x": "x\n", long + "blade": "b\n", long + "blades": "bb\n"})
	if err := os.Chmod(filepath.Join(dir, "run.sh"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("a.txt", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	git(t, dir, "init", "-q", "-b", "main", "--object-format="+format)
	git(t, dir, "add", "-A")
	git(t, dir, "commit", "-q", "-m", "one")
	git(t, dir, "tag", "1.0")
	return dir
}

// rewrite puts the index that a build would get in the place of the repository's.
func rewrite(t *testing.T, dir string, absent ...string) {
	t.Helper()
	r, err := Find(dir)
	if err != nil {
		t.Fatal(err)
	}
	x, err := r.Index()
	if err != nil {
		t.Fatal(err)
	}
	data := x.Bytes(func(path string) bool {
		for _, a := range absent {
			if a == path {
				return true
			}
		}
		return false
	})
	if err := os.WriteFile(filepath.Join(dir, ".git", "index"), data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func replace(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Whatever form the index has, git finds in the rewritten one what it found in the old, and sees what was changed.
func TestIndexSaysTheSameToGit(t *testing.T) {
	for name, c := range map[string]struct {
		format string
		change func(t *testing.T, dir string)
		status string
	}{
		"version 2":          {},
		"SHA-256":            {format: "sha256"},
		"version 3":          {change: func(t *testing.T, dir string) { replace(t, dir+"/new", "n"); git(t, dir, "add", "-N", "new") }, status: " A new\n"},
		"version 4":          {change: func(t *testing.T, dir string) { git(t, dir, "update-index", "--index-version", "4") }},
		"version 4, SHA-256": {format: "sha256", change: func(t *testing.T, dir string) { git(t, dir, "update-index", "--index-version", "4") }},
		"split": {change: func(t *testing.T, dir string) {
			git(t, dir, "update-index", "--split-index")
			replace(t, dir+"/a.txt", "other\n")
			replace(t, dir+"/sub/between.py", "b\n")
			git(t, dir, "-c", "core.splitIndex=true", "-c", "splitIndex.maxPercentChange=100", "add", "a.txt", "sub/between.py")
			git(t, dir, "-c", "core.splitIndex=true", "-c", "splitIndex.maxPercentChange=100", "rm", "-q", "--cached", "sub/two.py", "run.sh")
		}, status: "M  a.txt\nD  run.sh\nA  sub/between.py\nD  sub/two.py\n?? run.sh\n?? sub/two.py\n"},
		"sparse": {change: func(t *testing.T, dir string) {
			git(t, dir, "sparse-checkout", "set", "--cone", "--sparse-index", "grass")
		}},
		"conflict":                  {change: conflict, status: "UU a.txt\n"},
		"conflict, split":           {change: func(t *testing.T, dir string) { conflict(t, dir); git(t, dir, "update-index", "--split-index") }, status: "UU a.txt\n"},
		"changed, of the same size": {change: func(t *testing.T, dir string) { replace(t, dir+"/a.txt", "b\n") }, status: " M a.txt\n"},
		"assumed unchanged": {change: func(t *testing.T, dir string) {
			replace(t, dir+"/a.txt", "other\n")
			git(t, dir, "update-index", "--assume-unchanged", "a.txt")
		}},
		"deleted": {change: func(t *testing.T, dir string) {
			if err := os.Remove(dir + "/a.txt"); err != nil {
				t.Fatal(err)
			}
		}, status: " D a.txt\n"},
	} {
		t.Run(name, func(t *testing.T) {
			format := c.format
			if format == "" {
				format = "sha1"
			}
			dir := meadow(t, format)
			if c.change != nil {
				c.change(t, dir)
			}
			entries := git(t, dir, "ls-files", "--stage", "-t")
			rewrite(t, dir)
			once, err := os.ReadFile(filepath.Join(dir, ".git", "index"))
			if err != nil {
				t.Fatal(err)
			}
			config, err := storageConfig(filepath.Join(dir, ".git", "config"))
			if err != nil {
				t.Fatal(err)
			}
			replace(t, filepath.Join(dir, ".git", "config"), string(config)) // as in a build
			git(t, dir, "fsck", "--no-progress", "--no-dangling")
			if got := git(t, dir, "ls-files", "--stage", "-t"); got != entries {
				t.Errorf("git lists\n%s\nwant\n%s", got, entries)
			}
			if got := git(t, dir, "status", "--porcelain"); got != c.status {
				t.Errorf("git's status is\n%s\nwant\n%s", got, c.status)
			}
			dirty := "1.0"
			if c.status != "" {
				dirty = "1.0-dirty"
			}
			if got := strings.TrimSpace(git(t, dir, "describe", "--tags", "--dirty")); got != dirty && !strings.HasPrefix(name, "conflict") {
				t.Errorf("git describes it as %s, want %s", got, dirty)
			}
			if name == "sparse" {
				return // git has expanded it
			}
			rewrite(t, dir) // git has put times and more into it by now
			if again, err := os.ReadFile(filepath.Join(dir, ".git", "index")); err != nil || !bytes.Equal(once, again) {
				t.Errorf("%v: the index differs once git has looked at the files", err)
			}
		})
	}
}

// conflict leaves a merge of two changes of a.txt.
func conflict(t *testing.T, dir string) {
	t.Helper()
	git(t, dir, "checkout", "-q", "-b", "other")
	replace(t, dir+"/a.txt", "theirs\n")
	git(t, dir, "commit", "-q", "-a", "-m", "two")
	git(t, dir, "checkout", "-q", "main")
	replace(t, dir+"/a.txt", "ours\n")
	git(t, dir, "commit", "-q", "-a", "-m", "three")
	_ = exec.Command("git", "-C", dir, "-c", "user.name=K", "-c", "user.email=k@example.org", "merge", "other").Run() // it fails: a conflict is what is wanted
}

// A file that is kept away from the build is not a deleted one.
func TestAbsentFilesLeaveTheTreeClean(t *testing.T) {
	dir := meadow(t, "sha1")
	if err := os.Remove(filepath.Join(dir, "sub", "one.py")); err != nil {
		t.Fatal(err)
	}
	rewrite(t, dir, "sub/one.py")
	if got := git(t, dir, "describe", "--tags", "--dirty"); got != "1.0\n" {
		t.Errorf("git describes it as %s", got)
	}
	if got := git(t, dir, "ls-files", "-t", "sub"); got != "H sub/deep/x\nS sub/one.py\nH sub/two.py\n" {
		t.Errorf("git lists\n%s", got)
	}
}

func TestDamagedIndex(t *testing.T) {
	header := "DIRC\x00\x00\x00"
	end := strings.Repeat("\x00", 20)
	for name, c := range map[string]struct{ data, want string }{
		"empty":     {"", "it does not begin as an index does"},
		"other":     {strings.Repeat("x", 100), "it does not begin as an index does"},
		"version":   {header + "\x05\x00\x00\x00\x00" + end, "version 5 of the format is not known"},
		"cut":       {header + "\x02\x00\x00\x00\x01" + end, "entry 1 of 1: it ends too early"},
		"path":      {header + "\x04\x00\x00\x00\x01" + strings.Repeat("\x00", 62) + "\x05" + end, "entry 1 of 1: its path does not continue the one before"},
		"extension": {header + "\x02\x00\x00\x00\x00TREE\x00\x00\x00\x09" + end, `the extension "TREE" ends too early`},
		"unknown":   {header + "\x02\x00\x00\x00\x00what\x00\x00\x00\x00" + end, `the extension "what" is not known`},
		"shared":    {header + "\x02\x00\x00\x00\x00link\x00\x00\x00\x00" + end, "the shared index is not named"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := place(t, map[string]string{".git/HEAD": "x", ".git/objects/": ""})
			replace(t, filepath.Join(dir, ".git", "index"), c.data)
			r, err := Find(dir)
			if err != nil {
				t.Fatal(err)
			}
			want := dir + "/.git/index is damaged (" + c.want + "): remove it and run `git reset`, which writes it anew"
			if _, err := r.Index(); err == nil || err.Error() != want {
				t.Errorf("%v, want %s", err, want)
			}
		})
	}
}

// Nothing that is in an index makes reading it fail otherwise than with an error.
func FuzzIndex(f *testing.F) {
	f.Add([]byte("DIRC\x00\x00\x00\x04\x00\x00\x00\x01" + strings.Repeat("\x00", 100)))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := &Repository{own: t.TempDir()}
		newHash, err := r.hash()
		if err != nil {
			t.Fatal(err)
		}
		x, link, err := parseIndex(data, newHash)
		if err != nil {
			return
		}
		if link != nil {
			_, _, _ = bitmap(link, 100)
		}
		again, _, err := parseIndex(x.Bytes(func(string) bool { return false }), newHash)
		if err != nil || len(again.Entries) != len(x.Entries) {
			t.Errorf("%v: %d entries became %d", err, len(x.Entries), len(again.Entries))
		}
	})
}
