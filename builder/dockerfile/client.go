package dockerfile

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	gatewaypb "github.com/moby/buildkit/frontend/gateway/pb"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/tonistiigi/fsutil/types"
)

// baseInput is what the base image is called between BuildKit's compiler and the client that it is given.
const baseInput = "base"

// client is what BuildKit's compiler takes for an engine. Only what it asks for is there; all else of the interface is nil.
type client struct {
	gateway.Client
	in Inputs
	// names are those under which the compiler asks for the base image.
	names []string
}

// BuildOpts are the options that BuildKit's own frontend would have been called with.
func (c *client) BuildOpts() gateway.BuildOpts {
	opts := map[string]string{}
	if len(c.names) > 0 {
		metadata, _ := json.Marshal(map[string][]byte{exptypes.ExporterImageConfigKey: c.in.Config}) // a map of bytes encodes
		opts["input-metadata:"+baseInput] = string(metadata)
	}
	for _, name := range c.names {
		opts["context:"+name] = "input:" + baseInput
	}
	if c.in.NoCache {
		opts["no-cache"] = ""
	}
	return gateway.BuildOpts{
		Opts:    opts,
		Workers: []gateway.WorkerInfo{{Platforms: []v1.Platform{c.in.Platform}}},
		LLBCaps: c.in.Caps,
		Caps:    gatewaypb.Caps.CapSet(nil), // none: the build context is a local source then
	}
}

// Inputs is the base image.
func (c *client) Inputs(context.Context) (map[string]llb.State, error) {
	return map[string]llb.State{baseInput: c.in.Base}, nil
}

// Solve answers the one question that the compiler has to files: what .dockerignore says.
func (c *client) Solve(context.Context, gateway.SolveRequest) (*gateway.Result, error) {
	result := gateway.NewResult()
	result.SetRef(&ignoreFile{data: c.in.Ignore})
	return result, nil
}

// Warn drops what BuildKit's linter says: it is of style.
func (c *client) Warn(context.Context, digest.Digest, string, gateway.WarnOpts) error { return nil }

// ignoreFile is a folder with .dockerignore.
type ignoreFile struct {
	gateway.Reference
	data []byte
}

// ReadFile is the file.
func (f *ignoreFile) ReadFile(context.Context, gateway.ReadRequest) ([]byte, error) {
	return f.data, nil
}

// StatFile says its size.
func (f *ignoreFile) StatFile(context.Context, gateway.StatRequest) (*types.Stat, error) {
	return &types.Stat{Size: int64(len(f.data))}, nil
}

// supposed answers for every image as if it were there, and remembers which it was asked for.
type supposed struct {
	mu    sync.Mutex
	asked []string
}

// ResolveImageConfig answers with the configuration of an image that has one layer.
func (s *supposed) ResolveImageConfig(_ context.Context, ref string, opt sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(s.asked, ref) {
		s.asked = append(s.asked, ref)
	}
	image := dockerspec.DockerOCIImage{}
	if opt.ImageOpt != nil && opt.ImageOpt.Platform != nil {
		image.Platform = *opt.ImageOpt.Platform
	}
	image.RootFS = v1.RootFS{Type: "layers", DiffIDs: []digest.Digest{digest.FromString(ref)}}
	config, err := json.Marshal(image)
	return ref, "", config, err
}

// resolver asks for images, and keeps what went wrong in a form that says which.
type resolver struct {
	llb.ImageMetaResolver
	mu     sync.Mutex
	failed *ImageError
}

// ImageError says that an image which a Dockerfile names cannot be had.
type ImageError struct {
	// At is the place in the Dockerfile, Ref the image.
	At, Ref string
	Err     error
}

// Error is one line that begins with the place.
func (e *ImageError) Error() string {
	return e.At + ": reading the image " + e.Ref + ": " + e.Err.Error()
}

// Unwrap is the cause.
func (e *ImageError) Unwrap() error { return e.Err }

// ResolveImageConfig asks for the configuration of an image.
func (r *resolver) ResolveImageConfig(ctx context.Context, ref string, opt sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	name, d, config, err := r.ImageMetaResolver.ResolveImageConfig(ctx, ref, opt)
	if err != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.failed == nil || errors.Is(r.failed.Err, context.Canceled) { // the others are ended with the first
			r.failed = &ImageError{Ref: ref, Err: err}
		}
	}
	return name, d, config, err
}
