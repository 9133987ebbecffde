package images_test

import (
	"slices"
	"testing"

	"github.com/pbrx-go/pbrx-go/bindep"
	"github.com/pbrx-go/pbrx-go/images"
)

// A line with the profile of a script is for that script's image alone; words with another meaning are for none.
func TestScriptProfiles(t *testing.T) {
	in := declared(t, "name = \"foo\"\nversion = \"1\"\n[project.scripts]\nfoo_run = \"foo:run\"\nother = \"foo:other\"\ntest = \"foo:test\"\n")
	file, err := bindep.Parse("bindep.txt", []byte("skopeo [foo-run]\nless\ngdb [test]\ngcc [compile foo-run]\npatch [foo-ran]\n"))
	if err != nil {
		t.Fatal(err)
	}
	in.Bindep = file
	p := mustPlan(t, in, images.Options{})
	got := map[string][]string{"": names(p.Runtime)}
	for _, image := range p.Images[1:] {
		got[image.Script] = names(image.Distro.Packages)
	}
	for script, want := range map[string][]string{"": {"less"}, "foo_run": {"skopeo", "gcc"}, "other": nil, "test": nil} {
		if !slices.Equal(got[script], want) {
			t.Errorf("the packages of %q are %q, want %q", script, got[script], want)
		}
	}
	if got := names(p.Compile); !slices.Equal(got, []string{"less", "gcc"}) {
		t.Errorf("the builder's packages are %q", got)
	}
	if want := `bindep.txt:5:1: the profile "foo-ran" is on for no image, write foo-run, which is on for the image of that script, if that is meant`; !slices.Contains(p.Warnings, want) {
		t.Errorf("the warnings are %q, want one to be %q", p.Warnings, want)
	}
}

func names(packages []images.Package) []string {
	var out []string
	for _, p := range packages {
		out = append(out, p.Name)
	}
	return out
}
