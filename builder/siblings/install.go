package siblings

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pbrx-go/pbrx-go/builder"
	"github.com/pbrx-go/pbrx-go/builder/host"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// Choice is which of some checkouts an environment wants.
type Choice struct {
	// Chosen are installed, in the order in which they were named.
	Chosen []Checkout
	// Left are left alone.
	Left []Left

	env     *Environment
	before  map[string]distribution
	project string
	// given are the names of all checkouts.
	given []string
}

// Left is a checkout that is not installed.
type Left struct {
	Dir  string `json:"dir"`
	Name string `json:"name"`
	// Why is the reason, for people.
	Why string `json:"why"`
}

// Installed is a sibling that is in the environment now.
type Installed struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Dir     string `json:"dir"`
	// Before is the version that it replaced; empty where there was none.
	Before string `json:"before"`
}

// Choose finds out which checkouts the environment wants: those whose names it has, and those that something in it, the
// project or a chosen sibling requires. project may be nil. Errors are two checkouts of one name, and a
// checkout whose name cannot be found out.
func (e *Environment) Choose(ctx context.Context, project *setupcfg.Project, checkouts []Checkout) (*Choice, error) {
	c := &Choice{env: e}
	q := question{Requirements: [][]string{nil}}
	if project != nil {
		c.project = setupcfg.Canonical(project.Name.Value)
		q.Requirements[0] = texts(project.Dependencies.Value)
	}
	checkouts = slices.Clone(checkouts)
	for n := range checkouts {
		checkout := &checkouts[n]
		q.Requirements = append(q.Requirements, nil)
		if checkout.Project == nil {
			continue
		}
		if checkout.Name == "" {
			var err error
			if checkout.Name, err = e.nameOf(ctx, checkout.Dir); err != nil {
				return nil, err
			}
		}
		q.Requirements[n+1] = texts(checkout.Project.Dependencies.Value)
		c.given = append(c.given, checkout.Name)
	}
	if err := CheckNames(checkouts); err != nil {
		return nil, err
	}
	f, err := e.ask(ctx, q)
	if err != nil {
		return nil, err
	}
	c.before = f.Installed
	c.sort(checkouts, f)
	return c, nil
}

// sort puts every checkout where it belongs.
func (c *Choice) sort(checkouts []Checkout, f facts) {
	wanted := map[string]bool{}
	want := func(names []string) {
		for _, name := range names {
			wanted[name] = true
		}
	}
	for name, d := range f.Installed {
		want(append(d.Requires, name))
	}
	want(f.Required[0])
	for range checkouts { // a sibling may want another one: each round finds one at least
		for n, checkout := range checkouts {
			if wanted[setupcfg.Canonical(checkout.Name)] {
				want(f.Required[n+1])
			}
		}
	}
	for _, checkout := range checkouts {
		name, why := setupcfg.Canonical(checkout.Name), ""
		switch {
		case checkout.Project == nil:
			why = "there is no Python project in it"
		case name == c.project:
			why = "it is the project itself"
		case !wanted[name]:
			why = "nothing in the environment has or requires it"
		}
		if why != "" {
			c.Left = append(c.Left, Left{Dir: checkout.Dir, Name: checkout.Name, Why: why})
			continue
		}
		c.Chosen = append(c.Chosen, checkout)
	}
}

// Drop are the names whose entries in constraints do not count: what comes from source has other versions. The project
// is among them, as pip would put a release in its place where a sibling requires it.
func (c *Choice) Drop() []host.Drop {
	var drop []host.Drop
	if c.project != "" {
		drop = append(drop, host.Drop{Name: c.project, Why: "it is the project itself"})
	}
	for _, name := range c.given {
		if canonical := setupcfg.Canonical(name); canonical != c.project {
			drop = append(drop, host.Drop{Name: name, Why: "it is a sibling"})
		}
	}
	return drop
}

// Error says that pip could not install the siblings.
type Error struct {
	step *builder.StepError
}

// Error is one line.
func (e *Error) Error() string { return e.step.Error() }

// Surroundings says whether the network or a disk is to blame rather than a project.
func (e *Error) Surroundings() bool { return e.step.Surroundings() }

// Install has pip install what was chosen, editable. What pip prints goes to log. It returns what is installed now, and
// warnings of requirements in the environment that do not go together with it. Errors are *Error, and those of
// starting programs and writing files.
func (c *Choice) Install(ctx context.Context, constraints *host.Constraints, log io.Writer) (done []Installed, warnings []string, err error) {
	if len(c.Chosen) == 0 {
		return nil, nil, nil
	}
	args, variables := []string{"-m", "pip", "install"}, map[string]string{}
	if constraints.Report != nil {
		dir, failed := os.MkdirTemp("", "pbrx-go-siblings-*")
		if failed != nil {
			return nil, nil, fmt.Errorf("writing the constraints without the siblings: %w", failed)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		requested, configured := filepath.Join(dir, "constraints.txt"), filepath.Join(dir, "pip-constraints.txt")
		if failed := errors.Join(os.WriteFile(requested, constraints.Requested, 0o600), os.WriteFile(configured, constraints.Pip, 0o600)); failed != nil {
			return nil, nil, fmt.Errorf("writing the constraints without the siblings: %w", failed)
		}
		args = append(args, "--constraint", requested)
		variables["PIP_CONSTRAINT"] = (&url.URL{Scheme: "file", Path: configured}).String() // paths end at white space there
	}
	q := question{Project: c.project}
	for _, checkout := range c.Chosen {
		dir, err := filepath.Abs(checkout.Dir)
		if err != nil {
			return nil, nil, err
		}
		args = append(args, "--editable", dir)
		q.Siblings = append(q.Siblings, setupcfg.Canonical(checkout.Name))
	}
	var kept bytes.Buffer
	cmd := c.env.command(ctx, variables, args...)
	both := io.MultiWriter(log, &kept)
	cmd.Stdout, cmd.Stderr = both, both
	if err := cmd.Run(); err != nil {
		var exit *exec.ExitError
		switch {
		case ctx.Err() != nil:
			return nil, nil, context.Cause(ctx)
		case !errors.As(err, &exit):
			return nil, nil, fmt.Errorf("running pip of %s: %w", c.env.Prefix, err)
		}
		lines := strings.Split(strings.TrimSpace(kept.String()), "\n")
		return nil, nil, &Error{step: &builder.StepError{Step: "siblings in " + c.env.Prefix, Lines: lines}}
	}
	f, err := c.env.ask(ctx, q)
	if err != nil {
		return nil, nil, err
	}
	for _, checkout := range c.Chosen {
		name := setupcfg.Canonical(checkout.Name)
		done = append(done, Installed{Name: checkout.Name, Version: f.Installed[name].Version, Dir: checkout.Dir, Before: c.before[name].Version})
	}
	for _, clash := range f.Clashes {
		warnings = append(warnings, fmt.Sprintf("%s requires %s, and the sibling is %s: the environment has it all the same", clash.By, clash.Requirement, clash.Version))
	}
	return done, warnings, nil
}
