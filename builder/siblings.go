package builder

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb"
	gateway "github.com/moby/buildkit/frontend/gateway/client"

	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// sibling is one whose wheel is made in this build.
type sibling struct {
	images.Sibling
	state llb.State
	tree  plan2llb.Tree
	// wheel is what it says of itself; nil until it was read.
	wheel *setupcfg.Wheel
}

// canonical is the name by which steps and local sources know it.
func (s sibling) canonical() string { return setupcfg.Canonical(s.Name) }

// siblingWheels compiles the steps that make the wheels of siblings, as far as that is known before they are made.
func (b *build) siblingWheels(on workshop) error {
	b.siblings = nil
	for n, planned := range b.plan.Siblings {
		tree := b.opts.Siblings[n].tree()
		tree.Sibling = setupcfg.Canonical(planned.Name)
		st, err := b.wheel(on, planned.Source, tree, false)
		if err != nil {
			return err
		}
		b.siblings = append(b.siblings, &sibling{Sibling: planned, state: st, tree: tree})
	}
	return nil
}

// readSibling makes a sibling's wheel, which must confirm what the sibling declares. It returns what is known then.
func (b *build) readSibling(ctx context.Context, c gateway.Client, on workshop, s *sibling, project *setupcfg.Project) (*setupcfg.Project, error) {
	st, wheel, err := b.makeWheel(ctx, c, on, s.Source, s.tree)
	if err == nil {
		s.state, s.wheel = st, wheel
		if project, err = project.Complete(wheel); err != nil {
			err = &WheelError{Err: err}
		}
	}
	var problem *WheelError
	var list setupcfg.ErrorList
	if errors.As(err, &problem) && errors.As(err, &list) {
		err = &WheelError{Err: list.Within(s.Dir)}
	}
	return project, err
}

// releases are the siblings as the resolution takes them. Their versions are rounded, so that not every commit of a sibling
// is another question, unless they are asked for exactly.
func (b *build) releases(exactly bool) []plan2llb.SiblingRelease {
	var out []plan2llb.SiblingRelease
	for _, s := range b.siblings {
		r := plan2llb.SiblingRelease{Name: s.canonical(), RequiresPython: s.wheel.RequiresPython, RequiresDist: s.wheel.RequiresDist, Extras: s.wheel.ProvidesExtra}
		r.Version, _, _ = strings.Cut(s.wheel.Version, "+")
		if rounded := regexp.MustCompile(`\.?dev[0-9]+$`).ReplaceAllString(r.Version, ".dev0"); !exactly && rounded != r.Version {
			r.Version, r.Rounded = rounded, true
		}
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b plan2llb.SiblingRelease) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// withSiblings resolves with the siblings in the place of their releases.
func (b *build) withSiblings(r plan2llb.Requirements, answer *resolution, resolve func(plan2llb.Requirements) error) error {
	r.Siblings = b.releases(false)
	err := resolve(r)
	if err != nil || !answer.NeedsVersions {
		return err
	}
	*answer = resolution{}
	r.Siblings, r.Again = b.releases(true), true
	return resolve(r)
}

// useSiblings puts the wheels of siblings where those of releases would be, and says which nothing requires.
func (b *build) useSiblings(d *dependencies) {
	for _, s := range b.siblings {
		name := s.canonical()
		if !slices.ContainsFunc(d.Distributions, func(x distribution) bool { return x.Name == name }) {
			b.warnings = append(b.warnings, fmt.Sprintf("the sibling %s of %s is in no image: nothing requires it", s.Name, s.Dir))
			continue
		}
		d.wheels[name] = plan2llb.Wheel{Name: name, State: s.state, Dir: "/dist"}
	}
}

// splitSiblings takes the siblings out of names: each is a layer of its own, whatever group it would be in.
func (b *build) splitSiblings(names []string, d *dependencies) (others []string, groups []plan2llb.Group) {
	for _, name := range names {
		i := slices.IndexFunc(b.siblings, func(s *sibling) bool { return s.canonical() == name })
		if i < 0 {
			others = append(others, name)
			continue
		}
		s := b.siblings[i]
		groups = append(groups, plan2llb.Group{Content: "sibling", Name: "[sibling " + name + "] install", Title: "sibling: " + s.Name + " " + s.Version, Wheels: []plan2llb.Wheel{d.wheels[name]}})
	}
	return others, groups
}

// blameSiblings names the folders of the siblings that the reason of a failure speaks of, as resolve.py words it.
func blameSiblings(err error, siblings []*sibling) error {
	var step *StepError
	if !errors.As(err, &step) || !strings.HasPrefix(step.Step, "[dependencies] resolve") {
		return err
	}
	for _, s := range siblings {
		if strings.Contains(step.reason(), "the sibling "+s.canonical()+" is ") {
			step.From = append(step.From, s.Dir+" (the sibling)")
		}
	}
	return err
}
