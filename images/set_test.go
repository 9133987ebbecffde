package images_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// written is a project of some files.
func written(t *testing.T, files map[string]string) images.Input {
	t.Helper()
	tree := fstest.MapFS{}
	for name, text := range files {
		tree[name] = &fstest.MapFile{Data: []byte(text)}
	}
	p, err := setupcfg.Load(tree)
	if err != nil {
		t.Fatal(err)
	}
	return images.Input{Project: p}
}

// setOf is a plan in short: images, those not selected in brackets, then a bar and the programs without an image.
func setOf(p *images.Plan) string {
	var all, without []string
	for _, image := range p.Images {
		if image.Selected {
			all = append(all, image.Name)
		} else {
			all = append(all, "("+image.Name+")")
		}
	}
	for _, program := range p.Unbuilt {
		without = append(without, program.Kind+" "+program.Name)
	}
	s := strings.Join(all, " ")
	if len(without) > 0 {
		s += " | " + strings.Join(without, ", ")
	}
	if p.Pending() {
		s += " …"
	}
	return s
}

// Each kind of program by itself and beside the others.
func TestPrograms(t *testing.T) {
	const (
		head    = "name = \"foo\"\nversion = \"1\"\n"
		console = "[project.scripts]\nrun = \"foo:run\"\n"
		gui     = "[project.gui-scripts]\nshow = \"foo:show\"\n"
		files   = "[tool.setuptools]\nscript-files = [\"bin/aws\", \"bin/aws.cmd\", \"bin/a b\"]\n"
	)
	asked := images.Options{GUIScripts: true}
	only := func(names ...string) images.Options { return images.Options{Only: names} }
	for _, c := range []struct {
		name, table string
		opts        images.Options
		want        string
	}{
		{"console", console, images.Options{}, "foo-base run"},
		{"console, GUI asked for", console, asked, "foo-base run"},
		{"GUI", gui, images.Options{}, "foo-base | gui_script show"},
		{"GUI asked for", gui, asked, "foo-base show"},
		{"GUI named", gui, only("show"), "foo-base show"},
		{"console and GUI", console + gui, images.Options{}, "foo-base run | gui_script show"},
		{"console and GUI asked for", console + gui, asked, "foo-base run show"},
		{"console and GUI asked for, one named", console + gui, images.Options{GUIScripts: true, Only: []string{"run"}}, "foo-base run (show)"},
		{"console and GUI named", console + gui, only("show"), "foo-base (run) show"},
		{"files", files, images.Options{}, "foo-base aws | data_script aws.cmd, data_script a b"},
		{"files, one named", files, only("aws.cmd"), "foo-base (aws) aws.cmd | data_script a b"},
		{"files and GUI", gui + files, images.Options{}, "foo-base aws | gui_script show, data_script aws.cmd, data_script a b"},
		{"files and console", console + files, images.Options{}, "foo-base run | data_script aws, data_script aws.cmd, data_script a b"},
		{"files and console, one named", console + files, only("aws"), "foo-base (run) aws | data_script aws.cmd, data_script a b"},
		{"a file like a console script", "[project.scripts]\naws = \"foo:run\"\n" + files, only("aws"), "foo-base aws | data_script aws.cmd, data_script a b"},
		{"none", "", images.Options{}, "foo-base"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := mustPlan(t, declared(t, head+c.table), c.opts)
			if got := setOf(p); got != c.want {
				t.Errorf("%s\nwant\n%s", got, c.want)
			}
			if len(p.Warnings) > 0 {
				t.Errorf("warnings: %q", p.Warnings)
			}
		})
	}
}

