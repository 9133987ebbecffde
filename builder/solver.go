package builder

import (
	"context"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/moby/buildkit/client"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/tonistiigi/fsutil"
)

// Solver is an engine.
type Solver interface {
	// Solve runs one job in a session of its own and returns when it is done. It
	// returns the descriptor of the manifest when the job exports an image, and
	// nothing otherwise. An error is either the job's own (Work failed), or one that
	// errors.As finds an *EngineError in: then the engine is at fault, not the project.
	Solve(ctx context.Context, job Job) (*v1.Descriptor, error)
}

// Job is what an engine is asked to do in one session.
type Job struct {
	// Locals are the folders that the job may read, by the name of the local source.
	Locals map[string]fsutil.FS
	// Stores are content stores that base images are read from, by their name.
	Stores map[string]content.Store
	// Secrets are the bytes behind secret mounts, by name. Steps see them, nothing keeps them.
	Secrets map[string][]byte
	// Work defines and solves; what it returns is exported.
	Work func(context.Context, gateway.Client) (*gateway.Result, error)
	// Export takes the blobs of the image in the OCI format; nil exports nothing.
	Export content.Store
	// Status is told of everything that happens, one call at a time; it may be nil.
	Status func(*client.SolveStatus)
}

// EngineError says that the surroundings failed: the engine, its disk, a registry.
type EngineError struct {
	// Doing is what was being done.
	Doing string
	Err   error
	// Hint is what to do about it.
	Hint string
}

// Error says what failed and what to do.
func (e *EngineError) Error() string {
	s := e.Doing + ": " + e.Err.Error()
	if e.Hint != "" {
		s += ": " + e.Hint
	}
	return s
}

// Unwrap is the cause.
func (e *EngineError) Unwrap() error { return e.Err }
