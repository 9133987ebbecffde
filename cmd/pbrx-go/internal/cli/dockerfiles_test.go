package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The files of a folder that are Dockerfiles of scripts, each with what its build context leaves out.
func TestOpenDockerfiles(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"Dockerfile": "not one of a script", ".dockerignore": "all\n",
		"Dockerfile.own": "FROM x\n", "Dockerfile.own.dockerignore": "own\n",
		"Dockerfile.shared": "# syntax=a/b\nFROM x\n", "Dockerfile.wrong": "FROM x\nRUNN\n", "Dockerfile.": "", "Dockerfile.d/x": "",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("../outside", filepath.Join(dir, "Dockerfile.away")); err != nil {
		t.Fatal(err)
	}
	files, err := openDockerfiles(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range files {
		problem := ""
		if f.Err != nil {
			problem = strings.SplitN(f.Err.Error(), ": ", 2)[0]
		}
		got = append(got, strings.Join([]string{f.Script, strings.TrimSpace(string(f.Ignore)), strings.Join(f.Notes, ";"), problem}, "|"))
	}
	want := []string{
		"away|all||Dockerfile.away", "own|own||",
		"shared|all|Dockerfile.shared:1: # syntax=a/b is not used: pbrx-go compiles the file itself|", "wrong|all||Dockerfile.wrong:2:1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("there are %q, want %q", got, want)
	}
}
