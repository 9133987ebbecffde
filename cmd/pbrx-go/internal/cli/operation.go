package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pbrx-go/pbrx-go/bindep"
	"github.com/pbrx-go/pbrx-go/builder"
	"github.com/pbrx-go/pbrx-go/builder/host"
	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
	"github.com/pbrx-go/pbrx-go/builder/progress"
	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/images/naming"
)

// baseForms are what --base takes.
const baseForms = "docker://NAME, docker-daemon:NAME, oci:DIR[:REF], oci-archive:FILE[:REF], docker-archive:FILE[:REF] or rootfs:FILE|DIR"

// planFlags are the flags that decide what is built; build-images and plan share them.
type planFlags struct {
	// set are the flags of the command.
	set      *pflag.FlagSet
	base     string
	prefix   string
	only     []string
	gui      bool
	mirror   string
	initPath string
	// initFrom is who set it.
	initFrom string
	// constraints are files, excluded names whose entries in them do not count.
	constraints []string
	excluded    []string
	// lock is a lock file of the project, none, or empty for the first that there is.
	lock string
	// siblings are folders of neighbours that are used in place of their releases.
	siblings []string
	noCache  bool
	// again are lists of what to ask for again, pull is one of them.
	again    []string
	pull     bool
	progress string
	quiet    bool
	// config is a file in place of the one that is looked for, releases are overlays of it.
	config   string
	releases []string
}

// bindConfigured binds the flags that have a key in the configuration, and those that say which one counts.
func (f *planFlags) bindConfigured(cmd *cobra.Command) {
	f.bindDefinition(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.base, "base", "docker://python:alpine", "base image `REF`: "+baseForms)
	flags.StringVar(&f.prefix, "prefix", "", "put `PREFIX` before every image name: registry, namespace")
	flags.StringVar(&f.initPath, "init-path", "", "`PATH` of the init put before every command, or none (default: dumb-init, tini or catatonit of the distribution)")
	flags.StringArrayVarP(&f.constraints, "constraint", "c", nil, "pip constraints: `FILE`, URL or git+URL@REF#PATH; can be repeated")
	flags.StringArrayVar(&f.excluded, "constraint-exclude", nil, "leave the entries of `NAME` out of the constraints; can be repeated")
}

func (f *planFlags) bind(cmd *cobra.Command) {
	f.bindConfigured(cmd)
	flags := cmd.Flags()
	flags.StringArrayVar(&f.only, "only", nil, "the images of these `SCRIPT`s (and the base) only; can be repeated")
	flags.BoolVar(&f.gui, "gui-scripts", false, "make images for gui_scripts too")
	flags.StringVar(&f.mirror, "mirror", "", "distro package mirror `URL` used for the build only; auto takes the host's")
	flags.StringVar(&f.lock, "lock", "", "`FILE` of the project that gives exact versions, or none (default: the first of pylock.toml, uv.lock, poetry.lock, pdm.lock, Pipfile.lock and a requirements.txt with hashes)")
	flags.StringArrayVar(&f.siblings, "sibling", nil, "use the project in `DIR`, a neighbour's checkout, in place of its release; can be repeated")
	flags.BoolVar(&f.noCache, "no-cache", false, "run every step again")
	flags.StringArrayVar(&f.again, "refresh", nil, "ask again for cached answers of `WHAT`: base,distro,python,git (default: all)")
	flags.Lookup("refresh").NoOptDefVal = refreshAll
	flags.BoolVar(&f.pull, "pull", false, "short for --refresh=base")
	flags.StringVar(&f.progress, "progress", "auto", "`MODE` of progress on stderr: auto, tty, plain, rawjson or quiet")
}

func (f *planFlags) options() images.Options {
	return images.Options{Prefix: f.prefix, Only: f.only, GUIScripts: f.gui, InitPath: f.initPath, InitFrom: f.initFrom}
}

// refreshAll is --refresh without a value.
const refreshAll = "base,distro,python,git"

