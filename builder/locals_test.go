package builder

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"

	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// place writes files below a new folder; names that end in / are folders, and those in * are executable.
func place(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		mode := fs.FileMode(0o640)
		path, executable := strings.CutSuffix(filepath.Join(dir, name), "*")
		if executable {
			mode = 0o750
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(files[name]), mode); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// sent describes everything that a build would be sent of a folder.
func sent(t *testing.T, f fsutil.FS) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := f.Walk(context.Background(), "", func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		st, ok := info.Sys().(*types.Stat)
		if !ok {
			return fmt.Errorf("%s is %T", path, info.Sys())
		}
		text := ""
		if info.Mode().IsRegular() {
			r, err := f.Open(path)
			if err != nil {
				return err
			}
			defer r.Close()
			data, err := io.ReadAll(r)
			if err != nil {
				return err
			}
			text = " " + string(data)
		}
		out[path] = fmt.Sprintf("%s %d:%d%s", fs.FileMode(st.Mode), st.Uid, st.Gid, text)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func sameFiles(t *testing.T, got, want map[string]string) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if got[name] != want[name] {
			t.Errorf("%s is %q, want %q", name, got[name], want[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if _, ok := got[name]; !ok {
			t.Errorf("%s is not sent, want %q", name, want[name])
		}
	}
}

// withGit is a project that takes version and files from git, withoutGit one that does not.
func withGit() images.Input {
	return images.Input{Project: &setupcfg.Project{NeedsGit: true, VersionTool: "git (pbr)", VersionSource: "git (pbr)"}}
}

func withoutGit() images.Input { return images.Input{Project: &setupcfg.Project{}} }

// Owners, and the umask of whoever checked the project out, are levelled.
func TestSourceIsLeveled(t *testing.T) {
	dir := place(t, map[string]string{"setup.py": "s", "bin/tool*": "t", ".git/config": "c"})
	if err := os.Symlink("setup.py", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 {
		if err := os.Lchown(filepath.Join(dir, "setup.py"), 1234, 5678); err != nil {
			t.Fatal(err)
		}
	}
	s, err := OpenSource(dir, withoutGit())
	if err != nil {
		t.Fatal(err)
	}
	if s.Git != nil {
		t.Errorf("the history is sent: %v", s.Git)
	}
	sameFiles(t, sent(t, s.Files), map[string]string{
		"setup.py": "-rw-r--r-- 0:0 s", "bin": "drwxr-xr-x 0:0", "bin/tool": "-rwxr-xr-x 0:0 t", "link": "Lrwxr-xr-x 0:0",
	})
}

const userConfig = `[core]
	repositoryformatversion = 1
	filemode = true
	bare = false
	sshCommand = ssh -i /home/me/.ssh/key
	fsmonitor = /home/me/spy
[extensions]
	objectFormat = sha256
	worktreeConfig = true
[remote "origin"]
	url = https://me:token@git.example/foo
	fetch = +refs/heads/*:refs/remotes/origin/*
[credential]
	helper = store
[include]
	path = /home/me/.more
`

func TestGitIsReduced(t *testing.T) {
	dir := place(t, map[string]string{
		".git/HEAD": "ref: refs/heads/main\n", ".git/config": userConfig, ".git/shallow": "b\na\n",
		".git/packed-refs":   "# pack-refs with: peeled\nabc1 refs/heads/main\nabc2 refs/heads/other\nabc3 refs/tags/1.0\n^abcd\nabc4 refs/tags/1.1\nabc5 refs/remotes/origin/main\n",
		".git/objects/ab/cd": "object", ".git/refs/tags/1.0": "def3\n", ".git/refs/tags/a": "ref: refs/tags/1.1\n", ".git/refs/tags/broken": "", ".git/refs/heads/a.lock": "held", ".git/refs/stash": "def4",
		".git/lfs/objects/big": "big", ".git/objects/info/commit-graph": "g", ".git/objects/pack/p.pack": "pack", ".git/objects/pack/p.bitmap": "bits",
		".git/hooks/pre-commit*": "#!/bin/sh", ".git/logs/HEAD": "who did what", ".git/worktrees/w/HEAD": "w", ".git/modules/m/config": "token",
		".git/config.worktree": "token", ".git/info/exclude": "x", ".git/info/grafts": "g", ".git/FETCH_HEAD": "https://token", ".git/ORIG_HEAD": "o",
		".git/objects/info/alternates": "# /home/me/repo\n", ".git/objects/info/http-alternates": "https://token",
		".git/COMMIT_EDITMSG": "m", ".git/description": "d", ".git/gc.log": "l", ".git/index.lock": "held",
	})
	s, err := OpenSource(dir, withGit())
	if err != nil {
		t.Fatal(err)
	}
	const folder = "drwxr-xr-x 0:0"
	config := "[core]\n\tbare = false\n\trepositoryformatversion = 1\n\tfilemode = true\n[extensions]\n\tobjectformat = sha256\n[core]\n"
	got := sent(t, s.Git)
	sameFiles(t, got, map[string]string{
		"HEAD": "-rw-r--r-- 0:0 ref: refs/heads/main\n", "config": "-rw-r--r-- 0:0 " + config, "shallow": "-rw-r--r-- 0:0 a\nb\n",
		"packed-refs": "-rw-r--r-- 0:0 # pack-refs with: sorted \nabc1 refs/heads/main\ndef3 refs/tags/1.0\nabc4 refs/tags/1.1\nabc4 refs/tags/a\n",
		"objects":     folder, "objects/ab": folder, "objects/ab/cd": "-rw-r--r-- 0:0 object", "objects/pack": folder, "objects/pack/p.pack": "-rw-r--r-- 0:0 pack",
		"refs": folder, "info": folder, "info/grafts": "-rw-r--r-- 0:0 g",
	})
	for name, what := range got {
		if strings.Contains(what, "token") || strings.Contains(what, "/home/me") {
			t.Errorf("%s is sent with %q", name, what)
		}
	}
}

// A shallow clone without a version is refused before anything is built, a whole history only remarked on.
func TestCheckVersion(t *testing.T) {
	for name, c := range map[string]struct {
		files         map[string]string
		warning, want string
	}{
		"tagged":           {files: map[string]string{".git/refs/tags/1.0": ""}},
		"tagged, shallow":  {files: map[string]string{".git/packed-refs": "abc refs/tags/v1.0\n", ".git/shallow": "abc"}},
		"not tagged":       {files: nil, warning: "the git repository in DIR has no version tag: the version will be that of a project before its first release; if it has releases, run `git fetch --tags`"},
		"empty shallow":    {files: map[string]string{".git/shallow": ""}, warning: "the git repository in DIR has no version tag: the version will be that of a project before its first release; if it has releases, run `git fetch --tags`"},
		"shallow, no tags": {files: map[string]string{".git/shallow": "abc"}, want: "reading the project's version: DIR is a shallow clone without a version tag: run `git fetch --unshallow --tags` in it; in CI check out the whole history (fetch-depth: 0)"},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{".git/HEAD": "ref: refs/heads/main", ".git/objects/ab/cd": ""}
			maps.Copy(files, c.files)
			dir := place(t, files)
			s, err := OpenSource(dir, withGit())
			if err != nil {
				t.Fatal(err)
			}
			warning, err := s.CheckVersion()
			got := ""
			if err != nil {
				got = err.Error()
			}
			if want := strings.ReplaceAll(c.want, "DIR", dir); got != want {
				t.Errorf("the error is %q, want %q", got, want)
			}
			if want := strings.ReplaceAll(c.warning, "DIR", dir); warning != want {
				t.Errorf("the warning is %q, want %q", warning, want)
			}
		})
	}
}

func TestProjectWithoutRepository(t *testing.T) {
	dir := place(t, map[string]string{"setup.py": ""})
	want := "reading the project's history: there is no git repository in " + dir + " or above, and the version or the list of files comes from git: build from a clone, or from a released sdist"
	if _, err := OpenSource(dir, withGit()); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// The repository of a worktree is put together from two folders, and what it borrows lies among its own objects.
func TestGitIsWholeInItself(t *testing.T) {
	dir := place(t, map[string]string{
		"main/HEAD": "of main", "main/config": "", "main/packed-refs": "abcd refs/tags/1\n", "main/objects/ab/own": "own", "main/objects/info/commit-graph": "x",
		"main/objects/info/alternates": "../../near\n", "near/ab/theirs": "theirs", "near/cd/theirs": "theirs", "near/pack/multi-pack-index": "x", "near/pack/p.pack": "pack",
		"main/worktrees/w/HEAD": "of w", "main/worktrees/w/commondir": "../..\n", "main/worktrees/w/logs/HEAD": "who",
		"w/.git": "gitdir: ../main/worktrees/w\n", "w/lib/setup.py": "",
	})
	s, err := OpenSource(filepath.Join(dir, "w", "lib"), withGit())
	if err != nil {
		t.Fatal(err)
	}
	if s.Below != "lib" {
		t.Errorf("the project is below %q", s.Below)
	}
	const folder, file = "drwxr-xr-x 0:0", "-rw-r--r-- 0:0 "
	sameFiles(t, sent(t, s.Git), map[string]string{
		"HEAD": file + "of w", "config": file + "[core]\n\tbare = false\n", "packed-refs": file + "# pack-refs with: sorted \nabcd refs/tags/1\n",
		"objects": folder, "objects/ab": folder, "objects/ab/own": file + "own", "objects/ab/theirs": file + "theirs",
		"objects/cd": folder, "objects/cd/theirs": file + "theirs", "objects/pack": folder, "objects/pack/p.pack": file + "pack",
	})
}
