package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/docker/go-units"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/spf13/cobra"

	"github.com/pbrx-go/pbrx-go/builder"
	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/images/definition"
	"github.com/pbrx-go/pbrx-go/images/naming"
)

type buildOptions struct {
	engineFlags
	planFlags
	outputs []string
	push    bool
	// compression of layers; empty: as the destinations like it.
	compression string
	// checks is what becomes of images that fail one.
	checks string
	tags   []string
	format string
	dryRun bool
	dir    string
	// locations are what outputs and push say.
	locations []naming.Location
}

func newBuildImages(a *app) *cobra.Command {
	o := &buildOptions{}
	cmd := &cobra.Command{
		Use:   "build-images [DIR]",
		Short: "Build <project>-base and one image per console script",
		Long: `Builds the images of the Python project in DIR (default: the current directory): the base image, and one
per console script. GUI scripts get one with --gui-scripts, other programs that the wheel installs (its data scripts)
where there are no console scripts. --only makes an image of any of them.
References with digests go to stdout, base first, everything else to stderr.

` + exitCodesHelp,
		Args: atMost(1, "the project's directory"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.dir = directory(args)
			return a.buildImages(cmd.Context(), o)
		},
	}
	o.engineFlags.bind(cmd)
	o.bindCaches(cmd)
	o.planFlags.bind(cmd)
	flags := cmd.Flags()
	flags.StringArrayVar(&o.outputs, "output", nil, "where images go: `DEST` is "+outputForms+" (default: Docker where it builds, else the user's image store); can be repeated")
	flags.BoolVar(&o.push, "push", false, "push to the registries that the names of the images say (--output docker://)")
	flags.StringVar(&o.compression, "compression", "", "`HOW` layers are compressed: zstd, gzip (Docker before 23 pulls nothing else) or uncompressed (default: zstd where there are manifests)")
	bindChecks(cmd, &o.checks)
	flags.StringArrayVarP(&o.tags, "tag", "t", nil, "`TAG` of every image of the set (default latest); can be repeated")
	flags.StringVar(&o.format, "format", "text", "`FORMAT` on stdout: text or json")
	flags.BoolVarP(&o.dryRun, "dry-run", "n", false, "print the plan, build nothing")
	flags.BoolVarP(&o.quiet, "quiet", "q", false, "only errors on stderr")
	return cmd
}

// bindChecks binds --check.
func bindChecks(cmd *cobra.Command, checks *string) {
	cmd.Flags().StringVar(checks, "check", "error", "`WHAT` becomes of images whose scripts would die at start: error (none is named), warn, or off (it is not looked)")
}

// check finds mistakes before anything is fetched. What the configuration says and no flag does is filled in.
func (o *buildOptions) check(env environment, set *definition.Set) error {
	if set != nil && set.Check.IsSet() && !changed(o.set, "check") {
		o.checks = set.Check.Value
	}
	if o.format != "text" && o.format != "json" {
		return usagef("--format %s: use text or json", o.format)
	}
	if !slices.Contains([]string{"", "zstd", "gzip", "uncompressed"}, o.compression) {
		return usagef("--compression %s: use zstd, gzip or uncompressed", o.compression)
	}
	if !slices.Contains([]string{"off", "warn", "error"}, o.checks) {
		return usagef("--check %s: use off, warn or error", o.checks)
	}
	if err := o.parseOutputs(); err != nil {
		return err
	}
	if len(o.tags) == 0 {
		o.tags = []string{releaseTag(set)}
	}
	for _, tag := range o.tags {
		if err := naming.CheckTag(tag); err != nil {
			return usagef("--tag: %w", err)
		}
	}
	return o.engineFlags.check(env)
}

