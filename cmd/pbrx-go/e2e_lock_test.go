package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What a lock file says is what is installed, hashes and all; a file that does not fit is an error that names its line.
func TestLockFile(t *testing.T) {
	leafcount.build(t)
	layout, project := filepath.Join(t.TempDir(), "layout"), projectCopy(t, "leafcount")
	// The first is packaging 24.1's wheel and source, as PyPI has them, the second tabulate 0.9.0's.
	const packaging = "packaging==24.1 --hash=sha256:5b8f2217dbdbd2f7f384c41c628544e6d52f2d0f53c6d0c3ea61aa5d1d7ff124 --hash=sha256:026ed72c8ed3fcce5bf8950572258698927fd1dbda10a5e981cdf0ac37f4f002\n"
	const tabulate = "tabulate==0.9.0 --hash=sha256:024ca478df22e9340661486f85298cff5f6dcdba14f3813e8830015b9ed1948f\n"
	build := func() command { return command{args: buildArgs(project, testBase(t), layout)} }
	write(t, filepath.Join(project, "requirements.txt"), "# Locked.\n"+packaging+tabulate)
	out := build().succeed(t)
	if ran := out.ran(t); !slices.Contains(ran, "[dependencies] resolve") { // other tests may have installed the same version
		t.Errorf("ran %q", ran)
	}
	if img := readLayout(t, layout).image(t, "leafcount:latest"); !hasPath(t, img, "packaging-24.1.dist-info") {
		t.Error("the image has other versions than the lock file says")
	}
	write(t, filepath.Join(project, "requirements.txt"), "# Locked.\n"+tabulate)
	if out := build().run(t); out.code != 1 || !strings.Contains(errorLines(out), "requirements.txt: has no packaging, which is required (packaging>=21 by the project): make it anew") {
		t.Errorf("status %d, %s", out.code, errorLines(out))
	}
	write(t, filepath.Join(project, "requirements.txt"), "packaging==24.1 --hash=sha256:"+strings.Repeat("0", 64)+"\n"+tabulate)
	if out := build().run(t); out.code != 1 || !strings.Contains(errorLines(out), "THESE PACKAGES DO NOT MATCH THE HASHES") {
		t.Errorf("status %d, %s", out.code, errorLines(out))
	}
}
