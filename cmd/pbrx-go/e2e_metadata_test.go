package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The environment variable asks for images of GUI scripts, as --gui-scripts does.
var (
	windvane = fixture{name: "windvane", env: []string{"PBRX_GO_GUI_SCRIPTS=true"}}
	foghorn  = fixture{name: "foghorn"}
)

// said are the lines of stderr that are neither progress nor about time and size.
func (o outcome) said(t *testing.T) []string {
	t.Helper()
	var lines []string
	for line := range strings.Lines(o.stderr) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "warning: ") || strings.Contains(line, "image of its own") {
			lines = append(lines, line)
		}
	}
	return lines
}

// What only setup.py knows comes from the wheel: name, scripts, and extras in its spelling.
func TestImagesOfSetupPyOnly(t *testing.T) {
	windvane.build(t)
	set := []string{"distro packages for run time", "dependencies", "project"}
	has, lacks := []string{"windvane", "iniconfig"}, []string{"tabulate", "pluggy"}
	checkSet(t, &windvane, "/opt/windvane", []wantImage{
		{name: "windvane-base", contents: set, has: has, lacks: lacks},
		{name: "windvane-log", cmd: []string{"windvane-log"}, contents: append(slices.Clone(set), "extra"),
			has: append(slices.Clone(has), "tabulate"), lacks: []string{"pluggy"}},
		{name: "windvane-read", cmd: []string{"windvane-read"}, contents: set, has: has, lacks: lacks},
		{name: "windvane-show", cmd: []string{"windvane-show"}, contents: set, has: has, lacks: lacks},
	})
	for _, r := range []scriptRun{
		{args: []string{"windvane-read"}, stdout: `windvane-read with iniconfig\n`},
		{args: []string{"windvane-log"}, stdout: `windvane-log with iniconfig, tabulate\n`},
		{args: []string{"windvane-show"}, stdout: `windvane-show with iniconfig\n`},
	} {
		t.Run("run "+r.args[0], func(t *testing.T) { r.check(t, windvane.layout) })
	}
	want := []string{
		`warning: METADATA:2:1: the image of "Windvane-base" is called windvane-base`,
		`warning: METADATA: the extra "windvane-reed" belongs to no image, there is no script of that name: did you mean "windvane-read"?`,
		`windvane-raw of windvane-1.5.data/scripts/windvane-raw has no image of its own: --only windvane-raw makes one`,
	}
	if got := windvane.out.said(t); !slices.Equal(got, want) {
		t.Errorf("stderr says\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A program that is no entry point, and that nothing but the wheel tells of, beside console scripts.
func TestImageOfAnotherProgram(t *testing.T) {
	windvane.build(t)
	layout := filepath.Join(t.TempDir(), "images")
	out := command{args: buildArgs(windvane.project, testBase(t), layout, "--engine", "embedded", "--only", "windvane-raw")}.succeed(t)
	if got, want := readLayout(t, layout).names(), []string{"windvane-base:latest", "windvane-raw:latest"}; !slices.Equal(got, want) {
		t.Errorf("the layout has %q, want %q", got, want)
	}
	if ran := out.ran(t); len(ran) > 0 {
		t.Errorf("which program is asked for makes no difference to what is built, but these ran: %q", ran)
	}
	scriptRun{args: []string{"windvane-raw"}, stdout: `windvane-raw of Windvane\n`}.check(t, layout)

	out = command{args: buildArgs(windvane.project, testBase(t), layout, "--engine", "embedded", "--only", "windvane-rwa")}.run(t)
	want := "error: --only windvane-rwa: Windvane has no such script: it has windvane-log, windvane-read, windvane-show, windvane-raw\n"
	if out.code != 2 || !strings.HasSuffix(out.stderr, want) {
		t.Errorf("what the wheel does not have ends with %d and\n%s\nwant\n%s", out.code, tail(out.stderr), want)
	}
}

// Programs that are files are the images of a project without console scripts.
func TestImagesOfFiles(t *testing.T) {
	foghorn.build(t)
	set := []string{"distro packages for run time", "project"}
	has := []string{"foghorn"}
	checkSet(t, &foghorn, "/opt/foghorn", []wantImage{
		{name: "foghorn-base", contents: set, has: has},
		{name: "foghorn", cmd: []string{"foghorn"}, contents: set, has: has},
		{name: "foghorn-times.py", cmd: []string{"foghorn-times.py"}, contents: set, has: has},
	})
	for _, r := range []scriptRun{
		{args: []string{"foghorn", "2"}, stdout: `hoot\nhoot\n`},
		{args: []string{"foghorn-times.py"}, stdout: `one long\ntwo short\n`},
	} {
		t.Run("run "+r.args[0], func(t *testing.T) { r.check(t, foghorn.layout) })
	}
	want := []string{`foghorn.cmd of setup.cfg:10:5 has no image of its own: --only foghorn.cmd makes one`}
	if got := foghorn.out.said(t); !slices.Equal(got, want) {
		t.Errorf("stderr says\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