func (a *app) buildImages(ctx context.Context, o *buildOptions) (err error) {
	started := time.Now()
	set, err := a.loadDefinition(o.dir, &o.planFlags)
	if err != nil {
		return err
	}
	if err := o.check(a.env, set); err != nil {
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
	s, err := a.openOperation(ctx, "build-images", o.engineFlags, operation{flags: o.planFlags, projectInput: in, constraints: constraints, check: builder.CheckMode(o.checks)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close(ctx)) }()
	run, err := s.probe(ctx)
	if err != nil {
		return err
	}
	if o.dryRun {
		return errors.Join(s.endDisplay(), a.printPlan(run, s.Input, o.planFlags, o.format))
	}
	if err := s.sayWhatIsSent(ctx); err != nil {
		return err
	}
	made, err := s.make(ctx, run, s.deliveryTo(o.locations, o.compression))
	if err != nil {
		return err
	}
	built, err := made.deliver(ctx, o.tags)
	if err != nil {
		return err
	}
	if len(s.engine.CacheTo) > 0 {
		if err := run.ExportCache(ctx); err != nil {
			return err
		}
	}
	if err := s.endDisplay(); err != nil {
		return err
	}
	return s.printBuilt(run, made, built, o, time.Since(started))
}

// asUsage marks what planning refuses once the wheel is known: the project's files are at fault.
func asUsage(err error) error {
	var planning images.PlanError
	if errors.As(err, &planning) {
		return usageError{err}
	}
	return err
}

// describe is one image for the report. shared are the layers that are not its own: those of the base image.
func describe(plan images.Image, layers []images.Layer, config v1.ImageConfig, platform string, tags []string, shared map[string]bool) images.Built {
	b := images.Built{Name: plan.Name, Tags: tags, Cmd: config.Cmd, Platform: platform, Layers: layers}
	if plan.Script != "" {
		b.Script = &plan.Script
	}
	for _, l := range layers {
		b.Size += l.Size
		if l.Content != "base" && !shared[l.Digest] {
			b.OwnSize += l.Size
		}
	}
	return b
}

// printBuilt writes the references to stdout and the summary to stderr.
func (s *operation) printBuilt(run *builder.Run, made *made, built []images.Built, o *buildOptions, took time.Duration) error {
	result := made.result
	if !o.quiet {
		for _, w := range result.Warnings {
			s.warn(w)
		}
		now := time.Now()
		s.printAges(slices.Concat(s.ages(now.Add(-took)), run.Ages()), now)
		s.summary(run, result, built, took)
		for _, program := range result.Plan.Unbuilt {
			s.note("%s of %s has no image of its own: %s", program.Name, program.From, unbuiltHint(program))
		}
		if len(o.outputs) == 0 && !o.push {
			s.note("images are in %s", made.delivery)
		}
	}
	if o.format == "json" {
		report := map[string]any{
			"project": map[string]string{"name": result.Plan.Project.Name, "version": result.Plan.Project.Version},
			"engine":  s.engine.name,
			"base":    map[string]string{"ref": run.Base.Ref, "digest": run.Base.Digest},
			"images":  built,
		}
		if ages := run.Ages(); len(ages) > 0 {
			report["ages"] = ages
		}
		if len(result.Plan.Siblings) > 0 {
			report["siblings"] = result.Plan.Siblings
		}
		if len(result.Plan.Unbuilt) > 0 {
			report["unbuilt"] = result.Plan.Unbuilt
		}
		if failed := run.FailedChecks(); len(failed) > 0 {
			report["failed_checks"] = failed
		}
		return s.printJSON(report)
	}
	printReferences(s.streams.Out, built)
	return nil
}

// printAges says how old the answers are that the engine did not ask for again, and warns of old ones.
func (a *app) printAges(ages []builder.Age, now time.Time) {
	for _, age := range ages {
		if age.Old(now) {
			a.warn(age.Line(now))
		} else {
			a.note("%s", age.Line(now))
		}
	}
}

// printReferences writes one line an image and tag.
func printReferences(w io.Writer, built []images.Built) {
	for _, b := range built {
		between := "@"
		if b.DigestKind == "config" { // no reference that anything could be pulled by
			between = " "
		}
		for _, tag := range b.Tags {
			fmt.Fprintf(w, "%s:%s%s%s\n", b.Name, tag, between, b.Digest)
		}
	}
}

func (a *app) printJSON(v any) error {
	enc := json.NewEncoder(a.streams.Out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

func (a *app) summary(run *builder.Run, result *builder.Result, built []images.Built, took time.Duration) {
	w := tabwriter.NewWriter(a.streams.Err, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "IMAGE\tSIZE\tOWN SIZE\tTIME")
	for n, b := range built {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", b.Name, units.HumanSize(float64(b.Size)), units.HumanSize(float64(b.OwnSize)), result.Images[n].Took.Round(100*time.Millisecond))
	}
	w.Flush()
	ran := 0
	steps := run.Steps()
	for _, s := range steps {
		if !s.Cached {
			ran++
		}
	}
	a.sayDefinition(result.Plan)
	a.note("%d images in %s; %d of %d steps ran, sizes as stored (%s)", len(built), took.Round(100*time.Millisecond), ran, len(steps), built[0].Compression)
}
