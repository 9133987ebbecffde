package origins_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pbrx-go/pbrx-go/builder/origins"
	"github.com/pbrx-go/pbrx-go/images/definition"
)

func project(o definition.Origin, patches ...string) definition.Project {
	p := definition.Project{Handle: "nova", Origin: o, At: o.At}
	for _, name := range patches {
		p.Patches = append(p.Patches, text(name, 14))
	}
	return p
}

// inTree runs git in a checkout.
func inTree(t *testing.T, dir string, argv ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "safe.directory=*"}, argv...)...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %q: %v\n%s", argv, err, out)
	}
	return strings.TrimSpace(string(out))
}

// nova has two releases, a commit after the second and another branch.
func nova(t *testing.T) (r repository, commit string) {
	t.Helper()
	r = newRepository(t, "upstream")
	r.commit(map[string]string{"setup.cfg": "[metadata]\nname = nova\n", "nova/virt/x.py": "one\ntwo\nthree\n"})
	r.git("tag", "--annotate", "--message", "one", "1.0.0")
	r.commit(map[string]string{"nova/virt/x.py": "one\ntwo\nthree\nfour\n"})
	r.git("tag", "2.0.0")
	commit = r.commit(map[string]string{"nova/run.sh": "#!/bin/sh\n", "nova/link": "-> run.sh"})
	r.git("checkout", "--quiet", "-b", "unmaintained/2023.1")
	r.commit(map[string]string{"later": "x"})
	r.git("tag", "3.0.0")
	r.git("checkout", "--quiet", "main")
	return r, commit
}

const addsData = `--- a/nova/virt/x.py
+++ b/nova/virt/x.py
@@ -1,4 +1,4 @@
 one
-two
+zwei
 three
 four
diff --git a/nova/data.json b/nova/data.json
new file mode 100644
--- /dev/null
+++ b/nova/data.json
@@ -0,0 +1 @@
+{}
`

