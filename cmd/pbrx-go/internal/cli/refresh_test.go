package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pbrx-go/pbrx-go/builder"
)

// What --refresh takes, on the command line and from its variable; it needs no engine.
func TestRefreshFlag(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"pyproject.toml": "[project]\nname = \"fog\"\nversion = \"1\"\n", "os-release": "ID=debian\nVERSION_ID=12\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const wrong = "error: --refresh: there is no \"pip\": use base, distro, python, git\n"
	for _, c := range []struct {
		args   []string
		env    string
		stderr string
	}{
		{args: []string{"--refresh"}},
		{args: []string{"--refresh=git,base", "--refresh=python", "--pull"}},
		{args: []string{"--refresh=pip"}, stderr: wrong},
		{env: "PBRX_GO_REFRESH=base python,git"},
		{env: "PBRX_GO_REFRESH=base pip", stderr: wrong},
		{env: "PBRX_GO_PULL=1"},
	} {
		var errOut bytes.Buffer
		args := append([]string{"plan", dir, "--os-release", filepath.Join(dir, "os-release")}, c.args...)
		code := Main(t.Context(), args, Streams{In: strings.NewReader(""), Out: &bytes.Buffer{}, Err: &errOut}, []string{"HOME=" + dir, c.env})
		want := 0
		if c.stderr != "" {
			want = 2
		}
		if code != want || errOut.String() != c.stderr {
			t.Errorf("%q %s: status %d, %q", c.args, c.env, code, errOut.String())
		}
	}
	f := planFlags{again: []string{"python"}, pull: true}
	if r, err := f.refresh(); err != nil || !r.Has("base") || !r.Has("python") || r.Has("git", "distro") {
		t.Errorf("%q, %v", r, err)
	}
}

func TestPrintAges(t *testing.T) {
	var errOut bytes.Buffer
	a := &app{streams: Streams{Err: &errOut}}
	asked := time.Unix(0, 0)
	a.printAges([]builder.Age{{Name: "package index of debian-12", Asked: asked, Refresh: "distro"}, {Name: "pip and build", Asked: asked, Refresh: "python"}}, asked.Add(8*24*time.Hour))
	want := "warning: package index of debian-12: 8 days old; `--refresh=distro` asks again\npip and build: 8 days old; `--refresh=python` asks again\n"
	if errOut.String() != want {
		t.Errorf("%q, want %q", errOut.String(), want)
	}
}
