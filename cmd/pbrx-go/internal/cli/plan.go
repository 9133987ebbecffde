package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/pbrx-go/pbrx-go/bindep"
	"github.com/pbrx-go/pbrx-go/builder"
	"github.com/pbrx-go/pbrx-go/images"
)

type planOptions struct {
	engineFlags
	planFlags
	osRelease string
	platform  string
	format    string
	llb       bool
	dir       string
}

func newPlan(a *app) *cobra.Command {
	o := &planOptions{}
	cmd := &cobra.Command{
		Use:   "plan [DIR]",
		Short: "Show what would be built and why",
		Args:  atMost(1, "the project's directory"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.dir = directory(args)
			return a.planCommand(cmd.Context(), o)
		},
	}
	o.engineFlags.bind(cmd)
	o.planFlags.bind(cmd)
	cmd.Flags().StringVar(&o.osRelease, "os-release", "", "plan for the distribution that `FILE` names, without an engine")
	cmd.Flags().StringVar(&o.platform, "platform", "linux/amd64", "with --os-release: the OCI `PLATFORM` to plan for")
	cmd.Flags().StringVar(&o.format, "format", "text", "`FORMAT` on stdout: text or json")
	cmd.Flags().BoolVar(&o.llb, "llb", false, "print the LLB that the engine would be given")
	return cmd
}

func (a *app) planCommand(ctx context.Context, o *planOptions) (err error) {
	if o.format != "text" && o.format != "json" {
		return usagef("--format %s: use text or json", o.format)
	}
	if o.osRelease == "" && changed(o.set, "platform") {
		return usagef("--platform %s: an engine builds for its own platform: give --os-release, too, to plan for another", o.platform)
	}
	if _, arch, ok := strings.Cut(o.platform, "/"); !ok || arch == "" {
		return usagef("--platform %s: write OS/ARCHITECTURE, as in linux/arm64", o.platform)
	}
	set, err := a.loadDefinition(o.dir, &o.planFlags)
	if err != nil {
		return err
	}
	in, err := a.readProject(ctx, o.dir, set, &o.planFlags)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.close()) }()
	constraints, err := a.readConstraints(ctx, &in, o.planFlags)
	if err != nil {
		return err
	}
	if o.osRelease != "" {
		if set != nil && len(set.Platforms) > 0 && !changed(o.set, "platform") {
			o.platform = set.Platforms[0].Value
		}
		return a.planFor(ctx, o, in)
	}
	s, err := a.openOperation(ctx, "plan", o.engineFlags, operation{flags: o.planFlags, projectInput: in, constraints: constraints})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close(ctx)) }()
	run, err := s.probe(ctx)
	if err = errors.Join(err, s.endDisplay()); err != nil {
		return err
	}
	if o.llb {
		return a.printLLB(ctx, run, s.Input)
	}
	return a.printPlan(run, s.Input, o.planFlags, o.format)
}

// planFor plans for a distribution that only its os-release file is known of.
func (a *app) planFor(ctx context.Context, o *planOptions, in projectInput) error {
	if o.llb {
		return usagef("--llb needs a base image: leave --os-release out")
	}
	src, err := os.ReadFile(o.osRelease)
	if err != nil {
		return usagef("--os-release: %w", err)
	}
	distro, err := bindep.ParseOSRelease(o.osRelease, src)
	if err != nil {
		return err
	}
	manager := map[string]string{"dpkg": "apt", "apk": "apk", "rpm": "dnf"}[distro.PackageManager()]
	run := &builder.Run{Base: images.Base{Distro: distro, DistroName: distro.String(), PackageManager: manager, Platform: o.platform,
		Python: images.Python{Ensurepip: true}, Inits: map[string]string{}, Env: []string{}}}
	if _, err := in.define(ctx, run.Base, o.options()); err != nil {
		return err
	}
	return a.printPlan(run, in.Input, o.planFlags, o.format)
}

func (a *app) printPlan(run *builder.Run, in images.Input, f planFlags, format string) error {
	in.Base, in.Builder = run.Base, run.Builder
	plan, err := images.New(in, f.options())
	if err != nil {
		return usageError{err}
	}
	if format == "json" {
		data, err := plan.JSON()
		if err != nil {
			return err
		}
		_, err = a.streams.Out.Write(data)
		return err
	}
	a.planText(plan)
	return nil
}

