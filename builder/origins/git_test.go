package origins_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/pbrx-go/pbrx-go/builder/origins"
	"github.com/pbrx-go/pbrx-go/images/definition"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// Files and folders of a commit come as they are in it, without its repository and what attributes would make of them.
func TestGitContent(t *testing.T) {
	r := newRepository(t, "noVNC.git")
	r.git("update-index", "--add", "--cacheinfo", "160000,"+"0123456789012345678901234567890123456789"+",sub/module")
	write(t, r.dir, map[string]string{"app/ui.js": "ui\n", "app/run": "#!/bin/sh\n", "app/link": "-> ../README", "app/out": "-> /etc/passwd", "README": "$Id$\n", ".gitattributes": "README ident\napp/ui.js export-ignore\n"})
	r.git("add", "app", "README", ".gitattributes")
	r.git("update-index", "--chmod=+x", "app/run")
	r.git("commit", "--quiet", "--message", "all")
	r.git("tag", "v1.4.0")
	commit := r.git("rev-parse", "HEAD")
	f := fetcher(t, t.TempDir(), t.TempDir())
	for _, c := range []struct{ part, want, base string }{
		{"app", "drwxr-xr-x content\nLrwxrwxrwx content/link\nLrwxrwxrwx content/out\n-rwxr-xr-x content/run #!/bin/sh\n-rw-r--r-- content/ui.js ui\n", "app"},
		{"app/run", "-rwxr-xr-x content #!/bin/sh\n", "run"},
		{"", "drwxr-xr-x content\n-rw-r--r-- content/.gitattributes README ident\napp/ui.js export-ignore\n-rw-r--r-- content/README $Id$\ndrwxr-xr-x content/app\nLrwxrwxrwx content/app/link\nLrwxrwxrwx content/app/out\n-rwxr-xr-x content/app/run #!/bin/sh\n-rw-r--r-- content/app/ui.js ui\n", "noVNC"},
	} {
		got, err := f.Fetch(context.Background(), gitOrigin(r.url(), "v1.4.0", c.part), "amd64")
		if err != nil {
			t.Fatal(err)
		}
		if text := shown(t, got); text != c.want || got.Pin != commit+":"+c.part || got.Base != c.base || got.Resolved.IsZero() {
			t.Errorf("%s: %s\n%s\nwant\n%s", got.Pin, got.Base, text, c.want)
		}
	}
	for part, want := range map[string]string{
		"app/link":   `pbrx-go.toml:13:7: "app/link" of noVNC is a symbolic link, name what it leads to`,
		"sub/module": `pbrx-go.toml:13:7: "sub/module" of noVNC is a submodule, which is not fetched, name that repository`,
		"nowhere":    `pbrx-go.toml:13:7: noVNC has no "nowhere" at ` + commit[:7] + `, correct the path, from the top of the repository`,
		"../x":       `pbrx-go.toml:13:7: "../x" is outside noVNC, write its path from the top`,
		"/etc":       `pbrx-go.toml:13:7: "/etc" is outside noVNC, write its path from the top`,
	} {
		_, err := f.Fetch(context.Background(), gitOrigin(r.url(), "v1.4.0", part), "amd64")
		refused(t, err, "", want)
	}
}

// A branch is asked for once; its commit stays until it is to be refreshed, whatever else is fetched.
func TestBranchStays(t *testing.T) {
	r := newRepository(t, "r")
	first := r.commit(map[string]string{"a": "1\n"})
	state, dir := t.TempDir(), t.TempDir()
	pin := func(ref string, refresh bool) string {
		t.Helper()
		c, err := fetcher(t, state, dir, func(o *origins.Options) { o.Refresh = refresh }).Fetch(context.Background(), gitOrigin(r.url(), ref, "a"), "amd64")
		if err != nil {
			t.Fatal(err)
		}
		return c.Pin
	}
	if got := pin("main", false); got != first+":a" {
		t.Fatal(got)
	}
	second := r.commit(map[string]string{"a": "2\n"})
	r.git("tag", "v2")
	if got := pin("main", false); got != first+":a" {
		t.Errorf("the branch moved to %s", got)
	}
	if got := pin("v2", false); got != second+":a" {
		t.Errorf("the tag is %s", got)
	}
	if got := pin("main", false); got != first+":a" {
		t.Errorf("the branch moved to %s", got)
	}
	if got := pin("main", true); got != second+":a" {
		t.Errorf("refreshed, the branch is %s", got)
	}
	if err := os.Rename(r.dir, r.dir+"-away"); err != nil {
		t.Fatal(err)
	}
	for _, ref := range []string{"main", "v2"} {
		if got := pin(ref, false); got != second+":a" {
			t.Errorf("without the repository, %s is %s", ref, got)
		}
	}
	for _, ref := range []string{second, second[:9]} {
		if got := pin(ref, true); got != second+":a" {
			t.Errorf("without the repository, %s is %s", ref, got)
		}
	}
}

