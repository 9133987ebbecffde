package plan2llb

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"

	"github.com/pbrx-go/pbrx-go/images"
)

func TestConfiguredStepPrograms(t *testing.T) {
	for _, name := range []string{"git", "python3"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("step programs: %s is not on PATH", name)
		}
	}
	cmd := exec.Command("python3", "-B", filepath.Join("testdata", "configured_test.py"), "-v")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "PYTHONPATH=steps", "SOURCE_DATE_EPOCH=315532800", "TMPDIR=" + t.TempDir(), "HOME=" + t.TempDir()}
	out, err := cmd.CombinedOutput()
	if err != nil || regexp.MustCompile(`(?m)\.\.\. skipped`).Match(out) || !strings.Contains(string(out), "\nOK\n") {
		t.Errorf("not all of these passed: %v\n%s", err, out)
	}
}

// digests are those of the operations of a state.
func digests(t *testing.T, st llb.State) []digest.Digest {
	t.Helper()
	var out []digest.Digest
	for _, raw := range marshal(t, st).Def {
		out = append(out, digest.FromBytes(raw))
	}
	return out
}

// Where something is declared, in which order and what for is no part of a key; what it is is one.
func TestKeysOfConfiguredSteps(t *testing.T) {
	base := images.Base{PackageManager: "apt", DistroName: "debian-12", Python: images.Python{Executable: "/usr/bin/python3"}}
	content := func(pin string) images.Content {
		return images.Content{Origin: pin, Pin: pin, Local: "files", Path: pin}
	}
	repository := images.Repository{Name: "sea", URI: "https://sea.example", Suite: "stable", Components: []string{"main"}, Key: content("key"), From: "a:1"}
	account := images.Account{Name: "keeper", UID: 1, GID: 1, Group: "keeper", Directories: []string{"/a", "/b"}, From: "a:2"}
	file := images.File{Dest: "/etc/a", Content: content("a"), From: "a:3"}
	compile := func(r images.Repository, a images.Account, f images.File) []digest.Digest {
		c := New(inputs())
		index, _ := c.Index(base, []images.Repository{r})
		index.Content = "sha256:12"
		level := images.Level{Accounts: []images.Account{a}, DistroContent: images.DistroContent{Packages: []images.Package{{Name: "lamp", From: a.From}}, Repositories: []images.Repository{r}}}
		st := c.PackagesOn(c.Accounts(c.in.Base, "/usr/bin/python3", level), base, index, level.DistroContent, a.From)
		return digests(t, c.Overlay(st, c.Files(st, Target{Python: "/usr/bin/python3"}, []images.File{f}, nil, a.From)))
	}
	want := compile(repository, account, file)
	same, other, kept := repository, account, file
	same.Name, same.From = "ocean", "b:1"
	other.Directories, other.From = []string{"/b", "/a"}, "b:2"
	kept.From = "b:3"
	if got := compile(same, other, kept); !slices.Equal(got, want) {
		t.Error("a name, an order or a line makes other steps")
	}
	for what, change := range map[string]func(*images.Repository, *images.Account, *images.File){
		"a suite":     func(r *images.Repository, _ *images.Account, _ *images.File) { r.Suite = "testing" },
		"keeping":     func(r *images.Repository, _ *images.Account, _ *images.File) { r.Keep = true },
		"a uid":       func(_ *images.Repository, a *images.Account, _ *images.File) { a.UID = 2 },
		"a mode":      func(_ *images.Repository, _ *images.Account, f *images.File) { f.Mode = "0600" },
		"a content":   func(_ *images.Repository, _ *images.Account, f *images.File) { f.Content.Path = "b" },
		"replacement": func(_ *images.Repository, _ *images.Account, f *images.File) { f.Replace = true },
	} {
		r, a, f := repository, account, file
		change(&r, &a, &f)
		if slices.Equal(compile(r, a, f), want) {
			t.Errorf("%s makes no other step", what)
		}
	}
}

// What is installed is no part of the key of the index, and what is in an index is one of all that is made of it.
func TestKeyOfIndex(t *testing.T) {
	base := images.Base{PackageManager: "apt", DistroName: "debian-12", Python: images.Python{Executable: "/usr/bin/python3"}}
	c := New(inputs())
	index, _ := c.Index(base, nil)
	older, newer := index, index
	older.Content, newer.Content = "sha256:12", "sha256:34"
	if slices.Equal(digests(t, c.Wanted(base, older, []string{"a"})), digests(t, c.Wanted(base, newer, []string{"a"}))) {
		t.Error("what is looked up in another index is the same step")
	}
	packages := []images.Package{{Name: "a"}}
	if slices.Equal(digests(t, c.Packages(base, older, packages, "runtime")), digests(t, c.Packages(base, newer, packages, "runtime"))) {
		t.Error("what is installed from another index is the same step")
	}
}

// What commands made for the project's tree is mounted into the step that makes the wheel, by its content.
func TestMadeInWheel(t *testing.T) {
	c := New(inputs())
	work := c.Builder(images.Base{Python: images.Python{Executable: "/usr/bin/python3", Ensurepip: true}}, c.in.Base)
	_, made := c.Run(c.in.Base, images.RunStep{In: "docker://node", Commands: [][]string{{"yarn"}}, Out: []images.Output{{Path: "dist", Dest: "web/static"}}}, RunOptions{In: llb.Image("node.invalid/x")})
	wheel, err := c.Wheel(work, c.in.Base, Lacking, images.Source{}, Tree{Made: made})
	if err != nil {
		t.Fatal(err)
	}
	for _, raw := range marshal(t, wheel).Def {
		var op pb.Op
		if err := op.UnmarshalVT(raw); err != nil {
			t.Fatal(err)
		}
		for _, m := range op.GetExec().GetMounts() {
			if m.Dest == "/tmp/pbrx/made/0" {
				if !m.Readonly || m.Selector != "/dist" {
					t.Errorf("the mount is %v", m)
				}
				return
			}
		}
	}
	t.Error("there is no mount of what was made")
}
