package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pbrx-go/pbrx-go/images/definition"
)

// configRun runs "pbrx-go config" as Main does.
func configRun(t *testing.T, environ []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errOut bytes.Buffer
	code = Main(context.Background(), append([]string{"config"}, args...), Streams{In: strings.NewReader(""), Out: &out, Err: &errOut}, environ)
	return code, out.String(), errOut.String()
}

func configFiles(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A directory that is none is not one that needs no configuration.
func TestConfigOfNoDirectory(t *testing.T) {
	t.Chdir(configFiles(t, map[string]string{"pyproject.toml": ""}))
	for dir, want := range map[string]string{
		"nowhere":        "error: nowhere does not exist: name the project's directory\n",
		"pyproject.toml": "error: pyproject.toml is no directory: name the project's directory, or the file with --config\n",
	} {
		for _, command := range []string{"show", "check"} {
			if code, _, stderr := configRun(t, nil, command, dir); code != 2 || stderr != want {
				t.Errorf("%s: exit %d: %s", command, code, stderr)
			}
		}
	}
}

// What is run is what was built: the definition says its prefix and tag, unless a flag does.
func TestRunAsDefined(t *testing.T) {
	t.Chdir(configFiles(t, map[string]string{"pbrx-go.toml": "prefix = \"h.example.org/team\"\n[release.r1]\n[release.r2]\n",
		"built/oci-layout": `{"imageLayoutVersion": "1.0.0"}`, "built/index.json": `{"schemaVersion": 2, "manifests": []}`}))
	for want, args := range map[string][]string{
		"h.example.org/team/gauge:latest": nil,
		"h.example.org/team/gauge:r1-r2":  {"--release", "r1", "--release", "r2"},
		"other/gauge:1":                   {"--prefix", "other", "--tag", "1", "--release", "r1"},
	} {
		var out, errOut bytes.Buffer
		args = append(append([]string{"run", "--output", "oci:built"}, args...), "gauge")
		code := Main(context.Background(), args, Streams{In: strings.NewReader(""), Out: &out, Err: &errOut}, nil)
		if code == 0 || !strings.Contains(errOut.String(), `no image "`+want+`" in the OCI layout`) {
			t.Errorf("%v: %d: %s", args, code, errOut.String())
		}
	}
}

// Definitions that take one repository at several refs are said, for each release (section 8.2 of the specification).
func TestConfigDrift(t *testing.T) {
	const origin = "constraints = [{ git = \"https://h/requirements\", ref = \"%s\", path = \"c.txt\" }]\n"
	at := func(ref string) string { return strings.ReplaceAll(origin, "%s", ref) }
	files := map[string]string{
		"common.toml":          at("master") + "[release.old]\n" + at("v1"),
		"nova/pbrx-go.toml":    "extends = \"../common.toml\"\nname = \"nova\"\n",
		"zuul/pbrx-go.toml":    "extends = \"../common.toml\"\nname = \"zuul\"\n",
		"tempest/pbrx-go.toml": "name = \"tempest\"\n" + strings.ReplaceAll(at("abc123"), "requirements\"", "requirements.git\"") + "[release.old]\n" + at("v1"),
		"alone/pyproject.toml": "[tool.pbrx-go]\nproject.x = { git = \"../x\", ref = \"main\" }\n",
		".hidden/pbrx-go.toml": at("hidden"),
		"none/setup.cfg":       "",
	}
	dir := configFiles(t, files)
	t.Chdir(dir)
	code, stdout, stderr := configRun(t, nil, "show", "--all")
	const want = "https://h/requirements\n  abc123  tempest/pbrx-go.toml:2:60\n  master  common.toml:1:56\n"
	if code != 0 || stdout != want || stderr != "warning: alone/pyproject.toml:2:21: \"../x\" is outside the repository; copy what is needed into it\n" {
		t.Errorf("exit %d: %s%s", code, stdout, stderr)
	}
	if code, stdout, stderr := configRun(t, nil, "show", "--all", "--release", "old", "--format", "json", "."); code != 0 || stdout != "{\n  \"definitions\": 4,\n  \"drift\": []\n}\n" {
		t.Errorf("exit %d: %s%s", code, stdout, stderr)
	}
	if code, _, stderr := configRun(t, nil, "show", "--all", "--config", "common.toml"); code != 2 || stderr != "error: --all looks for the definitions itself: leave --config out\n" {
		t.Errorf("exit %d: %s", code, stderr)
	}
}

// shownBy is who set a key and to what, by config show.
func shownBy(t *testing.T, environ []string, key string, args ...string) (value any, by string) {
	t.Helper()
	code, stdout, stderr := configRun(t, environ, append([]string{"show", "--format", "json"}, args...)...)
	if code != 0 {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	var report struct {
		Values []struct {
			Key   string
			Value any
			SetBy string `json:"set_by"`
		}
	}
	if err := json.Unmarshal([]byte(stdout), &report); err != nil {
		t.Fatal(err)
	}
	for _, v := range report.Values {
		if v.Key == key {
			if by != "" {
				t.Errorf("%s is said twice, by %s and %s", key, by, v.SetBy)
			}
			value, by = v.Value, v.SetBy
		}
	}
	return value, by
}

// One key is set everywhere; the winner is taken away until nobody is left (acceptance check 4).
func TestConfigPrecedence(t *testing.T) {
	dir := configFiles(t, map[string]string{
		"parent.toml":  "prefix = \"a.example.org/parent\"\nbase = \"parent:1\"\ninit = \"/parent\"\ncheck = \"off\"\n",
		"pbrx-go.toml": "extends = \"parent.toml\"\nprefix = \"a.example.org/file\"\nbase = \"file:1\"\ninit = \"/file\"\ncheck = \"warn\"\n[release.r]\nprefix = \"a.example.org/release\"\nbase = \"release:1\"\ninit = \"/release\"\ncheck = \"off\"\n",
	})
	file, parent := filepath.Join(dir, "pbrx-go.toml"), filepath.Join(dir, "parent.toml")
	for _, c := range []struct {
		key, flag, flagged, variable string
		column                       string
		builtIn                      any
	}{
		{"prefix", "prefix", "a.example.org/flag", "a.example.org/variable", "10", nil},
		{"base", "base", "flag:1", "variable:1", "8", "docker://python:alpine"},
		{"init", "init-path", "/flag", "/variable", "8", nil},
		{"check", "check", "error", "off", "9", "error"},
	} {
		environ := []string{variable(c.flag) + "=" + c.variable}
		line := map[string]string{"prefix": "1", "base": "2", "init": "3", "check": "4"}[c.key]
		inFile := map[string]string{"prefix": "2", "base": "3", "init": "4", "check": "5"}[c.key]
		inRelease := map[string]string{"prefix": "7", "base": "8", "init": "9", "check": "10"}[c.key]
		expect := func(want any, by string, environ []string, args ...string) {
			t.Helper()
			if value, got := shownBy(t, environ, c.key, args...); got != by || want != nil && value != want {
				t.Errorf("%s %v: %v by %q, not %v by %q", c.key, args, value, got, want, by)
			}
		}
		release := []string{"--release", "r", dir}
		expect(c.flagged, "--"+c.flag, environ, append([]string{"--" + c.flag, c.flagged}, release...)...)
		expect(c.variable, variable(c.flag), environ, release...)
		expect(nil, file+":"+inRelease+":"+c.column, nil, release...)
		expect(nil, file+":"+inFile+":"+c.column, nil, dir)
		expect(nil, parent+":"+line+":"+c.column, nil, "--config", parent, dir)
		by := "default"
		if c.builtIn == nil {
			by = ""
		}
		expect(c.builtIn, by, nil, t.TempDir())
	}
}

// A list of a flag takes the place of the file's.
func TestConfigFlagReplacesList(t *testing.T) {
	dir := configFiles(t, map[string]string{"pbrx-go.toml": "constraints-exclude = [\"a\", \"b\"]\n"})
	value, by := shownBy(t, []string{"PBRX_GO_CONSTRAINT_EXCLUDE=c d"}, "constraints-exclude", dir)
	if list, _ := value.([]any); len(list) != 2 || list[0] != "c" || by != "PBRX_GO_CONSTRAINT_EXCLUDE" {
		t.Errorf("%v by %s", value, by)
	}
}

func TestConfigShowText(t *testing.T) {
	dir := configFiles(t, map[string]string{
		"setup.cfg":    "[metadata]\nname = app\n",
		"bindep.txt":   "curl\n",
		"pbrx-go.toml": "packages = [\"git\"]\nuser.app.uid = 1000\n",
	})
	code, stdout, stderr := configRun(t, nil, "show", dir)
	want := "packages      [\"git\"]                   D/pbrx-go.toml:1:12\n" +
		"user.app.uid  1000                      D/pbrx-go.toml:2:16\n" +
		"name          \"app\"                     D/setup.cfg:2:1\n" +
		"bindep        \"bindep.txt\"              D/bindep.txt\n" +
		"base          \"docker://python:alpine\"  default\n" +
		"check         \"error\"                   default\n" +
		"scripts       [\"*\"]                     default\n"
	if got := strings.ReplaceAll(stdout, dir, "D"); code != 0 || got != want {
		t.Errorf("exit %d, %s\n%s\nwant:\n%s", code, stderr, got, want)
	}
}

func TestConfigCheck(t *testing.T) {
	dir := configFiles(t, map[string]string{"pbrx-go.toml": "requirments = []\n[release.a]\ncmd = [\"x\"]\n[release.b]\nuser.x.home = \"/x\"\n"})
	code, stdout, stderr := configRun(t, nil, "check", dir)
	want := `error: D/pbrx-go.toml:1:1: unknown key "requirments"; did you mean "requirements"?
error: D/pbrx-go.toml:3:1: unknown key "cmd"; write command = […]
error: D/pbrx-go.toml:5:6: release.b.user.x has no uid; write uid = …, which stays the same in all images
`
	if got := strings.ReplaceAll(stderr, dir, "D"); code != 2 || stdout != "" || got != want {
		t.Errorf("exit %d:\n%s%s\nwant:\n%s", code, stdout, got, want)
	}
	for _, text := range []string{"", "packages = [\"{name}\"]\n"} { // the name is what extends it says
		dir := configFiles(t, map[string]string{"pbrx-go.toml": text})
		if code, _, stderr := configRun(t, nil, "check", dir); code != 0 || !strings.HasPrefix(stderr, "ok: ") {
			t.Errorf("exit %d: %s", code, stderr)
		}
	}
	if code, _, stderr := configRun(t, nil, "check", t.TempDir()); code != 0 || !strings.HasPrefix(stderr, "ok: there is no configuration") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}

// Images are compared with the scripts of the project beside the file.
func TestConfigCheckScripts(t *testing.T) {
	dir := configFiles(t, map[string]string{"pyproject.toml": gauge, "pbrx-go.toml": "scripts = [\"gauge-*\", \"meter\"]\n[image.gauge-raed]\nargs = []\n"})
	code, _, stderr := configRun(t, nil, "check", dir)
	if want := "error: D/pbrx-go.toml:2:8: \"gauge-raed\" is no console script (D/pyproject.toml:8: gauge-read); mend the name or give command\n"; code != 2 || strings.ReplaceAll(stderr, dir, "D") != want {
		t.Errorf("exit %d: %s", code, stderr)
	}
	for files, want := range map[string]string{
		gauge: "warning: D/pbrx-go.toml:1:23: scripts: \"meter\" fits no console script\nok: D/pbrx-go.toml\n",
		"":    "ok: D/pbrx-go.toml\n", // what is fetched is not looked at
	} {
		dir := configFiles(t, map[string]string{"pyproject.toml": files, "pbrx-go.toml": "scripts = [\"gauge-*\", \"meter\"]\n"})
		if code, _, stderr := configRun(t, nil, "check", dir); code != 0 || strings.ReplaceAll(stderr, dir, "D") != want {
			t.Errorf("exit %d: %s", code, stderr)
		}
	}
}

func TestConfigExamples(t *testing.T) {
	examples, err := filepath.Glob("../../../../images/definition/testdata/examples/*/pbrx-go.toml")
	if err != nil || len(examples) < 7 {
		t.Fatal(examples, err)
	}
	for _, file := range append(examples, "../../../../images/definition/testdata/examples/openstack.toml") {
		if code, _, stderr := configRun(t, nil, "check", "--config", file); code != 0 {
			t.Errorf("%s: exit %d: %s", file, code, stderr)
		}
	}
}

func TestConfigSchema(t *testing.T) {
	code, stdout, _ := configRun(t, nil, "schema")
	var schema struct {
		Properties map[string]any
	}
	if err := json.Unmarshal([]byte(stdout), &schema); code != 0 || err != nil || schema.Properties["packages"] == nil {
		t.Errorf("exit %d, %v: %s", code, err, stdout)
	}
}

func TestUnderFlags(t *testing.T) {
	cmd := newConfigShow(&app{})
	for name, value := range map[string]string{"base": "flag:1", "constraint": "c.txt", "constraint-exclude": "x"} {
		if err := cmd.Flags().Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	set := underFlags(nil, cmd.Flags())
	if set.Base.Value != "flag:1" || set.Base.At.Filename != "--base" || set.Check.Value != "error" || set.Check.IsSet() {
		t.Errorf("%+v", set)
	}
	dir := configFiles(t, map[string]string{"pbrx-go.toml": "base = \"file:1\"\ncheck = \"warn\"\nconstraints = [\"a<1\"]\nconstraints-exclude = [\"a\"]\n"})
	file, err := definition.Load(dir, "", definition.Options{})
	if err != nil {
		t.Fatal(err)
	}
	set = underFlags(file, cmd.Flags())
	if set.Base.Value != "flag:1" || set.Check.Value != "warn" || set.Check.At.Line != 2 || set.Constraints != nil || len(set.ConstraintsExclude) != 1 || set.ConstraintsExclude[0].Value != "x" {
		t.Errorf("%+v", set)
	}
	set = underFlags(file, newConfigShow(&app{}).Flags())
	if set.Base.Value != "file:1" || len(set.Constraints) != 1 || set.ConstraintsExclude[0].Value != "a" || file.Base.Value != "file:1" {
		t.Errorf("%+v", set)
	}
}

func TestConfigReleaseUnknown(t *testing.T) {
	dir := configFiles(t, map[string]string{"pbrx-go.toml": "[release.\"2024.1\"]\n[release.\"2025.1\"]\n"})
	for _, c := range []struct {
		environ []string
		args    []string
		want    string
	}{
		{nil, []string{"--release", "2024", dir}, "--release 2024: no such release; 2024.1 and 2025.1 are defined in D/pbrx-go.toml:1, 2"},
		{[]string{"PBRX_GO_RELEASE=2024"}, []string{dir}, "PBRX_GO_RELEASE=2024: no such release; 2024.1 and 2025.1 are defined in D/pbrx-go.toml:1, 2"},
	} {
		code, _, stderr := configRun(t, c.environ, append([]string{"show"}, c.args...)...)
		if got := strings.ReplaceAll(stderr, dir, "D"); code != 2 || got != "error: "+c.want+"\n" {
			t.Errorf("exit %d: %s", code, got)
		}
	}
}

// What a flag or its variable has of credentials is not shown.
func TestConfigShowsNoCredentials(t *testing.T) {
	dir := configFiles(t, nil)
	for name, want := range map[string]string{
		"https://me:hunter2@host.example/c.txt?sig=hunter2":          "https://host.example/c.txt",
		"git+https://me:hunter2@host.example/c@main#upper.txt":       "git+https://host.example/c@main#upper.txt",
		"git+https://me:hunter2@host.example/without-a-commit#upper": "git+https://host.example/without-a-commit#upper",
		"c.txt": "c.txt",
	} {
		value, _ := shownBy(t, []string{"PBRX_GO_CONSTRAINT=" + name}, "constraints", dir)
		if list, _ := value.([]any); len(list) != 1 || list[0] != want {
			t.Errorf("%v, want %s", value, want)
		}
	}
}
