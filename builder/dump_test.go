package builder

import (
	"bytes"
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"testing/fstest"
	"time"

	"github.com/moby/buildkit/client/llb"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pbrx-go/pbrx-go/bindep"
	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

var update = flag.Bool("update", false, "write the golden files anew")

// plannedRun is a run on the base that a golden plan of package images names; nothing is solved.
func plannedRun(t *testing.T, project, distro string, merge bool) (*Run, images.Input) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("../testdata/projects", project, "plan-"+distro+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var plan images.Plan
	if err := json.Unmarshal(raw, &plan); err != nil {
		t.Fatal(err)
	}
	if plan.Base.Distro, err = bindep.ParseDistro(distro); err != nil {
		t.Fatal(err)
	}
	config, err := json.Marshal(v1.Image{Platform: v1.Platform{OS: "linux", Architecture: "amd64"}, Config: v1.ImageConfig{Env: plan.Base.Env}})
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := plan2llb.ParseConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	base := &BaseImage{State: ociState(digest.Digest(plan.Base.Digest), "[internal] base image"), Config: parsed, Digest: digest.Digest(plan.Base.Digest)}
	r := &Run{
		Base: plan.Base, image: base, platform: v1.Platform{OS: "linux", Architecture: "amd64"}, features: plan2llb.Features{Merge: merge}, tracker: newTracker(nil),
		opts: Options{Epoch: time.Unix(315532800, 0), Host: Host{
			Proxy: llb.ProxyEnv{HTTPProxy: "http://proxy.invalid"}, Constraints: []byte("packaging==24.2\n"), FindLinks: []Folder{{Name: "find-links-0"}}}},
	}
	return r, sampleInput(t, project)
}

// sampleInput reads a sample project as if it lay in a repository of its own.
func sampleInput(t *testing.T, name string) images.Input {
	t.Helper()
	files := fstest.MapFS{".git/HEAD": {Data: []byte("ref: refs/heads/main\n")}}
	dir := os.DirFS(filepath.Join("../testdata/projects", name))
	err := fs.WalkDir(dir, ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := fs.ReadFile(dir, path)
		files[path] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	project, err := setupcfg.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	file, err := bindep.Parse("bindep.txt", files["bindep.txt"].Data)
	if err != nil {
		t.Fatal(err)
	}
	return images.Input{Project: project, Bindep: file}
}

func TestGoldenLLB(t *testing.T) {
	for _, project := range []string{"leafcount", "lightship"} {
		for _, distro := range []string{"debian-12", "alpine-3.20", "rocky-9"} {
			for suffix, merge := range map[string]bool{"": true, "-nomerge": false} {
				t.Run(project+"/"+distro+suffix, func(t *testing.T) {
					run, in := plannedRun(t, project, distro, merge)
					got, err := run.Dump(t.Context(), in)
					if err != nil {
						t.Fatal(err)
					}
					again, err := run.Dump(t.Context(), in)
					if err != nil || !bytes.Equal(got, again) {
						t.Errorf("the same plan gave other LLB the second time (%v)", err)
					}
					golden(t, filepath.Join("../testdata/projects", project, "llb-"+distro+suffix+".txt"), shorten(got))
				})
			}
		}
	}
}

// golden compares with a file that -update writes.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	gotLines, wantLines := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
	line := func(lines [][]byte, n int) []byte {
		if n < len(lines) {
			return lines[n]
		}
		return []byte("(the end)")
	}
	for n := range max(len(gotLines), len(wantLines)) {
		if g, w := line(gotLines, n), line(wantLines, n); !bytes.Equal(g, w) {
			t.Fatalf("%s:%d: it is now\n%s\nand was\n%s\nif that is right: go test -run %s -update", path, n+1, g, w, t.Name())
		}
	}
}

// shorten leaves out of a dump what would change too often or be read twice: the sizes of the step
// programs, and operations that an earlier image has as well.
func shorten(dump []byte) []byte {
	dump = regexp.MustCompile(`"data": "\d+ bytes"(,\s+"mode": 420,\s+"path": "/\w+\.py")`).ReplaceAll(dump, []byte(`"data": "a step program"$1`))
	var out []byte
	seen := map[string]bool{}
	for _, op := range regexp.MustCompile(`(?m)^(#.*|\d+: .*)\n( .*\n)*`).FindAllSubmatchIndex(dump, -1) {
		whole := dump[op[0]:op[1]]
		head, body, found := bytes.Cut(whole, []byte("\n    {"))
		_, name, _ := bytes.Cut(head, []byte(": "))
		key := string(name[:max(0, bytes.IndexByte(append(name, '\n'), '\n'))]) + string(body)
		switch {
		case !found:
			out = append(out, whole...)
		case seen[key]:
			out = append(append(out, head...), "\n    as above\n"...)
		default:
			seen[key] = true
			out = append(out, whole...)
		}
	}
	return out
}
