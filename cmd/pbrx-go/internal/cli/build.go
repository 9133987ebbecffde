package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/docker/go-units"
	"github.com/spf13/cobra"

	"github.com/pbrx-go/pbrx-go/builder"
	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/images/layout"
)

type buildOptions struct {
	engineFlags
	planFlags
	outputs []string
	tags    []string
	format  string
	dryRun  bool
	dir     string
}

func newBuildImages(a *app) *cobra.Command {
	o := &buildOptions{}
	cmd := &cobra.Command{
		Use:   "build-images [DIR]",
		Short: "Build <project>-base and one image per console script",
		Long: `Builds the images of the Python project in DIR (default: the current directory).
References with digests go to stdout, base first, everything else to stderr.

` + exitCodesHelp,
		Args: atMost(1, "the project's directory"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.dir = directory(args)
			return a.buildImages(cmd.Context(), o)
		},
	}
	o.engineFlags.bind(cmd)
	o.planFlags.bind(cmd)
	flags := cmd.Flags()
	flags.StringArrayVar(&o.outputs, "output", nil, "where images go: oci:`DIR` (default: the user's image store); can be repeated")
	flags.StringArrayVarP(&o.tags, "tag", "t", nil, "`TAG` of every image of the set (default latest); can be repeated")
	flags.StringVar(&o.format, "format", "text", "`FORMAT` on stdout: text or json")
	flags.BoolVarP(&o.dryRun, "dry-run", "n", false, "print the plan, build nothing")
	flags.BoolVarP(&o.quiet, "quiet", "q", false, "only errors on stderr")
	return cmd
}

// destinations are the layouts that the images go to.
func (a *app) destinations(o *buildOptions) ([]string, error) {
	if len(o.outputs) == 0 {
		return []string{a.imageStore()}, nil
	}
	var dirs []string
	for _, output := range o.outputs {
		location, err := images.ParseLocation(output)
		if err != nil {
			return nil, usagef("--output %w", err)
		}
		if location.Transport != images.OCILayout {
			return nil, usagef("--output %s: this version writes OCI layouts only: use oci:DIR", output)
		}
		if location.Ref != "" {
			return nil, usagef("--output %s: names come from the project: use oci:%s with --prefix and --tag", output, location.Name)
		}
		dirs = append(dirs, location.Name)
	}
	return dirs, nil
}

func (o *buildOptions) check() error {
	if o.format != "text" && o.format != "json" {
		return usagef("--format %s: use text or json", o.format)
	}
	if len(o.tags) == 0 {
		o.tags = []string{"latest"}
	}
	for _, tag := range o.tags {
		if err := images.CheckTag(tag); err != nil {
			return usagef("--tag: %w", err)
		}
	}
	return nil
}

func (a *app) buildImages(ctx context.Context, o *buildOptions) (err error) {
	if err := o.check(); err != nil {
		return err
	}
	dirs, err := a.destinations(o)
	if err != nil {
		return err
	}
	in, err := readProject(o.dir, o.planFlags)
	if err != nil {
		return err
	}
	started := time.Now()
	s, err := a.openOperation(ctx, "build-images", o.engineFlags, operation{flags: o.planFlags, dir: o.dir, in: in})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	run, err := s.probe(ctx)
	if err != nil {
		return err
	}
	if o.dryRun {
		return errors.Join(s.endDisplay(), a.printPlan(run, in, o.planFlags, o.format))
	}
	result, writers, err := s.build(ctx, run, dirs)
	if err != nil {
		return err
	}
	built, err := commit(result, writers, o.tags)
	if err != nil {
		return err
	}
	if err := s.endDisplay(); err != nil {
		return err
	}
	return s.printBuilt(run, result, built, o, time.Since(started))
}

// build builds into one writer per destination.
func (s *operation) build(ctx context.Context, run *builder.Run, dirs []string) (*builder.Result, []*layout.Writer, error) {
	var writers []*layout.Writer
	var result *builder.Result
	for _, dir := range dirs {
		staging, err := os.MkdirTemp(s.engine.tempDir, "images-*")
		if err != nil {
			return nil, nil, fmt.Errorf("making room for the images: %w", err)
		}
		w, err := layout.NewWriter(dir, staging)
		if err != nil {
			return nil, nil, err
		}
		if result, err = run.Build(ctx, s.in, w); err != nil {
			return nil, nil, asUsage(err)
		}
		writers = append(writers, w)
	}
	return result, writers, nil
}

// asUsage marks what planning refuses once the wheel is known: the project's files are at fault.
func asUsage(err error) error {
	var planning images.PlanError
	if errors.As(err, &planning) {
		return usageError{err}
	}
	return err
}

// commit names all images at once in every destination.
func commit(result *builder.Result, writers []*layout.Writer, tags []string) ([]images.Built, error) {
	var built []images.Built
	var named []layout.Named
	for _, x := range result.Images {
		b := describe(x, tags)
		built = append(built, b)
		for _, tag := range tags {
			full, err := images.FullName(b.Name, tag)
			if err != nil {
				return nil, usageError{err}
			}
			named = append(named, layout.Named{Descriptor: x.Image.Descriptor, Name: b.Name + ":" + tag, FullName: full})
		}
	}
	for _, w := range writers {
		if err := w.Commit(named); err != nil {
			return nil, err
		}
	}
	return built, nil
}

func describe(x builder.Exported, tags []string) images.Built {
	b := images.Built{
		Name:        x.Plan.Name,
		Tags:        tags,
		Digest:      x.Image.Descriptor.Digest.String(),
		DigestKind:  "manifest",
		Cmd:         x.Image.Config.Config.Cmd,
		Platform:    x.Image.Config.OS + "/" + x.Image.Config.Architecture,
		Compression: "zstd",
		Layers:      x.Layers,
	}
	if x.Plan.Script != "" {
		b.Script = &x.Plan.Script
	}
	for _, l := range x.Layers {
		b.Size += l.Size
		if l.Content == "extra" || (b.Script == nil && l.Content != "base") {
			b.OwnSize += l.Size
		}
	}
	return b
}

// printBuilt writes the references to stdout and the summary to stderr.
func (s *operation) printBuilt(run *builder.Run, result *builder.Result, built []images.Built, o *buildOptions, took time.Duration) error {
	if !o.quiet {
		for _, w := range result.Warnings {
			s.warn(w)
		}
		s.summary(run, result, built, took)
		if len(o.outputs) == 0 {
			s.note("images are in oci:%s", s.imageStore())
		}
	}
	if o.format == "json" {
		return s.printJSON(map[string]any{
			"project": map[string]string{"name": result.Plan.Project.Name, "version": result.Plan.Project.Version},
			"engine":  s.engine.name,
			"base":    map[string]string{"ref": run.Base.Ref, "digest": run.Base.Digest},
			"images":  built,
		})
	}
	for _, b := range built {
		for _, tag := range b.Tags {
			fmt.Fprintf(s.streams.Out, "%s:%s@%s\n", b.Name, tag, b.Digest)
		}
	}
	return nil
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
	a.note("%d images in %s; %d of %d steps ran, sizes as stored (zstd)", len(built), took.Round(100*time.Millisecond), ran, len(steps))
}
