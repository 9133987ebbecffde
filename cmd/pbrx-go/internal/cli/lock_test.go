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

// What plan says of a lock file, and the exit codes of what is wrong with one; it needs no engine.
func TestPlanLock(t *testing.T) {
	dir := t.TempDir()
	const hash = " --hash=sha256:73191c47aaa79da394e8fee2dbc2ec827432cab56311122c9e47abf79e390f62\n"
	write := func(files map[string]string) {
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	write(map[string]string{
		"pyproject.toml": "[project]\nname = \"seafog\"\nversion = \"1\"\ndependencies = [\"idna\"]\n", "os-release": "ID=debian\nVERSION_ID=12\n",
		"requirements.txt": "idna==3.1" + hash, "more.txt": "idna==3.0" + hash, "open.txt": "idna>=3\nattrs==1\n",
	})
	t.Chdir(dir)
	run := func(args ...string) (code int, stdout, stderr string) {
		var out, errOut bytes.Buffer
		args = append([]string{"plan", "--os-release", "os-release"}, args...)
		code = Main(t.Context(), args, Streams{In: strings.NewReader(""), Out: &out, Err: &errOut}, []string{"HOME=" + dir})
		return code, out.String(), errOut.String()
	}
	planned := func(want *images.Lock, stderr string, args ...string) {
		t.Helper()
		code, stdout, said := run(append(args, "--format", "json")...)
		var plan images.Plan
		if err := json.Unmarshal([]byte(stdout), &plan); code != 0 || err != nil || said != stderr {
			t.Fatalf("status %d, %v, %q, want %q", code, err, said, stderr)
		}
		if !reflect.DeepEqual(plan.Lock, want) {
			t.Errorf("%+v, want %+v", plan.Lock, want)
		}
	}
	planned(&images.Lock{File: "requirements.txt", Kind: "requirements", Packages: 1}, "")
	planned(&images.Lock{File: "more.txt", Kind: "requirements", Packages: 1, Others: []string{"requirements.txt"}}, "", "--lock", "more.txt")
	planned(nil, "", "--lock", "none")
	if _, stdout, _ := run(); !strings.Contains(stdout, "\nlock   requirements.txt  1 entries\n") {
		t.Errorf("the text is %s", stdout)
	}

	write(map[string]string{"uv.lock": "version = 1\n[[package]]\nname = \"seafog\"\nsource = { virtual = \".\" }\n[package.metadata]\nrequires-dist = [{ name = \"idna\" }]\n"})
	planned(&images.Lock{File: "uv.lock", Kind: "uv", Packages: 1, Others: []string{"requirements.txt"}},
		"uv.lock gives the versions of the dependencies, requirements.txt is not looked at (--lock chooses)\n")

	write(map[string]string{"uv.lock": "version = 1\n[[package]]\nname = \"seafog\"\nsource = { virtual = \".\" }\n[package.metadata]\nrequires-dist = [{ name = \"attrs\" }]\n"})
	for _, c := range []struct{ lock, stderr string }{
		{"", "uv.lock:5:1: the dependencies in pyproject.toml changed after this file was made, run uv lock"},
		{"open.txt", "open.txt:1:1: in a file with hashes each requirement must be pinned, write idna==VERSION\nerror: open.txt:2:1: attrs has no hash, and in a file with hashes each requirement must have one, add the hashes, as pip-compile --generate-hashes does"},
		{"nowhere.txt", "--lock nowhere.txt: no such file or directory: name a file within the project, or none"},
		{"../above.txt", "--lock ../above.txt: invalid argument: name a file within the project, or none"},
	} {
		args := []string{"--lock", c.lock}
		if c.lock == "" {
			args = nil
		}
		if code, stdout, stderr := run(args...); code != 2 || stdout != "" || stderr != "error: "+c.stderr+"\n" {
			t.Errorf("%s: status %d, %s%s\nwant %s", c.lock, code, stdout, stderr, c.stderr)
		}
	}
}
