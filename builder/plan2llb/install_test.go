package plan2llb

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// template makes an older pip write the scripts of entry points as pip 26 does.
const template = `
PipScriptMaker.script_template = """\
import sys
from %(module)s import %(import_name)s
if __name__ == '__main__':
    sys.argv[0] = sys.argv[0].removesuffix('.exe')
    sys.exit(%(func)s())
"""
`

// The installer does what pip does: the pip that comes with this machine's Python says what that is.
func TestInstaller(t *testing.T) {
	interpreter := python(t)
	found, err := filepath.Glob(filepath.Join(filepath.Dir(interpreter), "..", "lib", "python*", "site-packages", "pip", "_internal", "operations", "install", "wheel.py"))
	if err != nil || len(found) != 1 {
		t.Fatalf("pip's installer is %q, %v", found, err)
	}
	text, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(found[0], append(text, template...), 0o644); err != nil {
		t.Fatal(err)
	}
	installerTests(t, interpreter, "install_test.py")
}

// TestConfirmInstaller compares with the newest pip, on wheels of real projects.
func TestConfirmInstaller(t *testing.T) {
	if os.Getenv("PBRX_GO_TEST_CONFIRM") != "1" {
		t.Skip("installs real projects only if PBRX_GO_TEST_CONFIRM=1")
	}
	interpreter := python(t)
	if out, err := exec.Command(interpreter, "-m", "pip", "install", "--quiet", "--upgrade", "pip").CombinedOutput(); err != nil {
		t.Fatalf("upgrading pip: %v\n%s", err, out)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	wheels := filepath.Join(cache, "pbrx-go", "installer-wheels")
	if err := os.MkdirAll(wheels, 0o755); err != nil {
		t.Fatal(err)
	}
	installerTests(t, interpreter, "install_test.py", "newest")
	installerTests(t, interpreter, "install_confirm.py", wheels)
}

// installerTests runs a program of tests; what its Python needs of the environment, it gets.
func installerTests(t *testing.T, interpreter, program string, arguments ...string) {
	t.Helper()
	cmd := exec.Command(interpreter, append([]string{"-B", filepath.Join("testdata", program)}, arguments...)...)
	cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if regexp.MustCompile(`skipped=`).Match(out) || !strings.Contains(string(out), "\nOK\n") {
		t.Errorf("not all of these ran:\n%s", out)
	}
	t.Logf("%s", out)
}
