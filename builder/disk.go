package builder

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/moby/buildkit/client/llb"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
	"github.com/pbrx-go/pbrx-go/images/archive"
	"github.com/pbrx-go/pbrx-go/images/blobs"
	"github.com/pbrx-go/pbrx-go/images/layout"
	"github.com/pbrx-go/pbrx-go/images/naming"
	"github.com/pbrx-go/pbrx-go/images/rootfs"
)

// diskImage is an image whose blobs lie on disk.
type diskImage struct {
	*layout.Image
	source blobs.Source
}

// disk opens an image that is a file or a folder. Archives are unpacked into the folder for temporary files.
func (s search) disk(ctx context.Context) (*diskImage, error) {
	at := s.at
	switch at.Transport {
	case naming.RootFS:
		return s.rootFS()
	case naming.OCILayout:
		return openLayout(at.Name, at.Ref, s.platform)
	case naming.OCIArchive, naming.DockerArchive:
		f, err := os.Open(at.Name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		img, err := unpackArchive(ctx, f, at.Ref, s.opts.TempDir, s.platform)
		var choice *layout.ChoiceError
		if errors.As(err, &choice) { // the layout that was made of it is nobody's business
			choice.Place, choice.Prefix = "the archive "+at.Name, string(at.Transport)+":"+at.Name
		}
		return img, err
	default: // is no file
	}
	return nil, fmt.Errorf("nothing is known of the transport %s", at.Transport)
}

func (s search) rootFS() (*diskImage, error) {
	opts, platform := s.opts, s.platform
	path, err := filepath.Abs(s.at.Name)
	if err != nil {
		return nil, err
	}
	open := func() (*rootfs.Image, error) { return rootfs.OpenRemembered(path, opts.TempDir, opts.Memory, platform) }
	if opts.Refresh.Has(plan2llb.RefreshBase) {
		open = func() (*rootfs.Image, error) { return rootfs.Open(path, opts.TempDir, platform) }
	}
	img, err := open()
	if err != nil {
		return nil, err
	}
	whole, err := layout.Read(img.Manifest, func(d digest.Digest) ([]byte, error) {
		_, data, _ := img.Source(d)
		return data, nil
	})
	return &diskImage{Image: whole, source: img.Source}, err
}

func openLayout(dir, ref string, platform v1.Platform) (*diskImage, error) {
	img, err := layout.Find(dir, ref, platform.OS+"/"+platform.Architecture)
	if err != nil {
		return nil, err
	}
	return &diskImage{Image: img, source: func(d digest.Digest) (string, []byte, bool) {
		path := layout.BlobPath(dir, d)
		_, err := os.Stat(path)
		return path, nil, err == nil
	}}, nil
}

// unpackArchive makes a layout of an archive, which goes with the folder for temporary files.
func unpackArchive(ctx context.Context, r io.Reader, ref, tempDir string, platform v1.Platform) (*diskImage, error) {
	dir, err := os.MkdirTemp(tempDir, "archive-*")
	if err != nil {
		return nil, err
	}
	if err := archive.Extract(until(ctx, r), dir, archive.ExtractOptions{}); err != nil {
		return nil, err
	}
	return openLayout(dir, ref, platform)
}

// readFunc is Read as a function.
type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

// until is a reader that ends with a context.
func until(ctx context.Context, r io.Reader) io.Reader {
	return readFunc(func(p []byte) (int, error) {
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		return r.Read(p)
	})
}

// open opens one of the image's blobs.
func (d *diskImage) open(b digest.Digest) (io.ReadCloser, error) {
	r, err := blobs.New(d.source).ReaderAt(context.Background(), v1.Descriptor{Digest: b})
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{content.NewReader(r), r}, nil
}

// offer lets the engine have an image on disk: out of the session, or, where it cannot read one out of a
// session, by a load into its image store.
func (s search) offer(ctx context.Context, d *diskImage) (*BaseImage, error) {
	config, err := plan2llb.ParseConfig(d.RawConfig)
	if err != nil {
		return nil, err
	}
	if readsSessions(s.engine) {
		s.store.add(d.source)
		return &BaseImage{State: ociState(d.Descriptor.Digest, s.name), Config: config, Digest: d.Descriptor.Digest}, nil
	}
	if !s.opts.OnImages {
		return nil, fmt.Errorf("the engine can read no base out of a session (source.ocilayout)")
	}
	store, err := s.opts.Images(ctx)
	if err != nil {
		return nil, err
	}
	name := helperName()
	if err := d.load(ctx, store, name); err != nil {
		return nil, fmt.Errorf("loading it into Docker: %w", err)
	}
	return s.helped(store, name, config, d.Descriptor.Digest), nil
}

// snapshotterLabel is on every worker that keeps layers in a snapshotter of containerd's.
const snapshotterLabel = "org.mobyproject.buildkit.worker.snapshotter"

// readsSessions says whether the engine reads bases out of a session. Docker's graph drivers say that they do,
// from 23 to 28 at least, and do not; their workers lack the label.
func readsSessions(c gateway.Client) bool {
	o := c.BuildOpts()
	return o.LLBCaps.Supports(pb.CapSourceOCILayout) == nil && len(o.Workers) > 0 && o.Workers[0].Labels[snapshotterLabel] != ""
}

// load gives the image to Docker under a name. Layers that Docker has are not sent, which is all
// of them when an image was built on the same base before.
func (d *diskImage) load(ctx context.Context, store ImageStore, name string) error {
	named := []archive.Image{{Image: d.Image, Names: []string{name}}}
	err := stream(ctx, store, func(w io.Writer) error { return archive.WriteDockerConfig(w, named) })
	if err != nil && ctx.Err() == nil {
		err = stream(ctx, store, func(w io.Writer) error { return archive.WriteDocker(w, named, d.open) })
	}
	if err != nil {
		return err
	}
	return store.Tag(ctx, name, name) // when it was loaded Docker forgets, when it was tagged not: a name that is left can be told by its age
}

// stream loads what write writes.
func stream(ctx context.Context, store ImageStore, write func(io.Writer) error) error {
	r, w := io.Pipe()
	go func() { w.CloseWithError(write(w)) }()
	err := store.Load(ctx, r)
	r.CloseWithError(io.ErrClosedPipe) // ends write, if it has not ended
	return err
}

// HelperRepository is the repository of names that bases have in Docker while a build needs them.
const HelperRepository = "pbrx-go-base"

// helperName is a name that no other process has.
func helperName() string { return HelperRepository + ":" + rand.Text() }

// helped is a base that Docker has under a name of ours.
func (s search) helped(store ImageStore, name string, config plan2llb.Config, d digest.Digest) *BaseImage {
	return &BaseImage{
		State:   llb.Image("docker.io/library/"+name, llb.ResolveModePreferLocal, llb.WithCustomName(s.name)),
		Config:  config,
		Digest:  d,
		release: func(ctx context.Context) error { return store.Untag(ctx, name) },
	}
}

// daemon opens an image that Docker has: under a name of ours on that Docker itself, so that the
// name it was asked for by may change meanwhile; through an archive on any other engine.
func (s search) daemon(ctx context.Context) (*BaseImage, error) {
	store, err := s.opts.Images(ctx)
	if err != nil {
		return nil, err
	}
	name, err := naming.NormalizeRef(s.at.Name)
	if err != nil {
		return nil, err
	}
	if !s.opts.OnImages {
		saved, err := store.Save(ctx, []string{name})
		if err != nil {
			return nil, err
		}
		defer saved.Close()
		img, err := unpackArchive(ctx, saved, "", s.opts.TempDir, s.platform)
		if err != nil {
			return nil, err
		}
		return s.offer(ctx, img)
	}
	img, err := store.Image(ctx, name)
	if err != nil {
		return nil, err
	}
	config, err := plan2llb.ParseConfig(img.RawConfig)
	if err != nil {
		return nil, err
	}
	helper := helperName()
	if err := store.Tag(ctx, img.Descriptor.Digest.String(), helper); err != nil {
		return nil, err
	}
	return s.helped(store, helper, config, img.Descriptor.Digest), nil
}
