package lock

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// show is an entry in one line.
func show(p Package) string {
	s := p.Source
	words := []string{p.At, p.Name, p.Version, string(s.Kind), s.VCS, s.URL, s.Commit, s.Subdirectory, s.Path}
	if p.Marker != "" {
		words = append(words, "; "+p.Marker)
	}
	for _, h := range p.Hashes {
		words = append(words, strings.NewReplacer(hashA, "HASHA", hashB, "HASHB").Replace(h))
	}
	for _, d := range p.Requires {
		words = append(words, fmt.Sprintf("-> %s%s%s(%s)", d.Name, d.Version, d.Extras, d.Marker))
	}
	return strings.Join(strings.Fields(strings.ReplaceAll(strings.Join(words, " "), at, "COMMIT")), " ")
}

func TestSources(t *testing.T) {
	for _, c := range []struct {
		name     string
		files    fstest.MapFS
		want     string
		warnings string
	}{
		{"pylock", files("pylock.toml", `lock-version = "1.1"
environments = ["sys_platform == 'linux'"]
requires-python = ">=3.9"
default-groups = ["svc"]
[[packages]]
name = "Git_One"
vcs = {type = "git", url = "https://user:secret@example.org/g.git", requested-revision = "main", commit-id = "COMMIT", subdirectory = "py"}
[[packages]]
name = "own"
directory = {path = "."}
[[packages]]
name = "near"
directory = {path = "../near", editable = true}
[[packages]]
name = "arch"
archive = {url = "https://example.org/a.zip?token=secret", hashes = {sha256 = "HEXA"}}
[[packages]]
name = "house"
version = "1"
marker = "'web' in extras and 'svc' in dependency_groups"
index = "https://user:secret@pip.example.org/simple"
dependencies = [{name = "arch"}]
wheels = [{name = "house-1-py3-none-any.whl", path = "wheels/house-1-py3-none-any.whl", hashes = {sha256 = "HEXA"}}]
`), `pylock.toml:5:1 git-one vcs git https://example.org/g.git COMMIT py
pylock.toml:8:1 own project
pylock.toml:11:1 near local ../near
pylock.toml:14:1 arch url https://example.org/a.zip HASHA
pylock.toml:17:1 house 1 local wheels/house-1-py3-none-any.whl ; 'web' in extras and 'svc' in dependency_groups HASHA -> arch[]()`,
			`pylock.toml:1:1: lock-version 1.1 is newer than what is known here (1.0): what is new in it is not looked at
pylock.toml:7:22: the credentials of https://example.org/g.git are not taken from here, put them into netrc, or pip's configuration
pylock.toml:16:12: the credentials of https://example.org/a.zip are not taken from here, put them into netrc, or pip's configuration
pylock.toml:21:1: the credentials of https://pip.example.org/simple are not taken from here, put them into netrc, or pip's configuration`},
		{"uv", files("uv.lock", `version = 1
[[package]]
name = "g"
version = "1"
source = { git = "ssh://git@example.org/g.git?subdirectory=py&rev=main#COMMIT" }
[[package]]
name = "u"
version = "1"
source = { url = "https://example.org/u-1.whl" }
wheels = [{ url = "https://example.org/u-1.whl", hash = "HASHA" }]
[[package]]
name = "member"
source = { editable = "packages/member" }
[[package]]
name = "w"
version = "1"
source = { path = "w-1.whl" }
wheels = [{ filename = "w-1.whl", hash = "HASHA" }]
[[package]]
name = "torch"
version = "2"
source = { registry = "https://user:secret@cpu.example.org/whl" }
resolution-markers = ["sys_platform == 'linux'", "extra == 'extra-4-leaf-cpu'"]
wheels = [{ url = "https://cpu.example.org/whl/torch.whl" }]
`), `uv.lock:2:1 g 1 vcs git ssh://git@example.org/g.git COMMIT py
uv.lock:6:1 u 1 url https://example.org/u-1.whl HASHA
uv.lock:11:1 member local packages/member
uv.lock:14:1 w 1 local w-1.whl HASHA
uv.lock:19:1 torch 2 index https://cpu.example.org/whl ; (sys_platform == 'linux') or (extra == 'extra-4-leaf-cpu')`,
			`uv.lock:22:12: the credentials of https://cpu.example.org/whl are not taken from here, put them into netrc, or pip's configuration
uv.lock:19:1: torch 2 has no hash here: what is downloaded is not checked, run uv lock where its index tells hashes`},
		{"poetry", files("poetry.lock", `[[package]]
name = "g"
version = "1"
python-versions = "^3.9"
[package.dependencies]
a = [{version = "1", markers = "python_version < '3.10'"}, "2"]
h = {version = "*", extras = ["x"]}
[package.source]
type = "git"
url = "git@example.org:team/g.git"
reference = "main"
resolved_reference = "COMMIT"
[[package]]
name = "u"
version = "1"
markers = {main = "extra == \"web\"", dev = "python_version > '3'"}
files = [{file = "u-1.whl", hash = "HASHA"}, {file = "u-1.tar.gz", hash = "HASHB"}]
[package.source]
type = "url"
url = "https://example.org/u-1.whl"
[[package]]
name = "d"
version = "1"
[package.source]
type = "directory"
url = "../d"
[metadata]
lock-version = "2.1"
`), `poetry.lock:1:1 g 1 vcs git ssh://git@example.org/team/g.git COMMIT -> a[](python_version < '3.10') -> a[]() -> h[x]()
poetry.lock:13:1 u 1 url https://example.org/u-1.whl ; extra == "web" HASHA HASHB
poetry.lock:21:1 d 1 local ../d`, ""},
		{"pdm", files("pdm.lock", `[metadata]
lock_version = "4.2"
[[package]]
name = "a"
version = "1"
extras = ["x"]
dependencies = ["a==1", "b; python_version < '3'"]
[[package]]
name = "a"
version = "1"
dependencies = ["c"]
[[package]]
name = "g"
version = "1"
git = "https://example.org/g.git"
revision = "COMMIT"
[[package]]
name = "near"
version = "1"
path = "./near"
[[package]]
name = "u"
version = "1"
url = "https://example.org/u.zip"
files = [{url = "https://example.org/u.zip", hash = "HASHB"}]
[metadata.files]
"a 1" = [{url = "https://example.org/a-1.whl", hash = "HASHA"}]
`), `pdm.lock:8:1 a 1 index HASHA -> c[]() -> a[](extra == "x") -> b[]((python_version < '3') and (extra == "x"))
pdm.lock:12:1 g 1 vcs git https://example.org/g.git COMMIT
pdm.lock:17:1 near 1 local near
pdm.lock:21:1 u 1 url https://example.org/u.zip HASHB`, ""},
		{"Pipfile.lock", files("Pipfile.lock", `{"_meta": {"pipfile-spec": 6, "sources": [{"name": "pypi", "url": "https://pypi.org/simple"}, {"name": "own", "url": "https://${USER}:${PASS}@pip.example.org/simple"}]},
 "default": {
  "g": {"git": "https://example.org/g.git", "ref": "COMMIT", "subdirectory": "py"},
  "own": {"editable": true, "path": "."},
  "near": {"path": "./near"},
  "u": {"file": "https://example.org/u.zip", "hashes": ["HASHA"]},
  "a": {"version": "==1", "index": "own", "hashes": ["HASHB", "HASHA"], "markers": "python_version >= '3.8'"}
 }, "develop": {"z": {"version": "*"}}}`), `Pipfile.lock:3:3 g vcs git https://example.org/g.git COMMIT py
Pipfile.lock:4:3 own project
Pipfile.lock:5:3 near local near
Pipfile.lock:6:3 u url https://example.org/u.zip HASHA
Pipfile.lock:7:3 a 1 index https://pip.example.org/simple ; python_version >= '3.8' HASHA HASHB`,
			`Pipfile.lock:1:31: the credentials of https://pip.example.org/simple are not taken from here, put them into netrc, or pip's configuration`},
		{"requirements", files("requirements.txt", "\ufeff--index-url https://user:secret@pip.example.org/simple\n--find-links=x\n--require-hashes\n-c constraints.txt\n-r more/own.txt # more\na[x]==1.0 ; python_version < '4' \\\n  --hash=HASHB \\\n\t--hash HASHA\nu @ https://user:secret@example.org/u.zip#subdirectory=py --hash=HASHA\ng @ git+ssh://git@example.org/g.git@COMMIT\n-e .\n",
			"more/own.txt", "-r deep.txt\nb === 1 --hash=HASHA # why\n", "more/deep.txt", "c==2 --config-settings=a --hash=HASHA\n"),
			`more/deep.txt:1:1 c 2 index HASHA
more/own.txt:2:1 b 1 index HASHA
requirements.txt:6:1 a 1.0 index ; python_version < '4' HASHA HASHB
requirements.txt:9:1 u url https://example.org/u.zip py HASHA
requirements.txt:10:1 g vcs git ssh://git@example.org/g.git COMMIT`,
			`requirements.txt:1:1: the credentials of https://pip.example.org/simple are not taken from here, put them into netrc, or pip's configuration
requirements.txt:2:1: --find-links has no effect in a lock file, put it into pip's configuration
requirements.txt:4:1: constraints that a lock file names are not looked at, name it with --constraint if it is to count
more/deep.txt:1:1: --config-settings has no effect in a lock file, put it into pip's configuration
requirements.txt:9:1: the credentials of https://example.org/u.zip are not taken from here, put them into netrc, or pip's configuration`},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, err := Read(c.files)
			if err != nil {
				t.Fatal(err)
			}
			var got, warnings []string
			for _, p := range l.Packages {
				got = append(got, show(p))
			}
			for _, w := range l.Warnings {
				warnings = append(warnings, w.String())
			}
			if diff := cmp.Diff(c.want, strings.Join(got, "\n")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if diff := cmp.Diff(c.warnings, strings.Join(warnings, "\n")); diff != "" {
				t.Errorf("warnings, -want +got:\n%s", diff)
			}
			if text := fmt.Sprintf("%+v", l); strings.Contains(text, "secret") || strings.Contains(text, "PASS") {
				t.Errorf("credentials: %s", text)
			}
		})
	}
}

