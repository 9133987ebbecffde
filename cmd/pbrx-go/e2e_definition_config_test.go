package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// lampHouseAtTag is the definition of a set at the tag of its project.
const lampHouseAtTag = `name = "lamp-house"
constraints = ["iniconfig==2.0.0"]

[project.lamp-house]
git = "repositories/lamp-house"
ref = "1.2.0"
`

// What a definition names and the base does not have is said with its place, and no image has a name then.
func TestDefinitionOfWhatIsNotThere(t *testing.T) {
	l := newLampHouse(t)
	base := testBase(t)
	for _, c := range []struct {
		text string
		code int
		want string
	}{
		{"python = \"python9\"", 2, `1:10: python: ` + base + `: it has no interpreter python9 on its PATH: name one that is there`},
		{"python = \"/bin/ls\"", 2, `1:10: python: ` + base + `: its /bin/ls is no Python interpreter: name one that is there`},
		{"platforms = [\"linux/s390x\"]", 2, `1:14: platforms: linux/s390x is not what this engine builds for, linux/` + runtime.GOARCH + `: name an engine of that platform with --engine, or leave the key out`},
		{"builder = \"rootfs:nope.tar\"", 3, "1:11: reading the image rootfs:nope.tar: reading the root file system: stat " + l.path("nope.tar") +
			": no such file or directory: name another (docker://NAME, oci:DIR[:REF], rootfs:FILE|DIR), or see `pbrx-go doctor`"},
		{"venv = \"/usr\"", 2, `1:8: venv: /usr is there already: there is no place for a virtual environment; choose another`},
		{"entrypoint = [\"/nope\"]", 1, `1:14: /nope would die at start: the image has no such file: correct the command, or add what has the program to requirements, packages or files`},
	} {
		l.define(t, c.text+"\n"+lampHouseAtTag)
		l.refused(t, c.code, "pbrx-go.toml:"+c.want)
	}
	l.define(t, lampHouseAtTag)
	l.refused(t, 1, "--init-path: /sbin/nope would die at start: the image has no such file: correct the command, or add what has the program to requirements, packages or files", "--init-path", "/sbin/nope")
}

// overlaid is a file in place of one that a wheel brings.
const overlaid = `
[file."{site-packages}/iniconfig/exceptions.py"]
path = "exceptions.py"
`

// Acceptance check 10 of the specification: a file over what wheels install.
func TestDefinitionOverlay(t *testing.T) {
	l := newLampHouse(t)
	l.define(t, lampHouseAtTag+overlaid)
	write(t, l.path("exceptions.py"), "class ParseError(Exception):\n    pass\n\n\nLAID = \"laid over\"\n")
	const dest = "/opt/lamp-house/lib/python3.11/site-packages/iniconfig/exceptions.py"
	const wrong = `pbrx-go.toml:8:7: file."{site-packages}/iniconfig/exceptions.py"`
	l.refused(t, 2, wrong+" is a file of iniconfig; add replace = true if that is meant")
	l.define(t, lampHouseAtTag+overlaid+"replace = true\n")
	write(t, l.path("wrong.py"), "def laid(:\n")
	edit(t, l.path("pbrx-go.toml"), "exceptions.py\"\nreplace", "wrong.py\"\nreplace")
	l.refused(t, 2, wrong+" does not compile: line 1: invalid syntax")
	edit(t, l.path("pbrx-go.toml"), "wrong.py", "exceptions.py")
	built := l.build(t)
	built.says(t, "lamp-house 1.2.0\ntide-bell is not there\niniconfig 2.0.0\n\nlaid over\n")
	checkString(t, "the file", string(built.image.file(t, dest[1:])), readFile(t, l.path("exceptions.py")))
	t.Run("another Python", func(t *testing.T) { // which is no other line of the definition
		if at := l.destination(t, "rootfs:"+given(t, "PBRX_GO_TEST_ALPINE")); at != "/usr/local/lib/python3.13/site-packages/iniconfig/exceptions.py" {
			t.Errorf("the file would be %s", at)
		}
	})
}

