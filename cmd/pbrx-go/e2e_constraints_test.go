package main

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A list of constraints for a whole distribution names the project itself, moves a version of its dependencies, and is
// known by its bytes: not by its name, nor by how it is reached.
func TestConstraintFiles(t *testing.T) {
	leafcount.build(t)
	dir, layout, project := t.TempDir(), filepath.Join(t.TempDir(), "layout"), projectCopy(t, "leafcount")
	const list = "# Released together.\nLeaf.Count===0.1\nLeafCount===0.1\npackaging===24.1\nUnused===7\n"
	write(t, filepath.Join(dir, "upper-constraints.txt"), list)
	build := func(constraint string) command {
		return command{args: buildArgs(project, testBase(t), layout, "--constraint", constraint)}
	}
	out := build(filepath.Join(dir, "upper-constraints.txt")).succeed(t)
	// The project's wheel is made as before: these are no constraints of what builds it.
	if got, want := out.ran(t), []string{"[dependencies] install packaging", "[dependencies] resolve", "[dependencies] wheels: packaging"}; !slices.Equal(got, want) {
		t.Errorf("ran %q, want %q", got, want)
	}
	if note := "constraint LeafCount===0.1 of " + dir + "/upper-constraints.txt:3:1 is left out: it is the project itself\n"; strings.Count(out.stderr, "is left out") != 1 || !strings.Contains(out.stderr, note) {
		t.Errorf("stderr does not say %q once:\n%s", note, tail(out.stderr))
	}
	img := readLayout(t, layout).image(t, "leafcount:latest")
	if !hasPath(t, img, "packaging-24.1.dist-info") || hasPath(t, img, "leafcount-0.1.dist-info") {
		t.Error("the image has other versions than the constraints say")
	}

	write(t, filepath.Join(dir, "other/list.txt"), list)
	write(t, filepath.Join(dir, "other/top.txt"), "-c list.txt  # and nothing else\n")
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	defer server.Close()
	repo := filepath.Join(dir, "other")
	git(t, repo, "init", "--quiet")
	commitAll(t, repo, "Constraints")
	for _, same := range []string{repo + "/top.txt", server.URL + "/other/list.txt", "git+file://" + repo + "@HEAD#list.txt"} {
		if got := build(same).succeed(t).ran(t); len(got) > 0 {
			t.Errorf("the same constraints as %s ran %q", same, got)
		}
	}
}

// A requirement and a constraint that do not go together are both named.
func TestConstraintConflict(t *testing.T) {
	leafcount.build(t)
	file := filepath.Join(t.TempDir(), "old.txt")
	write(t, file, "tabulate==0.8.1\npackaging==20.0\n")
	out := command{args: buildArgs(leafcount.project, testBase(t), filepath.Join(t.TempDir(), "layout")), env: []string{"PBRX_GO_CONSTRAINT=" + file}}.run(t)
	want := "building [dependencies] resolve: no versions go together: packaging>=21 is asked for; the constraint packaging==20.0: asked for by pyproject.toml:11:17, " +
		file + ":2:1 (a constraint)"
	if out.code != 1 || errorLines(out) != want {
		t.Errorf("status %d, %s, want\n%s", out.code, errorLines(out), want)
	}
}
