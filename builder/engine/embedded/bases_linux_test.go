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
	"github.com/pbrx-go/pbrx-go/images/naming"
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
func TestSystemSitePackages(t *testing.T) {
	base, w := testBase(t), newWorkshop(t)
	files := petrel("python3-yaml\npython3-packaging\npython3-virtualenv\n")
	files["pyproject.toml"] = strings.Replace(files["pyproject.toml"], `["packaging"]`, `["packaging", "platformdirs==4.2.2"]`, 1)
	p := w.mustBuild(t, files, base, in("/var/lib/petrel", true))
	w.runs(t, p, "petrel", "/var/lib/petrel /var/lib/petrel /var/lib/petrel/lib/python3.11/site-packages/packaging yaml from /usr/lib/python3/dist-packages/yaml\n")
	// virtualenv of the distribution goes with its platformdirs, and gets that of the environment.
	want := "virtualenv 20.17.1+ds requires platformdirs<3,>=2.4, and the image has 4.2.2"
	if !slices.Equal(p.Warnings, []string{want}) {
		t.Errorf("the warnings are %q, want %q", p.Warnings, want)
	}
}

// A base with an interpreter that is not the distribution's, which an environment can be made of.
func TestAlpineEnvironment(t *testing.T) {
	alpine, w := givenBase(t, "PBRX_GO_TEST_ALPINE"), newWorkshop(t)
	_, err := w.build(t, petrel(""), alpine, in("/opt/petrel", true))
	var planning images.PlanError
	want := `pbrx-go.toml:3:1: system-site-packages: /usr/local/bin/python3 is not the distribution's: apk's py3-* would never be seen; set python = "/usr/bin/python3"`
	if !errors.As(err, &planning) || err.Error() != want {
		t.Errorf("the error is %v, want %s", err, want)
	}
	p := w.mustBuild(t, shearwater(""), alpine, in("/srv/birds", false))
	w.runs(t, p, "shearwater", "made on the base, in /srv/birds\n")
	if !slices.Contains(p.contents(0), "environment") || !strings.HasPrefix(p.base.Python.Executable, "/usr/local/") {
		t.Errorf("the layers are %q on %s", p.contents(0), p.base.Python.Executable)
	}

	debian := testBase(t)
	_, err = w.build(t, petrel(""), debian, func(o *builder.Options) { o.Builder = alpine })
	checkBaseError(t, err, "wheels that are made in it do not fit the base "+debian.String()+": its distribution is alpine, the base's debian; its release is 3.20.3, the base's 12; "+
		"its C library is musl, the base's glibc 2.36; its Python is 3.13, the base's 3.11")
}

// checkBaseError makes sure that an image is refused for a reason.
func checkBaseError(t *testing.T, err error, want string) {
	t.Helper()
	var refused *builder.BaseError
	if !errors.As(err, &refused) || refused.Err.Error() != want {
		t.Errorf("the error is %v, want %s", err, want)
	}
}

// unpackedBase is the test base in a folder, after some commands.
func unpackedBase(t *testing.T, commands ...[]string) (base naming.Location) {
	t.Helper()
	tarball := strings.TrimPrefix(testBase(t).String(), "rootfs:")
	dir := filepath.Join(t.TempDir(), "root")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	unpack := []string{"tar", "-xpf", tarball, "-C", dir, "--numeric-owner"}
	for n, argv := range append([][]string{unpack}, commands...) {
		if n > 0 {
			argv = append([]string{"chroot", dir, "/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive"}, argv...)
		}
		if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%q: %v\n%s", argv, err, out)
		}
	}
	return naming.Location{Transport: naming.RootFS, Name: dir}
}

// bareBase is the test base without its Python.
func bareBase(t *testing.T) naming.Location {
	t.Helper()
	base := unpackedBase(t, []string{"apt-get", "-q", "-y", "purge", "--auto-remove", "python3", "python3-minimal", "libpython3*"})
	if left, err := filepath.Glob(base.Name + "/usr/bin/python*"); err != nil || len(left) > 0 {
		t.Fatalf("there is %q (%v)", left, err)
	}
	return base
}

