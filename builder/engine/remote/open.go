package remote

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/client/connhelper"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
)

// Options say how a buildkitd is reached.
type Options struct {
	// TLSDir holds ca.pem, cert.pem and key.pem for tcp, as buildctl --tlsdir has them (ca.crt, tls.crt and tls.key
	// as Kubernetes names them will do); empty: plain text.
	TLSDir string
	// Timeout is how long the engine may take to answer; 0: 10 seconds, or 30 where a program has to be started on the other side.
	Timeout time.Duration
}

// Open connects to the buildkitd at address (see [Check]) and asks it what it can do. The caller closes the
// client. A wrong address is the error of Check; an engine that cannot be used is an *[Unavailable]; a context that ends is its cause.
func Open(ctx context.Context, address string, o Options) (*client.Client, error) {
	u, s, err := parse(address)
	if err != nil {
		return nil, err
	}
	if o.TLSDir != "" && s.name != "tcp" {
		return nil, fmt.Errorf("%q: TLS files are for tcp:// only: leave them out, such a connection is made otherwise", address)
	}
	limit := o.Timeout
	if limit == 0 {
		limit = s.limit
	}
	d := &diagnosis{}
	opts, err := dialOptions(u, s, o, d)
	if err != nil {
		return nil, &Unavailable{Address: address, Err: err, Hint: "give a folder with ca.pem, cert.pem and key.pem to --engine-tls"}
	}
	c, err := client.New(ctx, address, opts...)
	if err != nil {
		return nil, &Unavailable{Address: address, Err: err, Hint: hint(s, u)}
	}
	err = ask(ctx, c, limit)
	if err == nil {
		d.stop()
		return c, nil
	}
	reason, remedy := d.explain(err, u, s, o)
	closeErr := c.Close() // ends the program that carries the connection
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return nil, &Unavailable{Address: address, Err: errors.Join(reason, closeErr), Hint: remedy}
}

var (
	errSilent   = errors.New("no answer")
	errNoWorker = errors.New("it has no worker")
)

// ask makes sure that there is a buildkitd that can work.
func ask(ctx context.Context, c *client.Client, limit time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errSilent)
	defer cancel()
	workers, err := c.ListWorkers(ctx)
	switch {
	case errors.Is(context.Cause(ctx), errSilent):
		return fmt.Errorf("%w within %s", errSilent, limit)
	case err != nil:
		return err
	case len(workers) == 0:
		return errNoWorker
	}
	return nil
}

// dialOptions make a client dial as the scheme wants, and d hear of what goes wrong.
func dialOptions(u *url.URL, s scheme, o Options, d *diagnosis) ([]client.ClientOpt, error) {
	var dial func(ctx context.Context, addr string) (net.Conn, error)
	switch s.name {
	case "unix", "tcp":
		network, to := s.name, u.Host
		if s.name == "unix" {
			to = u.Path
		}
		dial = func(ctx context.Context, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, to)
		}
	default:
		helper, err := connhelper.GetConnectionHelper(u.String())
		if err != nil {
			return nil, err
		}
		dial = helper.ContextDialer
	}
	// gRPC would give a connection up after 20 seconds; how long is long is ours to say.
	patience := client.WithGRPCDialOption(grpc.WithConnectParams(grpc.ConnectParams{Backoff: backoff.DefaultConfig, MinConnectTimeout: time.Hour}))
	if o.TLSDir == "" {
		return []client.ClientOpt{patience, client.WithContextDialer(d.dialer(dial, true))}, nil
	}
	creds, err := loadTLS(o.TLSDir)
	if err != nil {
		return nil, err
	}
	return []client.ClientOpt{
		patience,
		client.WithContextDialer(d.dialer(dial, false)),
		client.WithGRPCDialOption(grpc.WithTransportCredentials(&heardCredentials{TransportCredentials: creds, diagnosis: d})),
	}, nil
}
