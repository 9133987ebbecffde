package builder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"syscall"

	gateway "github.com/moby/buildkit/frontend/gateway/client"
	gatewaypb "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver/pb"

	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
)

// Container is what runs in a throw-away container.
type Container struct {
	// Args are put behind the image's own command.
	Args           []string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Terminal says that the streams are one; Resizes tells its size, first of all and when it changes.
	Terminal bool
	Resizes  <-chan gateway.WinSize
}

// RunContainer runs the command of an image, which is opts.Base, in a container that goes with it, and returns the
// status it ended with. An error means that there is no such status. When ctx ends, the
// command gets SIGTERM, and is killed with the container.
func RunContainer(ctx context.Context, solver Solver, opts Options, c Container) (status int, err error) {
	stores := lateStores{}
	var base *BaseImage
	defer func() {
		if base != nil {
			err = errors.Join(err, base.close(ctx))
		}
	}()
	_, err = solver.Solve(ctx, Job{Stores: stores.stores(), Status: opts.Status, Work: func(ctx context.Context, g gateway.Client) (*gateway.Result, error) {
		platform, _, err := abilities(g)
		if err != nil {
			return nil, err
		}
		if base, err = openBase(ctx, opts, platform, g); err != nil {
			return nil, err
		}
		stores.set(base.Stores[storeName])
		ref, err := evaluate(ctx, g, base.State)
		if err != nil {
			return nil, err
		}
		status, err = c.start(ctx, g, ref, base.Config)
		return gateway.NewResult(), err
	}})
	return status, err
}

func (c Container) start(ctx context.Context, g gateway.Client, root gateway.Reference, image plan2llb.Config) (int, error) {
	container, err := g.NewContainer(ctx, gateway.NewContainerRequest{
		Mounts: []gateway.Mount{{Dest: "/", MountType: pb.MountType_BIND, Ref: root}},
	})
	if err != nil {
		return 0, fmt.Errorf("making the container: %w", err)
	}
	defer func() { _ = container.Release(context.WithoutCancel(ctx)) }() // the engine releases it with the session, if not now
	config := image.Config
	argv := slices.Concat(config.Entrypoint, config.Cmd, c.Args)
	if len(argv) == 0 {
		return 0, errors.New("the image has no command")
	}
	process, err := container.Start(ctx, gateway.StartRequest{
		Args: argv, Env: config.Env, User: userOf(ctx, root, config.User), Cwd: workdir(config.WorkingDir), Tty: c.Terminal,
		Stdin: readCloser{c.Stdin}, Stdout: writeCloser{c.Stdout}, Stderr: writeCloser{c.Stderr},
	})
	if err != nil {
		return 0, fmt.Errorf("starting %s: %w", argv, err)
	}
	done := make(chan struct{})
	defer close(done)
	go func() {
		for {
			select {
			case size := <-c.Resizes:
				_ = process.Resize(ctx, size) // a wrong size is no reason to end a script
			case <-ctx.Done():
				_ = process.Signal(context.WithoutCancel(ctx), syscall.SIGTERM) // it may be gone already
				return
			case <-done:
				return
			}
		}
	}()
	err = process.Wait()
	var exit *gatewaypb.ExitError
	if errors.As(err, &exit) && exit.ExitCode < gatewaypb.UnknownExitStatus {
		return int(exit.ExitCode), nil
	}
	return 0, err
}

// userOf is the user to run as. BuildKit 0.8 looks for a number without a group in /etc/passwd, which an
// image need not have; where there is none, the group is 0.
func userOf(ctx context.Context, root gateway.Reference, user string) string {
	if _, err := strconv.ParseUint(user, 10, 32); err != nil {
		return user
	}
	if _, err := root.StatFile(ctx, gateway.StatRequest{Path: "/etc/passwd"}); err == nil {
		return user
	}
	return user + ":0"
}

func workdir(dir string) string {
	if dir == "" {
		return "/"
	}
	return dir
}

type readCloser struct{ io.Reader }

func (readCloser) Close() error { return nil }

type writeCloser struct{ io.Writer }

func (writeCloser) Close() error { return nil }