// A checkout is whole in itself, has the history of its commit and no more, and files that patches add are known to git.
func TestCheckout(t *testing.T) {
	r, commit := nova(t)
	dir := t.TempDir()
	write(t, dir, map[string]string{"patches/0001-x.patch": addsData, "patches/README": "no patch"})
	state := t.TempDir()
	c, err := fetcher(t, state, dir).Checkout(context.Background(), project(with(gitOrigin(r.url(), "main", ""), dir), "patches"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Commit != commit || !c.Patched || c.Resolved.IsZero() || c.Dir != c.Tree {
		t.Errorf("%+v", c)
	}
	d := c.Described
	if d.Text != "2.0.0-1-g"+commit || d.Tag != "2.0.0" || d.Distance != 1 || d.Version() != "2.0.1.dev1+g"+commit[:9] {
		t.Errorf("%+v, %s", d, d.Version())
	}
	if err := os.Rename(r.dir, r.dir+"-away"); err != nil {
		t.Fatal(err)
	}
	for _, g := range []struct{ argv, want string }{
		{"ls-files", "nova/data.json\nnova/link\nnova/run.sh\nnova/virt/x.py\nsetup.cfg"},
		{"describe --tags", "2.0.0-1-g" + commit[:7]},
		{"rev-list --count --all", "3"},
		{"tag", "1.0.0\n2.0.0"},
		{"fsck --full --strict", ""},
		{"status --short", "A  nova/data.json\nM  nova/virt/x.py"},
		{"for-each-ref --format=%(refname)", "refs/tags/1.0.0\nrefs/tags/2.0.0"},
	} {
		if got := inTree(t, c.Tree, strings.Fields(g.argv)...); got != g.want {
			t.Errorf("git %s: %s\nwant\n%s", g.argv, got, g.want)
		}
	}
	again, err := fetcher(t, state, dir).Checkout(context.Background(), project(with(gitOrigin(r.url(), "main", ""), dir), "patches"))
	if err != nil || again != c {
		t.Errorf("%+v, %v\nwant\n%+v", again, err, c)
	}
}

// with is an origin of a definition in dir.
func with(o definition.Origin, dir string) definition.Origin {
	o.Dir = dir
	return o
}

// The repository is the same bytes wherever and from whatever clone it is made.
func TestCheckoutIsTheSameEverywhere(t *testing.T) {
	r, commit := nova(t)
	for n := range 4 { // which packs hold as differences, or not
		long := ""
		for line := range 2000 {
			long += fmt.Sprintf("line %d %x\n", line, sha256.Sum256([]byte{byte(line), byte(line >> 8)}))
		}
		commit = r.commit(map[string]string{"long": strings.Replace(long, "line 1000 ", fmt.Sprintf("line %d, ", n), 1)})
	}
	dir := t.TempDir()
	made := func(address, ref string) map[string]string {
		c, err := fetcher(t, t.TempDir(), dir).Checkout(context.Background(), project(gitOrigin(address, ref, "")))
		if err != nil {
			t.Fatal(err)
		}
		return sums(t, filepath.Join(c.Tree, ".git"))
	}
	first := made(r.url(), "main")
	r.git("clone", "--quiet", "--bare", r.dir, r.dir+"-other")
	r.git("-C", r.dir+"-other", "repack", "-q", "-a", "-d", "-f", "--window=0")
	second := made("file://"+r.dir+"-other", commit)
	if len(first) < 5 || fmt.Sprint(first) != fmt.Sprint(second) {
		t.Errorf("%v\nis not\n%v", first, second)
	}
}

// sums are the digests of all files, but of the index, which has the times of the files.
func sums(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() || e.Name() == "index" {
			return err
		}
		data, err := os.ReadFile(path)
		out[strings.TrimPrefix(path, dir)] = fmt.Sprintf("%x", sha256.Sum256(data))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A patch that does not apply says which hunk of which file, and whether it is merged.
func TestPatchesThatDoNotApply(t *testing.T) {
	r, commit := nova(t)
	merged := r.git("diff", "1.0.0", "2.0.0")
	elsewhere := strings.Replace(addsData, "@@ -1,4 +1,4 @@\n one\n", "@@ -1,3 +1,3 @@\n one\n-two\n+deux\n three\n@@ -10,4 +10,4 @@\n eleven\n", 1)
	for _, c := range []struct{ name, patch, want string }{
		{"merged", merged + "\n", "patches/0001-x.patch: hunk 1 does not apply to nova/virt/x.py at SHORT; it applies in reverse, so it is merged already: remove it"},
		{"other source", elsewhere, "patches/0001-x.patch: hunk 2 does not apply to nova/virt/x.py at SHORT; make it anew for that source"},
		{"a new file that is there", strings.ReplaceAll(addsData[strings.Index(addsData, "diff"):], "nova/data.json", "nova/run.sh"),
			"patches/0001-x.patch: it does not apply: nova/run.sh is there already at SHORT; make it anew for that source"},
		{"no patch", "hello\n", "patches/0001-x.patch: git says: No valid patches in input (allow with \"--allow-empty\"); make it anew for that source"},
		{"out of the tree", strings.ReplaceAll(addsData[strings.Index(addsData, "diff"):], "nova/data.json", "../evil"), "patches/0001-x.patch: git says: invalid path '../evil'; make it anew for that source"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, map[string]string{"patches/0001-x.patch": c.patch})
			_, err := fetcher(t, t.TempDir(), dir).Checkout(context.Background(), project(with(gitOrigin(r.url(), "main", ""), dir), "patches/0001-x.patch"))
			refused(t, err, dir, strings.ReplaceAll(c.want, "SHORT", commit[:7]))
			var patch *origins.PatchError
			if !errors.As(err, &patch) {
				t.Errorf("%T is no PatchError", err)
			}
		})
	}
}

// What the user's git is told to run is not run on what is fetched, and a repository cannot have it run either.
func TestNothingIsRun(t *testing.T) {
	r := newRepository(t, "r")
	r.commit(map[string]string{".gitattributes": "* filter=evil diff=evil merge=evil\n", "nova/a": "one\n", ".gitmodules": "[submodule \"x\"]\npath = x\nurl = ext::touch /evil\n", "p.patch": ""})
	home := t.TempDir()
	script := "touch " + home + "/ran; cat"
	write(t, home, map[string]string{".gitconfig": fmt.Sprintf("[core]\nhooksPath = %[1]s/hooks\nfsmonitor = %[2]q\nattributesFile = %[1]s/attributes\nautocrlf = true\n[init]\ntemplateDir = %[1]s\n[filter \"evil\"]\nsmudge = %[2]q\nclean = %[2]q\n[diff \"evil\"]\ntextconv = %[2]q\ncommand = %[2]q\n", home, script),
		"attributes": "* filter=evil\n", "hooks/post-checkout": "#!/bin/sh\n" + script, "hooks/reference-transaction": "#!/bin/sh\n" + script, "hooks/post-index-change": "#!/bin/sh\n" + script})
	for _, hook := range []string{"post-checkout", "reference-transaction", "post-index-change"} {
		if err := os.Chmod(filepath.Join(home, "hooks", hook), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	write(t, dir, map[string]string{"p.patch": "--- a/nova/a\n+++ b/nova/a\n@@ -1 +1 @@\n-one\n+two\n"})
	f := fetcher(t, t.TempDir(), dir, func(o *origins.Options) {
		o.Env["HOME"] = home
		o.Env["GIT_EXTERNAL_DIFF"] = "touch " + home + "/ran"
	})
	c, err := f.Checkout(context.Background(), project(with(gitOrigin(r.url(), "main", ""), dir), "p.patch"))
	if err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(filepath.Join(c.Dir, "nova/a")); err != nil || string(data) != "two\n" {
		t.Errorf("%q, %v", data, err)
	}
	if _, err := f.Fetch(context.Background(), gitOrigin(r.url(), "main", "nova"), "amd64"); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(home, "ran")); err == nil {
		t.Error("a program of the user's configuration ran")
	}
}

// Versions are those that setuptools-scm 10.3.4 printed of such tags.
func TestVersions(t *testing.T) {
	for tag, want := range map[string][2]string{
		"1.0.0": {"1.0.0", "1.0.1.dev1+g8dfe05735"}, "v2.1": {"2.1", "2.2.dev1+g8dfe05735"}, "proj-1.2": {"1.2", "1.3.dev1+g8dfe05735"}, "1.0rc1": {"1.0rc1", "1.0rc2.dev1+g8dfe05735"},
		"1.0.post1": {"1.0.post1", "1.0.post2.dev1+g8dfe05735"}, "1.2.3.4": {"1.2.3.4", "1.2.3.5.dev1+g8dfe05735"}, "2.0.0a1": {"2.0.0a1", "2.0.0a2.dev1+g8dfe05735"},
		"release-3.4.5": {"3.4.5", "3.4.6.dev1+g8dfe05735"}, "20240102.1": {"20240102.1", "20240102.2.dev1+g8dfe05735"}, "v1": {"1", "2.dev1+g8dfe05735"}, "1.0-rc1": {"1.0rc1", "1.0rc2.dev1+g8dfe05735"},
		"1!2.0": {"1!2.0", "1!2.1.dev1+g8dfe05735"}, "1.0.dev3": {"1.0.dev3", ""}, "nightly7": {"", ""}, "": {"", ""},
	} {
		for distance, version := range want {
			d := origins.Description{Tag: tag, Distance: distance, Node: "g8dfe0573512345678901234567890123456789012"}
			if got := d.Version(); got != version {
				t.Errorf("%d after %s: %q, want %q", distance, tag, got, version)
			}
		}
	}
}
