package lock

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

const (
	hashA = "sha256:73191c47aaa79da394e8fee2dbc2ec827432cab56311122c9e47abf79e390f62"
	hexA  = "73191c47aaa79da394e8fee2dbc2ec827432cab56311122c9e47abf79e390f62"
	hashB = "sha256:b9995d97b64d0431a5af837d8ca8cd6238104d1f319f04bd93ea43124d6c861e"
	at    = "0123456789012345678901234567890123456789"
)

// fill puts the constants into a text.
func fill(text string) string {
	return strings.NewReplacer("HASHA", hashA, "HEXA", hexA, "HASHB", hashB, "COMMIT", at).Replace(text)
}

func files(names ...string) fstest.MapFS {
	out := fstest.MapFS{}
	for i := 0; i < len(names); i += 2 {
		out[names[i]] = &fstest.MapFile{Data: []byte(fill(names[i+1]))}
	}
	return out
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		name  string
		files fstest.MapFS
		want  string
	}{
		{"pylock version", files("pylock.toml", "lock-version = \"2.0\"\n"),
			`pylock.toml:1:1: lock-version 2.0 is not known here, lock in version 1.0`},
		{"pylock sources", files("pylock.toml", `lock-version = "1.0"
created-by = "pip"
[[packages]]
name = "a"
version = "1"
[[packages]]
name = "b"
[packages.directory]
path = "b"
[packages.archive]
url = "https://example.org/b.zip"
hashes = {md5 = "00"}
[[packages]]
name = "c"
[packages.archive]
url = "https://example.org/c.zip"
hashes = {md5 = "00"}
[[packages]]
name = "d"
marker = "python_version > "
wheels = [{name = "d-1-py3-none-any.whl", hashes = {sha256 = "00"}}]
`), `pylock.toml:3:1: a must have one of vcs, directory, archive, or sdist and wheels: it has none, run pip lock -o pylock.toml '.[EXTRAS]'
pylock.toml:6:1: b must have one of vcs, directory, archive, or sdist and wheels: it has directory and archive, run pip lock -o pylock.toml '.[EXTRAS]'
pylock.toml:17:1: this file has no hash that pip checks (sha256, sha384 or sha512), run pip lock -o pylock.toml '.[EXTRAS]'
pylock.toml:18:1: d has neither a version nor a URL, run pip lock -o pylock.toml '.[EXTRAS]'
pylock.toml:20:1: the marker "python_version > ": "" is neither a variable of markers nor in quotes, run pip lock -o pylock.toml '.[EXTRAS]'
pylock.toml:21:53: "sha256:00" is no hash that pip checks (sha256, sha384 or sha512), run pip lock -o pylock.toml '.[EXTRAS]'`},
		{"two of a service", files("pylock.api.toml", "", "pylock.worker.toml", ""),
			`pylock.api.toml: there is pylock.worker.toml as well, and nothing says which counts, name one of them with --lock`},
		{"TOML", files("uv.lock", "version = 1\nx = [\n"), `uv.lock:2:6: TOML: unexpected EOF; expected value, correct the TOML`},
		{"uv version", files("uv.lock", "version = 2\n"),
			`uv.lock:1:1: version 2 of uv's lock file is not known here, lock with a uv that writes version = 1`},
		{"uv types", files("uv.lock", `version = 1
[[package]]
name = 3
source = { registry = "https://pypi.org/simple" }
[[package]]
name = "a\n--index-url=x"
version = "1;"
source = { git = "https://example.org/a?rev=main#main" }
wheels = "x"
[[package]]
name = "b"
source = { moon = "x" }
`), `uv.lock:2:1: "" is no name of a package, run uv lock
uv.lock:3:1: package.[0].name must be a string, run uv lock
uv.lock:5:1: "a\n-index-url=x" is no name of a package, run uv lock
uv.lock:5:1: "1;" is no version, run uv lock
uv.lock:8:12: "main" is no full name of a commit: only that names the same source tomorrow, run uv lock
uv.lock:9:1: package.[1].wheels must be an array, run uv lock
uv.lock:12:1: the source of b is of no kind that is known here, run uv lock`},
		{"uv stale", files("pyproject.toml", "[project]\nname = \"leaf\"\ndependencies = [\"attrs>=2\", \"idna\"]\n",
			"uv.lock", "version = 1\n[[package]]\nname = \"leaf\"\nsource = { virtual = \".\" }\n[package.metadata]\nrequires-dist = [{ name = \"attrs\", specifier = \">=1\" }, { name = \"idna\" }]\n"),
			`uv.lock:5:1: the dependencies in pyproject.toml changed after this file was made, run uv lock`},
		{"uv gone", files("pyproject.toml", "[project]\nname = \"leaf\"\ndependencies = [\"idna\"]\n",
			"uv.lock", "version = 1\n[[package]]\nname = \"leaf\"\nsource = { virtual = \".\" }\n[package.metadata]\nrequires-dist = [{ name = \"attrs\", marker = \"extra == 'x'\" }, { name = \"idna\" }]\n"),
			`uv.lock:5:1: the dependencies in pyproject.toml changed after this file was made, run uv lock`},
		{"poetry version", files("poetry.lock", "[metadata]\nlock-version = \"3.0\"\n"),
			`poetry.lock:2:1: lock-version 3.0 is not known here, lock with a poetry that writes 2.1`},
		{"poetry", files("poetry.lock", `[[package]]
name = "a"
version = "1"
files = [{file = "a-1.tar.gz", hash = "md5:00"}]
[package.dependencies]
b = 3
[package.source]
type = "hg"
url = "https://example.org/a"
[[package]]
name = "c"
version = "1"
files = [{file = "c-1.tar.gz", hash = "HASHA"}]
[[package]]
name = "c"
version = "1"
files = [{file = "c-1.tar.gz", hash = "HASHA"}]
[metadata]
lock-version = "2.1"
`), `poetry.lock:4:32: "md5:00" is no hash that pip checks (sha256, sha384 or sha512), run poetry lock
poetry.lock:6:1: package.[0].dependencies.b must be a string, a table or an array, run poetry lock
poetry.lock:8:1: a source of type "hg" is not known here, run poetry lock
poetry.lock:14:1: c stands here a second time, after line 10, run poetry lock`},
		{"poetry stale", files("pyproject.toml", "[project]\nname = \"leaf\"\ndependencies = [\"idna\"]\n",
			"poetry.lock", "[metadata]\nlock-version = \"2.1\"\ncontent-hash = \"HEXA\"\n"),
			`poetry.lock:3:1: pyproject.toml changed after this file was made, run poetry lock`},
		{"pdm version", files("pdm.lock", "[metadata]\nlock_version = \"5.0\"\n"),
			`pdm.lock:2:1: lock_version 5.0 is not known here, lock with a pdm that writes 4.5.0`},
		{"pdm stale", files("pyproject.toml", "[project]\nname = \"leaf\"\ndependencies = [\"idna\"]\n",
			"pdm.lock", "[metadata]\nlock_version = \"4.5.1\"\ncontent_hash = \"HASHA\"\n"),
			`pdm.lock:3:1: pyproject.toml changed after this file was made, run pdm lock`},
		{"pdm", files("pdm.lock", "[metadata]\nlock_version = \"4.5.1\"\n[[package]]\nname = \"a\"\nversion = \"1\"\ngit = \"https://example.org/a\"\nrevision = \"v1\"\ndependencies = [\"b >\"]\n"),
			`pdm.lock:7:1: "v1" is no full name of a commit: only that names the same source tomorrow, run pdm lock
pdm.lock:8:17: the requirement "b >": "" is no version that > can be compared with, run pdm lock`},
		{"Pipfile.lock spec", files("Pipfile.lock", "{\"_meta\": {\"pipfile-spec\": 7}}"),
			`Pipfile.lock:1:12: pipfile-spec 7 is not known here, lock with a pipenv that writes 6`},
		{"Pipfile.lock JSON", files("Pipfile.lock", "{\n \"_meta\": {,}\n}"),
			`Pipfile.lock:2:12: invalid character ',' looking for beginning of object key string, run pipenv lock`},
		{"Pipfile.lock", files("Pipfile.lock", `{"_meta": {"pipfile-spec": 6}, "default": {
  "b": {"version": ">=1"},
  "a": {"git": "https://example.org/a", "ref": "main", "markers": "nonsense"}
}}`), `Pipfile.lock:2:3: b is not pinned: its version is ">=1", run pipenv lock
Pipfile.lock:3:3: the marker "nonsense": "nonsense" is neither a variable of markers nor in quotes, run pipenv lock
Pipfile.lock:3:3: "main" is no full name of a commit: only that names the same source tomorrow, run pipenv lock`},
		{"Pipfile stale", files("Pipfile", "[[source]]\nurl = \"https://pypi.org/simple\"\n[packages]\nidna = \"*\"\n",
			"Pipfile.lock", `{"_meta": {"pipfile-spec": 6, "hash": {"sha256": "HEXA"}}}`),
			`Pipfile.lock:1:31: Pipfile changed after this file was made, run pipenv lock`},
		{"requirements", files("requirements.txt", `# a comment
a==1 --hash=HASHA
b>=1 --hash=HASHA
c==1
d==1.* --hash=HASHA
e==1 --hash=md5:00
-e git+https://example.org/f
./g
h @ https://example.org/h.zip
i @ git+https://example.org/i@main
j @ git+https://example.org/j
k==${VERSION} --hash=HASHA
-r missing.txt
-r /etc/passwd
-r requirements.txt
l==1 ; python_version --hash=HASHA
`), `requirements.txt:3:1: in a file with hashes each requirement must be pinned, write b==VERSION
requirements.txt:4:1: c has no hash, and in a file with hashes each requirement must have one, add the hashes, as pip-compile --generate-hashes does
requirements.txt:5:1: in a file with hashes each requirement must be pinned, write d==VERSION
requirements.txt:6:1: "md5:00" is no hash that pip checks (sha256, sha384 or sha512), make it anew
requirements.txt:6:1: e has no hash, and in a file with hashes each requirement must have one, add the hashes, as pip-compile --generate-hashes does
requirements.txt:7:1: a path or an editable source is not taken out of a lock file, remove the line, and name a folder that is to be built with --sibling
requirements.txt:8:1: a path or an editable source is not taken out of a lock file, remove the line, and name a folder that is to be built with --sibling
requirements.txt:9:1: a URL must have a hash in a file with hashes, add its hash
requirements.txt:10:1: "main" is no full name of a commit: only that names the same source tomorrow, make it anew
requirements.txt:11:1: the source is at no commit, add @COMMIT
requirements.txt:12:1: variables are not filled in here, write the value, or put what is secret into pip's configuration
requirements.txt:13:1: there is no missing.txt, correct the path, which is relative to this file
requirements.txt:14:1: "/etc/passwd" is not within the project, name a file of the project
requirements.txt:15:1: requirements.txt includes itself, remove one of the lines
requirements.txt:16:1: "" is no comparison, write NAME==VERSION --hash=sha256:…`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Read(c.files)
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(c.want, err.Error()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// A file that its tool calls fresh is: the real ones are in TestReal. A change of what it was made of makes it stale.
func TestStale(t *testing.T) {
	for _, c := range []struct{ dir, file, old, change, want string }{
		{"uv", "pyproject.toml", "filelock>=3.12", "filelock>=3.13", "uv.lock:121:1: the dependencies in pyproject.toml changed after this file was made, run uv lock"},
		{"poetry-2.1", "pyproject.toml", "filelock>=3.12", "filelock>=3.13", "poetry.lock:138:1: pyproject.toml changed after this file was made, run poetry lock"},
		{"poetry-2.0", "pyproject.toml", `optional = true`, `optional = false`, "poetry.lock:191:1: pyproject.toml changed after this file was made, run poetry lock"},
		{"poetry-1.1", "pyproject.toml", `optional = true`, `optional = false`, "poetry.lock:159:1: pyproject.toml changed after this file was made, run poetry lock"},
		{"pdm", "pyproject.toml", "filelock>=3.12", "filelock>=3.13", "pdm.lock:8:1: pyproject.toml changed after this file was made, run pdm lock"},
		{"pipfile", "Pipfile", `filelock = "*"`, `filelock = ">1"`, "Pipfile.lock:3:9: Pipfile changed after this file was made, run pipenv lock"},
		{"poetry-2.1", "pyproject.toml", `version = "1.0"`, `version = "1.1"`, ""},
		{"pdm", "pyproject.toml", `version = "1.0"`, `version = "1.1"`, ""},
		{"uv", "pyproject.toml", `version = "1.0"`, `version = "1.1"`, ""},
	} {
		t.Run(c.dir+" "+c.change, func(t *testing.T) {
			dir, got := fstest.MapFS{}, ""
			entries, err := os.ReadDir("testdata/" + c.dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				data, err := os.ReadFile("testdata/" + c.dir + "/" + e.Name())
				if err != nil {
					t.Fatal(err)
				}
				if e.Name() == c.file {
					if !strings.Contains(string(data), c.old) {
						t.Fatalf("%s has no %s", c.file, c.old)
					}
					data = []byte(strings.Replace(string(data), c.old, c.change, 1))
				}
				dir[e.Name()] = &fstest.MapFile{Data: data}
			}
			if _, err := Read(dir); err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}
