package definition

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pbrx-go/pbrx-go/setupcfg"
)

const someHash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

// problemsOf reads a file and gives what is wrong with it, the folder as D.
func problemsOf(t *testing.T, text string, opts Options) string {
	t.Helper()
	return problemsIn(t, write(t, map[string]string{"pbrx-go.toml": text}), opts)
}

func problemsIn(t *testing.T, dir string, opts Options) string {
	t.Helper()
	_, err := Load(dir, "", opts)
	if err == nil {
		return ""
	}
	var list setupcfg.ErrorList
	if !errors.As(err, &list) {
		t.Errorf("%T is no ErrorList", err)
	}
	return strings.ReplaceAll(strings.ReplaceAll(err.Error(), dir+"/", ""), dir, "D")
}

// The rows of section 5 of the specification that the file alone shows (acceptance check 2).
func TestErrors(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"unknown key", "\n\n\nrequirments = []\n", `pbrx-go.toml:4:1: unknown key "requirments"; did you mean "requirements"?`},
		{"a peer's word", "\n\n\napt_packages = [\"x\"]\n", `pbrx-go.toml:4:1: unknown key "apt_packages"; write packages = […]`},
		{"wrong place", "[image.zuul-web]\nscript = \"zuul-web\"\nvenv = \"/x\"\n", `pbrx-go.toml:3:1: "venv" belongs to the top level, not to image.zuul-web: all images of a set share one Python`},
		{"wrong type", "\n\n\n\ncommand = \"uwsgi --ini /etc/x.ini\"\n", `pbrx-go.toml:5:11: command must be a list of words: ["uwsgi", "--ini", "/etc/x.ini"]`},
		{"two origins", "[file]\n\"/a\" = { url = \"https://example.org/a\", git = \"https://example.org/b\", ref = \"v1\" }\n", `pbrx-go.toml:2:1: file."/a" has both url and git; keep one`},
		{"no hash", "[file]\n\"/usr/local/bin/tool\" = { url = \"https://example.org/a\" }\n", `pbrx-go.toml:2:33: url without sha256; add sha256 = "…", 64 hexadecimal digits`},
		{"bad line", "packages = [\n  \"curl\",\n  \"libx ] y\",\n]\n", `pbrx-go.toml:3:9: packages: "]" without "["; remove it`},
		{"a string for a table", "user = \"zuul\"\n", `pbrx-go.toml:1:1: user is a table of accounts; to set who the container runs as, write run-as = "zuul"`},
		{"escape from the tree", "\n\nbindep = \"../../../etc/x\"\n", `pbrx-go.toml:3:10: "../../../etc/x" is outside the repository; copy what is needed into it`},
		{"two at once", "cmd = []\nvenv = 1\n", "pbrx-go.toml:1:1: unknown key \"cmd\"; write command = […]\npbrx-go.toml:2:8: venv must be a string: \"/var/lib/openstack\""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, problemsOf(t, c.text, Options{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReleaseErrors(t *testing.T) {
	text := "default-release = \"2024\"\n[release.\"2024.1\"]\n\n[release.\"2025.1\"]\n"
	if got, want := problemsOf(t, text, Options{}), `pbrx-go.toml:1:19: default-release: no such release as "2024"; 2024.1 and 2025.1 are defined in pbrx-go.toml:2, 4`; got != want {
		t.Error(got)
	}
	asked := Options{Releases: []Text{{Value: "2024"}}}
	asked.Releases[0].At.Filename = "--release"
	if got, want := problemsOf(t, text, asked), `--release 2024: no such release; 2024.1 and 2025.1 are defined in pbrx-go.toml:2, 4`; got != want {
		t.Error(got)
	}
	if got, want := problemsOf(t, "", asked), `--release 2024: no such release; pbrx-go.toml defines none`; got != want {
		t.Error(got)
	}
	text = "prefix = \"h.example.org/{release}\"\n" // nothing more is wrong with it
	if got, want := problemsOf(t, text, asked), `--release 2024: no such release; pbrx-go.toml defines none`; got != want {
		t.Error(got)
	}
	if got, want := problemsIn(t, t.TempDir(), asked), `--release 2024: no such release; there is no pbrx-go.toml in D that could define it`; got != want {
		t.Error(got)
	}
}

func TestUnknownKeys(t *testing.T) {
	for text, want := range map[string]string{
		"pip_packages = []":            `1:1: unknown key "pip_packages"; write requirements = […]`,
		"expose = [80]":                `1:1: unknown key "expose"; ports are the business of what runs the container, remove it`,
		"healthcheck = {}":             `1:1: unknown key "healthcheck"; health checks are the business of what runs the container, remove it`,
		"from = \"x\"":                 `1:1: unknown key "from"; write base = "…"`,
		"base_image = \"x\"":           `1:1: unknown key "base_image"; write base = "…"`,
		"dist_packages = []":           `1:1: unknown key "dist_packages"; write packages = […]`,
		"volume = \"/x\"":              `1:1: unknown key "volume"; write volumes = […]`,
		"maintainer = \"x\"":           `1:1: unknown key "maintainer"; write labels = { "org.opencontainers.image.authors" = "…" }`,
		"dependencies = []":            `1:1: unknown key "dependencies"; write requirements = […]`,
		"engine = \"docker\"":          `1:1: "engine" belongs to the machine, not to the project; set --engine or PBRX_GO_ENGINE`,
		"cache-from = \"x\"":           `1:1: "cache-from" belongs to the machine, not to the project; set --cache-from or PBRX_GO_CACHE_FROM`,
		"uid = 1":                      `1:1: "uid" belongs to user.H, not to the top level`,
		"FROM = \"x\"":                 `1:1: unknown key "FROM"; write base = "…"`,
		"cache_to = \"x\"":             `1:1: "cache_to" belongs to the machine, not to the project; set --cache-to or PBRX_GO_CACHE_TO`,
		"refresh = \"git\"":            `1:1: "refresh" belongs to one build, not to the project; set --refresh or PBRX_GO_REFRESH`,
		"siblings = [\"../x\"]":        `1:1: unknown key "siblings"; write project = { … }`,
		"[tool.pbrx-go]\nname = \"x\"": `1:2: "tool" belongs to pyproject.toml; write the keys of [tool.pbrx-go] at the top level of this file`,
		"[[run]]\ncommands = [[\"x\"]]\nuser = \"root\"":                   `3:1: "user" belongs to the top level, not to run: accounts are those of the base image; to set who the container runs as, write run-as`,
		"file.\"/x\" = { text = \"\", user = \"root\" }":                   `1:26: unknown key "user"; write owner = "…"`,
		"image.a.project = {}":                                             `1:9: "project" belongs to the top level, not to image.a: all images of a set share one installation`,
		"project.a = { url = \"https://h/a.git\", ref = \"v1\" }":          `1:15: "url" belongs to an origin or file."DEST" or an entry of packages, not to project.a: source is fetched with git and ref`,
		"project.a = { src = \"a\" }":                                      `1:15: unknown key "src"; write path = "…"`,
		"project.a = {}":                                                   `1:9: project.a says not where it comes from; write one of git or path`,
		"packages = [{ arch = [\"arm64\"] }]":                              `1:13: packages says not where it comes from; write one of line, url, path, git, image or project`,
		"constraints = [{ file = \"x\" }]":                                 `1:18: unknown key "file"; write path = "…"`,
		"repository.a = { url = \"https://h/x\", key = { path = \"k\" } }": `1:18: unknown key "url"; write uri = "…"`,
		"zzz = 1":                         "1:1: unknown key \"zzz\"; remove it, or see what there is with `pbrx-go config schema`",
		"[user.a]\nuid = 1\nshel = \"x\"": `3:1: unknown key "shel"; did you mean "shell"?`,
		"[user.a]\nuid = 1\nzzz = \"x\"":  `3:1: unknown key "zzz"; user.H has comment, directories, gid, group, groups, home, name, shell, uid`,
		"[release.a]\nextends = \"x\"":    `2:1: "extends" belongs to the top level, not to release.a: it says how the files are read`,
		"[release.a.release.b]":           `1:12: "release" belongs to the top level, not to release.a: an overlay has none of its own`,
		"[image.a]\nuser = \"x\"":         `2:1: user is a table of accounts; to set who the container runs as, write run-as = "x"`,
		"script = \"x\"":                  `1:1: "script" belongs to image.X, not to the top level: the top level chooses with scripts`,
		"a.b.c = 1":                       "1:1: unknown key \"a\"; remove it, or see what there is with `pbrx-go config schema`",
		"image.a.scripts = []":            `1:9: "scripts" belongs to the top level, not to image.a: it chooses the images`,
	} {
		if got := problemsOf(t, text+"\n", Options{}); got != "pbrx-go.toml:"+want {
			t.Errorf("%s:\n%s, not\n%s", text, got, want)
		}
	}
}

func TestValueErrors(t *testing.T) {
	for text, want := range map[string]string{
		`env.PATH = "/x"`:                                                `1:5: env: PATH is the business of venv and init; leave it out: the programs of a venv are found first`,
		`env.DB = "postgres://u:hunter2@db/x"`:                           `1:10: env.DB: the value has a password, which everybody could read in the image; hand it in when the container runs`,
		`env.A = "ghp_0123456789abcdefghijABCDEFGHIJ"`:                   `1:9: env.A: the value looks like a secret, which everybody could read in the image; hand it in when the container runs`,
		`env.API_TOKEN = "0123456789"`:                                   `1:17: env.API_TOKEN: the value looks like a secret, which everybody could read in the image; hand it in when the container runs`,
		`env.A = 1`:                                                      `1:9: env must be a table of strings: { TZ = "UTC" }`,
		`build-env.PIP_INDEX_URL = "x"`:                                  `1:11: build-env: PIP_INDEX_URL would end in the keys of wheels; use pip configuration or a secret`,
		`build-env.MY_KEY = "x"`:                                         `1:11: build-env: MY_KEY would end in the keys of wheels; use pip configuration or a secret`,
		`file."/usr/lib/python3.12/x" = { text = "" }`:                   `1:6: "/usr/lib/python3.12/x" names a version of Python, which the next base does not have; write {site-packages}/…`,
		`file."etc/x" = { text = "" }`:                                   `1:6: "etc/x" is no absolute path; begin it with /`,
		`file."/etc/../x" = { text = "" }`:                               `1:6: "/etc/../x" has a ".."; write the path without`,
		`file."/x" = { mode = "0755" }`:                                  `1:6: file."/x" says not where it comes from; write one of path, url, git, image, project or text, or link or directory`,
		`file."/x" = { link = "y", text = "z" }`:                         `1:6: file."/x" has both link and text; keep one`,
		`file."/x" = { text = "z", mode = 0755 }`:                        `1:34: TOML: Invalid integer "0755": cannot have leading zeroes, correct the TOML`,
		`file."/x" = { text = "z", mode = 755 }`:                         `1:34: mode must be a string: "0755"`,
		`file."/x" = { text = "z", mode = "999" }`:                       `1:34: mode: "999" is no mode; write three or four octal digits, such as "0755"`,
		`file."/x" = { image = "alpine" }`:                               `1:23: image without path; add path = "/…", what to copy out of it`,
		`file."/x" = { project = "nova" }`:                               `1:25: project: there is no [project.nova]; there are none`,
		`[repository.ceph]` + "\n" + `uri = "https://x.example.org"`:     `1:13: repository.ceph has no key; write key = { path = "…" }: packages that nobody signed are not installed`,
		"project.a_b = { path = \"a\" }\nproject.a-b = { path = \"b\" }": `1:9: project.a_b and project.a-b are one name to pip; keep one`,
		"name = \"a\"\nimage.a-base = { command = [\"x\"] }":             `2:7: image.a-base has the name of the base image; choose another`,
		`repository.ceph.key = { path = "k" }`:                           `1:12: repository.ceph has no uri; write uri = "https://…"`,
		`[user.nova]`:                                                    `1:7: user.nova has no uid; write uid = …, which stays the same in all images`,
		`user.nova.uid = 0`:                                              `1:17: uid 0 is root's; choose another`,
		`user.nova.uid = -1`:                                             `1:17: user.nova.uid: -1 is no such number; write one from 0 to 4294967294`,
		`user.Nova.uid = 7`:                                              `1:6: user: "Nova" is no name of an account; write up to 32 lower-case letters, digits, _ and -`,
		"user.a.uid = 7\nuser.b.uid = 7":                                 `2:6: user.b has the uid of user.a, 7; choose another`,
		"user.a.uid = 7\nuser.b = { uid = 8, gid = 7 }":                  `2:6: user.b has the group b, 7, and user.a a, 7; give one group one number`,
		`user.a = { uid = 7, home = "/a:b" }`:                            `1:28: home: "/a:b" has a colon, which divides the parts of PATH and of passwd; choose a path without`,
		`venv = "/a:b"`:                                                  `1:8: venv: "/a:b" has a colon, which divides the parts of PATH and of passwd; choose a path without`,
		`venv = "opt/x"`:                                                 `1:8: venv: "opt/x" is no absolute path; begin it with /`,
		`packages = ["ab", "b\nc"]`:                                      `1:21: packages: more than one line; write each as a string of its own`,
		`packages = ["# nothing"]`:                                       `1:14: packages: the line names no package; leave it out`,
		`packages = [1]`:                                                 `1:13: packages must be a list of strings and tables: ["libldap2-dev [compile]", "curl"]`,
		`requirements = ["foo bar"]`:                                     `1:17: requirements: "foo bar" is no requirement: "bar" is neither a version nor a marker`,
		`requirements = ["reqs.txt"]`:                                    `1:17: requirements: "reqs.txt" is no requirement; for a file of them write { path = "…" } or { url = "…" }`,
		`base = "https://x/y"`:                                           `1:8: base: "https://x/y" is no image; write it as --base takes it, such as docker://python:3.13-slim`,
		`wsgi = "nova"`:                                                  `1:8: wsgi: "nova" is no WSGI application; write MODULE:ATTRIBUTE, such as nova.wsgi.osapi_compute:application`,
		`labels.a = "{nam}"`:                                             `1:12: labels: {nam} is unknown; did you mean {name}? Write {{ for the character`,
		`labels.a = "{prefix}"`:                                          `1:12: labels: {prefix} has no value here; allowed are {name}, {release}`,
		`labels.a = "{name}"`:                                            `1:12: labels: {name} has no value; set name`,
		`labels.a = "{"`:                                                 `1:12: labels: there is a { without }; write {{ for the character`,
		`labels.a = "}"`:                                                 `1:12: labels: there is a } without {; write }} for the character`,
		`[[run]]`:                                                        `1:3: run has no commands; write commands = [["program", "argument"]]`,
		`run = [{ commands = ["a b"] }]`:                                 `1:22: commands must be a list of commands, each a list of words: [["yarn", "install"], ["yarn", "build"]]`,
		`run = [{ commands = [[]] }]`:                                    `1:22: commands: a command has no words; write its program and arguments`,
		`run = [{ commands = [["x"]], out = { "/x" = "/y" } }]`:          `1:30: out belongs to a run in another image; leave it out: what commands write in the image itself stays where it is`,
		`run = [{ commands = [["x"]], in = "image", out = { "/x" = "/y" } }]`:                                 `1:44: out belongs to a run in another image; leave it out: what commands write in the image itself stays where it is`,
		`image.a = { command = ["x"], args = ["y"] }`:                                                         `1:30: image.a has both args and command, and args are those of a script; write them into command`,
		`image.a = { args = ["y"], wsgi = "a:b" }`:                                                            `1:13: image.a has both args and wsgi, and args are those of a script; write them into command`,
		`run = [{ commands = [["x"]], in = "node:22" }]`:                                                      `1:35: run in another image without out; add out = { "…" = "/…" }: nothing of it would be kept`,
		`run = [{ commands = [["x"]], in = "n", out = { "../x" = "/y" } }]`:                                   `1:48: run.out: "../x" is neither a path below /src nor an absolute one; write it without ..`,
		`run = [{ commands = [["x"]], in = "n", out = { "x" = "../y" } }]`:                                    `1:54: run.out.x: "../y" leads out of the tree; write a path relative to it, without ..`,
		`project.nova.git = "https://example.org/nova"`:                                                       `1:20: git without ref; add ref = "…", a commit, tag or branch`,
		`project.nova = { path = "nova", ref = "v1" }`:                                                        `1:33: ref belongs to git, not to path; leave it out`,
		"name = \"nova\"\nproject.nova = { git = \"https://h/n\", ref = \"v1\", extras = [\"x\"] }":           `2:51: project.nova is the main project, whose extras stand at the top level; write extras = […] there`,
		`image.nova-api = { script = "nova-api", wsgi = "a:b" }`:                                              `1:20: image.nova-api has both script and wsgi; keep one`,
		`image."a/b" = { command = ["x"] }`:                                                                   `1:7: image: "a/b" cannot name images; write lower-case letters and digits, separated by . _ or -`,
		`release.".x" = {}`:                                                                                   `1:9: release: ".x" cannot be a tag; write letters, digits, _ . and -`,
		`constraints = [{ url = "https://h/c.txt", sha256 = "beef" }]`:                                        `1:52: sha256: "beef" is no SHA-256; write its 64 hexadecimal digits in lower case`,
		`requirements = [{ url = "https://h/c.txt", sha256 = { x86_64 = "` + someHash + `" } }]`:              `1:55: requirements.sha256: "x86_64" is no architecture of images; write amd64`,
		`requirements = [{ url = "https://h/c", arch = ["arm64"], sha256 = { amd64 = "` + someHash + `" } }]`: `1:25: no sha256 for arm64; add it, or leave arm64 out of arch`,
		`constraints = [{ path = "c-{arch}.txt" }]`:                                                           `1:25: constraints are read before the base is known, so that "c-{arch}.txt" has words without a value; write them out`,
		`constraints = [{ path = "c.txt", arch = ["arm64"] }]`:                                                `1:16: constraints are the same on all architectures; leave arch out`,
		`constraints = [{ url = "https://h/c.txt", sha256 = { amd64 = "` + someHash + `" } }]`:                `1:24: constraints are the same on all architectures; write one sha256`,
		`constraints = [{ git = "https://h/c", ref = "v1", path = "{codename}.txt" }]`:                        `1:58: constraints are read before the base is known, so that "{codename}.txt" has words without a value; write them out`,
		`project.p.path = "src-{machine}"`:                                                                    `1:18: projects are read before the base is known, so that "src-{machine}" has words without a value; write them out`,
		`constraints = [{ git = "https://h/c", ref = "v1", sha256 = "` + someHash + `" }]`:                    `1:51: sha256 belongs to url, not to git; leave it out`,
		`file."/x" = { git = "https://h/c", ref = "v1", path = "../x" }`:                                      `1:55: path: "../x" leads out of the tree; write a path relative to it, without ..`,
		`file."/x" = { url = "https://raw.githubusercontent.com/o/r/master/x", sha256 = "` + someHash + `" }`: `1:21: url: "https://raw.githubusercontent.com/o/r/master/x" is a file of a git repository that may change; write git, ref and path`,
		`file."/x" = { url = "https://opendev.org/o/r/raw/branch/master/x", sha256 = "` + someHash + `" }`:    `1:21: url: "https://opendev.org/o/r/raw/branch/master/x" is a file of a git repository that may change; write git, ref and path`,
		"labels.a = \"x\"\nprefix = \"h.example.org/{release}\"":                                              `2:10: prefix: {release} is empty without a release; choose one with --release or default-release`,
		`file."/x" = { url = "https://h/x", sha256 = {} }`:                                                    `1:21: url without sha256; add sha256 = "…", 64 hexadecimal digits`,
		`file."/x" = { path = "" }`:                                                                           `1:22: path: "" is empty; write "." for the whole folder`,
		`project.x = { path = "x", patches = "" }`:                                                            `1:37: patches: "" is empty; write "." for the whole folder`,
		`project.x = { git = "https://h/x", ref = "v1", path = "lib" }`:                                       `1:48: project.x has both git and path; keep one: a folder of the repository is its subdirectory`,
		`file."/x" = { directory = "yes" }`:                                                                   `1:27: directory must be true or false: true`,
		`name = "{release}"`:                                                                                  `1:8: name: "{release}" cannot name images; write lower-case letters and digits, separated by . _ or -`,
		`image."{name}-api" = { command = ["x"] }`:                                                            `1:7: image: "{name}-api" cannot name images; write lower-case letters and digits, separated by . _ or -`,
		`file."/etc//x" = { text = "" }`:                                                                      `1:6: "/etc//x" has more in it than it needs; write /etc/x`,
		`constraints = [{ image = "alpine", path = "/c" }]`:                                                   `1:18: constraints are read before there is any image; write path, url or git`,
		`file."/x" = { url = "file://host/x", sha256 = "` + someHash + `" }`:                                  `1:21: url: "file://host/x" is no file; write file:///PATH`,
		`user.a.uid = 1e3`:                        `1:14: uid must be a whole number: 42424`,
		`platforms = ["amd64"]`:                   `1:14: platforms: "amd64" is no platform; write it as in linux/amd64 or linux/arm/v7`,
		`scripts = ["[x"]`:                        `1:12: scripts: "[x" is no pattern; write a name, with * ? or [a-z], and ! before it to leave out`,
		"name = \"a/b\"":                          `1:8: name: "a/b" cannot name images; write lower-case letters and digits, separated by . _ or -`,
		"[release.2025.1]\nbase = \"x\"":          `1:15: unknown key "1"; a name with a dot stands in quotes: release."2025.1"`,
		`project.zope.interface = { path = "x" }`: `1:14: unknown key "interface"; a name with a dot stands in quotes: project."zope.interface"`,
		`python = "3.12"`:                         `1:10: python: "3.12" is a version, not a program; write python3.12, or a base that has it`,
		`requirements = ["git+https://h/x@v1"]`:   `1:17: requirements: "git+https://h/x@v1" has no name; write NAME @ git+https://h/x@v1, or for a file of a repository { git = "…", ref = "…", path = "…" }`,
		"[user.a]\nzzz = 1":                       "1:7: user.a has no uid; write uid = …, which stays the same in all images\npbrx-go.toml:2:1: unknown key \"zzz\"; user.H has comment, directories, gid, group, groups, home, name, shell, uid",
		"[user.a]\nudi = 1":                       `2:1: unknown key "udi"; did you mean "uid"?`,
		"file.\"/x\" = { url = \"https://h/x\", sha256 = { amd64 = \"beef\" } }": `1:55: sha256: "beef" is no SHA-256; write its 64 hexadecimal digits in lower case`,
		"check = \"maybe\"":                `1:9: check: "maybe" is none of off, warn, error`,
		"packages = [":                     `1:13: TOML: unexpected EOF; expected value, correct the TOML`,
		"user.nova = { uid = 1, uid = 2 }": `1:24: TOML: Key 'user.nova.uid' has already been defined, correct the TOML`,
	} {
		if got := problemsOf(t, text+"\n", Options{}); got != "pbrx-go.toml:"+want {
			t.Errorf("%s:\n%s, not\n%s", text, got, "pbrx-go.toml:"+want)
		}
	}
}

// At most 20 problems are said (section 5).
func TestAtMostTwenty(t *testing.T) {
	var b strings.Builder
	for i := range 30 {
		b.WriteString(strings.Repeat("z", i+5) + " = 1\n")
	}
	lines := strings.Split(problemsOf(t, b.String(), Options{}), "\n")
	if len(lines) != 20 || !strings.HasPrefix(lines[19], "pbrx-go.toml:20:1: ") {
		t.Errorf("%d lines, the last one %s", len(lines), lines[len(lines)-1])
	}
}

// What could be used to get out of the tree, or to run something, is refused (acceptance check 16).
func TestRefusals(t *testing.T) {
	outside := t.TempDir()
	for name, c := range map[string]struct{ text, want string }{
		"path":           {`file."/x" = { path = "../x" }`, `1:22: "../x" is outside the repository; copy what is needed into it`},
		"absolute path":  {`file."/x" = { path = "/etc/passwd" }`, `1:22: "/etc/passwd" is an absolute path; write it relative to this file`},
		"symbolic link":  {`file."/x" = { path = "out/secret" }`, `1:22: "out/secret" is outside the repository; copy what is needed into it`},
		"dangling link":  {`file."/x" = { path = "dangling" }`, `1:22: "dangling" is outside the repository; copy what is needed into it`},
		"project":        {`project.x.path = "../x"`, `1:18: "../x" is outside the repository; copy what is needed into it`},
		"relative git":   {`project.x = { git = "../x", ref = "v1" }`, `1:21: "../x" is outside the repository; copy what is needed into it`},
		"patches":        {`project.x = { path = "x", patches = ["a.patch", "out/b.patch"] }`, `1:49: "out/b.patch" is outside the repository; copy what is needed into it`},
		"source":         {`run = [{ commands = [["x"]], source = ".." }]`, `1:39: ".." is outside the repository; copy what is needed into it`},
		"user info":      {`constraints = [{ url = "https://u:p@h/c.txt", sha256 = "` + someHash + `" }]`, `1:24: url: "https://…@h/c.txt" has user information; leave it out: credentials are found in netrc and git's configuration`},
		"token of git":   {`project.x = { git = "https://token@h/x", ref = "v1" }`, `1:21: git: "https://…@h/x" has user information; leave it out: credentials are found in netrc and git's configuration`},
		"ext":            {`project.x = { git = "ext::sh -c touch% /tmp/x", ref = "v1" }`, `1:21: git: "ext::sh -c touch% /tmp/x" is no repository; write an https, ssh or file URL, or a relative path`},
		"git protocol":   {`project.x = { git = "git://h/x", ref = "v1" }`, `1:21: git: "git://h/x" is reached by git; write an https, ssh or file URL`},
		"scp":            {`project.x = { git = "git@h:x", ref = "v1" }`, `1:21: git: "git@h:x" is written as ssh takes it; write ssh://HOST/PATH`},
		"option as git":  {`project.x = { git = "--upload-pack=x", ref = "v1" }`, `1:21: git: "--upload-pack=x" is no repository; write an https, ssh or file URL, or a relative path`},
		"option as host": {`project.x = { git = "ssh://-oProxyCommand=x/y", ref = "v1" }`, `1:21: git: "ssh://-oProxyCommand=x/y" has no host; write ssh://HOST/PATH`},
		"option as ref":  {`project.x = { git = "https://h/x", ref = "--upload-pack=x" }`, `1:42: ref: "--upload-pack=x" is no commit, tag or branch; write its name, or 40 hexadecimal digits`},
		"ftp":            {`file."/x" = { url = "ftp://h/x", sha256 = "` + someHash + `" }`, `1:21: url: "ftp://h/x" is reached by ftp; write an https or file URL`},
		"repository":     {`repository.x = { uri = "https://u@h/x", key = { path = "k" } }`, `1:24: uri: "https://…@h/x" has user information; leave it out: credentials are found in netrc and git's configuration`},
		"requirement":    {`requirements = ["x @ https://u:p@h/x.whl"]`, `1:17: requirements: "x @ https://…@h/x.whl" has credentials; leave them out of the URL: pip finds them in netrc`},
	} {
		t.Run(name, func(t *testing.T) {
			dir := write(t, map[string]string{"pbrx-go.toml": c.text + "\n"})
			for link, target := range map[string]string{"out": outside, "dangling": filepath.Join(outside, "nothing")} {
				if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
					t.Fatal(err)
				}
			}
			if got := problemsIn(t, dir, Options{}); got != "pbrx-go.toml:"+c.want {
				t.Errorf("\n%s, not\n%s", got, "pbrx-go.toml:"+c.want)
			}
		})
	}
}

// Of two names that are meant for us it is always the same one that is said.
func TestMisnamedTwice(t *testing.T) {
	dir := write(t, map[string]string{"pyproject.toml": "[tool.pbrx_go]\nname = \"a\"\n[tool.pbrxgo]\nname = \"b\"\n[tool.PBRX-go]\n[tool.PBRX_GO]\n"})
	for range 20 {
		if got, want := problemsIn(t, dir, Options{}), "pyproject.toml:5:7: unknown table tool.PBRX-go; write tool.pbrx-go"; got != want {
			t.Fatalf("%s, not %s", got, want)
		}
	}
}