// What only the wheel can tell is waited for.
func TestPending(t *testing.T) {
	const named = "[build-system]\nrequires = []\nbuild-backend = \"maturin\"\n[project]\nname = \"foo\"\nversion = \"1\"\n"
	later := " read from the wheel: images are known once it is built"
	for _, c := range []struct {
		name     string
		files    map[string]string
		opts     images.Options
		want     string
		warnings []string
	}{
		{"name", map[string]string{"setup.py": "setup(name=NAME, scripts=['a'])\n"}, images.Options{}, " …",
			[]string{"what the project is called is" + later}},
		{"everything", map[string]string{"setup.py": "setup(**kw)\n"}, images.Options{Only: []string{"x"}, GUIScripts: true}, " …",
			[]string{"what the project is called is" + later, "the GUI scripts are" + later}},
		{"console scripts", map[string]string{"setup.py": "setup(name='foo', entry_points=E, scripts=['a'])\n"}, images.Options{}, "foo-base | data_script a …",
			[]string{"the console scripts are" + later}},
		{"more console scripts", map[string]string{"pyproject.toml": strings.Replace(named, "maturin", "flit_core.buildapi", 1) + "dynamic = [\"scripts\"]\nscripts.run = \"f:f\"\n"}, images.Options{Only: []string{"x"}}, "foo-base (run) …",
			[]string{"more console scripts may be" + later}},
		{"an extra that may belong to one of them", map[string]string{"pyproject.toml": named + "optional-dependencies.foo-bas = []\n"}, images.Options{}, "foo-base …",
			[]string{"there are no console scripts; other programs are" + later}},
		{"programs", map[string]string{"pyproject.toml": named}, images.Options{Only: []string{"foo"}}, "foo-base …",
			[]string{"there are no console scripts; other programs are" + later}},
		{"more programs", map[string]string{"setup.py": "setup(name='foo', scripts=['a'], cmdclass=c)\n"}, images.Options{}, "foo-base a …",
			[]string{"there are no console scripts; more programs may be" + later}},
		{"programs beside console scripts", map[string]string{"pyproject.toml": named + "scripts.run = \"f:f\"\n"}, images.Options{}, "foo-base run", nil},
		{"a program beside console scripts", map[string]string{"pyproject.toml": named + "scripts.run = \"f:f\"\n"}, images.Options{Only: []string{"x", "run"}}, "foo-base run …", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := mustPlan(t, written(t, c.files), c.opts)
			if got := setOf(p); got != c.want {
				t.Errorf("%s\nwant\n%s", got, c.want)
			}
			if !slices.Equal(p.Warnings, c.warnings) {
				t.Errorf("the warnings are %q, want %q", p.Warnings, c.warnings)
			}
		})
	}
}

// Names that no image can have, and pairs that would be one, with both places.
func TestProblemsOfNames(t *testing.T) {
	const head = "name = \"foo\"\nversion = \"1\"\n"
	long := strings.Repeat("x", 200)
	for _, c := range []struct {
		name, table string
		opts        images.Options
		want        string
	}{
		{"a GUI script like a console script, GUI scripts not asked for", head + "[project.scripts]\nrun = \"f:f\"\n[project.gui-scripts]\nrun = \"f:f\"\n", images.Options{},
			`pyproject.toml:10:1: the GUI script "run" would be the same file as the console script of pyproject.toml:8:1: rename one of them`},
		{"GUI script and console script of one image", head + "[project.scripts]\nrun = \"f:f\"\n[project.gui-scripts]\nRun = \"f:f\"\n", images.Options{GUIScripts: true},
			`pyproject.toml:10:1: "Run" would be the image run, which pyproject.toml:8:1 "run" is already: rename one of them`},
		{"files of one image", head + "[tool.setuptools]\nscript-files = [\"g++\", \"bin/g\"]\n", images.Options{},
			`pyproject.toml:8:24: "g" would be the image g, which pyproject.toml:8:17 "g++" is already: rename one of them`},
		{"a file like the base image", head + "[tool.setuptools]\nscript-files = [\"Foo-Base\"]\n", images.Options{},
			`pyproject.toml:8:17: "Foo-Base" would be the image foo-base, which pyproject.toml:5:1 "foo-base" is already: rename one of them`},
		{"a file with a blank, named", head + "[tool.setuptools]\nscript-files = [\"a b\"]\n", images.Options{Only: []string{"a b"}},
			`pyproject.toml:8:17: no image can be made for the script file "a b": its name may have letters, digits, '.', '_', '+' and '-' only`},
		{"nothing of that name", head + "[project.scripts]\nrun = \"f:f\"\n[project.gui-scripts]\nshow = \"f:f\"\n[tool.setuptools]\nscript-files = [\"bin/aws\"]\n", images.Options{Only: []string{"x"}},
			`--only x: foo has no such script: it has run, show, aws`},
		{"no scripts", head, images.Options{Only: []string{"x"}}, `--only x: foo has no scripts`},
		{"a name that is too long with its prefix", head + "[project.scripts]\n" + long + " = \"f:f\"\n", images.Options{Prefix: "r.example/" + strings.Repeat("y", 60)},
			fmt.Sprintf(`pyproject.toml:8:1: %q cannot name an image: repository name must not be more than 255 characters: give a shorter --prefix, or rename it`, long)},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := images.New(declared(t, c.table), c.opts)
			if err == nil || err.Error() != c.want {
				t.Errorf("%v\nwant\n%s", err, c.want)
			}
		})
	}
}

