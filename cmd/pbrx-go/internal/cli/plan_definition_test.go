package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/pbrx-go/pbrx-go/images"
)

const gauge = "[build-system]\nrequires = [\"setuptools\"]\nbuild-backend = \"setuptools.build_meta\"\n[project]\nname = \"gauge\"\nversion = \"1\"\n" +
	"[project.scripts]\ngauge-read = \"gauge:read\"\ngauge-reset = \"gauge:reset\"\n[project.optional-dependencies]\nsql = [\"idna\"]\n"

const bookworm = "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n"

// planned is the plan of a directory for Debian, without an engine.
func planned(t *testing.T, files map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	files["os-release"] = bookworm
	t.Chdir(configFiles(t, files))
	var out, errOut bytes.Buffer
	environ := []string{"HOME=" + t.TempDir(), "PBRX_GO_STATE=" + t.TempDir()}
	args = append([]string{"plan", "--os-release", "os-release", "--format", "json"}, args...)
	code = Main(context.Background(), args, Streams{In: strings.NewReader(""), Out: &out, Err: &errOut}, environ)
	return code, out.String(), errOut.String()
}

// planOf is the same as data.
func planOf(t *testing.T, files map[string]string, args ...string) (p images.Plan) {
	t.Helper()
	code, stdout, stderr := planned(t, files, args...)
	if code != 0 {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	if err := json.Unmarshal([]byte(stdout), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// An untouched project has the same plan without a configuration and with one that says nothing.
func TestConfigurationThatSaysNothing(t *testing.T) {
	want := ""
	for n, files := range []map[string]string{
		{"pyproject.toml": gauge},
		{"pyproject.toml": gauge, "pbrx-go.toml": ""},
		{"pyproject.toml": gauge + "[tool.pbrx-go]\n"},
	} {
		code, stdout, stderr := planned(t, files)
		if n == 0 {
			want = stdout
		}
		if code != 0 || stdout != want {
			t.Errorf("%v: exit %d: %s\n%s\nwant\n%s", files, code, stderr, stdout, want)
		}
	}
}

// What a configuration says of the images of a project.
func TestPlanOfAConfiguration(t *testing.T) {
	p := planOf(t, map[string]string{"pyproject.toml": gauge, "bindep.txt": "curl [gauge-read]\n", "pbrx-go.toml": `
scripts = ["gauge-re*", "!gauge-reset"]
args = ["-f"]
extras = ["sql"]
packages = ["less", "gcc [compile]", { line = "daxio", arch = ["arm64"] }]
run-as = "gauge"
user.gauge = { uid = 10001 }
env = { LEVEL = "low" }
file."{site-packages}/driver.py" = { text = "" }
file."/etc/gauge.conf" = { text = "", owner = "gauge" }
[image.gauge-read]
env = { LEVEL = "high" }
[image.gauge-shell]
command = ["sh"]
packages = ["zsh"]
[image.reset]
script = "gauge-reset"
args = []
`})
	if len(p.Images) != 4 {
		t.Fatalf("%d images: %+v", len(p.Images), p.Images)
	}
	for n, want := range []string{
		"gauge-base  [] [LEVEL=low] 10001:10001 []",
		"gauge-read gauge-read [gauge-read -f] [LEVEL=high] 10001:10001 [curl]",
		"gauge-shell  [sh] [LEVEL=low] 10001:10001 [zsh]",
		"reset gauge-reset [gauge-reset] [LEVEL=low] 10001:10001 []",
	} {
		image := p.Images[n]
		if got := shown(image); got != want {
			t.Errorf("image %d is %s, want %s", n, got, want)
		}
	}
	files := p.Images[0].Files
	if len(files) != 2 || files[0].Dest != "/etc/gauge.conf" || !files[0].Pinned || files[0].Owner != "10001:10001" || files[1].Pinned {
		t.Errorf("the files are %+v", files)
	}
	if len(p.LeftOut) != 1 || !strings.Contains(p.LeftOut[0], "pbrx-go.toml:5") {
		t.Errorf("left out: %q", p.LeftOut)
	}
}

func shown(i images.Image) string {
	packages := []string{}
	for _, p := range i.Distro.Packages {
		packages = append(packages, p.Name)
	}
	return strings.Join([]string{i.Name, i.Script, "[" + strings.Join(i.Cmd, " ") + "]", "[" + strings.Join(i.Config.Env, " ") + "]", i.Config.User, "[" + strings.Join(packages, " ") + "]"}, " ")
}

// Mistakes that need the project to be seen are found without an engine, too, with their places.
func TestConfigurationAgainstTheProject(t *testing.T) {
	for config, want := range map[string]string{
		"[image.gauge-raed]\nargs = []\n":                           `pbrx-go.toml:1:8: "gauge-raed" is no console script (pyproject.toml:8: gauge-read); mend the name or give command`,
		"scripts = [\"gauge-read\"]\nimage.gauge-reset.args = []\n": `pbrx-go.toml:2:7: "gauge-reset" is a console script (pyproject.toml:9), which scripts does not choose; change one of them`,
		"extras = [\"sqll\"]\n":                                     `pbrx-go.toml:1:11: gauge has no extra "sqll": it has sql`,
		"system-site-packages = true\nvenv = \"/opt/x/\"\n":         `pbrx-go.toml:2:8: venv: `,
	} {
		code, _, stderr := planned(t, map[string]string{"pyproject.toml": gauge, "pbrx-go.toml": config})
		if code != 2 || !strings.Contains(stderr, "error: "+want) {
			t.Errorf("%s\nexit %d: %s\nwant %s", config, code, stderr, want)
		}
		if code, _, stderr := configRun(t, nil, "check"); code != 2 || !strings.Contains(stderr, "error: "+want) {
			t.Errorf("config check: %s\nexit %d: %s\nwant %s", config, code, stderr, want)
		}
	}
	code, _, stderr := planned(t, map[string]string{"pyproject.toml": gauge, "pbrx-go.toml": "run = [{ commands = [[\"x\"]], source = \"pyproject.toml\" }]\n"})
	if want := "pbrx-go.toml:1:8: run: source is a file; name the folder that it is in"; code != 2 || !strings.Contains(stderr, "error: "+want) {
		t.Errorf("exit %d: %s, want %s", code, stderr, want)
	}
}

// What is wrong with the projects and files that a definition names, each with its place and what to do.
func TestPlanRefusals(t *testing.T) {
	lib := "[project]\nname = \"lib\"\nversion = \"1\"\n"
	with := func(config string) map[string]string {
		return map[string]string{"pyproject.toml": gauge, "lib/pyproject.toml": lib, "more/x": "", "pbrx-go.toml": config}
	}
	alone := func(config string) map[string]string {
		return map[string]string{"lib/pyproject.toml": lib, "more/x": "", "pbrx-go.toml": config}
	}
	nowhere := "git = \"file:///nowhere\", ref = \"v1\"" // which nobody asks for
	for _, c := range []struct {
		files map[string]string
		want  string
	}{
		{with("project.lib = { path = \"lib\" }\nproject.lub = { path = \"lib\" }\n"), `pbrx-go.toml:2:9: this is lib, as project.lib is (pbrx-go.toml:1:9): keep one`},
		{with("project.gauge = { path = \".\" }\n"), `pbrx-go.toml:1:9: gauge is the main project itself: leave it out`},
		{with("project.lib = { path = \"lib\", extras = [\"nope\"] }\n"), `pbrx-go.toml:1:41: lib has no extra "nope": it has none`},
		{with("packages = [{ path = \"more\" }]\n"), `pbrx-go.toml:1:13: more is a folder, where a file is needed: name the file as path`},
		{with("repository.x = { uri = \"https://h/x\", key = { path = \"more\" } }\n"), `pbrx-go.toml:1:39: more is a folder, where a file is needed: name the file as path`},
		{with("repository.x = { uri = \"https://h/x\", key = { text = \"k\" } }\n"), `pbrx-go.toml:1:12: repository.x has no suite, which apt needs: write suite = "{codename}", or what it has`},
		{with("repository.x = { uri = \"https://h/x\", key = { text = \"k\" }, suite = \"{codename}\" }\n"), `pbrx-go.toml:1:12: repository.x has no components, which apt needs: write components = ["main"], or what it has`},
		{with("repository.x = { uri = \"https://h/x\", key = { text = \"k\" }, suite = \"./\", components = [\"main\"] }\n"), `pbrx-go.toml:1:89: the suite "./" is a folder, which has no components: leave them out`},
		{with("requirements = [\"idna\", \"Gauge[sql]>=2\"]\n"), `pbrx-go.toml:1:25: Gauge is the project itself, which is installed anyway: leave it out, and write what it has in brackets as extras`},
		{with("file.\"/etc/x\" = { text = \"\" }\nfile.\"/etc/x/y/z\" = { text = \"\" }\n"), `pbrx-go.toml:2:6: "/etc/x/y/z" lies below "/etc/x" (pbrx-go.toml:1:6), which is no folder; choose another place`},
		{with("constraints = [{ project = \"gauge\" }]\n"), `pbrx-go.toml:1:16: project gauge is a folder, where a file is needed: name the file as path`},
		{with("requirements = [{ text = \"-r x\" }]\n"), `pbrx-go.toml:1:17: a text:1:1: "-r x" is an option of pip: a file of requirements has one requirement a line here; constraints have a key of their own`},
		{with("constraints = [{ text = \"a==1\" }, { text = \"a==2\" }]\n"), `pbrx-go.toml:1:35: a text:1:1: a==2 contradicts a==1 of pbrx-go.toml:1:16: a text:1:1, remove one of them, or leave the name out with constraints-exclude = ["a"]`},
		{with("name = \"x\"\nproject.x = { " + nowhere + " }\n"), `pbrx-go.toml:2:9: x is the project in .: name it otherwise, or move this file to a folder of its own`},
		{alone(""), `pbrx-go.toml: nothing to install: there is no project in ., and no [project] here: add one, and name = "…" that says which it is`},
		{alone("project.x = { " + nowhere + " }\n"), `pbrx-go.toml: there is no project in ., and no name that says which project is the main one: write name = "x"`},
		{alone("requirements = [\"x\"]\n"), `pbrx-go.toml: there is no project in . that could name the images: write name = "…"`},
		{alone("name = \"y\"\nproject.x = { " + nowhere + " }\n"), `pbrx-go.toml:1:8: nothing to install: there is no project in ., and no [project.y]; known are x: mend the name, or add requirements`},
		{alone("name = \"x\"\nproject.x = { path = \"more\" }\n"), `pbrx-go.toml:2:9: reading x: no setup.cfg, pyproject.toml or setup.py in this directory, run pbrx-go in the directory of a Python project, or name that directory`},
	} {
		code, _, stderr := planned(t, c.files)
		if code != 2 || stderr != "error: "+c.want+"\n" {
			t.Errorf("%s\nexit %d: %swant %s", c.files["pbrx-go.toml"], code, stderr, c.want)
		}
	}
}

// Where the definition leaves one image, that has the set's name.
func TestOneImage(t *testing.T) {
	p := planOf(t, map[string]string{"pyproject.toml": gauge, "pbrx-go.toml": "scripts = []\nname = \"meter\"\ncommand = [\"sh\"]\n"})
	if len(p.Images) != 1 || p.Images[0].Name != "meter" || strings.Join(p.Images[0].Cmd, " ") != "sh" {
		t.Errorf("the images are %+v", p.Images)
	}
	code, _, stderr := planned(t, map[string]string{"pbrx-go.toml": "requirements = [\"idna\"]\n"})
	if want := "error: pbrx-go.toml: there is no project in . that could name the images: write name = \"…\"\n"; code != 2 || stderr != want {
		t.Errorf("exit %d: %s", code, stderr)
	}
	code, _, stderr = planned(t, map[string]string{"pbrx-go.toml": "name = \"ee\"\nrequirements = [\"idna\"]\nrun = [{ in = \"go:1\", commands = [[\"make\"]], out = { a = \"/a\", b = \"b\" } }]\n"})
	if want := "error: pbrx-go.toml:3:8: run: a relative destination in out is a place in the project's tree, and there is no project: write an absolute path\n"; code != 2 || stderr != want {
		t.Errorf("exit %d: %s", code, stderr)
	}
	p = planOf(t, map[string]string{"pbrx-go.toml": "name = \"ee\"\nrequirements = [\"idna\"]\n"})
	if len(p.Images) != 1 || p.Images[0].Name != "ee" || p.Images[0].Requirements[0].Text != "idna" {
		t.Errorf("the images are %+v", p.Images)
	}
}

// Every step of commands is in the plan with what it costs, and counted; of images that are not built it is what goes into the wheel.
func TestPlanOfRuns(t *testing.T) {
	const config = `
[[run]]
commands = [["one", "more"], ["two"]]
[[run]]
in = "node:22"
commands = [["yarn"]]
out = { "dist" = "/usr/share/gauge" }
network = true
[[image.gauge-read.run]]
commands = [["fetch"]]
network = true
[[image.gauge-reset.run]]
in = "go:1"
commands = [["make"]]
out = { "lib" = "gauge/lib" }
[[image.gauge-reset.run]]
commands = [["left", "out"]]
`
	code, stdout, stderr := planned(t, map[string]string{"pyproject.toml": gauge, "pbrx-go.toml": config}, "--format", "text", "--only", "gauge-read")
	var got []string
	for line := range strings.Lines(stdout) {
		if _, run, ok := strings.Cut(line, "  run "); ok {
			got = append(got, strings.Join(strings.Fields(run), " "))
		}
	}
	const again = "it runs again at every change of the source or of what is below it"
	want := []string{
		"one more; two pbrx-go.toml:2:3 " + again + ", for all images",
		"yarn pbrx-go.toml:4:3 in node:22; with a network: not reproducible from the lock",
		"fetch pbrx-go.toml:9:20 " + again + "; with a network: not reproducible from the lock",
		"make pbrx-go.toml:12:21 in go:1",
	}
	if code != 0 || !slices.Equal(got, want) {
		t.Errorf("exit %d, the plan has\n%s\nwant\n%s\n%s", code, strings.Join(got, "\n"), strings.Join(want, "\n"), stderr)
	}
}

// The summary counts those steps, and says that images run as root although there is an account.
func TestSayDefinition(t *testing.T) {
	elsewhere := images.RunStep{In: "go:1", Out: []images.Output{{Path: "lib", Dest: "gauge/lib"}}}
	read := images.Image{Selected: true, Runs: []images.RunStep{{}, elsewhere}}
	for want, p := range map[string]images.Plan{
		"": {Images: []images.Image{{Selected: true}, {Runs: []images.RunStep{{}}}}},
		"1 step of commands: the plan says what it costs\n":    {Images: []images.Image{{Runs: []images.RunStep{{}, elsewhere}}}},
		"2 steps of commands: the plan says what each costs\n": {Images: []images.Image{{Runs: []images.RunStep{{}}}, read}},
		"left out: x\n1 images run as the base's user, mostly root: run-as = \"gauge\" makes them run as that account\n": {LeftOut: []string{"x"},
			Levels: []images.Level{{Accounts: []images.Account{{Name: "gauge"}}}}, Images: []images.Image{{Selected: true}, {}, {Selected: true, Config: images.Config{User: "1:1"}}}},
	} {
		var out bytes.Buffer
		(&app{streams: Streams{Err: &out}}).sayDefinition(&p)
		if out.String() != want {
			t.Errorf("%+v: %q, want %q", p, out.String(), want)
		}
	}
}

// Repositories of other package managers have no suites.
func TestPlanOfASuiteOnAlpine(t *testing.T) {
	config := "repository.x = { uri = \"https://h/x\", suite = \"v3.20\", key = { text = \"k\" } }\n"
	p := planOf(t, map[string]string{"pyproject.toml": gauge, "pbrx-go.toml": config, "alpine": "ID=alpine\nVERSION_ID=3.20.3\n"}, "--os-release", "alpine")
	want := "pbrx-go.toml:1:12: suite and components of repository.x are apt's, and the base has apk: they do not count"
	if got := strings.Join(p.Warnings, "\n"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// A repository for another release of the distribution is seldom meant.
func TestPlanOfAForeignSuite(t *testing.T) {
	for suite, want := range map[string]string{
		"jammy-updates/antelope": `pbrx-go.toml:1:47: the suite "jammy-updates/antelope" is for jammy, and the base is bookworm: write {codename}, unless that is meant`,
		"{codename}-updates":     "", "bookworm": "", "stable": "", "squid": "",
	} {
		config := "repository.x = { uri = \"https://h/x\", suite = \"" + suite + "\", components = [\"main\"], key = { text = \"k\" } }\n"
		p := planOf(t, map[string]string{"pyproject.toml": gauge, "pbrx-go.toml": config})
		if got := strings.Join(p.Warnings, "\n"); got != want {
			t.Errorf("%s: %s", suite, got)
		}
	}
}

// On another platform other entries count.
func TestPlanOfAnotherPlatform(t *testing.T) {
	config := "file.\"/one\" = { text = \"\", arch = [\"amd64\"] }\nfile.\"/other\" = { text = \"\", arch = [\"arm64\"] }\n"
	for platform, want := range map[string]string{"linux/amd64": "/one", "linux/arm64": "/other"} {
		p := planOf(t, map[string]string{"pyproject.toml": gauge, "pbrx-go.toml": config}, "--platform", platform)
		if len(p.Images[0].Files) != 1 || p.Images[0].Files[0].Dest != want || len(p.LeftOut) != 1 {
			t.Errorf("%s: %+v, left out %q", platform, p.Images[0].Files, p.LeftOut)
		}
	}
	p := planOf(t, map[string]string{"pyproject.toml": gauge, "pbrx-go.toml": "platforms = [\"linux/arm64\"]\n" + config})
	if len(p.Images[0].Files) != 1 || p.Images[0].Files[0].Dest != "/other" {
		t.Errorf("the definition's platform: %+v", p.Images[0].Files)
	}
	config = "file.\"/{name}\" = { text = \"\", arch = [\"arm\"] }\n"
	p = planOf(t, map[string]string{"pyproject.toml": gauge, "pbrx-go.toml": config}, "--platform", "linux/arm/v7")
	if len(p.Images[0].Files) != 1 {
		t.Errorf("a variant: left out %q", p.LeftOut)
	}
}
