package plan2llb

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pbrx-go/pbrx-go/setupcfg/lock"
)

// pythonWithPip is the host's interpreter where that has pip: a virtual environment takes its time.
func pythonWithPip(t *testing.T) string {
	t.Helper()
	if host, err := exec.LookPath("python3"); err == nil && exec.Command(host, "-c", "import pip._vendor.packaging.markers").Run() == nil {
		return host
	}
	return python(t)
}

func TestLocked(t *testing.T) {
	cmd := exec.Command(pythonWithPip(t), "-B", filepath.Join("testdata", "locked_test.py"), "-v")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "PYTHONPATH=steps", "TMPDIR=" + t.TempDir()}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if regexp.MustCompile(`(?m)\.\.\. skipped`).Match(out) || !strings.Contains(string(out), "\nOK\n") {
		t.Errorf("not all of these ran:\n%s", out)
	}
}

// What is taken from each kind of lock file is what the file's own tool would install: names, versions, and hashes.
func TestLockedConfirm(t *testing.T) {
	if os.Getenv("PBRX_GO_TEST_CONFIRM") == "" {
		t.Skip("lock files: PBRX_GO_TEST_CONFIRM is not set, PyPI is not asked")
	}
	interpreter := pythonWithPip(t)
	files, err := filepath.Glob("../../setupcfg/lock/testdata/*/exported.txt")
	if err != nil || len(files) != 9 {
		t.Fatalf("%d exports, %v", len(files), err)
	}
	cache := t.TempDir()
	for _, exported := range files {
		dir := filepath.Dir(exported)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel() // the network is waited for
			l, err := lock.Read(os.DirFS(dir))
			if err != nil {
				t.Fatal(err)
			}
			data, err := json.Marshal(l)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "lock.json")
			if err := os.WriteFile(file, data, 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(interpreter, "-B", filepath.Join("testdata", "locked_confirm.py"), file, exported, "web",
				"httpcore[socks]>=1.0,<2", "filelock>=3.12", "exceptiongroup>=1; python_version < '3.11'", "tzdata; sys_platform == 'win32'", "itsdangerous>=2; extra == 'web'")
			cmd.Env = append(os.Environ(), "PYTHONPATH=steps", "PIP_CACHE_DIR="+cache, "PIP_FIND_LINKS=")
			out, err := cmd.CombinedOutput()
			if err != nil || !strings.Contains(string(out), "CONFIRMED 6 packages") {
				t.Errorf("%v\n%s", err, out)
			}
			if runs := strings.Count(string(out), "\n+ ") + strings.Count(string(out[:2]), "+ "); runs != 1 {
				t.Errorf("pip ran %d times, once is enough:\n%s", runs, out)
			}
		})
	}
}
