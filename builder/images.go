package builder

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/moby/buildkit/client/llb"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pbrx-go/pbrx-go/images/naming"
)

// opener opens images for one engine, each once, when it is asked for. What lies on disk is offered to the engine in all
// sessions by one store, which has the blobs of every image that was opened until then.
type opener struct {
	opts  Options
	store *sharedStore

	mu   sync.Mutex
	open map[naming.Location]*opening
}

// opening is an image that is being opened, or was.
type opening struct {
	mu    sync.Mutex
	image *BaseImage // nil where it was not opened yet, or could not be
}

func newOpener(opts Options) *opener {
	return &opener{opts: opts, store: newSharedStore(), open: map[naming.Location]*opening{}}
}

// image finds an image. Those who ask for the same one at the same time wait for one answer; one that could not be opened is tried
// again. base says that it is the base image.
func (o *opener) image(ctx context.Context, c gateway.Client, platform v1.Platform, at naming.Location, base bool) (*BaseImage, error) {
	o.mu.Lock()
	one := o.open[at]
	if one == nil {
		one = &opening{}
		o.open[at] = one
	}
	o.mu.Unlock()
	one.mu.Lock()
	defer one.mu.Unlock()
	if one.image != nil {
		return one.image, nil
	}
	img, err := o.find(ctx, c, platform, at, base)
	if err != nil {
		return nil, &BaseError{Location: at, Other: !base, Err: err}
	}
	img.Location, one.image = at, img
	return img, nil
}

// find looks where the image is. What lies on disk is read here; a registry is asked by the engine.
func (o *opener) find(ctx context.Context, c gateway.Client, platform v1.Platform, at naming.Location, base bool) (*BaseImage, error) {
	name := "[internal] base image"
	if !base {
		name = "[internal] image " + at.String()
	}
	s := search{opts: o.opts, at: at, platform: platform, engine: c, store: o.store, name: name}
	switch at.Transport {
	case naming.Registry:
		return s.registry(ctx)
	case naming.DockerDaemon:
		return s.daemon(ctx)
	default:
		img, err := s.disk(ctx)
		if err != nil {
			return nil, err
		}
		return s.offer(ctx, img)
	}
}

// close takes back what the engine was given for the images, also when ctx has ended.
func (o *opener) close(ctx context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	var err error
	for _, one := range o.open {
		one.mu.Lock()
		if one.image != nil {
			err = errors.Join(err, one.image.close(ctx))
		}
		one.mu.Unlock()
	}
	return err
}

// search is one image, looked for on behalf of one engine.
type search struct {
	opts     Options
	at       naming.Location
	platform v1.Platform
	engine   gateway.Client
	store    *sharedStore
	// name is what progress calls the image.
	name string
}

// Image opens an image other than the base: one that files are copied out of, or that commands run in. It may be
// called inside of a job of this run, and is asked for when it is first used: an image that nobody uses is neither opened nor
// pulled. The image is the same one as long as the run lasts; Close takes back what the engine was given for it.
// An error is a *BaseError that speaks of an image, or the end of ctx.
func (r *Run) Image(ctx context.Context, c gateway.Client, at naming.Location) (*BaseImage, error) {
	img, err := r.opener.image(ctx, c, r.platform, at, false)
	if err != nil && ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return img, err
}

// ociRef is a reference to an image of the session's store. BuildKit wants one with a host in it, and never asks that host for anything.
func ociRef(d digest.Digest) string { return fmt.Sprintf("pbrx-go.invalid/base@%s", d) }

// ociState is such an image.
func ociState(d digest.Digest, name string) llb.State {
	return llb.OCILayout(ociRef(d), llb.OCIStore("", storeName), llb.WithCustomName(name))
}
