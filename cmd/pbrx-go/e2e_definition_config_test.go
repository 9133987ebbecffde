package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
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
	const wrong = `pbrx-go.toml:8:7: file."` + dest + `": ` + dest
	l.refused(t, 1, wrong+" is a file of iniconfig; add replace = true if that is meant")
	l.define(t, lampHouseAtTag+overlaid+"replace = true\n")
	write(t, l.path("wrong.py"), "def laid(:\n")
	edit(t, l.path("pbrx-go.toml"), "exceptions.py\"\nreplace", "wrong.py\"\nreplace")
	l.refused(t, 1, wrong+" does not compile: line 1: invalid syntax")
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

// Acceptance check 11: each release is a set of images of its own, with its tag.
func TestDefinitionReleases(t *testing.T) {
	alpine := "rootfs:" + given(t, "PBRX_GO_TEST_ALPINE")
	l := newLampHouse(t)
	l.define(t, `base = "`+testBase(t)+`"
`+lampHouseAtTag+`
[release.next]
project.lamp-house.ref = "main"

[release.small]
base = "`+alpine+`"

[release.lit]
env.LAMP = "lit"
`)
	layout := filepath.Join(t.TempDir(), "layout")
	for _, c := range []struct {
		releases     []string
		tag, version string
	}{{[]string{"next"}, "next", "1.2.1.dev1"}, {[]string{"small"}, "small", "1.2.0"}, {[]string{"next", "lit"}, "next-lit", "1.2.1.dev1"}} {
		var flags []string
		for _, r := range c.releases {
			flags = append(flags, "--release", r)
		}
		out := command{dir: l.dir, args: l.args("", layout, flags...)}.succeed(t)
		want := `\Alamp-house-base:` + c.tag + `@sha256:\w{64}\nlamp-house:` + c.tag + `@sha256:\w{64}\n\z`
		if !regexp.MustCompile(want).MatchString(out.stdout) {
			t.Errorf("with %q stdout is %q", c.releases, out.stdout)
		}
		scriptRun{args: []string{"--tag", c.tag, "lamp-house"}, stdout: `lamp-house ` + regexp.QuoteMeta(c.version) + `\ntide-bell is not there\niniconfig 2\.0\.0\n\nas it came\n`}.check(t, layout)
	}
	images := readLayout(t, layout)
	checkNames(t, images.names(), "lamp-house-base:next", "lamp-house:next", "lamp-house-base:small", "lamp-house:small", "lamp-house-base:next-lit", "lamp-house:next-lit")
	next, small, lit := images.image(t, "lamp-house:next"), images.image(t, "lamp-house:small"), images.image(t, "lamp-house:next-lit")
	if next.layerDigests()[0] == small.layerDigests()[0] {
		t.Errorf("the releases have one base, %s", next.layerDigests()[0])
	}
	if !slices.Equal(next.layerDigests(), lit.layerDigests()) || slices.Contains(next.config.Config.Env, "LAMP=lit") || !slices.Contains(lit.config.Config.Env, "LAMP=lit") {
		t.Errorf("next is %s with %q,\nnext and lit %s with %q", next.layerDigests(), next.config.Config.Env, lit.layerDigests(), lit.config.Config.Env)
	}
	l.refused(t, 2, "--release nxet: no such release; next, small and lit are defined in pbrx-go.toml:9, 12, 15", "--release", "nxet")
}
