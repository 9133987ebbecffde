package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/pbrx-go/pbrx-go/bindep"
	"github.com/pbrx-go/pbrx-go/builder"
	"github.com/pbrx-go/pbrx-go/builder/origins"
	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/images/definition"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// projectInput is what a command reads before any engine is asked.
type projectInput struct {
	images.Input
	// dir is the folder of the main project.
	dir string
	// defined is nil where there is no optional configuration.
	defined *defined
}

// close removes what was fetched for the command alone.
func (p projectInput) close() error {
	if p.defined == nil {
		return nil
	}
	return p.defined.fetcher.Close()
}

// ages are of the branches and tags that the definition names and that were asked for before some time.
func (p projectInput) ages(before time.Time) []builder.Age {
	if p.defined == nil {
		return nil
	}
	before = before.Truncate(time.Second) // as what is remembered is
	return slices.DeleteFunc(slices.Clone(p.defined.ages), func(a builder.Age) bool { return !a.Asked.Before(before) })
}

// defined is the optional configuration of a set, and what was fetched for it.
type defined struct {
	set     *definition.Set
	fetcher *origins.Fetcher
	// checkouts are those of its projects, by handle.
	checkouts map[string]origins.Checkout
	// ages are of the branches and tags that were asked for at another time.
	ages []builder.Age
}

// openDefinition begins to use a configuration: its projects are fetched.
func (a *app) openDefinition(ctx context.Context, set *definition.Set, flags *planFlags) (*defined, error) {
	refresh, err := flags.refresh()
	if err != nil {
		return nil, err
	}
	d := &defined{set: set, checkouts: map[string]origins.Checkout{}, fetcher: origins.New(origins.Options{
		StateDir: filepath.Join(a.stateDir(), "origins"), Env: a.env, Root: set.Root, Refresh: refresh.Has(plan2llb.RefreshGit),
		Note: func(line string) {
			if !flags.quiet {
				a.note("%s", line)
			}
		},
	})}
	for _, p := range set.Projects {
		checkout, err := d.fetcher.Checkout(ctx, p)
		if err != nil {
			return d, err
		}
		d.checkouts[p.Handle] = checkout
		d.age(p.Handle+" at "+p.Origin.Ref.Value, checkout.Resolved)
	}
	return d, nil
}

// here is the main project where it stands in the folder of the definition: origins may name it, too.
func (d *defined) here(dir string, project *setupcfg.Project) {
	name := d.set.Name.Value
	if name == "" {
		name = project.Name.Value
	}
	if _, known := d.checkouts[name]; !known && name != "" {
		d.checkouts[name] = origins.Checkout{Dir: dir, Tree: dir}
	}
}

// readDefined reads the main project of a set.
func (a *app) readDefined(dir string, d *defined, flags *planFlags) (images.Input, string, error) {
	main, fetched := mainProject(d.set)
	switch {
	case fetched:
		dir = d.checkouts[main.Handle].Dir
	case !holdsProject(dir):
		return images.Input{NoProject: true, Version: map[string]string{}, Project: &setupcfg.Project{
			Name: setupcfg.Fact[string]{Value: d.set.Name.Value, Status: setupcfg.Known, Pos: d.set.Name.At}}}, dir, nil
	}
	in, err := a.readFolder(dir, flags)
	switch {
	case err != nil && fetched:
		err = fmt.Errorf("%s: reading %s: %w", main.At, main.Handle, err)
	case fetched:
		pretend(&in, d.checkouts[main.Handle])
	}
	return in, dir, err
}

// pretend gives tools that put the state of the work tree into a version the one of the commit: patches are no part of it.
func pretend(in *images.Input, c origins.Checkout) {
	version := c.Described.Version()
	if !c.Patched || version == "" || in.Project.VersionTool == "git (pbr)" || !in.VersionFromGit() {
		return
	}
	if variables := in.Project.VersionVariables(); len(variables) > 0 {
		in.Version[variables[0]] = version
		in.Project.SetVersion(variables[0])
	}
}

// bindepFile is the bindep file that the definition names in place of the project's.
func (d *defined) bindepFile(own *bindep.File) (*bindep.File, error) {
	at := d.set.Bindep
	switch {
	case !at.IsSet():
		return own, nil
	case at.Value == "":
		return nil, nil
	}
	src, err := os.ReadFile(at.Value)
	if err != nil {
		return nil, usagef("%s: bindep: %w: name a file, or \"\" for none", at.At, err)
	}
	return bindep.Parse(at.Value, src)
}

// neighbours are the projects of the definition beside the main one. What --sibling names is used in their place.
func (a *app) neighbours(d *defined, in images.Input) ([]images.SiblingInput, error) {
	main, fetched := mainProject(d.set)
	var out []images.SiblingInput
	for _, p := range d.set.Projects {
		if fetched && p.Handle == main.Handle {
			continue
		}
		s, err := a.neighbour(p, d.checkouts[p.Handle])
		if err != nil {
			return nil, err
		}
		if err := distinct(s, in, out); err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(in.Siblings, func(o images.SiblingInput) bool {
			return setupcfg.Canonical(o.Project.Name.Value) == setupcfg.Canonical(s.Project.Name.Value)
		}) {
			out = append(out, s)
		}
	}
	return out, nil
}

func (a *app) neighbour(p definition.Project, c origins.Checkout) (images.SiblingInput, error) {
	files := os.DirFS(c.Dir)
	project, err := setupcfg.Load(files)
	if err != nil {
		return images.SiblingInput{}, fmt.Errorf("%s: reading %s: %w", p.At, p.Handle, err)
	}
	if project.Name.Status != setupcfg.Known {
		return images.SiblingInput{}, usagef("%s: what %s is called is known from its wheel only: say the name in its setup.cfg or pyproject.toml", p.At, p.Handle)
	}
	s := images.SiblingInput{Dir: p.Handle, Folder: c.Dir, Required: true, Pin: c.Pin, From: p.At.String(),
		Input: images.Input{Project: project, Version: map[string]string{}}}
	for _, e := range p.Extras {
		if problem := images.UnknownExtra(project, e.Value); problem != "" {
			return s, usagef("%s: %s", e.At, problem)
		}
		s.Extras = append(s.Extras, e.Value)
	}
	if s.NativeSource, err = setupcfg.NativeSource(files); err != nil {
		return s, usagef("%s: reading %s: %w", p.At, p.Handle, err)
	}
	pretend(&s.Input, c)
	return s, nil
}
