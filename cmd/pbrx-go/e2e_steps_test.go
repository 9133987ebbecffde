package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// What runs again, and what a change makes run, is what the list of steps says; what a step
// fetched is counted in TestHostSurroundings.

// edits makes a change to a project and says which steps of the next build it makes run.
type edits struct {
	name   string
	change func(t *testing.T, project string)
	flags  []string
	ran    []string // sorted; with --no-cache it is all there are
}

func TestLeafcountSteps(t *testing.T) {
	leafcount.build(t)
	checkSteps(t, projectCopy(t, "leafcount"), []edits{
		{name: "a copy of what was built", change: func(*testing.T, string) {}},
		{name: "a source file", change: func(t *testing.T, project string) {
			edit(t, filepath.Join(project, "src/leafcount/cli.py"), `"document"`, `"paper"`)
		}, ran: []string{"[project] install", "[project] wheel"}},
		{name: "nothing since", change: func(*testing.T, string) {}},
		{name: "a comment of bindep.txt", change: func(t *testing.T, project string) {
			edit(t, filepath.Join(project, "bindep.txt"), "# What it is linked against.", "# It is linked\n# against these.")
		}, ran: []string{"[project] wheel"}}, // bindep.txt is a file of the project; the wheel is the same
		{name: "a dependency of one script", change: func(t *testing.T, project string) {
			edit(t, filepath.Join(project, "pyproject.toml"), "tabulate>=0.8", "tabulate>=0.8.1")
		}, ran: []string{"[dependencies] resolve", "[project] install", "[project] wheel"}},
		{name: "a runtime package", change: func(t *testing.T, project string) {
			edit(t, filepath.Join(project, "bindep.txt"), "libyaml-0-2 [platform:dpkg]", "libyaml-0-2 [platform:dpkg]\nlz4 [default]")
		}, ran: []string{"[distro] runtime packages: dumb-init libyaml-0-2 lz4", "[project] wheel"}},
		{name: "nothing but --no-cache", change: func(*testing.T, string) {}, flags: []string{"--no-cache"}},
	})
}

func TestLightshipSteps(t *testing.T) {
	lightship.build(t)
	project := []string{"[project] install", "[project] wheel"}
	checkSteps(t, lightshipRepo(t), []edits{
		{name: "a clone of what was built", change: func(*testing.T, string) {}},
		{name: "nothing at all", change: func(*testing.T, string) {}},
		{name: "a source file that is not committed", change: func(t *testing.T, dir string) {
			edit(t, filepath.Join(dir, "lightship/signals.txt"), "fog: two long", "fog: three long")
		}, ran: project},
		{name: "a commit", change: func(t *testing.T, dir string) { commitAll(t, dir, "Another lamp") }, ran: project},
		{name: "a tag", change: func(t *testing.T, dir string) { git(t, dir, "tag", "-a", "-m", "2.4.0", "2.4.0") }, ran: project},
		{name: "nothing since", change: func(*testing.T, string) {}},
	})
}

// checkSteps builds a project after each of a row of changes.
func checkSteps(t *testing.T, project string, row []edits) {
	t.Helper()
	layout := filepath.Join(t.TempDir(), "layout")
	var all []string
	for _, e := range row {
		e.change(t, project)
		out := command{args: buildArgs(project, testBase(t), layout, e.flags...)}.succeed(t)
		if got := out.ran(t); !slices.Equal(got, e.ran) && e.flags == nil {
			t.Errorf("after %s ran %q, want %q", e.name, got, e.ran)
		}
		checkSummary(t, out)
		if slices.Contains(e.flags, "--no-cache") {
			if got := out.ran(t); !slices.Equal(got, all) || len(got) < 8 {
				t.Errorf("with --no-cache ran %q, want %q", got, all)
			}
		}
		all = names(out.steps(t))
	}
	checkBlobs(t, readLayout(t, layout))
}

func names(steps []step) []string {
	var all []string
	for _, s := range steps {
		all = append(all, s.name)
	}
	slices.Sort(all)
	return all
}

// checkSummary compares the counts of the last line of stderr with the steps.
func checkSummary(t *testing.T, out outcome) {
	t.Helper()
	m := regexp.MustCompile(`(?m)^\d+ images in \S+; (\d+) of (\d+) steps ran, sizes as stored \(zstd\)$`).FindStringSubmatch(out.stderr)
	ran, all := len(out.ran(t)), len(out.steps(t))
	if m == nil || atoi(t, m[1]) != ran || atoi(t, m[2]) != all {
		t.Errorf("the summary is %q, the steps are %d of %d", m, ran, all)
	}
}

// Two machines that build the same get the same, bit by bit.
func TestEqualDigests(t *testing.T) {
	leafcount.build(t)
	lightship.build(t)
	state := filepath.Join(t.TempDir(), "state")
	for _, f := range []*fixture{&leafcount, &lightship} {
		project := filepath.Join(t.TempDir(), "elsewhere")
		copyProject(t, f.name, project)
		if f == &lightship {
			beginRepo(t, project)
		}
		layout := filepath.Join(t.TempDir(), "layout")
		out := command{state: state, args: buildArgs(project, testBase(t), layout)}.succeed(t)
		if len(out.ran(t)) < 6 {
			t.Errorf("in an empty state directory ran only %q", out.ran(t))
		}
		checkString(t, "stdout of "+f.name, out.stdout, f.out.stdout)
		if one, other := readIndex(t, f.layout), readIndex(t, layout); one != other {
			t.Errorf("index.json of %s is\n%s and\n%s", f.name, one, other)
		}
	}
}

func readIndex(t *testing.T, layout string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(layout, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