// destination is where the plan puts the file.
func (l lampHouse) destination(t *testing.T, base string) string {
	t.Helper()
	out := command{dir: l.dir, args: []string{"plan", ".", "--base", base, "--engine", "embedded", "--init-path", "none", "--format", "json"}}.succeed(t)
	var plan struct {
		Images []struct{ Files []struct{ Dest string } }
	}
	if err := json.Unmarshal([]byte(out.stdout), &plan); err != nil {
		t.Fatalf("%v: %s", err, out.stdout)
	}
	if len(plan.Images) == 0 || len(plan.Images[0].Files) != 1 {
		t.Fatalf("the plan has no file: %s", out.stdout)
	}
	return plan.Images[0].Files[0].Dest
}

// Acceptance check 15: what is in the configuration of images alone changes no layer, and no step that makes one runs.
func TestDefinitionConfigOnly(t *testing.T) {
	l := newLampHouse(t)
	l.define(t, lampHouseAtTag)
	first := l.build(t)
	for _, c := range []struct{ key, want string }{
		{`args = ["fog"]`, `"Cmd":["lamp-house","fog"]`},
		{`env.LAMP = "lit"`, `"LAMP=lit"`},
		{`labels."org.example.keeper" = "Ada"`, `"org.example.keeper":"Ada"`},
		{`run-as = "1000:0"`, `"User":"1000:0"`},
		{`volumes = ["/var/lib/lamps"]`, `"Volumes":{"/var/lib/lamps":{}}`},
		{`workdir = "/srv"`, `"WorkingDir":"/srv"`},
	} {
		l.define(t, c.key+"\n"+readFile(t, l.path("pbrx-go.toml")))
		again := l.build(t)
		again.checkRan(t, c.key)
		if got, want := again.image.layerDigests(), first.image.layerDigests(); !slices.Equal(got, want) {
			t.Errorf("with %s the layers are %s, were %s", c.key, got, want)
		}
		if !strings.Contains(string(again.image.rawConfig), c.want) || strings.Contains(string(first.image.rawConfig), c.want) {
			t.Errorf("with %s the configuration is %s", c.key, again.image.rawConfig)
		}
		first.image.rawConfig = again.image.rawConfig
	}
}

// Beside the project, the file is no part of what the wheel is made of.
func TestDefinitionConfigBesideProject(t *testing.T) {
	l := newLampHouse(t)
	l.dir = l.path("repositories/lamp-house")
	l.define(t, "constraints = [\"iniconfig==2.0.0\"]\n")
	commitAll(t, l.dir, "Configure")
	first := l.build(t)
	first.says(t, "lamp-house 1.2.1.dev2\ntide-bell is not there\niniconfig 2.0.0\n\nas it came\n")
	l.define(t, "args = [\"fog\"]\n"+readFile(t, l.path("pbrx-go.toml")))
	again := l.build(t)
	again.checkRan(t, "args")
	again.says(t, "lamp-house 1.2.1.dev2\ntide-bell is not there\niniconfig 2.0.0\n\nas it came fog\n")
	if got, want := again.image.layerDigests(), first.image.layerDigests(); !slices.Equal(got, want) {
		t.Errorf("the layers are %s, were %s", got, want)
	}
}

