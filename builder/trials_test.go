package builder

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// What an image starts with is tried as it is started: as its user, in its folder, with its environment. Images that agree in that, and in
// their files, share a step.
func TestTrials(t *testing.T) {
	runs := func(name string, c images.Config, own bool) assembly {
		return assembly{image: images.Image{Name: "team/" + name, Cmd: []string{name}, Config: c}, own: own}
	}
	labelled := images.Config{Labels: map[string]string{"a": "b"}, Volumes: []string{"/data"}}
	all := []assembly{
		{image: images.Image{Name: "team/boat-base"}},
		runs("own", images.Config{}, true),
		runs("one", images.Config{}, false),
		runs("user", images.Config{User: "7:7"}, false),
		runs("env", images.Config{Env: []string{"SETTINGS=prod"}}, false),
		runs("folder", images.Config{Workdir: "/srv"}, false),
		runs("other", labelled, false),
		runs("same", images.Config{User: "7:7"}, false),
	}
	b := &build{Run: &Run{}, compiler: plan2llb.New(plan2llb.Inputs{}), plan: &images.Plan{}}
	trials, err := b.trials(&setupcfg.Project{}, all)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, trial := range trials {
		var names []string
		for _, s := range trial.starts {
			names = append(names, s.Name)
		}
		c := trial.config.Config
		got = append(got, fmt.Sprintf("%s: %s as %q in %q %s", trial.name, strings.Join(names, ", "), c.User, c.WorkingDir, strings.Join(c.Env[2:], " ")))
	}
	want := []string{
		`[check own] script: own as "" in "" `,
		`[check] scripts: one, other as "" in "" `,
		`[check user] script: user, same as "7:7" in "" `,
		`[check env] script: env as "" in "" SETTINGS=prod`,
		`[check folder] script: folder as "" in "/srv" `,
	}
	if !slices.Equal(got, want) {
		t.Errorf("the trials are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Two images of one script have steps of their own.
func TestLabel(t *testing.T) {
	for want, image := range map[string]images.Image{
		"sail":  {Name: "team/sail", Script: "sail"},
		"Sail":  {Name: "sail", Script: "Sail"},
		"again": {Name: "team/again", Script: "sail"},
		"web":   {Name: "web"},
	} {
		if got := label(image); got != want {
			t.Errorf("%+v is called %s, not %s", image, got, want)
		}
	}
}
