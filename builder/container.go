package builder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

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

	running *running
}

// RunContainer runs the command of an image, which is opts.Base, in a container that goes with it, and returns the
// status it ended with. An error means that there is no such status. When ctx ends, the
// command gets SIGTERM where the engine can send it one (Docker 20.10 cannot) and ten seconds to end in; then it is
// killed with the container. The error is the cause of the end of ctx.
func RunContainer(ctx context.Context, solver Solver, opts Options, c Container) (status int, err error) {
	o := newOpener(opts)
	defer func() { err = errors.Join(err, o.close(ctx)) }()
	// The container goes with the session, which therefore outlives ctx.
	session, end := context.WithCancelCause(context.WithoutCancel(ctx))
	defer end(nil)
	c.running = &running{ended: make(chan struct{})}
	defer context.AfterFunc(ctx, func() {
		c.running.terminate(session)
		end(context.Cause(ctx))
	})()
	_, err = solver.Solve(session, Job{Stores: o.store.stores(), Status: opts.Status, Work: func(ctx context.Context, g gateway.Client) (*gateway.Result, error) {
		platform, _, err := abilities(g)
		if err != nil {
			return nil, err
		}
		base, err := o.image(ctx, g, platform, opts.Base, true)
		if err != nil {
			return nil, err
		}
		ref, err := evaluate(ctx, g, base.State)
		if err != nil {
			return nil, err
		}
		status, err = c.start(ctx, g, ref, base.Config)
		return gateway.NewResult(), err
	}})
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	return status, err
}

// termination is how long a command may take to end that was asked to.
const termination = 10 * time.Second

// release is how long an engine may take to end a container. Docker 20.10 does so at once, but says so in vain.
const release = 2 * time.Second

// running is a container and its process while it runs.
type running struct {
	mu        sync.Mutex
	container gateway.Container        // nil where there is none
	process   gateway.ContainerProcess // nil where there is none, or none that takes signals
	ended     chan struct{}
}

func (r *running) begin(c gateway.Container, p gateway.ContainerProcess) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.container, r.process = c, p
}

// terminate asks the process to end and waits until it has, and has the engine end the container. BuildKit 0.8
// does not do so with the session.
func (r *running) terminate(session context.Context) {
	r.mu.Lock()
	c, p := r.container, r.process
	r.mu.Unlock()
	if p != nil && p.Signal(session, syscall.SIGTERM) == nil {
		select {
		case <-r.ended:
		case <-time.After(termination):
		}
	}
	if c != nil {
		limited, cancel := context.WithTimeout(session, release)
		defer cancel()
		_ = c.Release(limited) // what cannot be released goes with the session, if at all
	}
}

func (c Container) start(ctx context.Context, g gateway.Client, root gateway.Reference, image plan2llb.Config) (int, error) {
	container, err := g.NewContainer(ctx, gateway.NewContainerRequest{
		Mounts: []gateway.Mount{{Dest: "/", MountType: pb.MountType_BIND, Ref: root}},
	})
	if err != nil {
		return 0, fmt.Errorf("making the container: %w", err)
	}
	defer func() { _ = container.Release(context.WithoutCancel(ctx)) }() // the engine releases it with the session, if not now
	c.running.begin(container, nil)
	config := image.Config
	argv := slices.Concat(config.Entrypoint, config.Cmd, c.Args)
	if len(argv) == 0 {
		return 0, errors.New("the image has no command")
	}
	request := gateway.StartRequest{
		Args: argv, Env: config.Env, User: userOf(ctx, root, config.User), Cwd: workdir(config.WorkingDir), Tty: c.Terminal,
		Stdin: readCloser{c.Stdin}, Stdout: writeCloser{c.Stdout}, Stderr: writeCloser{c.Stderr},
	}
	caps := g.BuildOpts().Caps
	signals := caps.Supports(gatewaypb.CapGatewayExecSignals) == nil
	// No ability says whether a command's end is told before that of its stdin. Docker 26 has signals and does not tell,
	// BuildKit 0.33 does; this ability came in between, late enough.
	tellsEnd := caps.Supports(gatewaypb.CapSourceMetaResolverImageAttestations) == nil
	start := container.Start
	if !tellsEnd && !c.Terminal && !endsByItself(c.Stdin) {
		start = func(ctx context.Context, r gateway.StartRequest) (gateway.ContainerProcess, error) {
			return startEnding(ctx, container, r)
		}
	}
	process, err := start(ctx, request)
	if err != nil {
		return 0, fmt.Errorf("starting %s: %w", argv, err)
	}
	if signals {
		c.running.begin(container, process)
	}
	done := c.running.ended
	defer close(done)
	go func() {
		for {
			select {
			case size := <-c.Resizes:
				_ = process.Resize(ctx, size) // a wrong size is no reason to end a script
			case <-done:
				return
			}
		}
	}()
	err = process.Wait()
	var exit *gatewaypb.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode < gatewaypb.UnknownExitStatus:
		return int(exit.ExitCode), nil
	case err != nil && strings.Contains(err.Error(), "exit code: 255"): // the number stands for an unknown status as well; older engines send no more than text
		return 255, nil
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
