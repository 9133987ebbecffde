package images_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"text/scanner"

	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/images/definition"
)

// Dockerfiles belong to scripts; what is said of them depends on whether they make an image.
func TestDockerfiles(t *testing.T) {
	const text = "[metadata]\nname = foo\nversion = 1\n[options.extras_require]\nfoo_api =\n  flask\n[options.entry_points]\nconsole_scripts =\n  foo-api = foo:api\n  foo-db = foo:db\n"
	broken := errors.New("Dockerfile.foo-api:2:1: unknown instruction: RUNN")
	for name, c := range map[string]struct {
		files    []images.Dockerfile
		opts     images.Options
		warnings []string
		err      string
		made     string // the Dockerfile of foo-api
	}{
		"none": {},
		"one": {files: []images.Dockerfile{{File: "Dockerfile.foo-api", Script: "foo-api", Notes: []string{"a note"}}}, made: "Dockerfile.foo-api",
			warnings: []string{"a note", `setup.cfg:5:1: the extra "foo_api" is not installed in foo-api, which Dockerfile.foo-api:1 makes: install in it what the script needs of the extra`}},
		"broken":               {files: []images.Dockerfile{{File: "Dockerfile.foo-api", Script: "foo-api", Err: broken}}, err: broken.Error()},
		"broken, not selected": {files: []images.Dockerfile{{File: "Dockerfile.foo-api", Script: "foo-api", Err: broken}}, opts: images.Options{Only: []string{"foo-db"}}, made: "Dockerfile.foo-api"},
		"near": {files: []images.Dockerfile{{File: "Dockerfile.foo-apl", Script: "foo-apl", Err: broken}},
			warnings: []string{`Dockerfile.foo-apl: it makes no image, there is no script "foo-apl": did you mean Dockerfile.foo-api?`}},
		"far": {files: []images.Dockerfile{{File: "Dockerfile.dev", Script: "dev"}},
			warnings: []string{`Dockerfile.dev: it makes no image, there is no script "dev": the scripts are foo-api, foo-db`}},
		"base": {files: []images.Dockerfile{{File: "Dockerfile.foo-base", Script: "foo-base"}},
			warnings: []string{`Dockerfile.foo-base: it makes no image, there is no script "foo-base": the scripts are foo-api, foo-db`}},
	} {
		t.Run(name, func(t *testing.T) {
			in := written(t, map[string]string{"setup.cfg": text, "pyproject.toml": "[build-system]\nrequires = [\"setuptools\"]\n"})
			in.Dockerfiles = c.files
			p, err := images.New(in, c.opts)
			if c.err != "" {
				if err == nil || err.Error() != c.err {
					t.Fatalf("the error is %v, want %s", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			said := slices.DeleteFunc(p.Warnings, func(w string) bool { return !strings.Contains(w, "Dockerfile") && w != "a note" })
			if !slices.Equal(said, c.warnings) {
				t.Errorf("the warnings are %q, want %q", said, c.warnings)
			}
			api := p.Images[slices.IndexFunc(p.Images, func(i images.Image) bool { return i.Script == "foo-api" })]
			if api.Dockerfile != c.made || (c.made == "") == (len(api.Extras) == 0) {
				t.Errorf("the image is %+v", api)
			}
		})
	}
}

// The base image of the set is known under whatever prefix.
func TestIsBase(t *testing.T) {
	in := written(t, map[string]string{"pyproject.toml": "[project]\nname = \"My.Foo\"\nversion = \"1\"\n[project.scripts]\nrun = \"foo:run\"\n"})
	p, err := images.New(in, images.Options{Prefix: "registry.example.org/team"})
	if err != nil {
		t.Fatal(err)
	}
	for repository, want := range map[string]bool{
		"my.foo-base": true, "my-foo-base": true, "registry.example.org/team/my.foo-base": true, "other/my_foo-base": true,
		"my.foo": false, "run": false, "my.foo-base/x": false,
	} {
		if p.IsBase(repository) != want {
			t.Errorf("%s: it is not %t", repository, want)
		}
	}
}

// An image has one file that says what is in it.
func TestDockerfileBesideDefinition(t *testing.T) {
	in := written(t, map[string]string{"pyproject.toml": "[project]\nname = \"foo\"\nversion = \"1\"\n[project.scripts]\nrun = \"foo:run\"\nstop = \"foo:stop\"\n"})
	at := scanner.Position{Filename: "pbrx-go.toml", Line: 3, Column: 2}
	in.Definition = &definition.Set{Images: []definition.Image{{Name: "run", At: at}, {Name: "again", Script: definition.Text{Value: "stop", At: at}, At: at}}}
	in.Dockerfiles = []images.Dockerfile{{File: "Dockerfile.stop", Script: "stop"}}
	p, err := images.New(in, images.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range p.Images {
		if (i.Dockerfile != "") != (i.Name == "stop") {
			t.Errorf("%s is made by %q", i.Name, i.Dockerfile)
		}
	}
	in.Definition.Scripts = []definition.Text{{Value: "run"}}
	if p, err = images.New(in, images.Options{}); err != nil {
		t.Fatal(err)
	}
	if want := `Dockerfile.stop: it makes no image, for scripts leaves "stop" out`; !slices.Contains(p.Warnings, want) {
		t.Errorf("the warnings are %q, not %q", p.Warnings, want)
	}
	in.Dockerfiles = []images.Dockerfile{{File: "Dockerfile.run", Script: "run"}}
	_, err = images.New(in, images.Options{})
	if want := `pbrx-go.toml:3:2: Dockerfile.run:1 makes the image of "run", too: say all in the Dockerfile and remove this, or remove the Dockerfile`; err == nil || err.Error() != want {
		t.Errorf("the error is %v, want %s", err, want)
	}
}
