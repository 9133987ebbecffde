package main

import (
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// Of a project's folder goes to the build what git tracks and a wheel may need; a clone elsewhere is the same project.
func TestContext(t *testing.T) {
	base, origin, top := testBase(t), lightshipRepo(t), t.TempDir()
	git(t, origin, "rm", "-q", "llb-*", "plan-*")
	write(t, filepath.Join(origin, "charts", "north.txt"), strings.Repeat("rocks ", 50000))
	write(t, filepath.Join(origin, ".dockerignore"), "charts\nREADME.md\n*.toml\n") // two of which the metadata is read from
	commitAll(t, origin, "Draw charts")
	git(t, origin, "tag", "2.5.0")
	layout := filepath.Join(top, "layout")
	build := func(clone string) outcome {
		git(t, top, "clone", "-q", "file://"+origin, clone)
		for _, name := range []string{"big.bin", "lightship/big.dat", "node_modules/x/big.py"} {
			gigabyte(t, filepath.Join(clone, name))
		}
		write(t, filepath.Join(clone, "lightship", "made.py"), "made = True\n")
		return command{args: buildArgs(clone, base, layout, "--engine", "embedded", "--only", "lightship-beacon", "--format", "json")}.succeed(t)
	}
	out := build(filepath.Join(top, "one"))
	if bytes := out.transferred(t); bytes == 0 || bytes > 100<<10 {
		t.Errorf("%d bytes were sent to the build", bytes)
	}
	const left = "\nnot sent: 2 files that git does not track, 2.147GB, the biggest is big.bin: `git add` it, or name it in MANIFEST.in, if the build needs it\n"
	if !strings.Contains(out.stderr, left) || !strings.Contains("\n"+out.stderr, "\nsent: 12 files, ") {
		t.Errorf("what is sent and what is not is not said:\n%s", tail(out.stderr))
	}
	if !strings.Contains(out.stdout, `"version": "2.5.0"`) {
		t.Errorf("the version is not the tag's: %s", out.stdout)
	}
	base1 := readLayout(t, layout).image(t, "lightship-base:latest")
	var files []string
	for _, e := range base1.layer(t, len(base1.layerDigests())-1) {
		if path.Base(path.Dir(e.Name)) == "lightship" && !strings.HasSuffix(e.Name, "/") {
			files = append(files, path.Base(e.Name))
		}
	}
	if got := strings.Join(files, " "); got != "__init__.py cli.py made.py signals.txt" {
		t.Errorf("the package has %s", got)
	}
	if ran := build(filepath.Join(top, "two")).ran(t); len(ran) > 0 {
		t.Errorf("for a second clone of the commit these steps ran: %q", ran)
	}
}

func TestDockerignoreProblem(t *testing.T) {
	base, dir := testBase(t), projectCopy(t, "leafcount")
	write(t, filepath.Join(dir, ".dockerignore"), "docs\na[\n")
	out := command{args: buildArgs(dir, base, filepath.Join(t.TempDir(), "layout"), "--engine", "embedded")}.run(t)
	const want = "error: .dockerignore:2: \"a[\" is not a pattern: syntax error in pattern; put a backslash before a character that stands for itself, and a path after an exclamation mark\n"
	if out.code != 2 || !strings.HasSuffix(out.stderr, want) {
		t.Errorf("status %d, stderr %q, want 2 and %q", out.code, out.stderr, want)
	}
}

// gigabyte makes a file that is big and takes no room.
func gigabyte(t *testing.T, path string) {
	t.Helper()
	write(t, path, "")
	if err := os.Truncate(path, 1<<30); err != nil {
		t.Fatal(err)
	}
}

// transferred is how many bytes the engine fetched of the session's files.
func (o outcome) transferred(t *testing.T) (bytes int64) {
	t.Helper()
	most := map[string]int64{}
	for line := range strings.Lines(o.stderr) {
		if !strings.HasPrefix(line, "{") {
			continue
		}
		var status struct {
			Statuses []struct {
				ID, Vertex string
				Current    int64
			}
		}
		if err := json.Unmarshal([]byte(line), &status); err != nil {
			t.Fatalf("reading progress: %v: %s", err, line)
		}
		for _, s := range status.Statuses {
			if strings.HasPrefix(s.ID, "transferring ") {
				most[s.Vertex+s.ID] = max(most[s.Vertex+s.ID], s.Current)
			}
		}
	}
	for _, n := range most {
		bytes += n
	}
	return bytes
}
