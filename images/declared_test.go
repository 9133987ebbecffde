package images_test

import (
	"testing"

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
