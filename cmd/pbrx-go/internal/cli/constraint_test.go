package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/pbrx-go/pbrx-go/images"
)

// What plan says of constraints, and the exit codes of what is wrong with them; it needs no engine.
func TestPlanConstraints(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"pyproject.toml": "[project]\nname = \"sea.fog\"\nversion = \"1\"\n", "os-release": "ID=debian\nVERSION_ID=12\n",
		"upper.txt": "Sea_Fog===0.9\npackaging===24.1\nextra===1\n", "more.txt": "zope===1\n", "bad.txt": "foo=1\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	run := func(env []string, args ...string) (code int, stdout, stderr string) {
		var out, errOut bytes.Buffer
		args = append([]string{"plan", "--os-release", "os-release"}, args...)
		code = Main(t.Context(), args, Streams{In: strings.NewReader(""), Out: &out, Err: &errOut}, append(env, "HOME="+dir))
		return code, out.String(), errOut.String()
	}

	code, stdout, stderr := run([]string{"PBRX_GO_CONSTRAINT=upper.txt more.txt", "PBRX_GO_CONSTRAINT_EXCLUDE=Extra zop"}, "--format", "json")
	const notes = "warning: --constraint-exclude zop: no constraints file has this name; it has zope\n" +
		"constraint Sea_Fog===0.9 of upper.txt:1:1 is left out: it is the project itself\n" +
		"constraint extra===1 of upper.txt:3:1 is left out: --constraint-exclude Extra\n"
	if code != 0 || stderr != notes {
		t.Errorf("status %d, %s\nwant\n%s", code, stderr, notes)
	}
	var plan images.Plan
	if err := json.Unmarshal([]byte(stdout), &plan); err != nil {
		t.Fatal(err)
	}
	want := &images.Constraints{
		Files: []images.ConstraintFile{{From: "upper.txt", Digest: "sha256:d", Entries: 1}, {From: "more.txt", Digest: "sha256:d", Entries: 1}},
		Dropped: []images.Constraint{{Name: "sea-fog", Text: "Sea_Fog===0.9", From: "upper.txt:1:1", Why: "it is the project itself"},
			{Name: "extra", Text: "extra===1", From: "upper.txt:3:1", Why: "--constraint-exclude Extra"}},
	}
	for n, f := range plan.Constraints.Files {
		if len(f.Digest) != 71 {
			t.Errorf("the digest of %s is %q", f.From, f.Digest)
		}
		plan.Constraints.Files[n].Digest = "sha256:d"
	}
	if !reflect.DeepEqual(plan.Constraints, want) {
		t.Errorf("%+v, want %+v", plan.Constraints, want)
	}

	if code, stdout, stderr := run(nil); code != 0 || strings.Contains(stdout, "constraints") || stderr != "" {
		t.Errorf("without constraints: status %d, %s%s", code, stdout, stderr)
	}
	if _, stdout, _ := run(nil, "-c", "more.txt"); !strings.Contains(stdout, "constraints  more.txt") {
		t.Errorf("the text is %s", stdout)
	}
	for _, c := range []struct {
		constraint string
		code       int
		stderr     string
	}{
		{"bad.txt", 2, `bad.txt:1:1: "=1" is neither a version nor a marker, write NAME==VERSION`},
		{"nowhere.txt", 2, "--constraint: open nowhere.txt: no such file or directory: name a file of constraints"},
		{"git+https://host.example/x", 2, "--constraint: git+https://host.example/x names no commit, tag or branch: use git+URL@REF#PATH, as in git+https://git.example.org/requirements@master#upper-constraints.txt"},
		{"http://127.0.0.1:1/x", 3, "--constraint: fetching http://127.0.0.1:1/x: dial tcp 127.0.0.1:1: connect: connection refused: mend the network or the address, or run again"},
	} {
		if code, _, stderr := run(nil, "--constraint", c.constraint); code != c.code || stderr != "error: "+c.stderr+"\n" {
			t.Errorf("%s: status %d, %s\nwant %d, %s", c.constraint, code, stderr, c.code, c.stderr)
		}
	}
}