func TestPrecedence(t *testing.T) {
	all := files("requirements.txt", "a==1 --hash=HASHA\n", "Pipfile.lock", `{"_meta": {"pipfile-spec": 6}}`,
		"pdm.lock", "[metadata]\nlock_version = \"4.5.0\"\n", "poetry.lock", "[metadata]\nlock-version = \"2.1\"\n", "uv.lock", "version = 1\n",
		"pylock.toml", "lock-version = \"1.0\"\n", "pylock.api.toml", "lock-version = \"1.0\"\n", "pylock.a.b.toml", "", "constraints.txt", "")
	order := []string{"pylock.toml", "pylock.api.toml", "uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "requirements.txt"}
	for n, name := range order {
		l, err := Read(all)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(append([]string{name}, order[n+1:]...), append([]string{l.File}, l.Others...)); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		chosen, err := ReadFile(all, order[len(order)-1])
		if err != nil || chosen.File != "requirements.txt" || chosen.Kind != Requirements {
			t.Errorf("%+v, %v", chosen, err)
		}
		delete(all, name)
	}
	all["requirements.txt"] = &fstest.MapFile{Data: []byte("# --hash=x\na==1\n")}
	if l, err := Read(all); l != nil || err != nil {
		t.Errorf("without a hash: %+v, %v", l, err)
	}
	if _, err := ReadFile(all, "missing.txt"); err == nil || err.Error() != "reading the lock file: open missing.txt: file does not exist" {
		t.Error(err)
	}
}
