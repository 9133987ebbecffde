package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pbrx-go/pbrx-go/builder"
)

// A build that is killed while Docker works for it leaves there at most the base under the name of a
// helper, which a later command sweeps (builder/engine/docker tests that). The next build is right.
func TestKilledOnDocker(t *testing.T) {
	base, host := testBase(t), dockerHost(t)
	unnameAfter(t, host, "killed/")
	unnameAfter(t, host, builder.HelperRepository+":")
	tmp := filepath.Join(t.TempDir(), "tmp")
	if err := os.Mkdir(tmp, 0o755); err != nil {
		t.Fatal(err)
	}
	c := command{args: []string{"build-images", "testdata/projects/leafcount", "--base", base, "--engine", "docker", "--prefix", "killed", "--progress", "rawjson"},
		env: []string{"DOCKER_HOST=" + host, "TMPDIR=" + tmp}}
	c.succeed(t)
	before, steps := dockerImages(t, host), 0
	for _, wait := range []time.Duration{300 * time.Millisecond, 2 * time.Second, 5 * time.Second} {
		killed := c
		killed.args = append(slices.Clone(c.args), "--no-cache")
		out := killed.start(t).signalAfter(wait, syscall.SIGKILL)
		if out.code == 0 {
			t.Fatalf("the build was done after %s", wait)
		}
		t.Logf("killed after %s, at %s", wait, out.lastStep(t))
		if strings.HasPrefix(out.lastStep(t), "[") {
			steps++
		}
		for _, name := range dockerImages(t, host) {
			if !slices.Contains(before, name) && !strings.Contains(name, builder.HelperRepository+":") {
				t.Errorf("Docker has %s", name)
			}
		}
	}
	if steps == 0 {
		t.Error("no build was killed while a step ran")
	}
	c.succeed(t)
	if got := runInDocker(t, host, "killed/leafcount:latest"); !strings.HasPrefix(got, "leafcount 1.4.0") {
		t.Errorf("the script says %q", got)
	}
	// A killed command's own folder is swept when it is a minute old: by then its lock has shown that nobody has it.
	left, err := filepath.Glob(tmp + "/.pbrx-go-run-*")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range left {
		old := time.Now().Add(-2 * time.Minute)
		if err := os.Chtimes(dir, old, old); err != nil {
			t.Fatal(err)
		}
	}
	c.succeed(t)
	if got := filesIn(t, tmp); len(left) == 0 || len(got) > 0 {
		t.Errorf("of %d folders for temporary files these are left: %q", len(left), got)
	}
}
