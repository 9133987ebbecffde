package cli

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/pbrx-go/pbrx-go/bindep"
	"github.com/pbrx-go/pbrx-go/builder"
	"github.com/pbrx-go/pbrx-go/builder/host"
	"github.com/pbrx-go/pbrx-go/builder/progress"
	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// planFlags are the flags that decide what is built; build-images and plan share them.
type planFlags struct {
	base     string
	prefix   string
	only     []string
	mirror   string
	initPath string
	noCache  bool
	progress string
}

func (f *planFlags) bind(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.base, "base", "docker://python:alpine", "base image `REF`: docker://NAME, oci:DIR[:REF] or rootfs:FILE|DIR")
	flags.StringVar(&f.prefix, "prefix", "", "put `PREFIX` before every image name: registry, namespace")
	flags.StringArrayVar(&f.only, "only", nil, "the images of these `SCRIPT`s (and the base) only; can be repeated")
	flags.StringVar(&f.mirror, "mirror", "", "distro package mirror `URL` used for the build only; auto takes the host's")
	flags.StringVar(&f.initPath, "init-path", "", "`PATH` of the init put before every command, or none (default: dumb-init, tini or catatonit of the distribution)")
	flags.BoolVar(&f.noCache, "no-cache", false, "run every step again")
	flags.StringVar(&f.progress, "progress", "auto", "`MODE` of progress on stderr: auto, tty, plain, rawjson or quiet")
}

func (f *planFlags) options() images.Options {
	return images.Options{Prefix: f.prefix, Only: f.only, InitPath: f.initPath}
}

// check plans without a base, so that mistakes that need none are found before an engine is started.
func (f *planFlags) check(in images.Input) error {
	in.Base.PackageManager = ""
	if _, err := images.New(in, f.options()); err != nil {
		return usageError{err}
	}
	location, err := images.ParseLocation(f.base)
	if err != nil {
		return usagef("--base %w", err)
	}
	switch location.Transport {
	case images.Registry:
		if _, err := images.NormalizeRef(location.Name); err != nil {
			return usagef("--base %s: %w: write it as in docker://python:alpine", f.base, err)
		}
	case images.OCILayout, images.RootFS:
	default:
		return usagef("--base %s: this version takes no base from %s: use docker://NAME, oci:DIR[:REF] or rootfs:FILE|DIR", f.base, location.Transport)
	}
	if _, err := host.Mirror(f.mirror, bindep.Distro{}, ""); err != nil {
		return usageError{err}
	}
	if !slices.Contains([]string{"auto", "tty", "plain", "rawjson", "quiet"}, f.progress) {
		return usagef("--progress %s: use auto, tty, plain, rawjson or quiet", f.progress)
	}
	return nil
}

// display is the progress display of a command; quiet shows nothing.
func (a *app) display(mode string, quiet bool) (*progress.Display, error) {
	if quiet {
		mode = "quiet"
	}
	d, err := progress.New(a.streams.Err, progress.Mode(mode))
	if err != nil {
		return nil, usagef("--progress %s: %w: use auto where stderr may be no terminal", mode, err)
	}
	return d, nil
}

// probe opens the base and learns what it is.
func (a *app) probe(ctx context.Context, e *opened, f planFlags, d *progress.Display, dir string, project *setupcfg.Project, epoch time.Time) (*builder.Run, error) {
	location, err := images.ParseLocation(f.base)
	if err != nil {
		return nil, usagef("--base %w", err)
	}
	fromHost, warnings, err := host.Read(a.env, "")
	if err != nil {
		return nil, err
	}
	for _, w := range warnings {
		a.warn("%s", w)
	}
	options := builder.Options{
		Base:    location,
		TempDir: e.tempDir,
		Memory:  filepath.Join(a.stateDir(), "rootfs.json"),
		Host:    fromHost,
		Mirror: func(base images.Base) (string, error) {
			mirror, err := host.Mirror(f.mirror, base.Distro, "")
			if err != nil {
				return "", usageError{err}
			}
			return mirror, nil
		},
		Plan:    f.options(),
		Epoch:   epoch,
		NoCache: f.noCache,
		Status:  d.Update,
	}
	if project != nil {
		if options.Source, err = builder.OpenSource(dir, project.NeedsGit); err != nil {
			return nil, usageError{err}
		}
	}
	return builder.Probe(ctx, e, options)
}

// stagingDir is where the blobs of images wait until all of them are good.
func stagingDir(e *opened) (string, error) { return os.MkdirTemp(e.tempDir, "images-*") }