// refresh is what --refresh and --pull say.
func (f *planFlags) refresh() (plan2llb.Refresh, error) {
	lists := slices.Clone(f.again)
	if f.pull {
		lists = append(lists, plan2llb.RefreshBase)
	}
	r, err := plan2llb.ParseRefresh(lists...)
	if err != nil {
		return nil, usagef("--refresh: %w", err)
	}
	return r, nil
}

// check plans without a base, so that mistakes that need none are found before an engine is started.
func (f *planFlags) check(in images.Input) error {
	in.Base.PackageManager = ""
	if _, err := images.New(in, f.options()); err != nil {
		return usageError{err}
	}
	location, err := naming.ParseLocation(f.base)
	if err != nil {
		return usagef("--base %w: use %s", err, baseForms)
	}
	if location.Transport == naming.Registry || location.Transport == naming.DockerDaemon {
		if _, err := naming.NormalizeRef(location.Name); err != nil {
			return usagef("--base %s: %w: write it as in %s", f.base, err, naming.Location{Transport: location.Transport, Name: "python:alpine"})
		}
	}
	if _, err := host.Mirror(f.mirror, bindep.Distro{}, ""); err != nil {
		return usageError{err}
	}
	if _, err := f.refresh(); err != nil {
		return err
	}
	if !slices.Contains([]string{"auto", "tty", "plain", "rawjson", "quiet"}, f.progress) {
		return usagef("--progress %s: use auto, tty, plain, rawjson or quiet", f.progress)
	}
	return nil
}

// operation is one command's use of an engine on one project.
type operation struct {
	*app
	flags planFlags
	projectInput
	// constraints are nil where no project is built.
	constraints *host.Constraints
	// check is what becomes of images that fail one.
	check   builder.CheckMode
	epoch   time.Time
	engine  *opened
	display *progress.Display
	run     *builder.Run
	source  builder.Source
}

// openOperation starts the engine for a project that was read and checked.
func (a *app) openOperation(ctx context.Context, command string, engine engineFlags, s operation) (*operation, error) {
	s.app = a
	var err error
	if s.epoch, err = a.epoch(); err != nil {
		return nil, err
	}
	mode := s.flags.progress
	if s.flags.quiet {
		mode = "quiet"
	}
	if s.display, err = progress.New(a.streams.Err, progress.Mode(mode)); err != nil {
		return nil, usagef("--progress %s: %w", mode, err)
	}
	engine.silent = s.flags.quiet
	if s.engine, err = a.openEngine(ctx, engine, describeCommand(command, s.dir), s.epoch); err != nil {
		return nil, errors.Join(err, s.display.Close())
	}
	return &s, nil
}

// endDisplay ends the display, so that what is written next stands below it.
func (s *operation) endDisplay() error {
	d := s.display
	s.display = nil
	if d == nil {
		return nil
	}
	return d.Close()
}

// close ends what is still open.
func (s *operation) close(ctx context.Context) error {
	var err error
	if s.run != nil {
		err = s.run.Close(ctx)
	}
	return errors.Join(s.endDisplay(), err, s.engine.close())
}

