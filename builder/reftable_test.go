package builder

import (
	"os/exec"
	"testing"
)

// testdata/reftable.tar.gz is the project that demo makes for pbr, in a repository of git 2.47 (init
// --ref-format=reftable), with the tag 1.2.0 on its only commit.

// reftable unpacks it, and says what the step makes of it with the git there is.
func reftable(t *testing.T) (dir, want string) {
	t.Helper()
	dir = t.TempDir()
	if out, err := exec.Command("tar", "-C", dir, "--no-same-owner", "-xzf", "testdata/reftable.tar.gz").CombinedOutput(); err != nil {
		t.Fatalf("unpacking the repository: %v\n%s", err, out)
	}
	if err := exec.Command("git", "-C", dir, "rev-parse", "HEAD").Run(); err != nil { // git before 2.45
		return dir, "git rev-parse: fatal: unknown repository extension found: refstorage: git reads reftables from 2.45 on: " +
			"take a base that has it, or run `git refs migrate --ref-format=files` in the repository"
	}
	return dir, "demo-1.2.0 with data"
}
