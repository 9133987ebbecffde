package origins_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
		var wrong setupcfg.ErrorList
		if !errors.As(err, &wrong) {
			t.Errorf("%T is no error of the definition", err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "evil")); err == nil {
		t.Error("a program ran")
	}
}

// The beginning of a commit's name is enough where only one begins so.
func TestShortCommits(t *testing.T) {
	r := newRepository(t, "r")
	var script strings.Builder
	for n := range 1200 { // of which some begin with the same four digits
		fmt.Fprintf(&script, "commit refs/heads/main\ncommitter Keeper <keeper@example.org> %d +0000\ndata 1\nx\n", 1700000000+n)
	}
	cmd := exec.Command("git", "fast-import", "--quiet")
	cmd.Dir, cmd.Stdin = r.dir, strings.NewReader(script.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	byBeginning := map[string][]string{}
	shared := ""
	for _, commit := range strings.Fields(r.git("rev-list", "main")) {
		if byBeginning[commit[:4]] = append(byBeginning[commit[:4]], commit); len(byBeginning[commit[:4]]) == 2 {
			shared = commit[:4]
		}
	}
	if shared == "" {
		t.Fatal("no two commits begin alike: make more")
	}
	state, dir := t.TempDir(), t.TempDir()
	_, err := fetcher(t, state, dir).Fetch(context.Background(), gitOrigin(r.url(), shared, ""), "amd64")
	if n := len(byBeginning[shared]); err == nil || !strings.HasPrefix(err.Error(), fmt.Sprintf(`pbrx-go.toml:12:7: r has %d commits that begin with %q: %s`, n, shared, shared)) || !strings.HasSuffix(err.Error(), ", write more of it") {
		t.Errorf("%v", err)
	}
	commit := r.git("rev-parse", "main~600")
	c, err := fetcher(t, state, dir).Fetch(context.Background(), gitOrigin(r.url(), commit[:12], ""), "amd64")
	if err != nil || c.Pin != commit+":" || !c.Resolved.IsZero() {
		t.Errorf("%+v, %v", c, err)
	}
}

// A few digits may be the name of a branch that the store does not have yet, whatever commit begins with them.
func TestShortNamesAreAskedFor(t *testing.T) {
	r := newRepository(t, "r")
	first := r.commit(map[string]string{"a": "1\n"})
	state, dir := t.TempDir(), t.TempDir()
	if _, err := fetcher(t, state, dir).Fetch(context.Background(), gitOrigin(r.url(), "main", "a"), "amd64"); err != nil {
		t.Fatal(err)
	}
	second := r.commit(map[string]string{"a": "2\n"})
	r.git("branch", first[:4])
	c, err := fetcher(t, state, dir).Fetch(context.Background(), gitOrigin(r.url(), first[:4], "a"), "amd64")
	if err != nil || c.Pin != second+":a" {
		t.Errorf("%+v, %v; the branch %s is at %s", c, err, first[:4], second)
	}
}

// Repositories whose objects are named by SHA-256 are like others.
func TestLongNames(t *testing.T) {
	r := repository{t, filepath.Join(t.TempDir(), "r")}
	if err := os.Mkdir(r.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	r.git("init", "--quiet", "--initial-branch=main", "--object-format=sha256")
	commit := r.commit(map[string]string{"nova/a": "1\n"})
	f := fetcher(t, t.TempDir(), t.TempDir())
	for _, ref := range []string{commit, "main"} {
		if c, err := f.Checkout(context.Background(), project(gitOrigin(r.url(), ref, ""))); err != nil || c.Commit != commit || inTree(t, c.Tree, "rev-parse", "HEAD") != commit {
			t.Errorf("%+v, %v", c, err)
		}
	}
}

// A tree that git would not make does not write elsewhere.
func TestHostileTrees(t *testing.T) {
	r := newRepository(t, "r")
	r.commit(map[string]string{"x": "evil\n"})
	outside := t.TempDir()
	object := func(kind, data string) string {
		cmd := exec.Command("git", "hash-object", "-t", kind, "--literally", "-w", "--stdin")
		cmd.Dir, cmd.Stdin = r.dir, strings.NewReader(data)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(out))
	}
	entry := func(mode, name, object string) string {
		raw, err := hex.DecodeString(object)
		if err != nil {
			t.Fatal(err)
		}
		return mode + " " + name + "\x00" + string(raw)
	}
	evil := object("tree", entry("100644", "evil", object("blob", "evil\n")))
	link := object("blob", outside)
	for tree, want := range map[string]string{
		entry("120000", "a", link) + entry("40000", "a", evil):                                   "a/evil",
		entry("40000", "..", evil):                                                               "../evil",
		entry("120000", "a", link) + entry("100644", "a", object("blob", "x")):                   "a",
		entry("100644", "a/../../../evil", object("blob", "x")):                                  "a/../../../evil",
		entry("120000", "a", link) + entry("40000", "b", evil) + entry("100644", "b/evil", link): "b/evil",
	} {
		r.git("update-ref", "refs/heads/hostile", r.git("commit-tree", "-m", "x", object("tree", tree)))
		state := t.TempDir()
		_, err := fetcher(t, state, t.TempDir()).Fetch(context.Background(), gitOrigin(r.url(), "hostile", ""), "amd64")
		refused(t, err, "", fmt.Sprintf("pbrx-go.toml:11:7: r has a path that git would not make: %q, name another repository", want))
		for _, dir := range []string{outside, state, filepath.Join(state, "unfinished")} {
			if _, err := os.Lstat(filepath.Join(dir, "evil")); err == nil {
				t.Errorf("%s has the file", dir)
			}
		}
		if _, err := fetcher(t, state, t.TempDir()).Checkout(context.Background(), project(gitOrigin(r.url(), "hostile", ""))); err == nil && strings.Contains(want, "..") {
			t.Errorf("%s was checked out", want)
		}
		if _, err := os.Lstat(filepath.Join(outside, "evil")); err == nil {
			t.Error("a checkout wrote elsewhere")
		}
	}
}

// What is of no use for long goes when something new comes.
func TestUnusedGoes(t *testing.T) {
	r, _ := nova(t)
	state, dir := t.TempDir(), t.TempDir()
	checkout := func(ref string) string {
		t.Helper()
		c, err := fetcher(t, state, dir).Checkout(context.Background(), project(gitOrigin(r.url(), ref, "")))
		if err != nil {
			t.Fatal(err)
		}
		return filepath.Dir(c.Tree)
	}
	old := time.Now().Add(-100 * 24 * time.Hour)
	first, second := checkout("1.0.0"), checkout("2.0.0")
	for _, c := range []string{first, second} {
		if err := os.Chtimes(c, old, old); err != nil {
			t.Fatal(err)
		}
	}
	checkout("2.0.0")
	third := checkout("main")
	for c, want := range map[string]bool{first: false, second: true, third: true} {
		if _, err := os.Stat(c); (err == nil) != want {
			t.Errorf("%s: %v", c, err)
		}
	}
}
