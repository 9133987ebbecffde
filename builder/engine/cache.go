package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/moby/buildkit/client"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
)

// cacheEntries are copies of entries: the client writes into the attributes what it finds out.
func cacheEntries(entries []client.CacheOptionsEntry) []client.CacheOptionsEntry {
	var out []client.CacheOptionsEntry
	for _, e := range entries {
		out = append(out, client.CacheOptionsEntry{Type: e.Type, Attrs: maps.Clone(e.Attrs)})
	}
	return out
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
