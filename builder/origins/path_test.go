package origins_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pbrx-go/pbrx-go/builder/origins"
	"github.com/pbrx-go/pbrx-go/images/definition"
)

func pathOrigin(dir, name string) definition.Origin {
	return definition.Origin{Kind: definition.Path, Where: text(name, 11), At: text("", 10).At, Dir: dir}
}

// Files and folders beside the definition are pinned by content, with the modes that git would give them and no owner.
func TestPath(t *testing.T) {
	root := t.TempDir()
	write(t, root, map[string]string{"a/tools/run": "#!/bin/sh\n", "a/tools/sub/x": "x\n", "a/tools/sub.txt": "y\n", "a/tools/link": "-> ../../../etc", "a/tools/.git/config": "secret", "a/in": "-> ../b/file", "b/file": "f\n"})
	if err := os.Chmod(filepath.Join(root, "a/tools/run"), 0o700); err != nil {
		t.Fatal(err)
	}
	f := fetcher(t, t.TempDir(), root)
	pins := map[string]bool{}
	for name, want := range map[string]string{
		"tools":     "drwxr-xr-x content\nLrwxrwxrwx content/link\n-rwxr-xr-x content/run #!/bin/sh\ndrwxr-xr-x content/sub\n-rw-r--r-- content/sub/x x\n-rw-r--r-- content/sub.txt y\n",
		"tools/run": "-rwxr-xr-x content #!/bin/sh\n",
		"in":        "-rw-r--r-- content f\n",
		"../b/file": "-rw-r--r-- content f\n",
	} {
		c, err := f.Fetch(context.Background(), pathOrigin(filepath.Join(root, "a"), name), "amd64")
		if err != nil {
			t.Fatal(err)
		}
		if got := shown(t, c); got != want || !strings.HasPrefix(c.Pin, "sha256:") || c.Folder != strings.Contains(want, "content/") {
			t.Errorf("%+v\n%s\nwant\n%s", c, got, want)
		}
		pins[c.Pin] = true
	}
	if len(pins) != 3 {
		t.Errorf("three contents have the pins %v", pins)
	}
}

// No path leads out of the tree, by whatever way.
func TestPathsOutOfTheTree(t *testing.T) {
	root := t.TempDir()
	outside := t.TempDir()
	write(t, outside, map[string]string{"x": "secret"})
	write(t, root, map[string]string{"a/link": "-> " + outside, "a/file": "-> " + outside + "/x", "a/rel": "-> ../../../../../../../../etc/passwd", "a/loop": "-> loop", "patches/0001.patch": "-> " + outside + "/x"})
	f := fetcher(t, t.TempDir(), root)
	for name, want := range map[string]string{
		"../../../etc/x": `pbrx-go.toml:11:7: "../../../etc/x" is outside the repository`,
		"../..":          `pbrx-go.toml:11:7: "../.." is outside the repository`,
		"link":           `pbrx-go.toml:11:7: "link" is outside the repository`,
		"link/x":         `pbrx-go.toml:11:7: "link/x" is outside the repository`,
		"file":           `pbrx-go.toml:11:7: "file" is outside the repository`,
		"rel":            `pbrx-go.toml:11:7: "rel" is outside the repository`,
		"/etc/passwd":    `pbrx-go.toml:11:7: "/etc/passwd" is an absolute path, write it relative to this file`,
		"nowhere":        `pbrx-go.toml:11:7: "nowhere" does not exist, correct the path, which is relative to this file`,
	} {
		_, err := f.Fetch(context.Background(), pathOrigin(filepath.Join(root, "a"), name), "amd64")
		refused(t, err, root, want)
	}
	p := project(with(gitOrigin("file:///nowhere", "main", ""), root), "patches")
	_, err := f.Checkout(context.Background(), p)
	refused(t, err, root, `pbrx-go.toml:14:7: "patches/0001.patch" is outside the repository`)
	p = project(pathOrigin(root, "a/link"))
	_, err = f.Checkout(context.Background(), p)
	refused(t, err, root, `pbrx-go.toml:11:7: "a/link" is outside the repository`)
}

