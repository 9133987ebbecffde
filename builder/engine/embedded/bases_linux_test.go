package embedded_test

import (
	"errors"
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
		files := petrel("python3-yaml\npython3-packaging\npython3-requests\n")
		files["pyproject.toml"] = strings.Replace(files["pyproject.toml"], `["packaging"]`, `["packaging", "urllib3>=2,<2.3"]`, 1)
		p := w.mustBuild(t, files, base, in("/var/lib/petrel", true))
		w.runs(t, p, "petrel", "/var/lib/petrel /var/lib/petrel /var/lib/petrel/lib/python3.11/site-packages/packaging yaml from /usr/lib/python3/dist-packages/yaml\n")
		// requests of the distribution goes with its urllib3, and gets that of the environment.
		if want := "requests 2.28.1 requires urllib3<1.27,>=1.21.1, and the image has 2.2.3"; !slices.Equal(p.Warnings, []string{want}) {
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
