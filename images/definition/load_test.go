package definition

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// load reads files that are right.
func load(t *testing.T, dir, flag string, opts Options) *Set {
	t.Helper()
	set, err := Load(dir, flag, opts)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestFind(t *testing.T) {
	if set := load(t, t.TempDir(), "", Options{}); set != nil {
		t.Errorf("%+v", set)
	}
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"own":       {map[string]string{"pbrx-go.toml": "name = \"x\"\n", "pyproject.toml": "[tool.other]\n"}, "pbrx-go.toml"},
		"pyproject": {map[string]string{"pyproject.toml": "[tool.pbrx-go]\nname = \"x\"\n"}, "pyproject.toml"},
		"dotted":    {map[string]string{"pyproject.toml": "tool.pbrx-go.name = \"x\"\n"}, "pyproject.toml"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := write(t, c.files)
			set := load(t, dir, "", Options{})
			if set.Name.Value != "x" || filepath.Base(set.Name.At.Filename) != c.want || set.Dir != dir {
				t.Errorf("%+v in %s", set.Name, set.Dir)
			}
		})
	}
	dir := write(t, map[string]string{"pbrx-go.toml": "", "pyproject.toml": "[project]\nname = \"x\"\n[tool.pbrx-go]\n"})
	if got := problemsIn(t, dir, Options{}); got != "pyproject.toml:3:7: [tool.pbrx-go] and pbrx-go.toml:1 both configure the images; keep one" {
		t.Error(got)
	}
	if set := load(t, dir, filepath.Join(dir, "pbrx-go.toml"), Options{}); set == nil {
		t.Error("--config chooses")
	}
	if _, err := Load(dir, filepath.Join(dir, "none.toml"), Options{}); err == nil || !strings.HasSuffix(err.Error(), "none.toml: no such file or directory") {
		t.Error(err)
	}
	dangling := write(t, map[string]string{"pyproject.toml": "[tool.other]\n"})
	if err := os.Symlink("nowhere", filepath.Join(dangling, "pbrx-go.toml")); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(dangling, "", Options{}); err == nil || !strings.HasSuffix(err.Error(), "pbrx-go.toml: no such file or directory") {
		t.Errorf("a link that leads nowhere: %v", err)
	}
	if got := problemsIn(t, write(t, map[string]string{"pyproject.toml": "[tool.pbrx_go]\nname = \"x\"\n"}), Options{}); got != "pyproject.toml:1:7: unknown table tool.pbrx_go; write tool.pbrx-go" {
		t.Error(got)
	}
	broken := write(t, map[string]string{"pyproject.toml": "[tool.other\n"})
	if set := load(t, broken, "", Options{}); set != nil {
		t.Error("what is wrong in a file without us is for others to say")
	}
}

// In pyproject.toml places count in the whole file, and names of keys from the table.
func TestPyproject(t *testing.T) {
	dir := write(t, map[string]string{"pyproject.toml": "[project]\nname = \"x\"\n[tool.pbrx-go]\ncmd = []\n[tool.pbrx-go.user.a]\nuid = 7\nshel = \"\"\nvenv = 1\n"})
	want := `pyproject.toml:4:1: unknown key "cmd"; write command = […]
pyproject.toml:7:1: unknown key "shel"; did you mean "shell"?
pyproject.toml:8:1: "venv" belongs to the top level, not to user.a: all images of a set share one Python`
	if diff := cmp.Diff(want, problemsIn(t, dir, Options{})); diff != "" {
		t.Error(diff)
	}
	if got := problemsIn(t, write(t, map[string]string{"pyproject.toml": "[tool]\npbrx-go = 1\n"}), Options{}); got != "pyproject.toml:2:11: tool.pbrx-go must be a table; write [tool.pbrx-go] and its keys below" {
		t.Error(got)
	}
}

