package main

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Releases of others, one for each build backend that many use: what they are packaged with is not what this
// repository's samples are.

// release is a release on PyPI, or a sample of this repository where it has no version.
type release struct {
	name, version string
	// bindep takes the place of the project's own list of distro packages.
	bindep string
	flags  []string
	// runs has a call of every script of the project.
	runs []scriptRun
	// compiled says that its wheel is for one platform.
	compiled bool
}

// compileProfile is leafcount's: a root file system with it is there already.
func compileProfile(t *testing.T) string {
	t.Helper()
	return readFile(t, filepath.Join(repository(t), "testdata/projects/leafcount/bindep.txt"))
}

func TestProjects(t *testing.T) {
	testBase(t)
	usage := func(script string) scriptRun {
		return scriptRun{args: []string{script, "--help"}, stdout: `(?s)usage: ` + script + ` .*`, stderr: `(?s).*`} // eventlet warns of itself
	}
	for _, r := range []release{
		{name: "poethepoet", version: "0.24.4", runs: []scriptRun{{args: []string{"poe", "--version"}, stdout: `Poe the Poet - version: 0\.24\.4\n\n`}}},            // poetry
		{name: "markdown-it-py", version: "3.0.0", runs: []scriptRun{{args: []string{"markdown-it", "--version"}, stdout: `markdown-it-py \[version 3\.0\.0\]\n`}}}, // flit
		{name: "userpath", version: "1.9.2", runs: []scriptRun{{args: []string{"userpath", "--version"}, stdout: `(?s).*\b1\.9\.2\n`}}},                             // hatch
		{name: "findpython", version: "0.6.3", runs: []scriptRun{{args: []string{"findpython", "--version"}, stdout: `findpython 0\.6\.3\n`}}},                      // pdm
		{name: "tidegauge", compiled: true, // maturin, of which programs are files
			runs: []scriptRun{{args: []string{"tidegauge", "7", "31"}, stdout: `31
`}, {args: []string{"tidegauge", "high"}, code: 2, stderr: `tidegauge: invalid digit found in string
`}}},
		{name: "xattr", version: "1.1.0", compiled: true, bindep: compileProfile(t), runs: []scriptRun{{args: []string{"xattr", "--help"}, stdout: `(?s)usage: xattr .*`}}},
		{name: "ironic", version: "39.0.0", bindep: "# Without the firmware and the services that its image would have: they are not Python's.\n",
			flags: []string{"--constraint", filepath.Join(repository(t), "testdata/upper-constraints/ironic-39.0.0.txt")},
			runs: []scriptRun{usage("ironic"), usage("ironic-api"), usage("ironic-conductor"), usage("ironic-dbsync"), usage("ironic-manage"),
				usage("ironic-networking"), usage("ironic-novncproxy"), usage("ironic-pxe-filter"), usage("ironic-status")}},
	} {
		t.Run(r.name, func(t *testing.T) { r.check(t) })
	}
}

func (r release) check(t *testing.T) {
	f := fixture{name: r.name, version: r.version}
	project, layout := f.copy(t, t.TempDir()), filepath.Join(t.TempDir(), "layout")
	if r.bindep != "" {
		write(t, filepath.Join(project, "bindep.txt"), r.bindep)
	}
	args := append(buildArgs(project, testBase(t), layout, "--engine", "embedded"), r.flags...)
	out := command{args: args}.succeed(t)
	if strings.Contains(out.stderr, "\nwarning: ") {
		t.Errorf("stderr warns:\n%s", tail(out.stderr))
	}
	want := map[string]bool{r.name + "-base:latest": true}
	for _, run := range r.runs {
		want[run.args[0]+":latest"] = true
		t.Run("run "+strings.Join(run.args, " "), func(t *testing.T) { run.check(t, layout) })
	}
	checkNames(t, readLayout(t, layout).names(), slices.Collect(maps.Keys(want))...)
	if ran := (command{args: args}).succeed(t).ran(t); len(ran) > 0 {
		t.Errorf("the unchanged build ran %q", ran)
	}
	if roots := compileRoots(out.steps(t)); (len(roots) > 0) != r.compiled {
		t.Errorf("it is compiled: %v; the compile profile was installed by %q", r.compiled, roots)
	}
}

// compileRoots are the steps that install a compile profile.
func compileRoots(steps []step) []string {
	return slices.DeleteFunc(names(steps), func(name string) bool { return !strings.HasPrefix(name, "[distro] compile packages") })
}
