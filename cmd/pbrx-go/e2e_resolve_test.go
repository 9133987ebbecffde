package main

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What one dependency's version, or one script's extra, has to do with all others.

// A dependency that moves makes run what decides on versions, and its own group: no other wheel is downloaded, and no
// other layer made.
func TestBumpedDependency(t *testing.T) {
	openstackclient.build(t)
	embedded, docker, _ := engines(t)
	env := comparison{fixture: &openstackclient}.pinned(t)
	pins := readFile(t, strings.TrimPrefix(env[0], "PIP_CONSTRAINT="))
	bumped := regexp.MustCompile(`(?m)^prettytable==.*$`).ReplaceAllString(pins, "prettytable==3.17.0")
	if bumped == pins {
		t.Fatalf("the pins have no other prettytable:\n%s", pins)
	}
	file := filepath.Join(t.TempDir(), "bumped.txt")
	write(t, file, bumped)
	for _, e := range []choiceOf{embedded, docker} {
		t.Run(e.name, func(t *testing.T) {
			layout, args := filepath.Join(t.TempDir(), "layout"), e.args
			e.args = slices.Concat(args, []string{"--constraint", strings.TrimPrefix(env[0], "PIP_CONSTRAINT=")})
			e.build(t, openstackclient.project, layout)
			before := readLayout(t, layout).image(t, "openstack:latest")
			had := distributions(t, before)
			e.args = slices.Concat(args, []string{"--constraint", file})
			out := e.build(t, openstackclient.project, layout)
			after := readLayout(t, layout).image(t, "openstack:latest")
			checkBumped(t, out, "prettytable")
			if !hasPath(t, after, "/prettytable-3.17.0.dist-info/RECORD") {
				t.Error("the image does not have prettytable 3.17.0")
			}
			if has := distributions(t, after); len(had) < 50 || !slices.Equal(had, has) {
				t.Errorf("there were %q, and are %q", had, has)
			}
			changed := 0
			for n, layer := range before.layerDigests() {
				if n >= len(after.layerDigests()) || after.layerDigests()[n] != layer {
					changed++
				}
			}
			if changed != 1 && !e.ownBuildKit { // without Merge what is above a group is copied again
				t.Errorf("%d layers changed", changed)
			}
		})
	}
}

// checkBumped compares the steps that ran with those of the group that a distribution is in.
func checkBumped(t *testing.T, out outcome, name string) {
	t.Helper()
	ran := out.ran(t)
	if len(ran) != 3 || ran[1] != "[dependencies] resolve" {
		t.Fatalf("ran %q, want resolve and a group's download and install", ran)
	}
	for n, prefix := range map[int]string{0: "[dependencies] install ", 2: "[dependencies] wheels: "} {
		group, ok := strings.CutPrefix(ran[n], prefix)
		first := regexp.MustCompile(`^[\w-]+`).FindString(group)
		last := regexp.MustCompile(`[\w-]+( \(\d+\))?$`).FindString(group)
		if !ok || first > name || name > last {
			t.Errorf("%q ran, which is not the group of %s", ran[n], name)
		}
	}
	groups := 0
	for _, step := range out.steps(t) {
		if strings.HasPrefix(step.name, "[dependencies] install ") {
			groups++
		}
	}
	if groups < 5 {
		t.Errorf("there are %d groups only", groups)
	}
}

// All images have the versions that go with the extras of every script; where there are none, both sides are named.
func TestOneResolution(t *testing.T) {
	leafcount.build(t)
	layout, project := filepath.Join(t.TempDir(), "layout"), projectCopy(t, "leafcount")
	build := command{args: buildArgs(project, testBase(t), layout)}
	edit(t, filepath.Join(project, "pyproject.toml"), `leafcount-report = ["tabulate>=0.8"]`, `leafcount-report = ["tabulate>=0.8", "packaging<24"]`)
	build.succeed(t)
	for _, name := range []string{"leafcount-base", "leafcount", "leafcount-report"} {
		if img := readLayout(t, layout).image(t, name+":latest"); !hasPath(t, img, "/packaging-23.2.dist-info/RECORD") {
			t.Errorf("%s has another packaging than what goes with the extra of leafcount-report", name)
		}
	}
	if report := distributions(t, readLayout(t, layout).image(t, "leafcount-report:latest")); !slices.Equal(report, []string{"leafcount", "packaging", "tabulate"}) {
		t.Errorf("leafcount-report has %q", report)
	}

	edit(t, filepath.Join(project, "pyproject.toml"), `"packaging<24"`, `"packaging<21"`)
	out := build.run(t)
	const want = "building [dependencies] resolve: no versions go together: packaging<21 is asked for; packaging>=21 is asked for: asked for by pyproject.toml:11:17, pyproject.toml:15:38"
	if out.code != 1 || errorLines(out) != want {
		t.Errorf("status %d, %s, want\n%s", out.code, errorLines(out), want)
	}
}