// A wheel's facts collide as declared ones do.
func TestCollisionInTheWheel(t *testing.T) {
	in := written(t, map[string]string{"setup.py": "setup(**kw)\n"})
	complete := func(entryPoints string, files ...string) error {
		w, err := setupcfg.ParseWheel([]byte("Metadata-Version: 2.1\nName: foo\nVersion: 1\n"), []byte(entryPoints))
		if err != nil {
			t.Fatal(err)
		}
		w.AddDataScripts("foo-1-py3-none-any.whl", files)
		project, err := in.Project.Complete(w)
		if err != nil {
			t.Fatal(err)
		}
		_, err = images.New(images.Input{Project: project}, images.Options{GUIScripts: true})
		return err
	}
	for _, c := range []struct {
		entryPoints string
		files       []string
		want        string
	}{
		{"[console_scripts]\nrun = f:f\nRun = f:f\n", nil, `entry_points.txt:3:1: "Run" would be the image run, which entry_points.txt:2:1 "run" is already: rename one of them`},
		{"[console_scripts]\nfoo-base = f:f\n", nil, `entry_points.txt:2:1: "foo-base" would be the image foo-base, which METADATA:2:1 "foo-base" is already: rename one of them`},
		{"[gui_scripts]\nrun = f:f\n[console_scripts]\nrun = f:f\n", nil, `entry_points.txt:2:1: the GUI script "run" would be the same file as the console script of entry_points.txt:4:1: rename one of them`},
		{"", []string{"a", "A"}, `foo-1.data/scripts/A: "A" would be the image a, which foo-1.data/scripts/a "a" is already: rename one of them`},
	} {
		if err := complete(c.entryPoints, c.files...); err == nil || err.Error() != c.want {
			t.Errorf("%v\nwant\n%s", err, c.want)
		}
	}
}

// The spelling of METADATA is the one that the images ask for.
func TestExtrasAsTheWheelSpellsThem(t *testing.T) {
	in := declared(t, "name = \"zuul\"\nversion = \"1\"\n[project.scripts]\nzuul-web = \"z:w\"\n[project.optional-dependencies]\n\"Zuul.Base\" = [\"a\"]\nzuul_web = [\"b\"]\n")
	for _, spelled := range []string{"zuul_base", "zuul-base", "Zuul.Base", "ZUUL-_base"} {
		w, err := setupcfg.ParseWheel([]byte("Metadata-Version: 2.1\nName: zuul\nVersion: 1\nProvides-Extra: zuul.WEB\nRequires-Dist: b; extra == 'zuul.WEB'\nProvides-Extra: "+
			spelled+"\nRequires-Dist: a; extra == '"+spelled+"'\n"), []byte("[console_scripts]\nzuul-web = z:w\n"))
		if err != nil {
			t.Fatal(err)
		}
		project, err := in.Project.Complete(w)
		if err != nil {
			t.Fatal(err)
		}
		p := mustPlan(t, images.Input{Project: project}, images.Options{})
		if !slices.Equal(p.Images[0].Extras, []string{spelled}) || !slices.Equal(p.Images[1].Extras, []string{"zuul.WEB"}) || len(p.Warnings) > 0 {
			t.Errorf("%q and %q with %q, want %q", p.Images[0].Extras, p.Images[1].Extras, p.Warnings, spelled)
		}
	}
}

