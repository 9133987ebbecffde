package main

import (
	"slices"
	"strings"
	"testing"
)

// lampHouseFromGit is the definition of a set whose projects and constraints come from branches.
const lampHouseFromGit = `name = "lamp-house"
constraints = [{ git = "repositories/requirements", ref = "main", path = "upper-constraints.txt" }]
constraints-exclude = ["zope.interfaces"]

[project.lamp-house]
git = "repositories/lamp-house"
ref = "main"
patches = "patches/lamp-house"

[project.tide-bell]
git = "repositories/tide-bell"
ref = "main"
patches = "patches/tide-bell"
`

// fromGit is that definition and its first build.
type fromGit struct {
	lampHouse
	first lampHouseBuild
}

// newFromGit is it with its patches: one adds a data file, one changes the project whose version tells a
// changed tree from a clean one.
func newFromGit(t *testing.T) fromGit {
	t.Helper()
	l := fromGit{lampHouse: newLampHouse(t)}
	l.define(t, lampHouseFromGit)
	write(t, l.path("patches/lamp-house/0001-signals.patch"), "--- /dev/null\n+++ b/lamp_house/signals.txt\n@@ -0,0 +1 @@\n+fog: two long\n")
	write(t, l.path("patches/tide-bell/0001-sound.patch"), "--- a/tide_bell/__init__.py\n+++ b/tide_bell/__init__.py\n@@ -1 +1 @@\n-SOUND = \"ding\"\n+SOUND = \"dong\"\n")
	return l
}

// Acceptance checks 5 and 6 of the specification: constraints, and projects from git.
func TestDefinitionFromGit(t *testing.T) {
	l := newFromGit(t)
	l.first = l.build(t)
	bell := "0.8.dev1+g" + git(t, l.path("repositories/tide-bell"), "rev-parse", "HEAD")[:9] // as setuptools-scm has it
	l.first.says(t, "lamp-house 1.2.1.dev1\ntide-bell "+bell+"\niniconfig 2.0.0\nsignals.txt\nas it came\n")
	t.Run("what constraints leave out", l.checkLeftOut)
	t.Run("a patch adds a data file", l.checkPatched)
	if !t.Run("a branch moves", l.checkMoved) {
		return
	}
	t.Run("a patch that is merged", func(t *testing.T) {
		l.refused(t, 1, "patches/lamp-house/0001-signals.patch: it does not apply: lamp_house/signals.txt is there already at "+
			git(t, l.path("repositories/lamp-house"), "rev-parse", "--short=7", "HEAD")+"; it applies in reverse, so it is merged already: remove it", "--refresh=git")
	})
	t.Run("a pin of something else", func(t *testing.T) { l.checkIrrelevantPin(t, bell) })
	t.Run("a pin that is used", func(t *testing.T) { l.checkUsedPin(t, bell) })
}

func (l fromGit) checkLeftOut(t *testing.T) {
	const file = "git+repositories/requirements@main#upper-constraints.txt"
	for _, line := range []string{
		"warning: pbrx-go.toml:3:24: constraints-exclude zope.interfaces: no constraints file has this name; it has zope-interface",
		"constraint lamp_house===1.0 of " + file + ":2:1 is left out: it is the project itself",
		"constraint Lamp-House===1.1 of " + file + ":3:1 is left out: it is the project itself",
	} {
		if !strings.Contains(l.first.stderr, "\n"+line+"\n") {
			t.Errorf("stderr does not say\n%s\n%s", line, tail(l.first.stderr))
		}
	}
	if n := strings.Count(l.first.stderr, " is left out: "); n != 2 {
		t.Errorf("%d lines are left out", n)
	}
	if strings.Contains(l.first.stderr, "`--refresh=git` asks again") {
		t.Errorf("what was asked for just now is said to be old:\n%s", tail(l.first.stderr))
	}
}

// The file is in the wheel, whose list has it.
func (l fromGit) checkPatched(t *testing.T) {
	const dir = "opt/lamp-house/lib/python3.11/site-packages/"
	checkString(t, "the data file", string(l.first.image.file(t, dir+"lamp_house/signals.txt")), "fog: two long\n")
	if record := string(l.first.image.file(t, dir+"lamp_house-1.2.1.dev1.dist-info/RECORD")); !strings.Contains("\n"+record, "\nlamp_house/signals.txt,sha256=") {
		t.Errorf("RECORD is\n%s", record)
	}
	checkString(t, "the changed file", string(l.first.image.file(t, dir+"tide_bell/__init__.py")), "SOUND = \"dong\"\n")
}

// Nothing follows a branch by itself.
func (l fromGit) checkMoved(t *testing.T) {
	l.commit(t, "lamp-house", "lamp_house/signals.txt", "fog: two long\n")
	l.commit(t, "requirements", "upper-constraints.txt", "iniconfig===2.0.0\nlamp_house===1.0\nLamp-House===1.1\nzope.interface===6.0\n")
	again := l.build(t)
	again.checkRan(t, "commits on the branches")
	checkString(t, "the image", again.image.descriptor.Digest.String(), l.first.image.descriptor.Digest.String())
}

// The project is that of the branch now; its dependencies are where they were, as what is resolved is the same.
func (l fromGit) checkIrrelevantPin(t *testing.T, bell string) {
	edit(t, l.path("pbrx-go.toml"), "patches = \"patches/lamp-house\"\n", "")
	moved := l.build(t, "--refresh=git")
	moved.says(t, "lamp-house 1.2.1.dev2\ntide-bell "+bell+"\niniconfig 2.0.0\nsignals.txt\nas it came\n")
	moved.checkRan(t, "commits on the branches, asked for", "[dependencies] resolve", "[project] install", "[project] wheel")
	if got, want := moved.dependencies(t), l.first.dependencies(t); !slices.Equal(got, want) {
		t.Errorf("the layers of the dependencies are %s, were %s", got, want)
	}
}

// Without its patch, setuptools-scm itself tells the version of the commit: it is the one that the patched one had.
func (l fromGit) checkUsedPin(t *testing.T, bell string) {
	edit(t, l.path("pbrx-go.toml"), "patches = \"patches/tide-bell\"\n", "")
	l.commit(t, "requirements", "upper-constraints.txt", "iniconfig===2.1.0\nzope.interface===6.0\n")
	moved := l.build(t, "--refresh=git")
	moved.says(t, "lamp-house 1.2.1.dev2\ntide-bell "+bell+"\niniconfig 2.1.0\nsignals.txt\nas it came\n")
	moved.checkRan(t, "a commit on the constraints' branch, asked for", "[dependencies] install iniconfig", "[dependencies] resolve", "[dependencies] wheels: iniconfig",
		"[sibling tide-bell] install", "[sibling tide-bell] wheel")
	if got, old := moved.dependencies(t), l.first.dependencies(t); slices.Equal(got, old) {
		t.Errorf("the layers of the dependencies are %s still", got)
	}
}
