package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const bindepText = `gcc [compile test platform:rpm platform:apk]
libffi-dev [compile platform:dpkg platform:apk] >=3,!=4
tini [!small]
tini [!tiny] # again
curl [test]
`

// runBindep runs "pbrx-go bindep" with the arguments in a directory that holds bindep.txt.
func runBindep(t *testing.T, stdin string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	var out, errOut bytes.Buffer
	a := &app{streams: Streams{In: strings.NewReader(stdin), Out: &out, Err: &errOut}, env: environment{}}
	cmd := newBindep(a)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(args)
	err = cmd.Execute()
	return out.String(), errOut.String(), err
}

func TestBindepList(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for name, text := range map[string]string{"bindep.txt": bindepText, "alpine": "ID=alpine\nVERSION_ID=3.20.3\n", "typo.txt": "foo [platform:apline]\nbar [tset]\n",
		"crlf.txt": "foo\r\nbar", "bom.txt": "\ufefffoo\n", "binary.txt": "\x7fELF\x00\x01", "latin.txt": "# l\xe4uft\n", "empty.txt": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const tset = `typo.txt:2:6: the profile "tset" may be a slip of the pen, did you mean "test"?`
	const typo = `typo.txt:1:6: no distribution has the profile "platform:apline", did you mean "platform:alpine"?` + "\nwarning: " + tset
	for _, c := range []struct {
		args, stdin, stdout, stderr, err string
	}{
		{args: "list --distro debian-12", stdout: "tini\ntini\n"},
		{args: "list compile --distro debian-12", stdout: "libffi-dev\ntini\ntini\n"},
		{args: "list compile test --os-release alpine", stdout: "gcc\nlibffi-dev\ntini\ntini\ncurl\n"},
		{args: "list platform:apk --distro fedora-41", stdout: "tini\ntini\n"},
		{args: "list compile --distro alpine-3.20 --format csv", stdout: "gcc,libffi-dev,tini,tini\n"},
		{args: "list compile --distro debian-12 --file - --format json", stdin: "a1\n  # c\r\nlib [compile (a b)] >=1,!=2\nno [test]\nxy [!test]", stdout: `[
  {
    "name": "a1",
    "line": 1,
    "column": 1,
    "constraint": "",
    "why": "no selectors"
  },
  {
    "name": "lib",
    "line": 3,
    "column": 1,
    "constraint": ">=1,!=2",
    "why": "selected by compile"
  },
  {
    "name": "xy",
    "line": 5,
    "column": 1,
    "constraint": "",
    "why": "not excluded by !test"
  }
]
`},
		{args: "list --distro debian-12 --file - --format json", stdin: "", stdout: "[]\n"},
		{args: "list --distro debian-12 --file -", stdin: ""},
		{args: "list --distro debian-12 --file -", stdin: "R\nfoo \n", err: `<stdin>:1:1: package name "R" of one character, name a package of two or more characters, or a file of it by its full path
<stdin>:2:4: blank at the end of the line, remove it`},
		{args: "list --distro debian-12 --file nope.txt", err: "reading the distro packages: open nope.txt: no such file or directory: name a file that can be read with --file"},
		{args: "list --distro debain-12", err: `--distro: unknown distribution "debain-12", did you mean "debian-12"?`},
		{args: "list --distro debian-12 --os-release alpine", err: "--distro and --os-release: give one of them"},
		{args: "list --os-release bindep.txt", err: "bindep.txt:1:1: no ID, the distribution is unknown, add a line such as ID=debian"},
		{args: "list --distro debian-12 --format xml", err: "--format xml: use text, json or csv"},
		{args: "list --distro debian-12 --file typo.txt", stderr: "warning: " + typo + "\n"},
		{args: "list --distro debian-12 --file .", err: "reading the distro packages: read .: is a directory: name a file that can be read with --file"},
		{args: "list test doc compile --distro debian-12 --file typo.txt", stderr: "warning: " + typo + "\n" +
			"warning: typo.txt: no line names the profile \"test\", choose from: tset\nwarning: typo.txt: no line names the profile \"doc\", choose from: tset\n"},
		{args: "list doc --distro debian-12 --file -", stdin: "foo\n", stdout: "foo\n", stderr: "warning: <stdin>: no line names the profile \"doc\", nor any other\n"},
		// As bindep does.
		{args: "list test --distro debian-12 --file typo.txt --strict", stdout: "\n"},
		{args: "list compile --distro debian-12 --strict", stdout: "libffi-dev\ntini\ntini\n"},
		{args: "list --distro debian-12 --file - --strict --format csv", stdin: "# c\r\nfoo", stdout: "foo\n"},
		{args: "list --distro debian-12 --file - --strict", stdin: "foo\r\n", err: "<stdin>:1:4: carriage return, end lines with a newline alone, bindep takes no other on standard input"},
		{args: "list --distro debian-12 --file crlf.txt --strict", stdout: "foo\nbar\n"},
		{args: "list --distro debian-12 --file -", stdin: "foo\r\nbar", stdout: "foo\nbar\n"},
		{args: "list --distro debian-12 --file bom.txt", err: "bom.txt:1:1: byte order mark at the start of the file, save the file as UTF-8 without one"},
		{args: "list --distro debian-12 --file binary.txt", err: "binary.txt:1:5: NUL byte, this is no text file, write the file as plain UTF-8 text"},
		{args: "list --distro debian-12 --file latin.txt", err: "latin.txt:1:4: not UTF-8 from here, save the file as UTF-8"},
		{args: "list --distro debian-12 --file empty.txt"},
		{args: "list --distro debian-12 --file empty.txt --format csv", stdout: "\n"},
		{args: "lint --file empty.txt"},
		{args: "platform --os-release alpine", stdout: "platform:alpine\nplatform:alpine-3\nplatform:alpine-3.20\nplatform:alpine-3.20.3\nplatform:apk\n"},
		{args: "lint"},
		{args: "platform --os-release alpine --format csv", stdout: "platform:alpine,platform:alpine-3,platform:alpine-3.20,platform:alpine-3.20.3,platform:apk\n"},
		{args: "platform --distro arch --format json", stdout: "[\n  \"platform:arch\",\n  \"platform:arch-\",\n  \"platform:pacman\"\n]\n"},
		{args: "lint --file typo.txt", stdout: strings.ReplaceAll(typo, "warning: ", "") + "\n"},
		{args: "lint --file - --format csv", stdin: "foo [platform:apline]\nfoo \n", err: "<stdin>:2:4: blank at the end of the line, remove it",
			stdout: "severity,file,line,column,message,hint\n" +
				"warning,<stdin>,1,6,\"no distribution has the profile \"\"platform:apline\"\"\",\"did you mean \"\"platform:alpine\"\"?\"\n" +
				"error,<stdin>,2,4,blank at the end of the line,remove it\n"},
		{args: "lint --file - --format json", stdin: "foo >=2,<1\n", stdout: `[
  {
    "severity": "warning",
    "file": "<stdin>",
    "line": 1,
    "column": 7,
    "message": "no version is >=2,<1",
    "hint": "correct the constraints"
  }
]
`},
		{args: "lint --file empty.txt --format json", stdout: "[]\n"},
		{args: "explain --format xml", err: "--format xml: use text, json or csv"},
		{args: "lint --file -", stdin: "\tfoo\n", err: "<stdin>:1:1: tab, write spaces, the only blank of this format"},
	} {
		stdout, stderr, err := runBindep(t, c.stdin, strings.Fields(c.args)...)
		text := ""
		if err != nil {
			text = err.Error()
			if code := exitCode(err); code != exitUsage {
				t.Errorf("%s: exit code %d", c.args, code)
			}
		}
		if stdout != c.stdout || stderr != c.stderr || text != c.err {
			t.Errorf("%s:\nstdout %q\nwant   %q\nstderr %q\nwant   %q\nerror %q\nwant  %q", c.args, stdout, c.stdout, stderr, c.stderr, text, c.err)
		}
	}
}

func TestBindepListWithoutFile(t *testing.T) {
	t.Chdir(t.TempDir())
	_, _, err := runBindep(t, "", "list", "--distro", "debian-12")
	want := "looking for bindep.txt or other-requirements.txt: file does not exist: name the file with --file or go to the project's directory"
	if err == nil || err.Error() != want || exitCode(err) != exitUsage {
		t.Errorf("%v, want %s", err, want)
	}
}
