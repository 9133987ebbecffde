package images_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"text/scanner"

	"github.com/pbrx-go/pbrx-go/bindep"
	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// declared is a project that says of itself what table, the [project] table's lines, says.
func declared(t *testing.T, table string) images.Input {
	t.Helper()
	text := "[build-system]\nrequires = [\"setuptools\"]\nbuild-backend = \"setuptools.build_meta\"\n[project]\n" + table
	p, err := setupcfg.Load(fstest.MapFS{"pyproject.toml": {Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	return images.Input{Project: p, Base: images.Base{PackageManager: "apt", DistroName: "debian-12", Python: images.Python{Ensurepip: true}}}
}

func mustPlan(t *testing.T, in images.Input, opts images.Options) *images.Plan {
	t.Helper()
	p, err := images.New(in, opts)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const scripts = "name = \"foo\"\nversion = \"1\"\n[project.scripts]\nrun = \"foo:run\"\nother = \"foo:other\"\n"

func TestImagesOfAProject(t *testing.T) {
	p := mustPlan(t, declared(t, scripts), images.Options{Prefix: "registry.example/team"})
	want := []images.Image{
		{Name: "registry.example/team/foo-base", Extras: []string{}, From: "pyproject.toml:5:1", Selected: true},
		{Name: "registry.example/team/run", Script: "run", Extras: []string{}, Cmd: []string{"run"}, From: "pyproject.toml:8:1", Selected: true},
		{Name: "registry.example/team/other", Script: "other", Extras: []string{}, Cmd: []string{"other"}, From: "pyproject.toml:9:1", Selected: true},
	}
	if !reflect.DeepEqual(p.Images, want) {
		t.Errorf("the images are\n%+v\nwant\n%+v", p.Images, want)
	}
	if p.Project != (images.Project{Name: "foo", Version: "1"}) {
		t.Errorf("the project is %+v", p.Project)
	}
}

func TestOnly(t *testing.T) {
	p := mustPlan(t, declared(t, scripts), images.Options{Only: []string{"other"}})
	var selected []string
	for _, image := range p.Images {
		if image.Selected {
			selected = append(selected, image.Name)
		}
	}
	if want := []string{"foo-base", "other"}; !slices.Equal(selected, want) || len(p.Images) != 3 {
		t.Errorf("%d images, selected %q, want %q of 3", len(p.Images), selected, want)
	}
}

// All that stands against a plan is said at once.
func TestPlanErrors(t *testing.T) {
	for _, c := range []struct {
		name, table string
		opts        images.Options
		want        string
	}{
		{"unknown scripts", scripts, images.Options{Only: []string{"run", "runn", "foo"}},
			"--only runn: foo has no such script: it has run, other\n--only foo: foo has no such script: it has run, other"},
		{"prefix and init", scripts, images.Options{Prefix: "r.example/Team", InitPath: "tini"},
			"--init-path tini: the path of the init in the image is absolute, or none\n" +
				`--prefix: "r.example/Team" is no prefix for image names: invalid reference format: repository name (Team/x) must be lowercase: write it as in registry.example.org/team, in lower-case letters`},
		{"a script like the base image", "name = \"foo\"\nversion = \"1\"\n[project.scripts]\nfoo-base = \"foo:run\"\n", images.Options{},
			`pyproject.toml:8:1: "foo-base" would be the image foo-base, which pyproject.toml:5:1 "foo-base" is already: rename one of them`},
		{"scripts that differ in case", "name = \"foo\"\nversion = \"1\"\n[project.scripts]\nRun = \"foo:run\"\nrun = \"foo:run\"\n", images.Options{},
			`pyproject.toml:9:1: "run" would be the image run, which pyproject.toml:8:1 "Run" is already: rename one of them`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := images.New(declared(t, c.table), c.opts)
			var list images.PlanError
			if !errors.As(err, &list) || len(list) != len(strings.Split(c.want, "\n")) || err.Error() != c.want {
				t.Errorf("the error is %T of %d\n%v\nwant\n%s", err, len(list), err, c.want)
			}
		})
	}
}

// The extra of an image is found in whatever spelling its name has (PEP 503); it keeps that spelling.
func TestExtras(t *testing.T) {
	for _, c := range []struct {
		name, extras string
		base, script []string
	}{
		{"none", "", []string{}, []string{}},
		{"as spelled", "zuul-base = [\"a\"]\nzuul-web = [\"b\"]\n", []string{"zuul-base"}, []string{"zuul-web"}},
		{"underscore", "zuul_base = [\"a\"]\nzuul_web = [\"b\"]\n", []string{"zuul_base"}, []string{"zuul_web"}},
		{"dot and case", "\"Zuul.Base\" = [\"a\"]\nZuul-Web = [\"b\"]\n", []string{"Zuul.Base"}, []string{"Zuul-Web"}},
		{"run together", "\"zuul-._base\" = [\"a\"]\n", []string{"zuul-._base"}, []string{}},
		{"of nobody", "test = [\"a\"]\nzuulbase = [\"b\"]\n", []string{}, []string{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := "name = \"Zuul\"\nversion = \"1\"\n[project.scripts]\nzuul-web = \"z:w\"\n[project.optional-dependencies]\n" + c.extras
			in := declared(t, text)
			p := mustPlan(t, in, images.Options{})
			if !slices.Equal(p.Images[0].Extras, c.base) || !slices.Equal(p.Images[1].Extras, c.script) {
				t.Errorf("extras %q of the base image and %q of the script, want %q and %q", p.Images[0].Extras, p.Images[1].Extras, c.base, c.script)
			}
		})
	}
}

func TestExtrasOfTheEntryPoint(t *testing.T) {
	in := declared(t, "name = \"foo\"\nversion = \"1\"\n[project.scripts]\nrun = \"foo:run [Fast_Lane]\"\n[project.optional-dependencies]\nrun = [\"a\"]\nfast-lane = [\"b\"]\nslow = [\"c\"]\n")
	p := mustPlan(t, in, images.Options{})
	if want := []string{"run", "fast-lane"}; !slices.Equal(p.Images[1].Extras, want) {
		t.Errorf("the extras are %q, want %q", p.Images[1].Extras, want)
	}
}

func TestEnvironment(t *testing.T) {
	in := declared(t, "name = \"Foo.Bar\"\nversion = \"1\"\n")
	if got := mustPlan(t, in, images.Options{}).Environment; got != "" {
		t.Errorf("into %q, want the base's Python", got)
	}
	in.Base.Python.ExternallyManaged = true
	if got := mustPlan(t, in, images.Options{}).Environment; got != "/opt/foo-bar" {
		t.Errorf("into %q, want /opt/foo-bar", got)
	}
}

func TestInit(t *testing.T) {
	candidates := func(tini string) []images.InitCandidate {
		return []images.InitCandidate{{Package: "dumb-init", Path: "/usr/bin/dumb-init"}, {Package: "tini", Path: tini}, {Package: "catatonit", Path: "/usr/bin/catatonit"}}
	}
	nothing := []images.InitCandidate{}
	for _, c := range []struct {
		name, option, manager string
		has                   map[string]string
		want                  images.Init
	}{
		{"of Debian", "", "apt", nil, images.Init{Candidates: candidates("/usr/bin/tini")}},
		{"of Alpine", "", "apk", nil, images.Init{Candidates: candidates("/sbin/tini")}},
		{"of nobody", "", "", nil, images.Init{Candidates: nothing}},
		{"in the base", "", "apt", map[string]string{"catatonit": "/c", "tini": "/t"}, images.Init{Path: "/t", Candidates: nothing}},
		{"as told", "/my/init", "apt", map[string]string{"tini": "/t"}, images.Init{Path: "/my/init", Candidates: nothing}},
		{"unwanted", "none", "apt", map[string]string{"tini": "/t"}, images.Init{Candidates: nothing}},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := declared(t, scripts)
			in.Base.PackageManager, in.Base.Inits = c.manager, c.has
			if got := mustPlan(t, in, images.Options{InitPath: c.option}).Init; !reflect.DeepEqual(got, c.want) {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

func TestPackages(t *testing.T) {
	in := declared(t, scripts)
	var err error
	if in.Base.Distro, err = bindep.ParseDistro("debian-12"); err != nil {
		t.Fatal(err)
	}
	in.Bindep, err = bindep.Parse("bindep.txt", []byte("always\ncc [compile]\nyum-only [platform:rpm]\nalways [platform:dpkg]\ntested [test]\n"))
	if err != nil {
		t.Fatal(err)
	}
	in.Base.Python.Ensurepip = false
	p := mustPlan(t, in, images.Options{})
	always := images.Package{Name: "always", From: "bindep.txt:1:1", Why: "no selectors"}
	if want := []images.Package{always}; !slices.Equal(p.Runtime, want) {
		t.Errorf("at run time %+v, want %+v", p.Runtime, want)
	}
	compile := []images.Package{always, {Name: "cc", From: "bindep.txt:2:1", Why: "selected by compile"}}
	if !slices.Equal(p.Compile, compile) {
		t.Errorf("for compiling %+v, want %+v", p.Compile, compile)
	}
}

// git is there for a dependency that comes out of a repository.
func TestGitOfTheBuilder(t *testing.T) {
	for text, want := range map[string][]images.Package{
		"oar @ git+https://forge.invalid/oar@v1": {{Name: "git", From: "setup.cfg:7:1"}},
		"oar @ https://forge.invalid/oar.whl":    {},
	} {
		in := declared(t, scripts)
		at := scanner.Position{Filename: "setup.cfg", Line: 7, Column: 1}
		in.Project.Dependencies = setupcfg.Fact[[]setupcfg.Requirement]{Status: setupcfg.Known, Value: []setupcfg.Requirement{{Text: text, Pos: at}}}
		in.Base.Python.Ensurepip = true
		if got := mustPlan(t, in, images.Options{}).Tools; !slices.Equal(got, want) {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
	}
}

func TestPipOfTheBuilder(t *testing.T) {
	for manager, want := range map[string][]images.Package{
		"apt": {{Name: "python3-venv", From: "the base has no pip"}},
		"apk": {{Name: "py3-pip", From: "the base has no pip"}},
		"dnf": {{Name: "python3-pip", From: "the base has no pip"}},
		"":    {},
	} {
		in := declared(t, scripts)
		in.Base.PackageManager, in.Base.Python.Ensurepip = manager, false
		if got := mustPlan(t, in, images.Options{}).Tools; !slices.Equal(got, want) {
			t.Errorf("%s: %+v, want %+v", manager, got, want)
		}
		in.Base.Python.Pip = "25.0"
		if got := mustPlan(t, in, images.Options{}).Tools; len(got) > 0 {
			t.Errorf("%s: the base has a pip, and yet %+v", manager, got)
		}
	}
}

func TestWarnings(t *testing.T) {
	in := declared(t, "name = \"foo\"\nversion = \"1\"\n[project.scripts]\nRun = \"foo:run\"\n")
	if got, want := mustPlan(t, in, images.Options{}).Warnings, []string{`pyproject.toml:8:1: the image of "Run" is called run`}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	in = declared(t, "name = \"foo\"\nversion = \"1\"\ndynamic = [\"scripts\"]\n")
	p := mustPlan(t, in, images.Options{Only: []string{"whatever"}}) // the wheel will tell whether there is one
	if want := "the console scripts are read from the wheel: images are known once it is built"; !slices.Contains(p.Warnings, want) {
		t.Errorf("%q, want %q", p.Warnings, want)
	}
}

func TestJSONIsStable(t *testing.T) {
	in := declared(t, scripts)
	in.Base.Inits = map[string]string{"b": "2", "a": "1", "c": "3"}
	first, err := mustPlan(t, in, images.Options{}).JSON()
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		again, err := mustPlan(t, in, images.Options{}).JSON()
		if err != nil || string(again) != string(first) {
			t.Fatalf("other JSON: %v\n%s\n%s", err, first, again)
		}
	}
}