// A commit that no branch leads to is fetched by its name, with its history.
func TestCommitsWithoutBranch(t *testing.T) {
	r := newRepository(t, "r")
	r.commit(map[string]string{"a": "1\n"})
	r.git("checkout", "--quiet", "--detach")
	lone := r.commit(map[string]string{"a": "2\n"})
	r.git("update-ref", "refs/changes/12/3412/1", lone)
	r.git("checkout", "--quiet", "main")
	for _, ref := range []string{lone, "refs/changes/12/3412/1"} {
		c, err := fetcher(t, t.TempDir(), t.TempDir()).Fetch(context.Background(), gitOrigin(r.url(), ref, "a"), "amd64")
		if err != nil || c.Pin != lone+":a" {
			t.Errorf("%s: %v, %v", ref, c.Pin, err)
		}
	}
}

// What is wrong with a repository or ref is said where it is written, and nothing of it is run.
func TestRefusedRepositories(t *testing.T) {
	r, _ := nova(t)
	outside := newRepository(t, "outside")
	outside.commit(map[string]string{"a": ""})
	dir := t.TempDir()
	write(t, dir, map[string]string{"definition/link": "-> " + outside.dir, "touched/x": ""})
	place := func(address, ref string) definition.Origin {
		o := gitOrigin(address, ref, "")
		o.Dir = filepath.Join(dir, "definition")
		return o
	}
	const form = ", write an https, ssh or file URL, or a path relative to this file"
	for _, c := range []struct{ address, ref, want string }{
		{r.url(), "stable/2023.1", `pbrx-go.toml:12:7: upstream has no ref "stable/2023.1"; near: "unmaintained/2023.1"`},
		{r.url(), "mian", `pbrx-go.toml:12:7: upstream has no ref "mian", write a commit, tag or branch of ` + r.url()},
		{r.url(), "3.0.1", `pbrx-go.toml:12:7: upstream has no ref "3.0.1"; near: "3.0.0"`},
		{r.url(), "0123456789012345678901234567890123456789", `pbrx-go.toml:12:7: upstream has no ref "0123456789012345678901234567890123456789", write a commit, tag or branch of ` + r.url()},
		{r.url(), "--upload-pack=touch " + dir + "/evil", `pbrx-go.toml:12:7: "--upload-pack=touch DIR/evil" is no commit, tag or branch, write its name alone`},
		{r.url(), "main^{tree}", `pbrx-go.toml:12:7: "main^{tree}" is no commit, tag or branch, write its name alone`},
		{r.url(), "a:b", `pbrx-go.toml:12:7: "a:b" is no commit, tag or branch, write its name alone`},
		{r.url(), "a..b", `pbrx-go.toml:12:7: "a..b" is no commit, tag or branch, write its name alone`},
		{"ext::sh -c touch% " + dir + "/evil", "main", `pbrx-go.toml:11:7: git's transport "ext::" is not used: it may run programs` + form},
		{"ext://sh", "main", `pbrx-go.toml:11:7: git does not fetch "ext://sh"` + form},
		{"http://host.example/x", "main", `pbrx-go.toml:11:7: git does not fetch "http://host.example/x"` + form},
		{"--upload-pack=x", "main", `pbrx-go.toml:11:7: "--upload-pack=x" does not exist, correct the path, which is relative to this file`},
		{"ssh://-oProxyCommand=touch/x", "main", `pbrx-go.toml:11:7: git does not fetch "ssh://-oProxyCommand=touch/x"` + form},
		{"https://me:hunter2@host.example/x", "main", `pbrx-go.toml:11:7: the address of the repository has credentials, leave them out: git finds them in netrc or by its credential helpers`},
		{"https://token@host.example/x", "main", `pbrx-go.toml:11:7: the address of the repository has credentials, leave them out: git finds them in netrc or by its credential helpers`},
		{"ssh://git:hunter2@host.example/x", "main", `pbrx-go.toml:11:7: the address of the repository has credentials, leave them out: git finds them in netrc or by its credential helpers`},
		{"https://host.example/x?y=z", "main", `pbrx-go.toml:11:7: the address of a repository has no query and no fragment, leave it out`},
		{"../../x", "main", `pbrx-go.toml:11:7: "../../x" is outside the repository`},
		{"link", "main", `pbrx-go.toml:11:7: "link" is outside the repository`},
		{r.dir, "main", `pbrx-go.toml:11:7: "` + r.dir + `" is an absolute path` + form},
	} {
		_, err := fetcher(t, t.TempDir(), dir).Fetch(context.Background(), place(c.address, c.ref), "amd64")
		refused(t, err, dir, c.want)
		var wrong *setupcfg.Error
		if !errors.As(err, &wrong) {
			t.Errorf("%T is no error of the definition", err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "evil")); err == nil {
		t.Error("a program ran")
	}
}
