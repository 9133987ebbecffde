package enginetest

import (
	"context"

	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"
	apicapspb "github.com/moby/buildkit/util/apicaps/pb"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pbrx-go/pbrx-go/builder"
)

// mergeless is an engine that says it has neither Merge nor Diff, as Docker 20.10's does.
type mergeless struct{ builder.Solver }

// Solve has the job's work see less of the engine.
func (m mergeless) Solve(ctx context.Context, job builder.Job) (*v1.Descriptor, error) {
	work := job.Work
	job.Work = func(ctx context.Context, c gateway.Client) (*gateway.Result, error) {
		return work(ctx, mergelessClient{c})
	}
	return m.Solver.Solve(ctx, job)
}

type mergelessClient struct{ gateway.Client }

// BuildOpts leaves Merge and Diff out of what the engine can do.
func (c mergelessClient) BuildOpts() gateway.BuildOpts {
	opts := c.Client.BuildOpts()
	var kept []*apicapspb.APICap
	for _, one := range pb.Caps.All() {
		id := apicaps.CapID(one.ID)
		if opts.LLBCaps.Supports(id) == nil && id != pb.CapMergeOp && id != pb.CapDiffOp {
			kept = append(kept, one)
		}
	}
	opts.LLBCaps = pb.Caps.CapSet(kept)
	return opts
}