// probe opens the base and learns what it is.
func (s *operation) probe(ctx context.Context) (*builder.Run, error) {
	location, err := naming.ParseLocation(s.flags.base)
	if err != nil {
		return nil, usagef("--base %w: use %s", err, baseForms)
	}
	fromHost, warnings, err := host.Read(s.env, "")
	if err != nil {
		return nil, err
	}
	for _, w := range warnings {
		s.warn(w)
	}
	var neighbours []builder.SiblingSource
	if s.Project != nil {
		if !s.NoProject {
			s.source, err = s.openSource(s.dir, s.Input)
		}
		if err == nil {
			neighbours, err = s.siblingSources()
		}
		if err != nil {
			return nil, usageError{err}
		}
	}
	opts := s.onEngine(s.engine, location)
	if c := s.constraints; c != nil {
		fromHost.Constraints, fromHost.BuildConstraints, fromHost.DependencyConstraints, fromHost.ConstraintLines = c.Pip, c.Build, c.Requested, c.Lines
	}
	fromHost.Hidden = append(fromHost.Hidden, host.HiddenInURLs(s.flags.mirror)...)
	opts.Host, opts.Source, opts.Siblings = fromHost, s.source, neighbours
	opts.Mirror = func(base images.Base) (string, error) {
		mirror, err := host.Mirror(s.flags.mirror, base.Distro, "")
		if err != nil {
			return "", usageError{err}
		}
		return mirror, nil
	}
	opts.Plan, opts.Epoch, opts.NoCache, opts.Status = s.flags.options(), s.epoch, s.flags.noCache, s.display.Update
	opts.Check = s.check
	if d := s.Definition; d != nil {
		opts.Python = d.Python.Value
		for _, v := range d.BuildEnv {
			opts.BuildEnv = append(opts.BuildEnv, v.Name+"="+v.Value)
		}
		if d.Builder.IsSet() {
			if opts.Builder, err = naming.ParseLocation(d.Builder.Value); err != nil {
				return nil, usagef("%s: builder: %w", d.Builder.At, err)
			}
		}
	}
	if opts.Refresh, err = s.flags.refresh(); err != nil {
		return nil, err
	}
	if s.run, err = builder.Probe(ctx, s.engine, opts); err != nil || s.Project == nil {
		return s.run, s.placed(err, opts.Builder)
	}
	if err := checkPlatform(s.Definition, s.run.Base.Platform); err != nil {
		return s.run, err
	}
	folders, err := s.define(ctx, s.run.Base, s.flags.options())
	s.run.Offer(folders...)
	return s.run, err
}

// placed puts the place in front of an error that is about an image or interpreter which the definition names.
func (s *operation) placed(err error, other naming.Location) error {
	d := s.Definition
	var image *builder.BaseError
	if d == nil || !errors.As(err, &image) {
		return err
	}
	var none *builder.NoPythonError
	switch {
	case errors.As(err, &none) && d.Python.IsSet():
		return usagef("%s: python: %s: %w: name one that is there", d.Python.At, image.Location, none)
	case !image.Other && d.Base.Value == s.flags.base:
		return fmt.Errorf("%s: %w", d.Base.At, err)
	case image.Other && d.Builder.IsSet() && image.Location == other:
		return fmt.Errorf("%s: %w", d.Builder.At, err)
	}
	return err
}

// openSource opens what the wheel of a project is made from.
func (s *operation) openSource(dir string, in images.Input) (builder.Source, error) {
	source, err := builder.OpenSource(dir, in)
	for variable := range in.Version { // there is one at most
		err = builder.VersionOnly(err, dir, variable)
	}
	if err != nil || !in.VersionFromGit() {
		return source, err
	}
	warning, err := source.CheckVersion()
	if warning != "" {
		s.warn(warning)
	}
	return source, err
}

// sayWhatIsSent says how much of the project goes to the build.
func (s *operation) sayWhatIsSent(ctx context.Context) error {
	if s.flags.quiet || s.NoProject {
		return nil
	}
	sent, left, err := s.source.Sent(ctx)
	if err != nil {
		return err
	}
	s.note("%s", sent)
	if left != "" {
		s.note("%s", left)
	}
	return nil
}

// onEngine are the options that any use of an engine needs.
func (a *app) onEngine(o *opened, base naming.Location) builder.Options {
	return builder.Options{
		Base:     base,
		TempDir:  o.tempDir,
		Memory:   filepath.Join(a.stateDir(), "rootfs.json"),
		Images:   func(ctx context.Context) (builder.ImageStore, error) { return a.images(ctx, o) },
		OnImages: o.docker != nil,
	}
}

// distroOf is the distribution of a base image.
func (a *app) distroOf(ctx context.Context, base string) (distro bindep.Distro, err error) {
	flags := planFlags{base: base, quiet: true}
	s, err := a.openOperation(ctx, "bindep list", engineFlags{engine: engineAuto}, operation{flags: flags, projectInput: projectInput{dir: "."}})
	if err != nil {
		return bindep.Distro{}, err
	}
	defer func() { err = errors.Join(err, s.close(ctx)) }()
	run, err := s.probe(ctx)
	if err != nil {
		return bindep.Distro{}, err
	}
	return run.Base.Distro, nil
}
