package plan2llb

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// python is an interpreter of its own, with the pip that the step programs expect in the tools' environment.
func python(t *testing.T) string {
	t.Helper()
	host, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("step programs: python3 is not on PATH")
	}
	if err := exec.Command(host, "-c", "import ensurepip, venv").Run(); err != nil {
		t.Skip("step programs: python3 has no venv")
	}
	dir := filepath.Join(t.TempDir(), "venv")
	if out, err := exec.Command(host, "-m", "venv", dir).CombinedOutput(); err != nil {
		t.Fatalf("making a virtual environment: %v\n%s", err, out)
	}
	return filepath.Join(dir, "bin", "python")
}

// The step programs run under any Python that bases have, back to 3.9.
func TestStepProgramsCompile(t *testing.T) {
	host, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("step programs: python3 is not on PATH")
	}
	entries, err := stepFiles.ReadDir("steps")
	if err != nil || len(entries) < 7 {
		t.Fatalf("%d step programs, %v", len(entries), err)
	}
	const check = "import ast, sys; ast.parse(open(sys.argv[1]).read(), sys.argv[1], feature_version=(3, 9)); compile(open(sys.argv[1]).read(), sys.argv[1], 'exec')"
	for _, e := range entries {
		if out, err := exec.Command(host, "-I", "-c", check, filepath.Join("steps", e.Name())).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", e.Name(), err, out)
		}
	}
}

func TestStepPrograms(t *testing.T) {
	cmd := exec.Command(python(t), "-B", filepath.Join("testdata", "steps_test.py"), "-v")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "PYTHONPATH=steps", "SOURCE_DATE_EPOCH=315532800", "TMPDIR=" + t.TempDir()}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if regexp.MustCompile(`(?m)\.\.\. skipped`).Match(out) || !strings.Contains(string(out), "\nOK\n") {
		t.Errorf("not all of these ran:\n%s", out)
	}
}