// Acceptance check 16: nothing leads out of the folder of the definition, and no address is a program.
func TestDefinitionEscapes(t *testing.T) {
	dir, seen := t.TempDir(), &requests{}
	server := serveFolder(dir, seen)
	t.Cleanup(server.Close)
	l := lampHouse{filepath.Join(dir, "definition")}
	write(t, filepath.Join(dir, "secret"), "secret\n")
	touched, address := filepath.Join(dir, "touched"), strings.TrimPrefix(server.URL, "http://")
	l.define(t, `name = "lamp-house"
requirements = ["iniconfig"]
[file]
"/etc/a" = { path = "../secret" }
"/etc/b" = { path = "link" }
"/etc/c" = { url = "http://keeper:lantern@`+address+`/c", sha256 = "`+strings.Repeat("0", 64)+`" }
"/etc/d" = { git = "ext::touch `+touched+`", ref = "main" }
"/etc/e" = { git = "`+server.URL+`/e", ref = "--upload-pack=touch `+touched+`" }
`)
	if err := os.Symlink("../secret", l.path("link")); err != nil {
		t.Fatal(err)
	}
	state := filepath.Join(dir, "state")
	out := command{state: state, dir: l.dir, args: l.args(testBase(t), filepath.Join(dir, "layout"))}.run(t)
	want := `error: pbrx-go.toml:4:21: "../secret" is outside the repository; copy what is needed into it
error: pbrx-go.toml:5:21: "link" is outside the repository; copy what is needed into it
error: pbrx-go.toml:6:20: url: "http://…@` + address + `/c" has user information; leave it out: credentials are found in netrc and git's configuration
error: pbrx-go.toml:7:20: git: "ext::touch ` + touched + `" is no repository; write an https, ssh or file URL, or a relative path
error: pbrx-go.toml:8:20: git: "` + server.URL + `/e" is reached by http; write an https, ssh or file URL
error: pbrx-go.toml:8:` + strconv.Itoa(1+len(`"/etc/e" = { git = "`+server.URL+`/e", ref = `)) + `: ref: "--upload-pack=touch ` + touched + `" is no commit, tag or branch; write its name, or 40 hexadecimal digits
`
	if out.code != 2 || out.stderr != want || out.stdout != "" {
		t.Errorf("status %d, stdout %q, stderr\n%swant 2 and\n%s", out.code, out.stdout, out.stderr, want)
	}
	for _, path := range []string{touched, state, filepath.Join(dir, "layout")} {
		if _, err := os.Lstat(path); !os.IsNotExist(err) {
			t.Errorf("there is a %s", path)
		}
	}
	if len(seen.all()) > 0 {
		t.Errorf("the server was asked %q", seen.all())
	}
}

// shelf is the definition of a set without a project, whose releases differ in their base and in the branch of their constraints.
const shelf = `name = "shelf"
requirements = ["iniconfig"]
constraints-exclude = ["lamp-house"]
command = ["python3", "-c", "import importlib.metadata as m, os; print(m.version('iniconfig'), os.environ.get('LAMP', 'dark'))"]

[release.big]
base = "BIG"
constraints = [{ git = "repositories/requirements", ref = "main", path = "upper-constraints.txt" }]

[release.small]
base = "SMALL"
constraints = [{ git = "repositories/requirements", ref = "stable/small", path = "upper-constraints.txt" }]

[release.lit]
env.LAMP = "lit"
`

// Acceptance check 11: each release is a set of images of its own, with its tag; several at once are one set.
func TestDefinitionReleases(t *testing.T) {
	l := newLampHouse(t)
	l.define(t, strings.NewReplacer("BIG", testBase(t), "SMALL", "rootfs:"+given(t, "PBRX_GO_TEST_ALPINE")).Replace(shelf))
	addBranch(t, l.path("repositories/requirements"), "stable/small", func() {
		edit(t, l.path("repositories/requirements/upper-constraints.txt"), "iniconfig===2.0.0", "iniconfig===2.1.0")
	})
	layout := filepath.Join(t.TempDir(), "layout")
	for _, c := range []struct {
		releases  []string
		tag, says string
	}{{[]string{"big"}, "big", "2.0.0 dark"}, {[]string{"small"}, "small", "2.1.0 dark"}, {[]string{"big", "lit"}, "big-lit", "2.0.0 lit"}} {
		var flags []string
		for _, r := range c.releases {
			flags = append(flags, "--release", r)
		}
		out := command{dir: l.dir, args: l.args("", layout, flags...)}.succeed(t)
		if !regexp.MustCompile(`\Ashelf:` + c.tag + `@sha256:\w{64}\n\z`).MatchString(out.stdout) {
			t.Errorf("with %q stdout is %q", c.releases, out.stdout)
		}
		scriptRun{args: []string{"--tag", c.tag, "shelf"}, stdout: regexp.QuoteMeta(c.says) + `\n`}.check(t, layout)
	}
	images := readLayout(t, layout)
	checkNames(t, images.names(), "shelf:big", "shelf:small", "shelf:big-lit")
	big, small, lit := images.image(t, "shelf:big").layerDigests(), images.image(t, "shelf:small").layerDigests(), images.image(t, "shelf:big-lit").layerDigests()
	if big[0] == small[0] || !slices.Equal(big, lit) {
		t.Errorf("the layers are\n%s of big,\n%s of small,\n%s of big and lit", big, small, lit)
	}
	l.refused(t, 2, "--release bgi: no such release; big, small and lit are defined in pbrx-go.toml:6, 10, 14", "--release", "bgi")
}
