package cli

import (
	"context"
	"errors"
	"os"
	"runtime"
	"time"

	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/pbrx-go/pbrx-go/builder"
	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/images/layout"
)

// runName is the command whose exit codes are the script's.
const runName = "run"

type runOptions struct {
	engineFlags
	output string
	prefix string
	tag    string
}

func newRun(a *app) *cobra.Command {
	o := &runOptions{}
	cmd := &cobra.Command{
		Use:   runName + " SCRIPT [ARG…]",
		Short: "Run a built image's script in a throw-away container",
		Long: `Runs the image of one console script in a container that goes when the script ends. All after
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
	cmd.Flags().StringVar(&o.output, "output", "", "where the images are: oci:`DIR` (default: the user's image store)")
	cmd.Flags().StringVar(&o.prefix, "prefix", "", "`PREFIX` of the image's name")
	cmd.Flags().StringVarP(&o.tag, "tag", "t", "latest", "`TAG` of the image")
	cmd.Flags().SetInterspersed(false)
	return cmd
}

func (a *app) runScript(ctx context.Context, o *runOptions, script string, args []string) (status int, err error) {
	dir := a.imageStore()
	if o.output != "" {
		location, err := images.ParseLocation(o.output)
		if err != nil {
			return 0, usagef("--output %w", err)
		}
		if location.Transport != images.OCILayout {
			return 0, usagef("--output %s: this version runs images of OCI layouts only: use oci:DIR", o.output)
		}
		dir = location.Name
	}
	name, err := images.ImageName(script)
	if err != nil {
		return 0, usageError{err}
	}
	if o.prefix != "" {
		name = o.prefix + "/" + name
	}
	image, err := layout.Find(dir, name+":"+o.tag, runtime.GOOS+"/"+runtime.GOARCH)
	if err != nil {
		return 0, usagef("%w: build it first with `pbrx-go build-images`", err)
	}
	if o.engine == "auto" {
		o.engine = "embedded" // which engine runs a script is no news
	}
	e, err := a.openEngine(ctx, o.engineFlags, "pbrx-go run "+script, time.Unix(0, 0))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, e.close()) }()
	c := builder.Container{Layout: dir, Image: image, Args: args, Stdin: a.streams.In, Stdout: a.streams.Out, Stderr: a.streams.Err}
	restore, err := a.terminal(&c)
	if err != nil {
		return 0, err
	}
	defer restore()
	return builder.RunContainer(ctx, e, c)
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