// A file that says nothing sets nothing.
func TestEmpty(t *testing.T) {
	for _, files := range []map[string]string{{"pbrx-go.toml": ""}, {"pbrx-go.toml": "# nothing\n"}, {"pyproject.toml": "[tool.pbrx-go]\n"}} {
		dir := write(t, files)
		set := load(t, dir, "", Options{ProjectName: "x"})
		if len(set.Files) != 1 || set.Dir != dir {
			t.Errorf("%+v", set)
		}
		set.Files, set.Dir, set.Root = nil, "", ""
		if diff := cmp.Diff(&Set{}, set); diff != "" {
			t.Error(diff)
		}
	}
}

// TOML 1.1 is refused where Python reads the file (section 10).
func TestNewerTOML(t *testing.T) {
	for text, want := range map[string]string{
		"user.x = {\n  uid = 7,\n}\n":             "2:11",
		"user.x = { uid = 7, }\n":                 "2:19",
		"name = \"\\x61b\"\n":                     "2:9",
		"name = \"a\"\n[tool.other]\nt = 07:32\n": "4:5",
	} {
		if set := load(t, write(t, map[string]string{"pbrx-go.toml": strings.SplitN(text, "[tool", 2)[0]}), "", Options{}); set == nil {
			t.Error("pbrx-go.toml may be TOML 1.1")
		}
		got := problemsIn(t, write(t, map[string]string{"pyproject.toml": "[tool.pbrx-go]\n" + text}), Options{})
		lines := strings.Split(got, "\n")
		if !strings.HasPrefix(lines[0], "pyproject.toml:"+want+": this is TOML 1.1, which Python does not read yet") {
			t.Errorf("%q: %s", text, got)
		}
	}
}

func TestExtendsErrors(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"cycle":    {map[string]string{"pbrx-go.toml": "extends = \"a.toml\"\n", "a.toml": "\nextends = \"./pbrx-go.toml\"\n"}, `a.toml:2:11: extends "./pbrx-go.toml" comes back to pbrx-go.toml; leave one extends out`},
		"itself":   {map[string]string{"pbrx-go.toml": "extends = \"pbrx-go.toml\"\n"}, `pbrx-go.toml:1:11: extends "pbrx-go.toml" comes back to pbrx-go.toml; leave one extends out`},
		"absolute": {map[string]string{"pbrx-go.toml": "extends = \"/etc/x.toml\"\n"}, `pbrx-go.toml:1:11: "/etc/x.toml" is an absolute path; write it relative to this file`},
		"missing":  {map[string]string{"pbrx-go.toml": "extends = \"a.toml\"\n"}, `pbrx-go.toml:1:11: extends a.toml: no such file or directory; correct the path, which is relative to this file`},
		"long": {map[string]string{"pbrx-go.toml": "extends = \"1\"\n", "1": "extends = \"2\"\n", "2": "extends = \"3\"\n", "3": "extends = \"4\"\n", "4": ""},
			`3:1:11: the chain of extends is longer than 4 files: 3, 2, 1, pbrx-go.toml; join two of them`},
		"type":            {map[string]string{"pbrx-go.toml": "extends = 1\n"}, `pbrx-go.toml:1:11: extends must be a string: "../openstack.toml"`},
		"of a work tree":  {map[string]string{"pbrx-go.toml": "extends = \"../x.toml\"\n", ".git/HEAD": ""}, `pbrx-go.toml:1:11: "../x.toml" is outside the repository; copy what is needed into it`},
		"in a parent":     {map[string]string{"pbrx-go.toml": "extends = \"a.toml\"\nzzzz = 1\n", "a.toml": "yyyy = 1\n"}, "a.toml:1:1: unknown key \"yyyy\"; remove it, or see what there is with `pbrx-go config schema`\npbrx-go.toml:2:1: unknown key \"zzzz\"; remove it, or see what there is with `pbrx-go config schema`"},
		"path of a child": {map[string]string{"pbrx-go.toml": "extends = \"p/a.toml\"\nfile.\"/x\" = { path = \"../x\" }\n", "p/a.toml": ""}, `pbrx-go.toml:2:22: "../x" is outside the repository; copy what is needed into it`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := problemsIn(t, write(t, c.files), Options{}); got != c.want {
				t.Errorf("\n%s, not\n%s", got, c.want)
			}
		})
	}
}

