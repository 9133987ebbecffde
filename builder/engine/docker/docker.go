package docker

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/docker/cli/cli/connhelper"
	"github.com/docker/docker/client"
	buildkit "github.com/moby/buildkit/client"
	_ "github.com/moby/buildkit/util/grpcutil/encoding/proto" // the codec of BuildKit's messages
)

const (
	// openLimit is how long an engine may take to answer all that opening it asks.
	openLimit = 10 * time.Second
	// snapshotterLabel is what BuildKit's worker has in an engine with the containerd image store.
	snapshotterLabel = "org.mobyproject.buildkit.worker.snapshotter"
)

// Daemon is a Docker Engine with a BuildKit. Its methods may be called concurrently.
type Daemon struct {
	api        *client.Client
	buildkit   *buildkit.Client
	containerd bool
	version    string
}

// Open connects to a Docker Engine and sees that its BuildKit answers. The errors are
// *[Unavailable], or the cause of the end of ctx; nothing stays open after one.
func Open(ctx context.Context, e Endpoint) (*Daemon, error) {
	return e.open(ctx, openLimit)
}

func (e Endpoint) open(ctx context.Context, limit time.Duration) (_ *Daemon, err error) {
	api, err := e.client()
	if err != nil {
		return nil, e.unavailable(ctx, Other, err)
	}
	d := &Daemon{api: api}
	defer func() {
		if err != nil {
			d.Close()
		}
	}()
	limited, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("no answer within %s", limit))
	defer cancel()
	if reason, err := d.probe(limited, e); err != nil {
		if limited.Err() != nil {
			reason, err = Other, context.Cause(limited)
		}
		err = e.unavailable(ctx, reason, err)
		var u *Unavailable
		if reason == NoBuildKit && errors.As(err, &u) {
			u.Server = podman(limited, e, api)
		}
		return nil, err
	}
	return d, nil
}

// client is an API client that has not connected yet.
func (e Endpoint) client() (*client.Client, error) {
	helper, err := connhelper.GetConnectionHelper(e.Host)
	if err != nil {
		return nil, err
	}
	options := []client.Opt{client.WithVersion(e.apiVersion), client.WithAPIVersionNegotiation()}
	switch {
	case helper != nil:
		transport := &http.Transport{DialContext: helper.Dialer}
		options = append(options, client.WithHTTPClient(&http.Client{Transport: transport}),
			client.WithHost(helper.Host), client.WithDialContext(helper.Dialer))
	case e.tls != nil:
		transport := &http.Transport{TLSClientConfig: e.tls}
		options = append(options, client.WithHTTPClient(&http.Client{Transport: transport, CheckRedirect: client.CheckRedirect}),
			client.WithHost(e.Host))
	default:
		options = append(options, client.WithHost(e.Host))
	}
	return client.NewClientWithOpts(options...)
}

// dial connects as the API's client does, which hides what the system says about a socket, and
// does not know when to give up a TLS handshake.
func (e Endpoint) dial(ctx context.Context, api *client.Client) (net.Conn, error) {
	if e.tls == nil {
		return api.Dialer()(ctx)
	}
	url, err := client.ParseHostURL(e.Host)
	if err != nil {
		return nil, err
	}
	return (&tls.Dialer{Config: e.tls}).DialContext(ctx, "tcp", url.Host)
}

// probe connects step by step, so that each failure has its own reason.
func (d *Daemon) probe(ctx context.Context, e Endpoint) (Reason, error) {
	conn, err := e.dial(ctx, d.api)
	if err != nil {
		return dialReason(err), err
	}
	conn.Close()
	if _, err := d.api.Ping(ctx); err != nil {
		return Other, err
	}
	if version, err := d.api.ServerVersion(ctx); err == nil { // only to be shown: without it, all works
		d.version = version.Version
	}
	conn, err = d.api.DialHijack(ctx, "/grpc", "h2c", nil)
	if err != nil {
		return NoBuildKit, fmt.Errorf("/grpc: %w", err)
	}
	conn.Close()
	d.buildkit, err = buildkit.New(ctx, "",
		buildkit.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return d.api.DialHijack(ctx, "/grpc", "h2c", nil)
		}),
		buildkit.WithSessionDialer(func(ctx context.Context, proto string, meta map[string][]string) (net.Conn, error) {
			return d.api.DialHijack(ctx, "/session", proto, meta)
		}))
	if err != nil {
		return Other, err
	}
	workers, err := d.buildkit.ListWorkers(ctx)
	if err != nil {
		return NoBuildKit, err
	}
	if len(workers) == 0 {
		return NoBuildKit, errors.New("it has no worker")
	}
	_, d.containerd = workers[0].Labels[snapshotterLabel]
	return 0, nil
}

// podman is "Podman VERSION" when that is what answers, else empty. Its headers say so, which the
// API's client does not show.
func podman(ctx context.Context, e Endpoint, api *client.Client) string {
	conn, err := e.dial(ctx, api)
	if err != nil {
		return ""
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline) // without one, the answer is waited for as long as it takes
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://docker/_ping", nil)
	if err != nil || req.Write(conn) != nil {
		return ""
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), req)
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	server := resp.Header.Get("Server")
	if resp.Header.Get("Libpod-Api-Version") == "" && !strings.HasPrefix(server, "Libpod/") {
		return ""
	}
	// Libpod/4.3.1 (linux)
	release, _, _ := strings.Cut(strings.TrimPrefix(server, "Libpod/"), " ")
	return strings.TrimSpace("Podman " + release)
}

// Client is the engine's BuildKit. It ends with the Daemon.
func (d *Daemon) Client() *buildkit.Client { return d.buildkit }

// Containerd says whether images are kept in containerd's store.
func (d *Daemon) Containerd() bool { return d.containerd }

// Version is what the engine says of itself, for people; it decides nothing.
func (d *Daemon) Version() string { return d.version }

// Close ends the connections.
func (d *Daemon) Close() error {
	var err error
	if d.buildkit != nil {
		err = d.buildkit.Close()
	}
	return errors.Join(err, d.api.Close())
}
