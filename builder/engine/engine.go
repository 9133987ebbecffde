// Package engine is the one way in which every engine is asked to solve: a BuildKit
// client, whoever opened it, behind builder.Solver. The packages below it only open
// such clients (embedded: our own binary as a child process).
package engine

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/session/secrets/secretsprovider"
	"github.com/moby/buildkit/util/entitlements"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pbrx-go/pbrx-go/builder"
)

// Engine is a BuildKit client as a builder.Solver.
type Engine struct {
	// Client talks to the engine.
	Client *client.Client
	// Attachables are offered in every session beside a job's own: credentials for registries.
	Attachables []session.Attachable
	// Compression is how exported layers are compressed: uncompressed, gzip or zstd.
	Compression string
	// SharedKey names the project, so that the engine recognises its files from one session to the next.
	SharedKey string
	// Epoch is the time, in seconds since 1970, that exported images are said to be made.
	Epoch string
	// CacheFrom and CacheTo are where results of steps are looked for beside the engine's own cache,
	// and where jobs that export theirs put them.
	CacheFrom, CacheTo []client.CacheOptionsEntry
	// KeepCompression is Compression for images that the engine keeps itself; empty where it has no choice.
	KeepCompression string
}

var _ builder.Solver = (*Engine)(nil)

// Solve runs a job in a session of its own.
func (e *Engine) Solve(ctx context.Context, job builder.Job) (*v1.Descriptor, error) {
	return patiently(ctx, func() (*v1.Descriptor, error) { return e.solve(ctx, job) })
}

// patiently does something again when the engine says that it does not know its own job: older BuildKits (0.8 to 0.12
// at least) give themselves three seconds to begin with a job, and on a machine with much to do that is not enough.
// Nothing of the job has run then.
func patiently(ctx context.Context, solve func() (*v1.Descriptor, error)) (*v1.Descriptor, error) {
	for attempt := 1; ; attempt++ {
		d, err := solve()
		if err == nil || attempt == 3 || ctx.Err() != nil || !strings.Contains(err.Error(), "no such job") {
			return d, err
		}
	}
}

func (e *Engine) solve(ctx context.Context, job builder.Job) (*v1.Descriptor, error) {
	if job.ExportCache && len(e.CacheTo) > 1 {
		return nil, e.exportCaches(ctx, job)
	}
	opt := client.SolveOpt{
		LocalMounts:   job.Locals,
		OCIStores:     maps.Clone(job.Stores),
		SharedKey:     e.SharedKey,
		Session:       append([]session.Attachable{secretsprovider.FromMap(job.Secrets)}, e.Attachables...),
		FrontendAttrs: map[string]string{"build-arg:SOURCE_DATE_EPOCH": e.Epoch},
		CacheImports:  cacheImports(e.CacheFrom),
	}
	if job.HostNetwork {
		opt.AllowedEntitlements = []string{entitlements.EntitlementNetworkHost.String()}
	}
	if job.ExportCache {
		opt.CacheExports = cacheEntries(e.CacheTo)
	}
	if job.Keep {
		entry := client.ExportEntry{Type: "moby", Attrs: map[string]string{}}
		if e.KeepCompression != "" {
			entry.Attrs["compression"] = e.KeepCompression
		}
		opt.Exports = []client.ExportEntry{entry}
	}
	if job.Export != nil {
		opt.Exports = []client.ExportEntry{{
			Type:        client.ExporterOCI,
			OutputStore: job.Export,
			Attrs:       map[string]string{"tar": "false", "compression": e.Compression, "oci-mediatypes": "true"},
		}}
	}
	status := make(chan *client.SolveStatus)
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		for s := range status {
			if job.Status != nil {
				job.Status(s)
			}
		}
	}()
	// The error of Work is kept apart: through the engine and back it would lose its type.
	var workErr error
	resp, err := e.Client.Build(ctx, opt, "pbrx-go", func(ctx context.Context, c gateway.Client) (*gateway.Result, error) {
		c, err := newImporting(c)
		if err != nil {
			return nil, err
		}
		res, err := job.Work(ctx, c)
		workErr = err
		return res, err
	}, status)
	<-drained
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case workErr != nil:
		return nil, workErr
	case err != nil:
		return nil, &builder.EngineError{Doing: "asking the engine", Err: err}
	case job.Keep:
		return kept(resp.ExporterResponse)
	case job.Export == nil:
		return nil, nil
	}
	return descriptor(resp.ExporterResponse)
}

// kept reads the image ID out of what Docker Engine's own exporter answered.
func kept(response map[string]string) (*v1.Descriptor, error) {
	d, err := digest.Parse(response[exptypes.ExporterImageDigestKey])
	if err != nil {
		return nil, fmt.Errorf("reading the exporter's answer: %w", err)
	}
	return &v1.Descriptor{Digest: d}, nil
}

// descriptor reads the manifest's descriptor out of what the exporter answered.
func descriptor(response map[string]string) (*v1.Descriptor, error) {
	raw, err := base64.StdEncoding.DecodeString(response[exptypes.ExporterImageDescriptorKey])
	if err != nil {
		return nil, fmt.Errorf("reading the exporter's answer: %w", err)
	}
	var d v1.Descriptor
	if err := json.Unmarshal(raw, &d); err != nil {
		return nil, fmt.Errorf("reading the exporter's answer: %w", err)
	}
	return &d, nil
}
