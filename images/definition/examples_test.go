package definition

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// examples are the blocks of section 6 of the specification, with commits written out and a digest for each download.
func examples(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/examples/*/*.toml")
	if err != nil {
		t.Fatal(err)
	}
	return append(files, "testdata/examples/openstack.toml")
}

func TestExamples(t *testing.T) {
	for _, file := range examples(t) {
		t.Run(file, func(t *testing.T) {
			set, err := Load(filepath.Dir(file), file, Options{ProjectName: "example"})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := set.On(debian()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestExamplesAsPythonReadsThem(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("SKIPPED: there is no python3 that could read the examples")
	}
	const program = "import sys, tomllib\nfor name in sys.argv[1:]:\n    tomllib.load(open(name, 'rb'))\n"
	out, err := exec.Command(python, append([]string{"-c", program}, examples(t)...)...).CombinedOutput()
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func debian() Facts {
	return Facts{Arch: "amd64", Machine: "x86_64", Codename: "noble", VersionID: "24.04", Prefix: "/opt/venv", SitePackages: "/opt/venv/lib/python3.12/site-packages"}
}

// write puts files into a folder of their own.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