func (a *app) planText(p *images.Plan) {
	planHead(a.streams.Out, p)
	var table bytes.Buffer
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	planTable(w, p)
	w.Flush()
	for line := range strings.Lines(table.String()) {
		fmt.Fprintln(a.streams.Out, strings.TrimRight(line, " \n"))
	}
	for _, line := range p.LeftOut {
		a.note("left out: %s", line)
	}
	for _, warning := range p.Warnings {
		a.warn(warning)
	}
}

// planHead says what is built, on what, and how.
func planHead(out io.Writer, p *images.Plan) {
	identity := p.Project.Name + " " + cmp.Or(p.Project.Version, "(from the wheel)")
	if p.Project.Name == "" {
		identity = "(from the wheel)"
	}
	fmt.Fprintf(out, "project  %s\n", identity)
	for _, name := range slices.Sorted(maps.Keys(p.Source.Environment)) {
		fmt.Fprintf(out, "version  %s, by %s of the environment\n", p.Source.Environment[name], name)
	}
	if p.Base.Ref == "" {
		fmt.Fprintf(out, "base     any of %s, as --os-release says\n", p.Base.DistroName)
	} else {
		fmt.Fprintf(out, "base     %s (%s, Python %s)\n", p.Base.Ref, p.Base.DistroName, p.Base.Python.Version)
	}
	if p.Builder != nil {
		fmt.Fprintf(out, "builder  %s (%s, Python %s)\n", p.Builder.Ref, p.Builder.DistroName, p.Builder.Python.Version)
	}
	where := cmp.Or(p.Environment, "the base's Python")
	if p.Project.Name == "" && p.Base.Python.ExternallyManaged {
		where = "/opt/ and the project's name"
	}
	if p.SystemSitePackages {
		where += ", with the system's site packages"
	}
	fmt.Fprintf(out, "install  into %s\n", where)
	inits := []string{cmp.Or(p.Init.Path, "none")}
	if len(p.Init.Candidates) > 0 {
		inits = nil
	}
	for _, c := range p.Init.Candidates {
		inits = append(inits, c.Package)
	}
	fmt.Fprintf(out, "init     %s\n\n", strings.Join(inits, " "))
}

// planTable writes what goes into the images, and the images, a line each.
func planTable(w io.Writer, p *images.Plan) {
	for _, list := range []struct {
		stage    string
		packages []images.Package
	}{{"builder", p.Compile}, {"builder", p.Tools}, {"runtime", p.Runtime}} {
		for _, pkg := range list.packages {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", list.stage, pkg.Name, pkg.From, pkg.Why)
		}
	}
	planLevels(w, p)
	for _, s := range p.Siblings {
		fmt.Fprintf(w, "sibling\t%s\t%s\t%s\n", strings.TrimSpace(s.Name+" "+s.Version), s.From, "")
	}
	if p.Constraints != nil {
		for _, f := range p.Constraints.Files {
			fmt.Fprintf(w, "constraints\t%s\t%d entries\t\n", f.From, f.Entries)
		}
	}
	if p.Lock != nil {
		fmt.Fprintf(w, "lock\t%s\t%d entries\t\n", p.Lock.File, p.Lock.Packages)
	}
	for _, image := range p.Images {
		if !image.Selected {
			continue
		}
		extras := ""
		if len(image.Extras) > 0 {
			extras = "extras " + strings.Join(image.Extras, ", ")
		}
		if image.Dockerfile != "" {
			extras = "made by " + image.Dockerfile
		}
		fmt.Fprintf(w, "image\t%s\t%s\t%s\n", image.Name, image.From, extras)
	}
	planContents(w, p)
	for _, program := range p.Unbuilt {
		fmt.Fprintf(w, "no image\t%s\t%s\t%s\n", program.Name, program.From, unbuiltHint(program))
	}
}

// unbuiltHint says how a program gets an image.
func unbuiltHint(p images.Program) string {
	hint := "--only " + p.Name + " makes one"
	if p.Kind == "gui_script" {
		hint = "--gui-scripts makes one"
	}
	return hint
}

func (a *app) printLLB(ctx context.Context, run *builder.Run, in images.Input) error {
	text, err := run.Dump(ctx, in)
	if err != nil {
		return err
	}
	_, err = a.streams.Out.Write(text)
	return err
}
