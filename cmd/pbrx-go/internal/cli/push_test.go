package cli

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/spf13/pflag"
)

// What is pushed is what build-images builds of the same project with the same flags.
func TestNamesToPush(t *testing.T) {
	const head = "[build-system]\nrequires = [\"setuptools\"]\nbuild-backend = \"setuptools.build_meta\"\n[project]\nname = \"Foo\"\nversion = \"1\"\n"
	const gui, files = "[project.gui-scripts]\nshow = \"f:f\"\n", "[tool.setuptools]\nscript-files = [\"bin/aws\", \"bin/aws.cmd\"]\n"
	const later = "DIR: which images there are is known from the wheel only: push them with `pbrx-go build-images --push`"
	for name, c := range map[string]struct {
		file, text string
		options    pushOptions
		want       []string
		err        string
	}{
		"console scripts":     {"pyproject.toml", head + "scripts.Run = \"f:f\"\n" + gui + files, pushOptions{}, []string{"p/foo-base", "p/run"}, ""},
		"and GUI scripts":     {"pyproject.toml", head + "scripts.run = \"f:f\"\n" + gui, pushOptions{planFlags: planFlags{gui: true}}, []string{"p/foo-base", "p/run", "p/show"}, ""},
		"a GUI script":        {"pyproject.toml", head + "scripts.run = \"f:f\"\n" + gui, pushOptions{planFlags: planFlags{only: []string{"show"}}}, []string{"p/foo-base", "p/show"}, ""},
		"files":               {"pyproject.toml", head + files, pushOptions{}, []string{"p/foo-base", "p/aws"}, ""},
		"a file":              {"pyproject.toml", head + "scripts.run = \"f:f\"\n" + files, pushOptions{planFlags: planFlags{only: []string{"aws.cmd"}}}, []string{"p/foo-base", "p/aws.cmd"}, ""},
		"files that may grow": {"setup.py", "setup(name='foo', scripts=['a'], cmdclass=c)\n", pushOptions{}, nil, later},
		"what setup.py says":  {"setup.py", "setup(name='foo', scripts=['a'])\n", pushOptions{}, []string{"p/foo-base", "p/a"}, ""},
		"what setup.py knows": {"setup.py", "setup(**kw)\n", pushOptions{}, nil, later},
		"a program of the wheel": {"setup.py", "setup(name='foo', scripts=more, entry_points={'console_scripts': ['b = m:f']})\n",
			pushOptions{planFlags: planFlags{only: []string{"a"}}}, nil, later},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, c.file), []byte(c.text), 0o644); err != nil {
				t.Fatal(err)
			}
			t.Chdir(filepath.Dir(dir))
			if err := os.Rename(dir, "DIR"); err != nil {
				t.Fatal(err)
			}
			o := c.options
			o.set = pflag.NewFlagSet("", pflag.ContinueOnError)
			o.dir, o.prefix, o.tags = "DIR", "p", []string{"latest"}
			got, err := (&app{streams: Streams{Err: io.Discard}, env: environment{"HOME": t.TempDir()}}).pushNames(t.Context(), &o)
			said := ""
			if err != nil {
				said = err.Error()
			}
			if !slices.Equal(got, c.want) || said != c.err {
				t.Errorf("%q, %v\nwant\n%q, %s", got, err, c.want, c.err)
			}
		})
	}
}
