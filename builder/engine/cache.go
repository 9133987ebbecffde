package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/moby/buildkit/client"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pbrx-go/pbrx-go/builder"
)

// cacheEntries are copies of entries: the client writes into the attributes what it finds out.
func cacheEntries(entries []client.CacheOptionsEntry) []client.CacheOptionsEntry {
	var out []client.CacheOptionsEntry
	for _, e := range entries {
		out = append(out, client.CacheOptionsEntry{Type: e.Type, Attrs: maps.Clone(e.Attrs)})
	}
	return out
}

// cacheImports are the entries that can be looked into: BuildKit's client would make the folder of a cache that is not there.
func cacheImports(entries []client.CacheOptionsEntry) []client.CacheOptionsEntry {
	return slices.DeleteFunc(cacheEntries(entries), func(e client.CacheOptionsEntry) bool {
		if e.Type != "local" {
			return false
		}
		_, err := os.Stat(filepath.Join(e.Attrs["src"], v1.ImageIndexFile))
		return err != nil
	})
}

// exportCaches exports to one cache after the other. In one solve BuildKit's client would write the manifest
// of whichever was the last into the index of every folder, and each has its own.
func (e *Engine) exportCaches(ctx context.Context, job builder.Job) error {
	for _, to := range e.CacheTo {
		one := *e
		one.CacheTo = []client.CacheOptionsEntry{to}
		if _, err := one.Solve(ctx, job); err != nil {
			return err
		}
	}
	return nil
}

// importing is a gateway client whose every solve looks into the caches that the session was opened
// with: the gateway leaves that to whoever solves through it.
type importing struct {
	gateway.Client
	imports []gateway.CacheOptionsEntry
}

func newImporting(c gateway.Client) (gateway.Client, error) {
	raw, ok := c.BuildOpts().Opts["cache-imports"]
	if !ok {
		return c, nil
	}
	i := importing{Client: c}
	if err := json.Unmarshal([]byte(raw), &i.imports); err != nil {
		return nil, fmt.Errorf("reading which caches there are: %w", err)
	}
	return i, nil
}

// Solve adds the caches.
func (i importing) Solve(ctx context.Context, req gateway.SolveRequest) (*gateway.Result, error) {
	req.CacheImports = append(req.CacheImports, i.imports...)
	return i.Client.Solve(ctx, req)
}
