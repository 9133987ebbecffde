package deliver

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"sync"

	"github.com/containerd/containerd/v2/core/content"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pbrx-go/pbrx-go/images/archive"
	"github.com/pbrx-go/pbrx-go/images/layout"
)

// Daemon is what a Docker Engine is asked for. References are names or image IDs.
type Daemon interface { //nolint:interfacebloat // it is one thing, and nobody needs a part of it
	Load(ctx context.Context, archive io.Reader) error
	Save(ctx context.Context, refs []string) (io.ReadCloser, error)
	Image(ctx context.Context, ref string) (*layout.Image, error)
	Tag(ctx context.Context, ref, name string) error
	// Untag takes a name away, and the image with its last one. A name that is not there is no error.
	Untag(ctx context.Context, name string) error
	// Discard removes an image that has no name; one that has a name, or is not there, is left alone.
	Discard(ctx context.Context, id string) error
}

// HelperRepository is the repository of names that images have in Docker until they get theirs.
const HelperRepository = "pbrx-go-load"

// Docker is the image store of a Docker Engine. The images are loaded under names that nobody
// looks for, which are taken away when the real ones are given.
type Docker struct {
	Daemon Daemon
	helper string
	loaded int
}

var _ Destination = (*Docker)(nil)

// Prepare loads the images.
func (d *Docker) Prepare(ctx context.Context, set *Set) error {
	d.helper = HelperRepository + ":" + rand.Text()
	var all []archive.Image
	for n, item := range set.Items {
		all = append(all, archive.Image{Image: item.Image, Names: []string{d.name(n)}})
	}
	d.loaded = len(all)
	r, w := io.Pipe()
	go func() { w.CloseWithError(archive.WriteDocker(w, all, set.Open)) }()
	err := d.Daemon.Load(ctx, r)
	r.CloseWithError(io.ErrClosedPipe) // ends the writer, if it has not ended
	if err != nil {
		return fmt.Errorf("loading the images into Docker: %w", err)
	}
	for n := range d.loaded { // which Docker remembers the time of, so that names that are left can be told by their age
		if err := d.Daemon.Tag(ctx, d.name(n), d.name(n)); err != nil {
			return err
		}
	}
	return nil
}

func (d *Docker) name(n int) string { return d.helper + "-" + strconv.Itoa(n) }

// Name gives the names one by one.
func (d *Docker) Name(ctx context.Context, set *Set) (named []string, err error) {
	return tagAll(ctx, d.Daemon, set, func(n int, _ Item) string { return d.name(n) })
}

// Discard takes the helping names away, and images that got no other.
func (d *Docker) Discard(ctx context.Context) error {
	var errs []error
	for n := range d.loaded {
		errs = append(errs, d.Daemon.Untag(ctx, d.name(n)))
	}
	d.loaded = 0
	return errors.Join(errs...)
}

// Kept is images that the Docker Engine which built them has already, without a name. Their
// digests are references to them. It is the output of a build as well as a destination.
type Kept struct {
	Daemon Daemon
	mu     sync.Mutex
	ids    []string
}

var _ Destination = (*Kept)(nil)

// Store is nil: the engine keeps the images.
func (*Kept) Store() content.Store { return nil }

// ReadImage describes an image that the engine kept.
func (k *Kept) ReadImage(ctx context.Context, desc v1.Descriptor) (*layout.Image, error) {
	id := desc.Digest.String()
	k.mu.Lock()
	k.ids = append(k.ids, id)
	k.mu.Unlock()
	return k.Daemon.Image(ctx, id)
}

// Prepare has nothing to do.
func (*Kept) Prepare(context.Context, *Set) error { return nil }

// Name gives the names one by one.
func (k *Kept) Name(ctx context.Context, set *Set) ([]string, error) {
	return tagAll(ctx, k.Daemon, set, func(_ int, item Item) string { return item.Image.Descriptor.Digest.String() })
}

// Discard removes those of the images that have no name.
func (k *Kept) Discard(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	var errs []error
	for _, id := range k.ids {
		errs = append(errs, k.Daemon.Discard(ctx, id))
	}
	k.ids = nil
	return errors.Join(errs...)
}

// Fetch brings the images into dir, as an OCI layout's blobs, with layers compressed as archive.ExtractOptions
// says, and returns them in the order in which they are named by digest.
func (k *Kept) Fetch(ctx context.Context, ids []string, dir, compression string) ([]*layout.Image, error) {
	saved, err := k.Daemon.Save(ctx, ids)
	if err != nil {
		return nil, err
	}
	defer saved.Close()
	if err := archive.Extract(saved, dir, archive.ExtractOptions{Compression: compression}); err != nil {
		return nil, fmt.Errorf("saving the images out of Docker: %w", err)
	}
	all, err := layout.All(dir)
	if err != nil {
		return nil, err
	}
	var out []*layout.Image
	for _, id := range ids {
		n := slices.IndexFunc(all, func(img *layout.Image) bool {
			return img.Manifest.Config.Digest.String() == id || img.Descriptor.Digest.String() == id
		})
		if n < 0 {
			return nil, fmt.Errorf("saving the images out of Docker: %s is not among what came", id)
		}
		out = append(out, all[n])
	}
	return out, nil
}

func tagAll(ctx context.Context, daemon Daemon, set *Set, ref func(int, Item) string) (named []string, err error) {
	for n, item := range set.Items {
		for _, name := range item.names() {
			if err := daemon.Tag(ctx, ref(n, item), name); err != nil {
				return named, fmt.Errorf("tagging %s in Docker: %w", name, err)
			}
			named = append(named, name)
		}
	}
	return named, nil
}
