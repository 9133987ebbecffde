package host_test

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pbrx-go/pbrx-go/builder/host"
	"github.com/pbrx-go/pbrx-go/images"
)

// constraints reads files of a machine, which are named from its root.
func constraints(t *testing.T, root string, env map[string]string, opts host.ConstraintOptions) (*host.Constraints, error) {
	t.Helper()
	t.Chdir(root)
	here := map[string]string{"PATH": os.Getenv("PATH"), "HOME": root}
	for name, value := range env {
		here[name] = strings.ReplaceAll(value, "ROOT", root)
	}
	return host.ReadConstraints(t.Context(), here, root, opts)
}

// leftBehind fails where folders for temporary files are still there: TMPDIR is the test's own.
func leftBehind(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// What pip makes of a file: continued lines, comments, variables, markers, hashes, options, files within files.
func TestConstraintLines(t *testing.T) {
	root := machine(t, map[string]string{
		"upper.txt": "\ufeff# released together\r\n\r\nfoo===1.0  # why\r\n  Bar==2;python_version<'3.8'\r\nbar==3 ; python_version>='3.8'\r\n" +
			"hashed==1 \\\n    --hash=sha256:ab \\\n    --hash=sha512:cd\n# a comment \\\nlast>1,!=2\n" +
			"cut==1 \\\n# off\nafter==1\nwhy==1  # goes on \\\nhere==1\n--only-binary :all:\nbaz==${VERSION}.${VERSION}  # ${EMPTY}\n-c sub/more.txt\n--requirement=sub/more.txt\nurl @ https://index.example/url-1.zip\n" +
			"https://index.example/x.zip#sha256=ab&egg=Named-1\nopen==1 \\",
		"sub/more.txt": "-cdeep.txt\n", "sub/deep.txt": "deep<2\x0cform<3\n",
	})
	c, err := constraints(t, root, map[string]string{"VERSION": "4"}, host.ConstraintOptions{Files: []string{"upper.txt"}})
	want := `foo===1.0
Bar==2;python_version<'3.8'
bar==3 ; python_version>='3.8'
hashed==1     --hash=sha256:ab     --hash=sha512:cd
last>1,!=2
cut==1
after==1
why==1
--only-binary :all:
baz==4.4
deep<2
form<3
deep<2
form<3
url @ https://index.example/url-1.zip
https://index.example/x.zip#sha256=ab&egg=Named-1
open==1
`
	if err != nil {
		t.Fatal(err)
	}
	if got := string(c.Requested); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if shown := (images.Constraint{Name: "baz", Text: "baz==${VERSION}.${VERSION}", From: "upper.txt:17:1"}); !slices.Contains(c.Lines, shown) {
		t.Errorf("%q does not have %q: what variables hold is not shown", c.Lines, shown)
	}
}

func TestConstraintsOfPipAndOurs(t *testing.T) {
	root := machine(t, map[string]string{"upper.txt": "a==1", "lower.txt": "b==2 # two\n", "build.txt": "c==3\na==9\n", "ours.txt": "d==4\r\na == 1.0.0\n", "etc/pip.conf": "[install]\nconstraint = ROOT\n"})
	c, err := constraints(t, root, map[string]string{
		"PIP_CONSTRAINT": "ROOT/upper.txt file://ROOT/lower.txt", "PIP_BUILD_CONSTRAINT": "ROOT/build.txt"}, host.ConstraintOptions{Files: []string{"ours.txt"},
		Drop: []host.Drop{{Name: "c", Why: "what builds the project may be a release of it"}}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := []string{string(c.Pip), string(c.Build), string(c.Requested)}, []string{"a==1\nb==2\n", "c==3\na==9\n", "d==4\na == 1.0.0\n"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if want := []images.Constraint{{Name: "a", Text: "a==1", From: root + "/upper.txt:1:1"}, {Name: "b", Text: "b==2", From: root + "/lower.txt:1:1"},
		{Name: "d", Text: "d==4", From: "ours.txt:1:1"}, {Name: "a", Text: "a == 1.0.0", From: "ours.txt:2:1"}}; !reflect.DeepEqual(c.Lines, want) {
		t.Errorf("%q, want %q", c.Lines, want)
	}
	if h, _ := read(t, root, map[string]string{"PIP_CONSTRAINT": "https://constraints.example/x"}); len(h.Constraints) > 0 || len(h.Secrets["pip.conf"]) > 0 {
		t.Errorf("pip is given %q, %q", h.Constraints, h.Secrets["pip.conf"])
	}
}

// The project itself, by any spelling, and what the user does not want; everything else stays as it is.
func TestDroppedConstraints(t *testing.T) {
	root := machine(t, map[string]string{"upper.txt": "Foo_Bar===1\nfoo-bar-client===2\nnot-foo.bar===3\nfoo.bar>0;python_version<'3'\nfoo--bar @ https://index.example/foo.zip?x=y\n" +
		"https://index.example/y.zip#egg=FOO.bar&x=y\nsecret-store===4\nlast===5 --hash=sha256:ab\nlast==6;python_version<'3' --hash=sha256:cd\n"})
	c, err := constraints(t, root, nil, host.ConstraintOptions{Files: []string{"upper.txt"}, Drop: []host.Drop{
		{Name: "foo.Bar", Why: "itself"}, {Name: "last", Why: "--constraint-exclude last", Expected: true}, {Name: "secretstore", Why: "--constraint-exclude secretstore", Expected: true},
		{Name: "none", Why: "--constraint-exclude none", Expected: true}, {Name: "secrte-store", Why: "--constraint-exclude secrte-store", Expected: true}, {Name: "silent", Why: "silent"}}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(c.Requested), "foo-bar-client===2\nnot-foo.bar===3\nsecret-store===4\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	want := &images.Constraints{
		Files: []images.ConstraintFile{{From: "upper.txt", Digest: "sha256:051b75562b27811f93d424ebf8675bc2f681329122fd714d3d3c8bf76a866dbd", Entries: 3}},
		Dropped: []images.Constraint{
			{Name: "foo-bar", Text: "Foo_Bar===1", From: "upper.txt:1:1", Why: "itself"},
			{Name: "foo-bar", Text: "foo.bar>0;python_version<'3'", From: "upper.txt:4:1", Why: "itself"},
			{Name: "foo-bar", Text: "foo--bar @ https://index.example/foo.zip", From: "upper.txt:5:1", Why: "itself"},
			{Name: "foo-bar", Text: "https://index.example/y.zip#egg=FOO.bar&x=y", From: "upper.txt:6:1", Why: "itself"},
			{Name: "last", Text: "last===5", From: "upper.txt:8:1", Why: "--constraint-exclude last"},
			{Name: "last", Text: "last==6;python_version<'3'", From: "upper.txt:9:1", Why: "--constraint-exclude last"},
		}}
	if !reflect.DeepEqual(c.Report, want) {
		t.Errorf("%+v, want %+v", c.Report, want)
	}
	if want := []string{"--constraint-exclude secretstore: no constraints file has this name; it has secret-store", "--constraint-exclude none: no constraints file has this name",
		"--constraint-exclude secrte-store: no constraints file has this name; it has secret-store"}; !slices.Equal(c.Warnings, want) {
		t.Errorf("%q, want %q", c.Warnings, want)
	}
}

// The bytes decide, not the name, nor how they are spread over files.
func TestConstraintsKey(t *testing.T) {
	root := machine(t, map[string]string{"one.txt": "a==1\nb==2\n", "two.txt": "# other\r\na==1\r\n\r\n-c three.txt", "three.txt": "b==2", "four.txt": "b==2\na==1\n"})
	digests := map[string]string{}
	for _, name := range []string{"one.txt", "two.txt", "four.txt"} {
		c, err := constraints(t, root, nil, host.ConstraintOptions{Files: []string{name}})
		if err != nil {
			t.Fatal(err)
		}
		digests[name] = c.Report.Files[0].Digest
	}
	if digests["one.txt"] != digests["two.txt"] || digests["one.txt"] == digests["four.txt"] {
		t.Errorf("%q", digests)
	}
}

func TestConstraintErrors(t *testing.T) {
	root := machine(t, map[string]string{
		"bad.txt": "foo=1\nfoo[x]==1\n -e git+https://x.example/y#egg=z\n./x.whl\n/abs\nx-1.whl\n--bogus 1\na==1 --global-option=x\nb @ https://me:pw@host.example/b.whl\n" +
			"--extra-index-url https://tok@host.example/simple\nc @ https://host.example/c.whl?X-Token=pw\n-c bad.txt\n-r nowhere.txt\n-c\nd @ file:///x.whl\n-f wheels\n-c ftp://x.example/y\nd==${PASSWORD}\n",
		"latin.txt": "# caf\xe9\n", "pins.txt": "foo==1.0\nbar===2;python_version<'3'\nbar===3;python_version>='3'\nbaz==1+a\nqux<1\nfoo==1.0.0\n",
		"more.txt": "Foo===1.1\nbar===4;python_version < \"3\"\nbaz==1\nqux==2\nbaz==1+b\n", "many.txt": strings.Repeat("=\n", 25),
	})
	const named = ", write NAME==VERSION"
	const away = ": a path of this machine is not there in a build, put it into a folder that pip's find-links names, and write NAME==VERSION\n"
	const secret = ": the address holds credentials, which caches of layers would keep, put the credentials into netrc\n"
	for _, c := range []struct {
		files []string
		want  string
	}{
		{[]string{"bad.txt"}, `bad.txt:1:1: "=1" is neither a version nor a marker` + named + `
bad.txt:2:1: a constraint has no extras, and foo has [x], remove the brackets: extras belong to requirements
bad.txt:3:2: an editable line is no constraint` + named + `
bad.txt:4:1` + away + `bad.txt:5:1` + away + `bad.txt:6:1` + away + `bad.txt:7:1: pip knows no option --bogus in a file, remove the line
bad.txt:8:1: "--global-option" does not belong behind a constraint, write NAME==VERSION, with --hash=sha256:… behind it if you like
bad.txt:9:1` + secret + `bad.txt:10:1` + secret + `bad.txt:11:1` + secret + `bad.txt:12:1: bad.txt includes itself, remove one of the lines
bad.txt:13:1: open nowhere.txt: no such file or directory, correct the path, which is relative to this file
bad.txt:14:1: -c names no file, write -c FILE
bad.txt:15:1` + away + `bad.txt:16:1: a path of this machine is not there in a build, name the folder in pip's configuration (PIP_FIND_LINKS)
bad.txt:17:1: ftp://x.example/y: constraints are fetched by file, http and https: use FILE, URL or git+URL@REF#PATH, correct the path, which is relative to this file
bad.txt:18:1: with the values of its variables it is no constraint` + named},
		{[]string{"pins.txt", "more.txt"}, `more.txt:1:1: Foo===1.1 contradicts foo==1.0 of pins.txt:1:1, remove one of them, or leave the name out with --constraint-exclude foo
more.txt:2:1: bar===4;python_version < "3" contradicts bar===2;python_version<'3' of pins.txt:2:1, remove one of them, or leave the name out with --constraint-exclude bar
more.txt:5:1: baz==1+b contradicts baz==1+a of pins.txt:4:1, remove one of them, or leave the name out with --constraint-exclude baz`},
		{[]string{"nowhere.txt", "latin.txt", "", "ftp://x.example/y"}, `--constraint: open nowhere.txt: no such file or directory: name a file of constraints
--constraint: latin.txt: it is not UTF-8: name a file of constraints
--constraint: no file is named: use FILE, URL or git+URL@REF#PATH
--constraint: ftp://x.example/y: constraints are fetched by file, http and https: use FILE, URL or git+URL@REF#PATH`},
	} {
		_, err := constraints(t, root, map[string]string{"PASSWORD": "hunter 2"}, host.ConstraintOptions{Files: c.files})
		if err == nil || err.Error() != c.want {
			t.Errorf("%q:\n%v\nwant\n%s", c.files, err, c.want)
		}
	}
	_, err := constraints(t, root, nil, host.ConstraintOptions{Files: []string{"many.txt"}})
	if lines := strings.Split(err.Error(), "\n"); len(lines) != 21 || lines[20] != "many.txt: 5 more lines are wrong, name a file of constraints" {
		t.Errorf("%q", lines)
	}
	_, err = constraints(t, root, map[string]string{"PIP_CONSTRAINT": "/no/such/file", "PIP_BUILD_CONSTRAINT": "/no/such/file"}, host.ConstraintOptions{})
	const gone = ": open /no/such/file: no such file or directory: name a file of constraints"
	if want := "pip's option constraint" + gone + "\npip's option build-constraint" + gone; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestConstraintsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(context.DeadlineExceeded)
	_, err := host.ReadConstraints(ctx, nil, t.TempDir(), host.ConstraintOptions{Files: []string{"https://127.0.0.1:1/x"}})
	if want := "--constraint: context deadline exceeded"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// What pip of this machine reads may name what is on this machine.
func TestConstraintsHere(t *testing.T) {
	root := machine(t, map[string]string{
		"lists/upper.txt": "foo @ file:///srv/foo-1.zip\nbar @ https://me:secret@index.example/bar-1.zip\n-f wheels\n--find-links nowhere\n-f https://me:secret@index.example/links\nSib===1\n",
		"lists/wheels/x":  "",
	})
	wheels := filepath.Join(root, "lists/wheels")
	c, err := constraints(t, root, nil, host.ConstraintOptions{Files: []string{"lists/upper.txt"}, Here: true, Drop: []host.Drop{{Name: "sib", Why: "it is a sibling"}}})
	want := "foo @ file:///srv/foo-1.zip\nbar @ https://me:secret@index.example/bar-1.zip\n--find-links " + wheels + "\n--find-links nowhere\n--find-links https://me:secret@index.example/links\n"
	if err != nil || string(c.Requested) != want {
		t.Errorf("%q, %v, want %q", c.Requested, err, want)
	}
}