// Each part of a list says where it stands, and a command without words takes one back.
func TestParts(t *testing.T) {
	dir := write(t, map[string]string{
		"parent.toml":  "command = [\"x\"]\nimage.a = { command = [\"y\"] }\n",
		"pbrx-go.toml": "extends = \"parent.toml\"\ncommand = []\nimage.a = { command = [], args = [\"-f\"] }\npackages = [\"curl\"]\n[release.r]\npackages = [\"vim\"]\n",
	})
	set := load(t, dir, "", Options{Releases: []Text{{Value: "r"}}})
	var got []string
	for _, v := range set.Values {
		if v.Key == "packages" {
			got = append(got, fmt.Sprint(v, " ", v.At.Line))
		}
	}
	if want := []string{`["curl"] 4`, `["vim"] 6`}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if set.Command != nil || set.Images[0].Command != nil {
		t.Errorf("%+v, %+v", set.Command, set.Images[0].Command)
	}
}

// Values of all levels come together as section 2.2 says.
func TestMerge(t *testing.T) {
	dir := write(t, map[string]string{
		"parent.toml": `
base = "parent:1"
packages = ["curl", "git [compile]", "zlib [platform:apk]", "zlib1g [platform:dpkg]"]
requirements = ["Foo_Bar==1", "baz"]
constraints = ["a<1"]
args = ["-p"]
scripts = ["p*"]
env = { A = "parent", B = "parent" }
volumes = ["/a"]
user.u = { uid = 7, home = "/parent" }
file."/f" = { url = "https://h/f", sha256 = "` + someHash + `", mode = "0600" }
file."/g" = { git = "https://h/g", ref = "v1", path = "a" }
[release.r]
base = "release-of-parent:1"
packages = ["curl [ceph]"]
[[run]]
commands = [["one"]]
`,
		"pbrx-go.toml": `
extends = "parent.toml"
base = "file:1"
packages = ["git", "zlib [platform:rpm]", "zlib [platform:suse]", "vim"]
requirements = ["foo-bar==2", "new"]
constraints = ["b<1"]
args = []
scripts = ["c*"]
env.B = "file"
volumes = ["/b", "/a"]
user.u.home = "/file"
file."/f" = { text = "t" }
file."/g".path = "b"
[release.r]
volumes = ["/r"]
[release.s]
env.B = "s"
[[run]]
commands = [["two"]]
`,
	})
	plain := func(s *Set) string {
		var b strings.Builder
		for _, p := range s.Packages {
			fmt.Fprint(&b, p.Line.Value, ", ")
		}
		for _, r := range append(s.Requirements, s.Constraints...) {
			fmt.Fprint(&b, "| ", r.Line.Value)
		}
		fmt.Fprint(&b, " |", s.Base.Value, s.Args.Words, texts(s.Scripts), texts(s.Volumes))
		for _, v := range s.Env {
			fmt.Fprint(&b, " ", v.Name, "=", v.Value)
		}
		f, g := s.Content.Files[0], s.Content.Files[1]
		fmt.Fprint(&b, " ", s.Users[0].UID, s.Users[0].Home, f.Origin.Kind, f.Mode.Value, len(f.Origin.SHA256), g.Origin.Kind, g.Origin.Part.Value, g.Origin.Ref.Value)
		for _, r := range s.Runs {
			fmt.Fprint(&b, r.Commands[0].Words)
		}
		return b.String()
	}
	for _, c := range []struct {
		releases []string
		want     string
	}{
		{nil, "curl, git, zlib [platform:rpm], zlib [platform:suse], zlib1g [platform:dpkg], vim, | foo-bar==2| baz| new| b<1 |file:1[] [c*] [/a /b] A=parent B=file 7/filetext06000gitbv1[one][two]"},
		{[]string{"r", "s"}, "curl [ceph], git, zlib [platform:rpm], zlib [platform:suse], zlib1g [platform:dpkg], vim, | foo-bar==2| baz| new| b<1 |release-of-parent:1[] [c*] [/a /b /r] A=parent B=s 7/filetext06000gitbv1[one][two]"},
	} {
		var opts Options
		for _, r := range c.releases {
			opts.Releases = append(opts.Releases, Text{Value: r})
		}
		if diff := cmp.Diff(c.want, plain(load(t, dir, "", opts))); diff != "" {
			t.Errorf("%v: %s", c.releases, diff)
		}
	}
}