// A text is itself, and the tree of a project has its patches and no repository.
func TestTextAndProject(t *testing.T) {
	root := t.TempDir()
	f := fetcher(t, t.TempDir(), root)
	c, err := f.Fetch(context.Background(), definition.Origin{Kind: definition.LiteralText, Where: text("hello\n", 11)}, "amd64")
	if got := shown(t, c); err != nil || got != "-rw-r--r-- content hello\n" || c.Pin != "sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03" {
		t.Errorf("%+v, %v\n%s", c, err, got)
	}
	r, _ := nova(t)
	write(t, root, map[string]string{"p.patch": addsData})
	checkout, err := f.Checkout(context.Background(), project(with(gitOrigin(r.url(), "main", ""), root), "p.patch"))
	if err != nil {
		t.Fatal(err)
	}
	f.Projects(map[string]origins.Checkout{"nova": checkout})
	of := func(part string) definition.Origin {
		return definition.Origin{Kind: definition.FromProject, Where: text("nova", 11), Part: text(part, 13)}
	}
	for part, want := range map[string]string{"nova/data.json": "-rw-r--r-- content {}\n",
		".": "drwxr-xr-x content\ndrwxr-xr-x content/nova\n-rw-r--r-- content/nova/data.json {}\nLrwxrwxrwx content/nova/link\n-rw-r--r-- content/nova/run.sh #!/bin/sh\ndrwxr-xr-x content/nova/virt\n-rw-r--r-- content/nova/virt/x.py one\nzwei\nthree\nfour\n-rw-r--r-- content/setup.cfg [metadata]\nname = nova\n"} {
		if c, err = f.Fetch(context.Background(), of(part), "amd64"); err != nil {
			t.Fatal(err)
		}
		if got := shown(t, c); got != want {
			t.Errorf("%s\nwant\n%s", got, want)
		}
	}
	_, err = f.Fetch(context.Background(), of("nowhere"), "amd64")
	refused(t, err, "", `pbrx-go.toml:13:7: "nowhere" does not exist, correct the path, from the top of the project's tree`)
	_, err = f.Fetch(context.Background(), definition.Origin{Kind: definition.FromProject, Where: text("glance", 11)}, "amd64")
	refused(t, err, "", `pbrx-go.toml:11:7: there is no project "glance", define it as [project.glance]`)
}

// A repository cannot lead out of its work tree by links.
func TestLinksOfProjects(t *testing.T) {
	outside := t.TempDir()
	write(t, outside, map[string]string{"setup.cfg": "secret\n"})
	r := newRepository(t, "r")
	r.commit(map[string]string{"out": "-> " + outside, "sub/setup.cfg": "x\n", "in": "-> sub"})
	f := fetcher(t, t.TempDir(), t.TempDir())
	checkout := func(below string) (origins.Checkout, error) {
		p := project(gitOrigin(r.url(), "main", ""))
		p.Subdirectory = text(below, 15)
		return f.Checkout(context.Background(), p)
	}
	for below, want := range map[string]string{
		"out":           `pbrx-go.toml:15:7: "out" is outside nova`,
		"../x":          `pbrx-go.toml:15:7: "../x" is outside nova`,
		"nowhere":       `pbrx-go.toml:15:7: "nowhere" does not exist, correct the path, from the top of the repository`,
		"sub/setup.cfg": `pbrx-go.toml:15:7: "sub/setup.cfg" of nova is no directory, name the directory of the project`,
	} {
		_, err := checkout(below)
		refused(t, err, "", want)
	}
	c, err := checkout("in")
	if err != nil || c.Dir != filepath.Join(c.Tree, "sub") {
		t.Errorf("%+v, %v", c, err)
	}
	f.Projects(map[string]origins.Checkout{"nova": c})
	for part, want := range map[string]string{"out": `pbrx-go.toml:13:7: "out" is outside nova`, "out/setup.cfg": `pbrx-go.toml:13:7: "out/setup.cfg" is outside nova`} {
		_, err := f.Fetch(context.Background(), definition.Origin{Kind: definition.FromProject, Where: text("nova", 11), Part: text(part, 13)}, "amd64")
		refused(t, err, "", want)
	}
}

// Why the work was ended is kept: the command exits by it.
func TestEndedWhileReading(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"a": "x"})
	ended := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(ended)
	if _, err := fetcher(t, t.TempDir(), dir).Fetch(ctx, pathOrigin(dir, "."), "amd64"); !errors.Is(err, ended) {
		t.Error(err)
	}
}
