package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/pbrx-go/pbrx-go/builder/host"
	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/images/definition"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// readProject reads and checks what needs no engine: the project, or those of a definition, which are fetched.
func (a *app) readProject(ctx context.Context, dir string, set *definition.Set, flags *planFlags) (p projectInput, err error) {
	if p, err = a.readInput(ctx, dir, set, flags); err != nil {
		return p, err
	}
	if err = flags.check(p.Input); err != nil {
		err = errors.Join(err, p.close())
	}
	return p, err
}

// readInput is readProject without the check.
func (a *app) readInput(ctx context.Context, dir string, set *definition.Set, flags *planFlags) (p projectInput, err error) {
	p.dir = dir
	if set == nil {
		p.Input, err = a.readFolder(dir, flags)
	} else {
		err = a.readSet(ctx, &p, set, flags)
	}
	if err != nil {
		err = errors.Join(err, p.close())
	}
	return p, err
}

// readSet reads the projects of a definition.
func (a *app) readSet(ctx context.Context, p *projectInput, set *definition.Set, flags *planFlags) (err error) {
	if err = checkMain(p.dir, set); err != nil {
		return err
	}
	if p.defined, err = a.openDefinition(ctx, set, flags); err != nil {
		return err
	}
	if p.Input, p.dir, err = a.readDefined(p.dir, p.defined, flags); err != nil {
		return err
	}
	p.Definition = set
	if !p.NoProject {
		p.defined.here(p.dir, p.Project)
	}
	p.defined.fetcher.Projects(p.defined.checkouts)
	if p.Bindep, err = p.defined.bindepFile(p.Bindep); err != nil {
		return err
	}
	neighbours, err := a.neighbours(p.defined, p.Input)
	p.Siblings = append(p.Siblings, neighbours...)
	return err
}

// readFolder reads the project in a folder.
func (a *app) readFolder(dir string, flags *planFlags) (images.Input, error) {
	project, file, err := openProject(dir)
	if err != nil {
		return images.Input{}, err
	}
	if err := project.CheckCredentials(); err != nil {
		return images.Input{}, err
	}
	locked, err := a.openLock(dir, *flags)
	if err != nil {
		return images.Input{}, err
	}
	in := images.Input{Project: project, Bindep: file, Lock: locked, Version: map[string]string{}}
	if in.NativeSource, err = setupcfg.NativeSource(os.DirFS(dir)); err != nil {
		return images.Input{}, usageError{fmt.Errorf("reading the project: %w", err)}
	}
	for _, name := range project.VersionVariables() {
		if value := a.env[name]; value != "" {
			in.Version[name] = value
			project.SetVersion(name)
			break // the next one does not count then
		}
	}
	if in.Siblings, err = a.readSiblings(project, flags.siblings); err != nil {
		return images.Input{}, err
	}
	in.Dockerfiles, err = openDockerfiles(dir)
	return in, err
}

// readConstraints reads what limits the versions of the project's dependencies, and says what of it does not count. The
// project is told of it for the plan.
func (a *app) readConstraints(ctx context.Context, in *projectInput, flags planFlags) (*host.Constraints, error) {
	opts := host.ConstraintOptions{Files: flags.constraints}
	if in.defined != nil && len(flags.constraints) == 0 {
		var err error
		if opts.Declared, err = in.defined.constraints(ctx); err != nil {
			return nil, err
		}
	}
	if name := in.Project.Name.Value; name != "" {
		opts.Drop = append(opts.Drop, host.Drop{Name: name, Why: "it is the project itself"})
	}
	for _, s := range in.Siblings {
		why := "it is the sibling in " + s.Dir
		if s.Required {
			why = "it is the project of " + s.From
		}
		opts.Drop = append(opts.Drop, host.Drop{Name: s.Project.Name.Value, Why: why})
	}
	for _, name := range in.excluded(flags) {
		opts.Drop = append(opts.Drop, host.Drop{Name: name.Value, Why: excludedBy(name), Expected: true})
	}
	c, err := host.ReadConstraints(ctx, a.env, "", opts)
	if err != nil {
		return nil, asConstraintError(ctx, err)
	}
	in.Constraints = c.Report
	if !flags.quiet {
		a.sayConstraints(c)
	}
	return c, nil
}