// shearwater is a project whose wheel says where it was made: its backend is a file of its own.
func shearwater(bindep string) map[string]string {
	return map[string]string{
		"pyproject.toml": `[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "shearwater"
version = "0.1"

[project.scripts]
shearwater = "shearwater:main"
`,
		"backend.py": `import os
import zipfile


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    made = "where wheels are made" if os.path.exists("/etc/workshop") else "on the base"
    files = {
        "shearwater.py": "import sys\n\n\ndef main():\n    print('made %s, in', sys.prefix)\n" % made,
        "shearwater-0.1.dist-info/METADATA": "Metadata-Version: 2.1\nName: shearwater\nVersion: 0.1\n",
        "shearwater-0.1.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: backend\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "shearwater-0.1.dist-info/entry_points.txt": "[console_scripts]\nshearwater = shearwater:main\n",
    }
    files["shearwater-0.1.dist-info/RECORD"] = "".join("%s,,\n" % name for name in files) + "shearwater-0.1.dist-info/RECORD,,\n"
    with zipfile.ZipFile(os.path.join(wheel_directory, "shearwater-0.1-py3-none-any.whl"), "w") as wheel:
        for name, text in files.items():
            wheel.writestr(zipfile.ZipInfo(name), text)
    return "shearwater-0.1-py3-none-any.whl"


def build_sdist(sdist_directory, config_settings=None):
    raise NotImplementedError
`,
		"bindep.txt": bindep,
	}
}

// A base without Python gets the distribution's, in a layer of its own that is the same whenever it is made. Wheels can be made
// in another image.
func TestBaseWithoutPython(t *testing.T) {
	base, w := bareBase(t), newWorkshop(t)
	p := w.mustBuild(t, shearwater("bc\n"), base, nil)
	w.runs(t, p, "shearwater", "made on the base, in /opt/shearwater\n")
	if want := []string{"base", "distro", "distro", "environment", "project"}; !slices.Equal(p.contents(1), want) {
		t.Errorf("the layers hold %q, want %q", p.contents(1), want)
	}
	if want := (images.Package{Name: "python3", From: "the base has no Python"}); !slices.Contains(p.Plan.Runtime, want) {
		t.Errorf("the plan installs %+v", p.Plan.Runtime)
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

	elsewhere := unpackedBase(t, []string{"touch", "/etc/workshop"})
	again := w.mustBuild(t, shearwater("bc\n"), base, func(o *builder.Options) { o.NoCache, o.Builder = true, elsewhere })
	w.runs(t, again, "shearwater", "made where wheels are made, in /opt/shearwater\n")
	if p, again := p.digests(1)[:4], again.digests(1)[:4]; !slices.Equal(p, again) {
		t.Errorf("the layers are\n%q and, made again,\n%q", p, again)
	}
}

// An interpreter that is not there, and a base that can get none.
func TestUnfitBases(t *testing.T) {
	base, w := testBase(t), newWorkshop(t)
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.MkdirAll(empty+"/etc", 0o755); err != nil {
		t.Fatal(err)
	}
	for want, choose := range map[string]func(*builder.Options){
		"it has no interpreter python3.6 on its PATH":  func(o *builder.Options) { o.Python = "python3.6" },
		"it has no interpreter /usr/local/bin/python3": func(o *builder.Options) { o.Python = "/usr/local/bin/python3" },
		"it has no Python on its PATH, and none of apt, apk, dnf and microdnf to install one with": func(o *builder.Options) {
			o.Base = naming.Location{Transport: naming.RootFS, Name: empty}
		},
	} {
		_, err := w.build(t, petrel(""), base, choose)
		checkBaseError(t, err, want)
	}
}
