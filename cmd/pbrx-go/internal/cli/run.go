package cli

import (
	"cmp"
	"context"
	"errors"
	"os"
	"time"

	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/pbrx-go/pbrx-go/builder"
	"github.com/pbrx-go/pbrx-go/images/layout"
	"github.com/pbrx-go/pbrx-go/images/naming"
)

// runName is the command whose exit codes are the script's.
const runName = "run"

type runOptions struct {
	engineFlags
	output string
	prefix string
	tag    string
	// definition has the flags that say which configuration counts for prefix and tag.
	definition planFlags
}

func newRun(a *app) *cobra.Command {
	o := &runOptions{}
	cmd := &cobra.Command{
		Use:   runName + " SCRIPT [ARG…]",
		Short: "Run a built image's script in a throw-away container",
		Long: `Runs the image of one script in a container that goes when the script ends. All after
SCRIPT is the script's. Exits with the script's status, and with 125 for a failure of pbrx-go.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("run takes the name of a script, as in `pbrx-go run foo-manage --help`")
			}
			status, err := a.runScript(cmd.Context(), o, args[0], args[1:])
			if err != nil {
				return err
			}
			if status != 0 {
				return statusError{status}
			}
			return nil
		},
	}
	o.engineFlags.bind(cmd)
	cmd.Flags().StringVar(&o.output, "output", "", "where the images are: `DEST` is "+outputForms+" (default: where build-images puts them)")
	cmd.Flags().StringVar(&o.prefix, "prefix", "", "`PREFIX` of the image's name")
	cmd.Flags().StringVarP(&o.tag, "tag", "t", "", "`TAG` of the image (default: the releases, else latest)")
	o.definition.bindDefinition(cmd)
	cmd.Flags().SetInterspersed(false)
	return cmd
}

func (a *app) runScript(ctx context.Context, o *runOptions, script string, args []string) (status int, err error) {
	name, err := naming.ImageName(script)
	if err != nil {
		return 0, usageError{err}
	}
	if err := a.nameAsDefined(o); err != nil {
		return 0, err
	}
	at, err := o.location()
	if err != nil {
		return 0, err
	}
	if o.prefix != "" {
		name = o.prefix + "/" + name
	}
	name += ":" + o.tag
	if o.output != "" {
		at = named(at, name)
	}
	if onDisk(at) { // which needs no engine
		if err := a.haveBuilt(ctx, nil, at); err != nil {
			return 0, err
		}
	}
	o.silent = true // which engine runs a script is no news
	e, err := a.openEngine(ctx, o.engineFlags, "pbrx-go run "+script, time.Unix(0, 0))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, e.close()) }()
	switch {
	case o.output == "":
		at, err = a.built(ctx, e, name)
	case !onDisk(at):
		err = a.haveBuilt(ctx, e, at)
	}
	if err != nil {
		return 0, err
	}
	c := builder.Container{Args: args, Stdin: a.streams.In, Stdout: a.streams.Out, Stderr: a.streams.Err}
	restore, err := a.terminal(&c)
	if err != nil {
		return 0, err
	}
	defer restore()
	status, err = builder.RunContainer(ctx, e, a.onEngine(e, at), c)
	var missing *builder.BaseError
	if errors.As(err, &missing) { // which speaks of --base
		err = usagef("opening the image %s: %w: build it first with `pbrx-go build-images`, or say where it is with --output", missing.Location, missing.Err)
	}
	return status, err
}

// nameAsDefined takes the prefix and the tag from the configuration of the current directory, where no flag says otherwise.
func (a *app) nameAsDefined(o *runOptions) error {
	o.definition.quiet = true
	set, err := a.loadDefinition(".", &o.definition)
	if err != nil {
		return err
	}
	if set != nil {
		o.prefix = o.definition.prefix
	}
	o.tag = cmp.Or(o.tag, releaseTag(set))
	return nil
}

// location checks the flags that name the image, and is where --output says that it is.
func (o *runOptions) location() (naming.Location, error) {
	if err := naming.CheckPrefix(o.prefix); err != nil {
		return naming.Location{}, usagef("--prefix: %w", err)
	}
	if err := naming.CheckTag(o.tag); err != nil {
		return naming.Location{}, usagef("--tag: %w", err)
	}
	if o.output == "" {
		return naming.Location{}, nil
	}
	at, err := naming.ParseLocation(o.output)
	switch {
	case err != nil:
		return at, usagef("--output %w: use %s", err, outputForms)
	case at.Transport == naming.RootFS:
		return at, usagef("--output %s: no images are there: use %s", o.output, outputForms)
	case at != bare(at):
		return at, usagef("--output %s: the name comes from SCRIPT: use %s with --prefix and --tag", o.output, bare(at))
	}
	return at, nil
}

// onDisk says whether what is at a location can be seen without an engine.
func onDisk(at naming.Location) bool {
	return at.Transport == naming.OCILayout || at.Transport == naming.OCIArchive || at.Transport == naming.DockerArchive
}

// named is the image of a name, NAME:TAG, in a location that images are delivered to.
func named(at naming.Location, name string) naming.Location {
	if at.Transport == naming.Registry || at.Transport == naming.DockerDaemon {
		at.Name = name
	} else {
		at.Ref = name
	}
	return at
}

// built finds an image where builds put their images. name is NAME:TAG.
func (a *app) built(ctx context.Context, e *opened, name string) (naming.Location, error) {
	inStore := naming.Location{Transport: naming.OCILayout, Name: a.imageStore(), Ref: name}
	if e.docker == nil {
		return inStore, a.haveBuilt(ctx, e, inStore)
	}
	inDocker := naming.Location{Transport: naming.DockerDaemon, Name: name}
	err := a.haveBuilt(ctx, e, inDocker)
	if err != nil && a.haveBuilt(ctx, e, inStore) == nil { // built by another engine
		return inStore, nil
	}
	return inDocker, err
}

// haveBuilt says what to do where an image is not there. Registries, and archives that are there, are asked when they
// are opened. The engine is asked for images of Docker only.
func (a *app) haveBuilt(ctx context.Context, e *opened, at naming.Location) error {
	switch at.Transport {
	case naming.OCILayout:
		if _, err := layout.Find(at.Name, at.Ref, ""); err != nil {
			return usagef("%w: build it first with `pbrx-go build-images`", err)
		}
	case naming.OCIArchive, naming.DockerArchive:
		if _, err := os.Stat(at.Name); err != nil {
			return usagef("looking for the image in %s: %w: build it first with `pbrx-go build-images`", at, err)
		}
	case naming.DockerDaemon:
		store, err := a.images(ctx, e)
		if err != nil {
			return err
		}
		if _, err := store.Image(ctx, at.Name); err != nil {
			return usagef("%w: build it first with `pbrx-go build-images`", err)
		}
	default: // is asked when it is opened
	}
	return nil
}

// terminal hands the user's terminal to the script, if there is one: raw, so that keys reach the script
// as they are typed.
func (a *app) terminal(c *builder.Container) (restore func(), err error) {
	in, _ := a.streams.In.(*os.File)
	if !isTerminal(a.streams.In) || !isTerminal(a.streams.Out) {
		return func() {}, nil
	}
	fd := int(in.Fd())
	state, err := term.MakeRaw(fd)
	if err != nil {
		return nil, err
	}
	sizes := make(chan gateway.WinSize, 1)
	if width, height, err := term.GetSize(fd); err == nil {
		sizes <- gateway.WinSize{Rows: uint32(height), Cols: uint32(width)}
	}
	stop := notifyResize(func() {
		if width, height, err := term.GetSize(fd); err == nil {
			select {
			case sizes <- gateway.WinSize{Rows: uint32(height), Cols: uint32(width)}:
			default: // the last change is not taken yet; the next one will be
			}
		}
	})
	c.Terminal, c.Resizes = true, sizes
	return func() {
		stop()
		_ = term.Restore(fd, state) // nothing is left to do about it
	}, nil
}
