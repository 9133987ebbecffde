package origins_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pbrx-go/pbrx-go/builder/origins"
)

// A directory is taken as it is without patches; with them a copy is, and the original stays.
func TestDirectories(t *testing.T) {
	r, commit := nova(t)
	write(t, r.dir, map[string]string{"patches/x.patch": addsData, "patches/again.patch": addsData, "untracked": "u\n", "nova/staged.py": "s\n"})
	r.git("add", "nova/staged.py")
	if err := os.WriteFile(filepath.Join(r.dir, "nova/virt/x.py"), []byte("one\ntwo\nthree\nfour\nfive\nsix\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	before := r.git("status", "--short")
	f := fetcher(t, t.TempDir(), r.dir)
	c, err := f.Checkout(context.Background(), project(pathOrigin(r.dir, ".")))
	if real, _ := filepath.EvalSymlinks(r.dir); err != nil || c.Dir != real || c.Patched || c.Commit != "" {
		t.Errorf("%+v, %v", c, err)
	}
	c, err = f.Checkout(context.Background(), project(pathOrigin(r.dir, "."), "patches/x.patch"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Described.Tag != "2.0.0" || c.Described.Distance != 1 || !c.Patched || strings.HasPrefix(c.Dir, r.dir) || filepath.Base(c.Dir) != "nova" {
		t.Errorf("%+v", c)
	}
	if got, want := inTree(t, c.Dir, "ls-files"), "nova/data.json\nnova/link\nnova/run.sh\nnova/staged.py\nnova/virt/x.py\nsetup.cfg"; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if got := inTree(t, c.Dir, "describe", "--tags"); got != "2.0.0-1-g"+commit[:7] {
		t.Error(got)
	}
	for name, want := range map[string]string{"untracked": "u\n", "nova/virt/x.py": "one\nzwei\nthree\nfour\nfive\nsix\n"} {
		if data, err := os.ReadFile(filepath.Join(c.Dir, name)); err != nil || string(data) != want {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	}
	if after := r.git("status", "--short"); after != before {
		t.Errorf("the original was changed:\n%s\nit was\n%s", after, before)
	}
}

// A project may be a part of a repository, or lie in none.
func TestDirectoriesBelow(t *testing.T) {
	r := newRepository(t, "all")
	r.commit(map[string]string{"parts/nova/nova/virt/x.py": "one\ntwo\nthree\nfour\n", "parts/other": "o\n", "p.patch": addsData})
	f := fetcher(t, t.TempDir(), r.dir)
	c, err := f.Checkout(context.Background(), project(pathOrigin(r.dir, "parts/nova"), "p.patch"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := inTree(t, c.Dir, "ls-files"), "nova/data.json\nnova/virt/x.py"; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	_, err = f.Checkout(context.Background(), project(pathOrigin(r.dir, "parts/nova"), "p.patch", "p.patch"))
	refused(t, err, "", `p.patch: hunk 1 does not apply to parts/nova/nova/virt/x.py at its work tree; it applies in reverse, so it is merged already: remove it`)
	var patch *origins.PatchError
	if !errors.As(err, &patch) {
		t.Errorf("%T is no PatchError", err)
	}
	plain := t.TempDir()
	write(t, plain, map[string]string{"src/nova/virt/x.py": "one\ntwo\nthree\nfour\n", "p.patch": addsData})
	c, err = fetcher(t, t.TempDir(), plain).Checkout(context.Background(), project(pathOrigin(plain, "src"), "p.patch"))
	if err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(filepath.Join(c.Dir, "nova/data.json")); err != nil || string(data) != "{}\n" {
		t.Errorf("%q, %v", data, err)
	}
}

// The repository of a directory may be a shallow clone, a second work tree, one without a commit, or somebody else's.
func TestDirectoriesOfAllKinds(t *testing.T) {
	r, _ := nova(t)
	write(t, r.dir, map[string]string{"x.patch": addsData})
	base := t.TempDir()
	for name, make := range map[string]func(t *testing.T, dir string){
		"shallow": func(_ *testing.T, dir string) { r.git("clone", "--quiet", "--depth=1", r.url(), dir) },
		"second":  func(_ *testing.T, dir string) { r.git("worktree", "add", "--quiet", "--detach", dir, "main") },
		"new": func(_ *testing.T, dir string) {
			write(t, dir, map[string]string{"nova/virt/x.py": "one\ntwo\nthree\nfour\n"})
			repository{t, dir}.git("init", "--quiet")
			repository{t, dir}.git("add", "nova")
		},
		"theirs": func(t *testing.T, dir string) {
			r.git("clone", "--quiet", r.url(), dir)
			if os.Geteuid() != 0 {
				t.Skip("only root gives files to others")
			}
			err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
				return errors.Join(err, os.Lchown(path, 12345, 12345))
			})
			if err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(base, name)
			make(t, dir)
			write(t, dir, map[string]string{"x.patch": addsData})
			c, err := fetcher(t, t.TempDir(), dir).Checkout(context.Background(), project(pathOrigin(dir, "."), "x.patch"))
			if err != nil {
				t.Fatal(err)
			}
			if got := inTree(t, c.Dir, "ls-files", "nova/data.json", "nova/virt/x.py"); got != "nova/data.json\nnova/virt/x.py" {
				t.Errorf("git lists %q", got)
			}
		})
	}
}
