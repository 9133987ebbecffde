package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pbrx-go/pbrx-go/builder/host"
	"github.com/pbrx-go/pbrx-go/builder/siblings"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

type installSiblingsOptions struct {
	constraints []string
	project     string
	format      string
	dirs        []string
}

func newInstallSiblings(a *app) *cobra.Command {
	o := &installSiblingsOptions{}
	cmd := &cobra.Command{
		Use:   "install-siblings DIR…",
		Short: "Install checkouts in place of releases into the current virtual environment",
		Long: `Installs the Python projects in each DIR, editable, into the current virtual environment (the one that VIRTUAL_ENV names,
else that of python3 on the PATH), in place of their releases: those that the environment has, and those that the project or
something in the environment requires. Others are left alone, so that all checkouts of a job can be named.

Constraints limit the versions of what the siblings require; entries of the siblings and of the project itself do not
count, in those of pip's own configuration neither. The environment's pip installs, with the user's configuration.
One line a sibling goes to stdout, what pip says to stderr.

` + exitCodesHelp,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("`%s` takes the folders of siblings: see `%s --help`", cmd.CommandPath(), cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.dirs = args
			return a.installSiblings(cmd.Context(), o)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVarP(&o.constraints, "constraint", "c", nil, "pip constraints: `FILE`, URL or git+URL@REF#PATH; can be repeated")
	flags.StringVar(&o.project, "project", "", "`DIR` of the project whose siblings they are (default: the current directory, where there is a project)")
	flags.StringVar(&o.format, "format", "text", "`FORMAT` on stdout: text or json")
	return cmd
}

func (a *app) installSiblings(ctx context.Context, o *installSiblingsOptions) error {
	if o.format != "text" && o.format != "json" {
		return usagef("--format %s: use text or json", o.format)
	}
	project, err := o.readProject()
	if err != nil {
		return err
	}
	checkouts, err := siblings.Read(o.dirs)
	if err != nil {
		return usageError{err}
	}
	environment, err := siblings.Find(ctx, a.env)
	if err != nil {
		return orSignal(ctx, usageError{err})
	}
	a.note("installing into %s (%s)", environment.Prefix, environment.Chosen)
	choice, err := environment.Choose(ctx, project, checkouts)
	if err != nil {
		return orSignal(ctx, usageError{err})
	}
	for _, left := range choice.Left {
		a.note("%s is left alone: %s", left.Dir, left.Why)
	}
	constraints, err := host.ReadConstraints(ctx, a.env, "", host.ConstraintOptions{Files: o.constraints, Drop: choice.Drop(), Here: true})
	if err != nil {
		return asConstraintError(ctx, err)
	}
	a.sayConstraints(constraints)
	done, warnings, err := choice.Install(ctx, constraints, a.streams.Err)
	if err != nil {
		return err
	}
	for _, w := range warnings {
		a.warn(w)
	}
	if o.format == "json" {
		return a.printJSON(map[string]any{"environment": environment.Prefix, "python": environment.Python,
			"siblings": append([]siblings.Installed{}, done...), "left": append([]siblings.Left{}, choice.Left...)})
	}
	for _, s := range done {
		fmt.Fprintf(a.streams.Out, "%s %s (from %s)\n", s.Name, s.Version, s.Dir)
	}
	return nil
}

// readProject reads the project whose siblings they are: the current directory need not be one.
func (o *installSiblingsOptions) readProject() (*setupcfg.Project, error) {
	dir := o.project
	if dir == "" {
		dir = "."
	}
	found, err := siblings.Read([]string{dir})
	switch {
	case err != nil:
		return nil, usageError{err}
	case found[0].Project == nil && o.project != "":
		return nil, usagef("--project %s: there is no setup.cfg, pyproject.toml or setup.py in it: name the folder of a Python project", dir)
	}
	return found[0].Project, nil
}

// orSignal is the signal that ended what was being done, if one did.
func orSignal(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// asConstraintError tells what the network did from what is wrong with a file.
func asConstraintError(ctx context.Context, err error) error {
	var fetch *host.FetchError
	if errors.As(err, &fetch) || ctx.Err() != nil {
		return err
	}
	return usageError{err}
}

// sayConstraints writes what of constraints does not count.
func (a *app) sayConstraints(c *host.Constraints) {
	for _, w := range c.Warnings {
		a.warn(w)
	}
	if c.Report != nil {
		for _, d := range c.Report.Dropped {
			a.note("constraint %s of %s is left out: %s", d.Text, d.From, d.Why)
		}
	}
}
