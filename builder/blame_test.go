package builder

import (
	"errors"
	"testing"
	"text/scanner"

	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

func TestBlame(t *testing.T) {
	at := func(line int) scanner.Position {
		return scanner.Position{Filename: "requirements.txt", Line: line, Column: 1}
	}
	project := &setupcfg.Project{}
	project.Dependencies.Value = []setupcfg.Requirement{{Text: "foo>=1", Pos: at(1)}, {Text: "foo-bar", Pos: at(2)}, {Text: "Other", Pos: at(3)}}
	project.Extras.Value = []setupcfg.Extra{{Name: "x", Requirements: []setupcfg.Requirement{{Text: "foo<2", Pos: at(4)}}}}
	for _, c := range []struct{ step, line, want string }{
		{"[dependencies] wheels", "ERROR: No matching distribution found for foo>=1", "requirements.txt:1:1, requirements.txt:4:1"},
		{"[dependencies] wheels", "ERROR: No matching distribution found for foo-bar", "requirements.txt:2:1"},
		{"[dependencies] wheels", "ERROR: Failed building wheel for other", "requirements.txt:3:1"},
		{"[dependencies] wheels", "ERROR: something else", ""},
		{"[project] wheel", "ERROR: Failed building wheel for foo", ""},
	} {
		err := &StepError{Step: c.step, Lines: []string{c.line}}
		if blame(err, project, nil, nil); err.from() != c.want {
			t.Errorf("%s: %s: from %q, want %q", c.step, c.line, err.from(), c.want)
		}
	}
}

func TestMissingPackageError(t *testing.T) {
	err := &MissingPackageError{Distro: "debian-12", Packages: []MissingPackage{{"a", "bindep.txt:1:1"}, {"b", "bindep.txt:2:3"}}}
	want := `bindep.txt:1:1: debian-12 has no package "a": correct the name, or limit the line to the platforms that have it, as in [platform:…]
bindep.txt:2:3: debian-12 has no package "b": correct the name, or limit the line to the platforms that have it, as in [platform:…]`
	if got := err.Error(); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

func TestBlamePackages(t *testing.T) {
	plan := &images.Plan{
		Compile: []images.Package{{Name: "libffi-dev", From: "bindep.txt:1:1"}, {Name: "gcc", From: "bindep.txt:2:1"}, {Name: "g++", From: "bindep.txt:3:1"}},
		Runtime: []images.Package{{Name: "libffi", From: "bindep.txt:4:1"}, {Name: "clash", From: "bindep.txt:5:1"}, {Name: "tini", From: "the init"}},
	}
	for _, c := range []struct{ line, want string }{
		{"ERROR: unable to select packages: libffi-3.5.0-r0: breaks: clash-1-r0[!libffi] satisfies: world[libffi]", "bindep.txt:4:1, bindep.txt:5:1"},
		{"ERROR: unable to select packages: so:libx.so.1 (no such package): required by: libffi-dev-3.5.0-r0[so:libx.so.1]", "bindep.txt:1:1"},
		{"ERROR: clash-1-r0.post-install: script exited with error 3", "bindep.txt:5:1"},
		{"E: g++: installed g++ package post-installation script subprocess returned error exit status 1", "bindep.txt:3:1"},
		{"E: Depends: gcc.", "bindep.txt:2:1"},
		{"E: You don't have enough free space in /var/cache/apt/archives/.", "bindep.txt:1:1, bindep.txt:2:1, bindep.txt:3:1, bindep.txt:4:1, bindep.txt:5:1, the init"},
	} {
		err := &StepError{Step: "[distro] packages", Lines: []string{c.line}}
		for _, p := range append(append([]images.Package{}, plan.Compile...), plan.Runtime...) {
			err.From = append(err.From, p.From)
		}
		if blame(err, nil, plan, nil); err.from() != c.want {
			t.Errorf("%s: %q, want %q", c.line, err.from(), c.want)
		}
	}
	// The lines of another step are not this one's.
	err := &StepError{Step: "[distro] compile packages", From: []string{"bindep.txt:1:1"}, Lines: []string{"E: clash"}}
	if blame(err, nil, plan, nil); err.from() != "bindep.txt:1:1" {
		t.Errorf("%q", err.from())
	}
}

// What is not there to be copied is the fault of the line that asks for it; commands without a network are told how to get one.
func TestBlameRuns(t *testing.T) {
	plan := &images.Plan{Images: []images.Image{
		{Files: []images.File{{From: "a.toml:1:1", Content: images.Content{Image: "x", Path: "/etc/conf"}}, {From: "a.toml:2:1", Content: images.Content{Path: "/etc/conf"}}}},
		{Runs: []images.RunStep{
			{From: "a.toml:3:1", In: "x", Out: []images.Output{{Path: "dist"}, {Path: "/src/web"}}, Source: &images.Content{Image: "x", Path: "/usr/src"}},
			{From: "a.toml:4:1", Network: true},
		}},
	}}
	const unresolved, full = "Temporary failure in name resolution", "no space left on device"
	const offline = ": the commands have no network: add network = true, or have what they fetch as source or file"
	const failed = ": the network or a disk failed meanwhile: mend that, or run again"
	for _, c := range []struct{ step, from, line, cause, want string }{
		{"[files] all images", "a.toml:1:1", "", `failed to compute cache key: failed to calculate checksum of ref a::b: "/etc/conf": not found`, `a.toml:1:1: "/etc/conf" is not there to be copied; correct the path`},
		{"[files] all images", "a.toml:1:1", "", `process "files.py" did not complete successfully: open /etc/conf: no such file or directory`, `a.toml:1:1: "/etc/conf" is not there to be copied; correct the path`},
		{"[project] wheel", "", "", `failed to calculate checksum of ref a::b: "/dist": not found`, `a.toml:3:1: "/dist" is not there to be copied; correct the path`},
		{"[project] wheel", "", "", `failed to calculate checksum of ref a::b: "/web": not found`, `a.toml:3:1: "/web" is not there to be copied; correct the path`},
		{"[run x] yarn", "a.toml:3:1", "", `failed to calculate checksum of ref a::b: "/usr/src": not found`, `a.toml:3:1: "/usr/src" is not there to be copied; correct the path`},
		{"[Dockerfile.x:2] COPY dist /", "", "", `failed to calculate checksum of ref a::b: "/dist": not found`, `building [Dockerfile.x:2] COPY dist /: "/dist" is not there to be copied (what .dockerignore names is not)`},
		{"[run x] yarn", "a.toml:3:1", unresolved, "", "building [run x] yarn: " + unresolved + ": asked for by a.toml:3:1" + offline},
		{"[run x] yarn", "a.toml:4:1", unresolved, "", "building [run x] yarn: " + unresolved + ": asked for by a.toml:4:1" + failed},
		{"[run x] yarn", "a.toml:3:1", full, "", "building [run x] yarn: " + full + ": asked for by a.toml:3:1" + failed},
	} {
		err := &StepError{Step: c.step, cause: c.cause}
		if c.from != "" {
			err.From = []string{c.from}
		}
		if c.line != "" {
			err.Lines = []string{c.line}
		}
		if blame(err, &setupcfg.Project{}, plan, nil); err.Error() != c.want {
			t.Errorf("%q, want %q", err, c.want)
		}
	}
}

// What pip 26.3 printed of a requirement and a constraint that do not go together.
func TestBlameConstraints(t *testing.T) {
	at := func(line int) scanner.Position {
		return scanner.Position{Filename: "pyproject.toml", Line: line, Column: 5}
	}
	project := &setupcfg.Project{}
	project.Dependencies.Value = []setupcfg.Requirement{{Text: "packaging>=24", Pos: at(1)}, {Text: "Requests", Pos: at(2)}}
	constraints := []images.Constraint{
		{Name: "packaging", Text: "Packaging===23.2;python_version<'3.12'", From: "upper.txt:1:1"}, {Name: "packaging", Text: "packaging===23.3;python_version>='3.12'", From: "upper.txt:2:1"},
		{Name: "idna", Text: "idna == 1.0", From: "upper.txt:3:1"}, {Name: "foo-bar", Text: "foo_bar<3,>2", From: "upper.txt:4:1"}, {Name: "", Text: "https://index.example/x.whl", From: "upper.txt:5:1"},
	}
	conflict := func(lines ...string) []string {
		lines = append([]string{"ERROR: Cannot install -r r.txt (line 1) because these package versions have conflicting dependencies.", "", "The conflict is caused by:"}, lines...)
		return append(lines, "", "Additionally, some packages in these conflicts have no matching distributions available for your environment:", "    idna", "",
			"To fix this you could try to:", "1. loosen the range of package versions you've specified", "2. remove package versions to allow pip to attempt to solve the dependency conflict", "",
			"ERROR: ResolutionImpossible: for help visit https://pip.pypa.io/en/latest/topics/dependency-resolution/#dealing-with-dependency-conflicts")
	}
	for _, c := range []struct {
		lines []string
		want  string
	}{
		{conflict("    The user requested packaging>=24", "    The user requested (constraint) packaging===23.2"),
			"building [dependencies] wheels: no versions go together: packaging>=24 is asked for; the constraint packaging===23.2: asked for by pyproject.toml:1:5, upper.txt:1:1 (a constraint)"},
		{conflict("    requests 2.32.3 depends on idna<4 and >=2.5", "    The user requested (constraint) idna==1.0"),
			"building [dependencies] wheels: no versions go together: requests 2.32.3 depends on idna<4 and >=2.5; the constraint idna==1.0: asked for by pyproject.toml:2:5, upper.txt:3:1 (a constraint)"},
		{[]string{"ERROR: No matching distribution found for foo-bar<3,>2"},
			"building [dependencies] wheels: No matching distribution found for foo-bar<3,>2: asked for by upper.txt:4:1 (a constraint)"},
		{[]string{"ERROR: No matching distribution found for packaging>=24"}, // pip does not say which of the two it was
			"building [dependencies] wheels: No matching distribution found for packaging>=24: asked for by pyproject.toml:1:5, upper.txt:1:1 (a constraint), upper.txt:2:1 (a constraint)"},
		{[]string{"ERROR: ResolutionImpossible: for help visit https://pip.pypa.io/"},
			"building [dependencies] wheels: ResolutionImpossible: for help visit https://pip.pypa.io/"},
	} {
		err := blame(&StepError{Step: "[dependencies] wheels", Lines: c.lines}, project, nil, constraints)
		if err.Error() != c.want {
			t.Errorf("%s\nwant\n%s", err, c.want)
		}
	}
}

// What files.py says of a file is told as the definition writes it, its destination once.
func TestBlameFiles(t *testing.T) {
	plan := &images.Plan{Images: []images.Image{{Files: []images.File{
		{Dest: "/opt/x/lib/python3.11/site-packages/a.py", Written: "{site-packages}/a.py", From: "pbrx-go.toml:3:7"}, {Dest: "/etc/b", From: "pbrx-go.toml:5:7"},
	}}}}
	for said, want := range map[string]string{
		`file."/opt/x/lib/python3.11/site-packages/a.py": /opt/x/lib/python3.11/site-packages/a.py is a file of a; add replace = true if that is meant`: `pbrx-go.toml:3:7: file."{site-packages}/a.py" is a file of a; add replace = true if that is meant`,
		`file."/opt/x/lib/python3.11/site-packages/a.py": there is no user x: declare it`:                                                               `pbrx-go.toml:3:7: file."{site-packages}/a.py": there is no user x: declare it`,
		`file."/etc/b": /etc/b/c does not compile: line 1: invalid syntax`:                                                                              `pbrx-go.toml:5:7: file."/etc/b": /etc/b/c does not compile: line 1: invalid syntax`,
	} {
		err := blame(&StepError{Step: "[files] late", Lines: []string{"pbrx-go: " + said}}, nil, plan, nil)
		if err.Error() != want {
			t.Errorf("%s\nwant\n%s", err, want)
		}
		if step := (*StepError)(nil); !errors.As(err, &step) || !step.BadInput() {
			t.Errorf("%s: it is not the input's fault", err)
		}
	}
}
