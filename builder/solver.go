package builder

import (
	"context"
	"io"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/moby/buildkit/client"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/tonistiigi/fsutil"

	"github.com/pbrx-go/pbrx-go/images/layout"
)

// Solver is an engine.
type Solver interface {
	// Solve runs one job in a session of its own and returns when it is done. It
	// returns the descriptor of the manifest when the job exports an image, one with the image's ID
	// as digest when the engine keeps it, and nothing otherwise. An error is either the job's own (Work failed), or one that
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
	// Keep has the engine keep the image in its own image store, under no name: for engines that have one.
	Keep bool
	// ExportCache sends what was solved, with every step below it, to where the engine exports its layer cache.
	ExportCache bool
	// HostNetwork asks the engine to let steps use the host's network.
	HostNetwork bool
	// Status is told of everything that happens, one call at a time; it may be nil.
	Status func(*client.SolveStatus)
}

// ImageStore is the images that Docker Engine has. References are names or image IDs.
type ImageStore interface { //nolint:interfacebloat // it is one thing, and nobody needs a part of it
	// Load takes in a docker-archive.
	Load(ctx context.Context, archive io.Reader) error
	// Save writes images as a docker-archive.
	Save(ctx context.Context, refs []string) (io.ReadCloser, error)
	// Image describes an image: its digest is the image ID, or the manifest's where there is one. Its layers have
	// the digests of what is in them, uncompressed.
	Image(ctx context.Context, ref string) (*layout.Image, error)
	// Tag gives an image a name.
	Tag(ctx context.Context, ref, name string) error
	// Untag takes a name away, and the image with its last one. A name that is not there is no error.
	Untag(ctx context.Context, name string) error
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