// Which file an account or package belongs to decides who shares its layer (acceptance check 12, the pure part).
func TestLevels(t *testing.T) {
	dir := write(t, map[string]string{
		"grand.toml":        "packages = [\"curl\"]\nuser.shared.uid = 7\nuser.own = { uid = 8, directories = [\"/var/lib/{name}\"] }\n[release.r]\npackages = [\"gdb\"]\n",
		"parent.toml":       "extends = \"grand.toml\"\npackages = [\"git\", \"{name}-data\"]\nuser.shared.shell = \"/bin/sh\"\nrepository.r = { uri = \"https://h/{name}\", key = { path = \"k\" } }\n",
		"svc/pbrx-go.toml":  "extends = \"../parent.toml\"\nname = \"svc\"\npackages = [\"vim\"]\nfile.\"/{name}\" = { path = \"x\" }\n",
		"named.toml":        "extends = \"grand.toml\"\nname = \"n\"\n",
		"last/pbrx-go.toml": "extends = \"../named.toml\"\n",
	})
	levels := func(s *Set) string {
		var parts []string
		for _, p := range s.Packages {
			parts = append(parts, fmt.Sprint(p.Line.Value, " ", p.Level))
		}
		for _, u := range s.Users {
			parts = append(parts, fmt.Sprint(u.Handle, " ", u.Level))
		}
		for _, r := range s.Repositories {
			parts = append(parts, fmt.Sprint(r.Handle, " ", r.Level))
		}
		return strings.Join(parts, ", ")
	}
	release := Options{Releases: []Text{{Value: "r"}}}
	svc := load(t, filepath.Join(dir, "svc"), "", release)
	if got, want := levels(svc), "curl 0, git 1, svc-data 2, vim 2, gdb 0, shared 1, own 2, r 2"; got != want {
		t.Errorf("%s, not %s", got, want)
	}
	if svc.Files[0] != filepath.Join(dir, "grand.toml") || svc.Files[2] != filepath.Join(dir, "svc/pbrx-go.toml") || svc.Content.Files[0].Dest != "/svc" {
		t.Error(svc.Files, svc.Content.Files)
	}
	if got, want := levels(load(t, filepath.Join(dir, "last"), "", Options{})), "curl 0, shared 0, own 1"; got != want {
		t.Errorf("%s, not %s", got, want)
	}
	// The project's own name is that of the innermost file.
	if got, want := levels(load(t, dir, filepath.Join(dir, "grand.toml"), Options{ProjectName: "p"})), "curl 0, shared 0, own 0"; got != want {
		t.Errorf("%s, not %s", got, want)
	}
}

