package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// dying is a project with a script that starts, and one that wants what nothing requires.
func dying(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"pyproject.toml": `[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "dying"
version = "1.0"

[project.scripts]
alive = "dying.alive:main"
dead = "dying.dead:main"
`,
		"dying/__init__.py": "", "dying/alive.py": "def main(): print('alive')\n", "dying/dead.py": "import yaml\n\ndef main(): pass\n",
	} {
		write(t, filepath.Join(dir, name), text)
	}
	return dir
}

// A script that would die at start is known before any image has a name, and one may have it named all the same.
func TestScriptsThatWouldDie(t *testing.T) {
	base, project, layout := testBase(t), dying(t), filepath.Join(t.TempDir(), "layout")
	const problem = "pyproject.toml:11:1: dead would die at start: ModuleNotFoundError: No module named 'yaml' (/opt/dying/lib/python3.11/site-packages/dying/dead.py:1): " +
		"nothing that the project requires brings it: add what has it to the requirements"
	out := command{args: buildArgs(project, base, layout, "--engine", "embedded")}.run(t)
	want := "  |     import yaml\n  | ModuleNotFoundError: No module named 'yaml'\nerror: " + problem + "\n"
	if out.code != 1 || !strings.HasSuffix(out.stderr, want) || out.stdout != "" || exists(layout) {
		t.Errorf("status %d, the layout exists: %t, stdout %q, stderr\n%s\nwant\n%s", out.code, exists(layout), out.stdout, tail(out.stderr), want)
	}

	out = command{args: buildArgs(project, base, layout, "--engine", "embedded", "--check", "warn", "--format", "json")}.succeed(t)
	var report struct {
		Failed []struct{ Script, From, Problem, Hint string } `json:"failed_checks"`
	}
	if err := json.Unmarshal([]byte(out.stdout), &report); err != nil {
		t.Fatal(err)
	}
	if len(report.Failed) != 1 || report.Failed[0].Script != "dead" || report.Failed[0].From != "pyproject.toml:11:1" || !slices.Contains(out.said(t), "warning: "+problem) {
		t.Errorf("the failed checks are %+v, the warnings %q, want %q", report.Failed, out.said(t), problem)
	}
	if ran := out.ran(t); len(ran) > 0 {
		t.Errorf("these steps ran again: %q", ran)
	}
	scriptRun{args: []string{"alive"}, stdout: "alive\n"}.check(t, layout)

	out = command{args: buildArgs(project, base, layout, "--engine", "embedded", "--check", "off")}.succeed(t)
	if strings.Contains(out.stderr, "[check]") || len(out.said(t)) > 0 {
		t.Errorf("with --check off it is looked all the same: %q", out.said(t))
	}
	out = command{args: buildArgs(project, base, layout, "--check", "maybe")}.run(t)
	if want := "error: --check maybe: use off, warn or error\n"; out.code != 2 || out.stderr != want {
		t.Errorf("status %d, %q, want %q", out.code, out.stderr, want)
	}
}

// nodepool imports pkg_resources, which setuptools has no more, and requires setuptools without a limit.
func TestNodepool(t *testing.T) {
	base := testBase(t)
	if os.Getenv("PBRX_GO_TEST_CONFIRM") != "1" {
		t.Skip("builds nodepool only if PBRX_GO_TEST_CONFIRM=1")
	}
	project, layout := sourceOf(t, "nodepool", "11.0.0", t.TempDir()), filepath.Join(t.TempDir(), "layout")
	out := command{args: buildArgs(project, base, layout, "--engine", "embedded")}.run(t)
	for _, script := range []string{"setup.cfg:23:2: nodepool ", "setup.cfg:24:2: nodepool-builder ", "setup.cfg:25:2: nodepool-launcher "} {
		want := "\nerror: " + script + "would die at start: ModuleNotFoundError: No module named 'pkg_resources' (/opt/nodepool/lib/python3.11/site-packages/nodepool/version.py:18): setuptools "
		if !strings.Contains(out.stderr, want) {
			t.Errorf("stderr does not say %q:\n%s", want, tail(out.stderr))
		}
	}
	if out.code != 1 || !strings.HasSuffix(out.stderr, " no longer has it: add setuptools<81 to the requirements, or, where something requires setuptools already, constrain it with --constraint\n") {
		t.Errorf("status %d, %s", out.code, tail(out.stderr))
	}

	constraints := filepath.Join(t.TempDir(), "constraints.txt")
	write(t, constraints, "setuptools<81\n")
	command{args: buildArgs(project, base, layout, "--engine", "embedded", "--constraint", constraints)}.succeed(t)
	for _, script := range []string{"nodepool", "nodepool-builder", "nodepool-launcher"} {
		scriptRun{args: []string{script, "--help"}, stdout: `(?s)usage: ` + script + ` .*`, stderr: `(?s).*pin to Setuptools<81.*`}.check(t, layout)
	}
}

// Without a repository there is no list of files, whoever says the version.
func TestVersionWithoutGit(t *testing.T) {
	base, dir := testBase(t), projectCopy(t, "lightship")
	out := command{env: []string{"PBR_VERSION=9.8"}, args: buildArgs(dir, base, filepath.Join(t.TempDir(), "layout"), "--engine", "embedded")}.run(t)
	want := "error: reading the project's history: there is no git repository in " + dir + " or above, and PBR_VERSION sets the version only: the list of files is git's, and without it the wheel would lack " +
		"1 data files (lightship/signals.txt): build from a clone or a released sdist, or make one: git init, git add and git commit\n"
	if out.code != 2 || !strings.HasSuffix(out.stderr, want) {
		t.Errorf("status %d, stderr %q, want 2 and %q", out.code, out.stderr, want)
	}
	if ran := out.ran(t); len(ran) > 0 {
		t.Errorf("these steps ran: %q", ran)
	}
}
