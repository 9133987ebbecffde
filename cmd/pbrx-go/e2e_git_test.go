package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A project's repository may lie elsewhere, above it, or be part of one: version and data files are git's all the same.
func TestRepositoriesOfProjects(t *testing.T) {
	base := testBase(t)
	for name, c := range map[string]struct {
		dir     func(t *testing.T) string
		env     []string
		version string
	}{
		"worktree": {version: "2.3.1.dev1", dir: func(t *testing.T) string {
			dir := filepath.Join(t.TempDir(), "tree")
			git(t, lightshipRepo(t), "worktree", "add", "-q", "-b", "other", dir)
			git(t, dir, "commit", "-q", "--allow-empty", "-m", "Trim the wicks")
			return dir
		}},
		// It is another user's, too: git refuses such a repository on the host.
		"subdirectory": {version: "2.4.0", dir: func(t *testing.T) string {
			top := t.TempDir()
			copyProject(t, "lightship", filepath.Join(top, "ships", "lightship"))
			write(t, filepath.Join(top, "README.md"), "All ships\n")
			git(t, top, "init", "-q", "-b", "main")
			commitAll(t, top, "Weigh anchor")
			git(t, top, "tag", "2.4.0")
			ownedByAnother(t, top)
			return filepath.Join(top, "ships", "lightship")
		}},
		// pbr's version without any tag, as somebody says it, and git's files.
		"shallow clone with PBR_VERSION": {version: "9.8", env: []string{"PBR_VERSION=9.8"}, dir: shallowLightship},
	} {
		t.Run(name, func(t *testing.T) {
			layout := filepath.Join(t.TempDir(), "layout")
			args := buildArgs(c.dir(t), base, layout, "--engine", "embedded", "--only", "lightship-beacon", "--format", "json")
			out := command{args: args, env: c.env}.succeed(t)
			var report struct {
				Project struct{ Name, Version string }
			}
			if err := json.Unmarshal([]byte(out.stdout), &report); err != nil {
				t.Fatalf("%v: %s", err, out.stdout)
			}
			if report.Project.Version != c.version {
				t.Errorf("the version is %s, want %s", report.Project.Version, c.version)
			}
			scriptRun{args: []string{"lightship-beacon"}, stdout: `lightship-beacon ` + strings.ReplaceAll(c.version, ".", `\.`) + `\n(?s).*wreck: one long, two short\n`}.check(t, layout)
		})
	}
}

// ownedByAnother gives a tree to a user that nobody is, where that can be done.
func ownedByAnother(t *testing.T, dir string) {
	t.Helper()
	if os.Getuid() != 0 {
		return
	}
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, 12345, 12345)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A version that would be wrong is known before anything is built, and how to mend it.
func TestShallowClone(t *testing.T) {
	base, dir := testBase(t), shallowLightship(t)
	out := command{args: buildArgs(dir, base, filepath.Join(t.TempDir(), "layout"), "--engine", "embedded")}.run(t)
	want := "error: reading the project's version: " + dir + " is a shallow clone without a version tag: run `git fetch --unshallow --tags` in it; in CI check out the whole history (fetch-depth: 0)\n"
	if out.code != 2 || !strings.HasSuffix(out.stderr, want) {
		t.Errorf("status %d, stderr %q, want 2 and %q", out.code, out.stderr, want)
	}
	if ran := out.ran(t); len(ran) > 0 {
		t.Errorf("these steps ran: %q", ran)
	}
}

// shallowLightship is a clone of lightship as continuous integration makes it: one commit, no tags.
func shallowLightship(t *testing.T) string {
	t.Helper()
	origin := lightshipRepo(t)
	git(t, origin, "commit", "-q", "--allow-empty", "-m", "Trim the wicks")
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(dir, "clone")
	git(t, filepath.Dir(dir), "clone", "-q", "--depth", "1", "--no-tags", "file://"+origin, dir)
	if _, err := os.Stat(filepath.Join(dir, ".git", "shallow")); err != nil {
		t.Fatal(err)
	}
	return dir
}
