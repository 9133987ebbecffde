package builder

import (
	"errors"
	"fmt"
	"testing"
)

func TestVersionOnly(t *testing.T) {
	const code = "pyproject.toml"
	for name, c := range map[string]struct {
		files map[string]string
		lost  string
	}{
		"none":  {map[string]string{code: "", "boat/__init__.py": ""}, "packages' data files"},
		"two":   {map[string]string{code: "", "boat/__init__.py": "", "boat/a.txt": "", "boat/b/c.txt": "", "boat/.keep": "", "doc/x.txt": ""}, "2 data files (boat/a.txt, boat/b/c.txt)"},
		"many":  {map[string]string{"lib/boat/__init__.py": "", "lib/boat/1": "", "lib/boat/2": "", "lib/boat/3": "", "lib/boat/4": ""}, "4 data files (lib/boat/1, lib/boat/2, lib/boat/3, …)"},
		"a tox": {map[string]string{".tox/boat/__init__.py": "", ".tox/boat/1": "", "venv3/boat/__init__.py": "", "venv3/boat/1": ""}, "packages' data files"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := place(t, c.files)
			_, err := OpenSource(dir, withGit())
			want := fmt.Sprintf("reading the project's history: there is no git repository in %s or above, and PBR_VERSION sets the version only: the list of files is git's, and without it the wheel would lack %s: "+
				"build from a clone or a released sdist, or make one: git init, git add and git commit", dir, c.lost)
			if got := VersionOnly(err, dir, "PBR_VERSION"); got == nil || got.Error() != want {
				t.Errorf("%v, want %s", got, want)
			}
		})
	}
	other := errors.New("another")
	if got := VersionOnly(other, "", "PBR_VERSION"); !errors.Is(got, other) {
		t.Errorf("another error became %v", got)
	}
}
