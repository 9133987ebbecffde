package embedded_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pbrx-go/pbrx-go/builder"
	"github.com/pbrx-go/pbrx-go/images"
)

// petrel is a project whose script says where it runs and what it can import.
func petrel(bindep string) map[string]string {
	files := map[string]string{
		"pyproject.toml": `[build-system]
requires = ["flit_core>=3.4"]
build-backend = "flit_core.buildapi"

[project]
name = "petrel"
version = "0.1"
description = "Says where it is"
dependencies = ["packaging"]

[project.scripts]
petrel = "petrel:main"
`,
		"petrel.py": `"""Says where it is."""
import os
import sys

import packaging


def main():
    try:
        import yaml
        found = "yaml from " + os.path.dirname(yaml.__file__)
    except ImportError:
        found = "no yaml"
    print(sys.prefix, os.environ.get("VIRTUAL_ENV"), os.path.dirname(packaging.__file__), found)
`}
	if bindep != "" {
		files["bindep.txt"] = bindep
	}
	return files
}

// in asks for a virtual environment.
func in(place string, system bool) func(*builder.Options) {
	return func(o *builder.Options) {
		o.Plan.Environment = images.Environment{Place: place, SystemSitePackages: system, SystemAt: "pbrx-go.toml:3:1"}
	}
}

// A virtual environment at a place of one's own sees what apt installed, and does not take it for its own.
func TestEnvironments(t *testing.T) {
	base, w := testBase(t), newWorkshop(t)
	t.Run("system site packages", func(t *testing.T) {
		files := petrel("python3-yaml\npython3-packaging\npython3-virtualenv\n")
		files["pyproject.toml"] = strings.Replace(files["pyproject.toml"], `["packaging"]`, `["packaging", "platformdirs==4.2.2"]`, 1)
		p := w.mustBuild(t, files, base, in("/var/lib/petrel", true))
		w.runs(t, p, "petrel", "/var/lib/petrel /var/lib/petrel /var/lib/petrel/lib/python3.11/site-packages/packaging yaml from /usr/lib/python3/dist-packages/yaml\n")
		// virtualenv of the distribution goes with its platformdirs, and gets that of the environment.
		want := "virtualenv 20.17.1+ds requires platformdirs<3,>=2.4, and the image has 4.2.2"
		if !slices.Equal(p.Warnings, []string{want}) {
			t.Errorf("the warnings are %q, want %q", p.Warnings, want)
		}
	})
	t.Run("an interpreter that is not the distribution's", func(t *testing.T) {
		alpine := givenBase(t, "PBRX_GO_TEST_ALPINE")
		_, err := w.build(t, petrel(""), alpine, in("/opt/petrel", true))
		var planning images.PlanError
		want := `pbrx-go.toml:3:1: system-site-packages: /usr/local/bin/python3 is not the distribution's: apk's py3-* would never be seen; set python = "/usr/bin/python3"`
		if !errors.As(err, &planning) || err.Error() != want {
			t.Errorf("the error is %v, want %s", err, want)
		}
		p := w.mustBuild(t, petrel(""), alpine, in("/opt/petrel", false))
		w.runs(t, p, "petrel", "/opt/petrel /opt/petrel /opt/petrel/lib/python3.13/site-packages/packaging no yaml\n")
		if !slices.Contains(p.contents(0), "environment") || !strings.HasPrefix(p.base.Python.Executable, "/usr/local/") {
			t.Errorf("the layers are %q on %s", p.contents(0), p.base.Python.Executable)
		}
	})
}

// bareBase is the test base without its Python.
func bareBase(t *testing.T) images.Location {
	t.Helper()
	tarball := strings.TrimPrefix(testBase(t).String(), "rootfs:")
	dir := filepath.Join(t.TempDir(), "root")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, argv := range [][]string{
		{"tar", "-xpf", tarball, "-C", dir, "--numeric-owner"},
		{"chroot", dir, "/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive",
			"apt-get", "-q", "-y", "purge", "--auto-remove", "python3", "python3-minimal", "libpython3*"},
	} {
		if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%q: %v\n%s", argv, err, out)
		}
	}
	if left, err := filepath.Glob(dir + "/usr/bin/python*"); err != nil || len(left) > 0 {
		t.Fatalf("there is %q (%v)", left, err)
	}
	return images.Location{Transport: images.RootFS, Name: dir}
}

// A base without Python gets the distribution's, in a layer of its own that is the same whenever it is made.
func TestBaseWithoutPython(t *testing.T) {
	base, w := bareBase(t), newWorkshop(t)
	p := w.mustBuild(t, petrel("bc\n"), base, nil)
	w.runs(t, p, "petrel", "/opt/petrel /opt/petrel /opt/petrel/lib/python3.11/site-packages/packaging no yaml\n")
	if want := []string{"base", "distro", "distro", "environment", "dependencies", "project"}; !slices.Equal(p.contents(0), want) {
		t.Errorf("the layers hold %q, want %q", p.contents(0), want)
	}
	if want := (images.Package{Name: "python3", From: "the base has no Python"}); !slices.Contains(p.Plan.Runtime, want) {
		t.Errorf("the plan installs %+v", p.Plan.Runtime)
	}
	again := w.mustBuild(t, petrel("bc\n"), base, func(o *builder.Options) { o.NoCache = true })
	if !slices.Equal(p.digests(1), again.digests(1)) {
		t.Errorf("the layers are\n%q and, made again,\n%q", p.digests(1), again.digests(1))
	}
	layer := readLayer(t, p, 1)
	if !slices.Contains(layer, "usr/bin/python3") {
		t.Errorf("there is no python3 among the %d files of the layer", len(layer))
	}
	for _, name := range layer {
		for _, not := range []string{"tmp/", "var/cache/", "var/lib/apt/lists/", "var/log/", "usr/sbin/policy-rc.d", "proc/", "dev/", "etc/ssl/"} {
			if strings.HasPrefix(name, not) && name != not {
				t.Errorf("the layer has %s", name)
			}
		}
	}
}

// An interpreter that is not there, and a base that can get none.
func TestInterpreters(t *testing.T) {
	base, w := testBase(t), newWorkshop(t)
	for asked, want := range map[string]string{
		"python3.6":              "it has no interpreter python3.6 on its PATH",
		"/usr/local/bin/python3": "it has no interpreter /usr/local/bin/python3",
	} {
		_, err := w.build(t, petrel(""), base, func(o *builder.Options) { o.Python = asked })
		var missing *builder.BaseError
		if !errors.As(err, &missing) || missing.Err.Error() != want {
			t.Errorf("python = %q: %v, want %s", asked, err, want)
		}
	}
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.MkdirAll(empty+"/etc", 0o755); err != nil {
		t.Fatal(err)
	}
	_, err := w.build(t, petrel(""), images.Location{Transport: images.RootFS, Name: empty}, nil)
	if want := "it has no Python on its PATH, and none of apt, apk, dnf and microdnf to install one with"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("the error is %v, want %s", err, want)
	}
}