// A relative path begins at the file that has it.
func TestFolders(t *testing.T) {
	dir := write(t, map[string]string{
		"parent.toml":      "bindep = \"x/bindep.txt\"\nbase = \"rootfs:base.tar\"\nrepository.r = { uri = \"https://h/\", key = { path = \"k\" } }\nproject.p = { path = \"p\", patches = [\"patches/0.patch\"] }\n",
		"svc/pbrx-go.toml": "extends = \"../parent.toml\"\nproject.p.patches = [\"more/1.patch\"]\nproject.q = { path = \"q\", patches = \"patches/q\" }\n",
	})
	s := load(t, filepath.Join(dir, "svc"), "", Options{})
	root, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	got := []string{s.Bindep.Value, s.Base.Value, s.Repositories[0].Key.Dir, s.Projects[0].Origin.Dir, strings.Join(texts(s.Projects[0].Patches), " "), strings.Join(texts(s.Projects[1].Patches), " "), s.Root}
	want := []string{filepath.Join(dir, "x/bindep.txt"), "rootfs:" + filepath.Join(dir, "base.tar"), dir, dir, "patches/0.patch svc/more/1.patch", "patches/q", root}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDefaultRelease(t *testing.T) {
	text := "default-release = \"a\"\nlabels.r = \"{release}\"\n[release.a]\nworkdir = \"/a\"\n[release.b]\nworkdir = \"/b\"\n"
	dir := write(t, map[string]string{"pbrx-go.toml": text})
	s := load(t, dir, "", Options{})
	if s.Workdir.Value != "/a" || s.Labels[0].Value != "a" || len(s.Defined) != 2 || s.Releases[0].At.Line != 1 {
		t.Errorf("%+v", s)
	}
	s = load(t, dir, "", Options{Releases: []Text{{Value: "b"}, {Value: "a"}}})
	if s.Workdir.Value != "/a" || s.Labels[0].Value != "b-a" || !slices.Equal(texts(s.Releases), []string{"b", "a"}) {
		t.Errorf("%+v", s)
	}
}

// Without a work tree each file may look into its own folder.
func TestRootsWithoutWorkTree(t *testing.T) {
	dir := write(t, map[string]string{
		"shared/p.toml":    "file.\"/p\" = { path = \"p\" }\n",
		"svc/pbrx-go.toml": "extends = \"../shared/p.toml\"\nfile.\"/s\" = { path = \"s\" }\n",
		"bad/pbrx-go.toml": "extends = \"../shared/p.toml\"\nfile.\"/s\" = { path = \"../shared/s\" }\n",
	})
	if s := load(t, filepath.Join(dir, "svc"), "", Options{}); s.Root != resolve(dir) {
		t.Error(s.Root)
	}
	if got := problemsIn(t, filepath.Join(dir, "bad"), Options{}); got != `pbrx-go.toml:2:22: "../shared/s" is outside the repository; copy what is needed into it` {
		t.Error(got)
	}
}

func TestWorkTree(t *testing.T) {
	dir := write(t, map[string]string{".git/HEAD": "", "a/b/pbrx-go.toml": "file.\"/x\" = { path = \"../../x\" }\n"})
	if got := problemsIn(t, filepath.Join(dir, "a/b"), Options{}); got != "" {
		t.Error(got)
	}
	if err := os.RemoveAll(filepath.Join(dir, ".git")); err != nil {
		t.Fatal(err)
	}
	if got := problemsIn(t, filepath.Join(dir, "a/b"), Options{}); got == "" {
		t.Error("without a work tree the folder of the file is the limit")
	}
}

// An entry that a file says again stays in the level of its parent, whose layer is the same for all that extend it; paths
// that are spelled alike in two folders are two.
func TestSaidAgain(t *testing.T) {
	dir := write(t, map[string]string{
		"parent.toml":       "packages = [\"curl\", \"git\"]\nrequirements = [\"six\", { path = \"r.txt\" }]\n[[run]]\ncommands = [[\"make\"]]\nsource = \".\"\n",
		"nova/pbrx-go.toml": "extends = \"../parent.toml\"\npackages = [\"vim\", \"curl\", \"git [platform:apk]\"]\nrequirements = [{ path = \"r.txt\" }]\n[[run]]\ncommands = [[\"make\"]]\nsource = \".\"\n",
		"nova/r.txt":        "",
		"r.txt":             "",
	})
	s, err := Load(filepath.Join(dir, "nova"), "", Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range s.Packages {
		got = append(got, fmt.Sprintf("%s %d", p.Line.Value, p.Level))
	}
	for _, r := range s.Requirements {
		if r.Origin != nil {
			got = append(got, strings.TrimPrefix(filepath.Join(r.Origin.Dir, r.Origin.Where.Value), dir))
		}
	}
	for _, r := range s.Runs {
		got = append(got, strings.TrimPrefix(r.Source.Dir, dir))
	}
	if want := []string{"curl 0", "git [platform:apk] 1", "vim 1", "/r.txt", "/nova/r.txt", "", "/nova"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
