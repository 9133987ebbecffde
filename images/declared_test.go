package images_test

import (
	"slices"
	"testing"
	"text/scanner"

	"github.com/pbrx-go/pbrx-go/bindep"
	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/images/definition"
)

// What goes into the virtual environment is put there after it is made, wherever the environment came from.
func TestFilesInTheEnvironment(t *testing.T) {
	text := func(dest string) definition.File {
		return definition.File{Dest: dest, Origin: &definition.Origin{Kind: definition.LiteralText, Where: definition.Text{Value: "x"}}}
	}
	for _, asked := range []string{"", "/srv/env"} {
		in := declared(t, scripts)
		in.Base.Python = images.Python{Executable: "/usr/bin/python3", Prefix: "/usr", ExternallyManaged: true, Ensurepip: true}
		in.Definition = &definition.Set{Files: []string{"pbrx-go.toml"}}
		in.Definition.Venv.Value = asked
		p, err := images.New(in, images.Options{})
		if err != nil {
			t.Fatal(err)
		}
		environment := p.Environment
		in.Definition.Content.Files = []definition.File{text(environment + "/bin/tool"), text("/usr/local/bin/tool")}
		if p, err = images.New(in, images.Options{}); err != nil {
			t.Fatal(err)
		}
		if files := p.Images[0].Files; len(files) != 2 || files[0].Pinned || !files[1].Pinned {
			t.Errorf("with the environment %s the files are %+v", environment, files)
		}
	}
}

// Commands are shown in one line, also where one has a program in it.
func TestRunStepForPeople(t *testing.T) {
	step := images.RunStep{Commands: [][]string{{"yarn", "build"}, {"sh", "-c", "set -e\n\tmake all\n"}}}
	if got, want := step.String(), "yarn build; sh -c set -e make all"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// A package that bindep.txt names, too, stays in the layer of the file that all services extend.
func TestPackagesOfTheParent(t *testing.T) {
	in := declared(t, scripts)
	file, err := bindep.Parse("bindep.txt", []byte("vim\ncurl\n"))
	if err != nil {
		t.Fatal(err)
	}
	in.Bindep = file
	at := scanner.Position{Filename: "parent.toml", Line: 1}
	in.Definition = &definition.Set{Files: []string{"parent.toml", "pbrx-go.toml"},
		Content: definition.Content{Packages: []definition.Package{{Line: definition.Text{Value: "curl", At: at}, At: at}}}}
	p, err := images.New(in, images.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, level := range p.Levels {
		for _, pkg := range level.Packages {
			got = append(got, level.From+" "+pkg.Name+" "+pkg.From)
		}
	}
	if want := []string{"parent.toml curl parent.toml:1:0", "pbrx-go.toml vim bindep.txt:1:1"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