// Extras that seem to be meant for a script that is not there.
func TestWarningsOfExtras(t *testing.T) {
	const at, nobody = "pyproject.toml:11:1: the extra ", " belongs to no image, there is no script of that name: did you mean "
	for _, c := range []struct{ scripts, extra, want string }{
		{"zuul-executor", "zuul_exekutor", at + `"zuul_exekutor"` + nobody + `"zuul-executor"?`},
		{"zuul-executor", "zuulexecutor", at + `"zuulexecutor"` + nobody + `"zuul-executor"?`},
		{"zuul-executor", "Zuul.Bases", at + `"Zuul.Bases"` + nobody + `"zuul-base"?`},
		{"zuul-executor", "zuul_scheduler", at + `"zuul_scheduler"` + nobody + `one of zuul-base, zuul-executor?`},
		{"zuul-executor", "zuul_executor", ""},
		{"executor", "zuul_scheduler", ""}, // the scripts' names do not begin so
		{"zuul-executor", "mysql_reporter", ""},
		{"zuul-executor", "test", ""},
		{"tests", "test", ""},
		{"zuul-executor", "doc", ""},
		{"black", "d", ""},
		{"s", "d", ""},
		{"docs", "docs", at + `"docs" goes into the image of the script of that name, though extras are called so that users do not need: rename one of the two if that is not meant`},
	} {
		in := declared(t, "name = \"zuul\"\nversion = \"1\"\n[project.scripts]\n"+c.scripts+" = \"z:w [gone]\"\n\n[project.optional-dependencies]\n\""+c.extra+"\" = [\"a\"]\n")
		want := []string{fmt.Sprintf(`pyproject.toml:8:1: the script %q asks for the extra "gone", which the project does not have`, c.scripts)}
		if c.want != "" {
			want = append(want, c.want)
		}
		if got := mustPlan(t, in, images.Options{}).Warnings; !slices.Equal(got, want) {
			t.Errorf("%s: %q\nwant\n%q", c.extra, got, want)
		}
	}
}

// An extra that an entry point asks for belongs to an image, whatever it is called.
func TestExtraOfAnEntryPointIsNoSlip(t *testing.T) {
	in := declared(t, "name = \"foo\"\nversion = \"1\"\n[project.scripts]\nrunner = \"f:f [Runnner]\"\n[project.optional-dependencies]\nrunnner = [\"a\"]\n")
	p := mustPlan(t, in, images.Options{})
	if !slices.Equal(p.Images[1].Extras, []string{"runnner"}) || len(p.Warnings) > 0 {
		t.Errorf("%q, %q", p.Images[1].Extras, p.Warnings)
	}
}

// Where an environment lies is not known before the project's name is.
func TestEnvironmentOfNoName(t *testing.T) {
	in := written(t, map[string]string{"setup.py": "setup(**kw)\n"})
	in.Base.Python.ExternallyManaged = true
	if got := mustPlan(t, in, images.Options{}).Environment; got != "" {
		t.Errorf("into %q", got)
	}
}

// A bare name that means another image to everybody else.
func TestOfficialNames(t *testing.T) {
	in := declared(t, "name = \"python-swiftclient\"\nversion = \"1\"\n[project.scripts]\nswift = \"s:m\"\nswift-more = \"s:m\"\n")
	want := []string{"pyproject.toml:8:1: without --prefix the image swift has the name of an official one: whoever means docker.io/library/swift may get this one"}
	if got := mustPlan(t, in, images.Options{}).Warnings; !slices.Equal(got, want) {
		t.Errorf("%q\nwant\n%q", got, want)
	}
	if got := mustPlan(t, in, images.Options{Prefix: "registry.example/team"}).Warnings; len(got) > 0 {
		t.Errorf("with a prefix: %q", got)
	}
}

// An extra of a program without an image is not out of place.
func TestExtraOfAProgramWithoutImage(t *testing.T) {
	in := declared(t, "name = \"foo\"\nversion = \"1\"\n[project.scripts]\nrun = \"f:f\"\n[project.gui-scripts]\nfoo-show = \"f:f\"\n[project.optional-dependencies]\nfoo-show = [\"a\"]\n")
	if got := mustPlan(t, in, images.Options{}).Warnings; len(got) > 0 {
		t.Errorf("%q", got)
	}
	p := mustPlan(t, in, images.Options{GUIScripts: true})
	if got := p.Images[2].Extras; !slices.Equal(got, []string{"foo-show"}) {
		t.Errorf("its image has %q", got)
	}
}
