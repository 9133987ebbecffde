package main

import (
	"encoding/json"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// neighbours are pebble, which requires tender, which requires lightship; the version of lightship is made by git. Nothing
// requires idle.
func neighbours(t *testing.T) (pebbleDir, lightship, tender, idle string) {
	t.Helper()
	pebbleDir, lightship = pebble(t), lightshipRepo(t)
	edit(t, filepath.Join(pebbleDir, "pyproject.toml"), `description = "Rolls"`, "description = \"Rolls\"\ndependencies = [\"Tender>=1\"]")
	git(t, lightship, "commit", "-q", "--allow-empty", "-m", "Trim the wicks")
	flit := func(name, version, requires string) string {
		dir := filepath.Join(t.TempDir(), name)
		write(t, filepath.Join(dir, name+".py"), "\"\"\"A neighbour.\"\"\"\n")
		write(t, filepath.Join(dir, "pyproject.toml"), "[build-system]\nrequires = [\"flit_core>=3.4\"]\nbuild-backend = \"flit_core.buildapi\"\n\n"+
			"[project]\nname = \""+name+"\"\nversion = \""+version+"\"\ndescription = \"A neighbour\"\ndependencies = ["+requires+"]\n")
		return dir
	}
	return pebbleDir, lightship, flit("tender", "1.9", `"LightShip>=2.3.0"`), flit("idle", "1", "")
}

// Checkouts stand in for releases of theirs that the constraints and every index have other versions of; a change of one
// makes its own wheel and its own layer anew, and nothing else.
func TestSiblings(t *testing.T) {
	base := testBase(t)
	project, lightship, tender, idle := neighbours(t)
	layout, constraints := filepath.Join(t.TempDir(), "layout"), filepath.Join(t.TempDir(), "upper.txt")
	write(t, constraints, "Light_Ship===9\nlightship===2.2.0\nTENDER===1.0\npackaging===24.1\n")
	build := command{args: buildArgs(project, base, layout, "--format", "json", "--constraint", constraints, "--sibling", lightship, "--sibling", tender, "--sibling", idle)}

	out := build.succeed(t)
	var report struct {
		Images []struct {
			Name   string
			Layers []struct{ Content string }
		}
		Siblings []struct{ Name, Dir, Version, From string }
	}
	if err := json.Unmarshal([]byte(out.stdout), &report); err != nil {
		t.Fatalf("%v: %s", err, out.stdout)
	}
	want := []struct{ Name, Dir, Version, From string }{
		{"lightship", lightship, "2.3.1.dev1", lightship + "/setup.cfg:2:1"},
		{"tender", tender, "1.9", tender + "/pyproject.toml:6:1"},
		{"idle", idle, "1", idle + "/pyproject.toml:6:1"},
	}
	if !reflect.DeepEqual(report.Siblings, want) {
		t.Errorf("the siblings are %q, want %q", report.Siblings, want)
	}
	var images, contents []string
	for _, image := range report.Images {
		images = append(images, image.Name)
	}
	for _, l := range report.Images[0].Layers {
		if l.Content != "base" {
			contents = append(contents, l.Content)
		}
	}
	if !slices.Equal(images, []string{"pebble-base", "pebble", "pebble-skip"}) {
		t.Errorf("the images are %q", images)
	}
	if got := strings.Join(contents, " "); !strings.HasSuffix(got, "dependencies sibling sibling project") {
		t.Errorf("the layers are %s", got)
	}
	for _, line := range []string{
		"constraint lightship===2.2.0 of " + constraints + ":2:1 is left out: it is the sibling in " + lightship,
		"constraint TENDER===1.0 of " + constraints + ":3:1 is left out: it is the sibling in " + tender,
		"warning: the sibling idle of " + idle + " is in no image: nothing requires it",
	} {
		if !strings.Contains(out.stderr, line+"\n") {
			t.Errorf("stderr does not say %q:\n%s", line, tail(out.stderr))
		}
	}
	img := readLayout(t, layout).image(t, "pebble:latest")
	for path, has := range map[string]bool{"lightship-2.3.1.dev1.dist-info/RECORD": true, "tender-1.9.dist-info/RECORD": true, "packaging-24.1.dist-info/RECORD": true,
		"lightship-2.3.1.dev1.dist-info/direct_url.json": false, "idle-1.dist-info/": false, "+sibling": false} {
		if hasPath(t, img, path) != has {
			t.Errorf("the image has %s: %v, want %v", path, !has, has)
		}
	}

	git(t, lightship, "commit", "-q", "--allow-empty", "-m", "Trim them again")
	out = build.succeed(t)
	if got, want := out.ran(t), []string{"[sibling lightship] install", "[sibling lightship] wheel"}; !slices.Equal(got, want) {
		t.Errorf("after a commit of the sibling ran %q, want %q", got, want)
	}
	if !hasPath(t, readLayout(t, layout).image(t, "pebble:latest"), "lightship-2.3.1.dev2.dist-info/RECORD") {
		t.Error("the image does not have the sibling's new version")
	}

	// A requirement of the very commit: now its version counts.
	edit(t, filepath.Join(tender, "pyproject.toml"), "LightShip>=2.3.0", "LightShip>=2.3.1.dev2")
	build.succeed(t)
	edit(t, filepath.Join(tender, "pyproject.toml"), "LightShip>=2.3.1.dev2", "LightShip>=2.3.1.dev3")
	out = build.run(t)
	if got, want := errorLines(out), "building [dependencies] resolve (by versions of siblings): no versions go together: tender 1.9 depends on LightShip>=2.3.1.dev3; "+
		"the sibling lightship is 2.3.1.dev2: asked for by pyproject.toml:9:17, "+lightship+" (the sibling)"; out.code != 1 || got != want {
		t.Errorf("status %d, %s, want\n%s", out.code, got, want)
	}
}
