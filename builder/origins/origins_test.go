package origins_test

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"text/scanner"

	"github.com/pbrx-go/pbrx-go/builder/origins"
	"github.com/pbrx-go/pbrx-go/images/definition"
)

// write makes files below dir; those whose text begins with "-> " are links.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if target, link := strings.CutPrefix(text, "-> "); link {
			if err := os.Symlink(target, path); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// repository is a git repository in a new folder of that name.
type repository struct {
	t   *testing.T
	dir string
}

func newRepository(t *testing.T, name string) repository {
	t.Helper()
	r := repository{t, filepath.Join(t.TempDir(), name)}
	if err := os.Mkdir(r.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	r.git("init", "--quiet", "--initial-branch=main")
	return r
}

func (r repository) git(args ...string) string {
	r.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = r.dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull, "GIT_AUTHOR_DATE=2024-01-02T03:04:05Z", "GIT_COMMITTER_DATE=2024-01-02T03:04:05Z",
		"GIT_AUTHOR_NAME=Keeper", "GIT_AUTHOR_EMAIL=keeper@example.org", "GIT_COMMITTER_NAME=Keeper", "GIT_COMMITTER_EMAIL=keeper@example.org")
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// commit commits files and returns the commit's name.
func (r repository) commit(files map[string]string) string {
	r.t.Helper()
	write(r.t, r.dir, files)
	r.git("add", "-A")
	r.git("commit", "--quiet", "--message", "change")
	return r.git("rev-parse", "HEAD")
}

func (r repository) url() string { return "file://" + r.dir }

// text is a value on a line of the definition, in column 7.
func text(value string, line int) definition.Text {
	return definition.Text{Value: value, At: scanner.Position{Filename: "pbrx-go.toml", Line: line, Column: 7}}
}

// gitOrigin is one at lines 10 to 13 of the definition.
func gitOrigin(address, ref, part string) definition.Origin {
	o := definition.Origin{Kind: definition.Git, Where: text(address, 11), Ref: text(ref, 12), At: text("", 10).At}
	if part != "" {
		o.Part = text(part, 13)
	}
	return o
}

// fetcher is one with a state, for a definition in dir.
func fetcher(t *testing.T, state, dir string, change ...func(*origins.Options)) *origins.Fetcher {
	t.Helper()
	o := origins.Options{StateDir: state, TempDir: t.TempDir(), Root: dir, Env: map[string]string{"PATH": os.Getenv("PATH"), "HOME": t.TempDir(), "GIT_CONFIG_SYSTEM": os.DevNull}}
	for _, c := range change {
		c(&o)
	}
	f := origins.New(o)
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		if left, err := os.ReadDir(o.TempDir); err != nil || len(left) > 0 {
			t.Errorf("%v is left behind, %v", left, err)
		}
		if left, _ := os.ReadDir(filepath.Join(state, "unfinished")); len(left) > 0 {
			t.Errorf("%v is left unfinished", left)
		}
	})
	return f
}

// shown is a content as lines "MODE PATH TEXT".
func shown(t *testing.T, c origins.Content) string {
	t.Helper()
	var out strings.Builder
	err := c.FS.Walk(context.Background(), "", func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		out.WriteString(info.Mode().String() + " " + name)
		if info.Mode().IsRegular() {
			r, err := c.FS.Open(name)
			if err != nil {
				return err
			}
			defer r.Close()
			data := make([]byte, info.Size())
			if _, err := r.Read(data); err != nil && info.Size() > 0 {
				return err
			}
			out.WriteString(" " + strings.TrimSuffix(string(data), "\n"))
		}
		out.WriteString("\n")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// refused checks a message, with DIR for the folder.
func refused(t *testing.T, err error, dir, want string) {
	t.Helper()
	if want = strings.ReplaceAll(want, "DIR", dir); err == nil || err.Error() != want {
		t.Errorf("%v\nwant\n%s", err, want)
	}
}
