package cli

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/pbrx-go/pbrx-go/builder"
	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/images/deliver"
	"github.com/pbrx-go/pbrx-go/images/layout"
	"github.com/pbrx-go/pbrx-go/images/naming"
	"github.com/pbrx-go/pbrx-go/images/push"
)

// outputForms are what --output takes.
const outputForms = "oci:DIR, oci-archive:FILE, docker-archive:FILE, docker-daemon: or docker://"

// parseOutputs reads --output and --push.
func (o *buildOptions) parseOutputs() error {
	outputs := o.outputs
	if o.push && !slices.Contains(outputs, "docker://") {
		outputs = append(slices.Clone(outputs), "docker://")
	}
	o.locations = nil
	for _, output := range outputs {
		at, err := naming.ParseLocation(output)
		if err != nil {
			return usagef("--output %w: use %s", err, outputForms)
		}
		if at.Transport == naming.RootFS {
			return usagef("--output %s: no images go there: use %s", output, outputForms)
		}
		if at != bare(at) {
			return usagef("--output %s: names come from the project: use %s with --prefix and --tag", output, bare(at))
		}
		if at.Transport == naming.Registry && o.prefix == "" {
			return usagef("--output docker://: say which registry with --prefix, as in --prefix registry.example.org/team")
		}
		if slices.Contains(o.locations, at) {
			return usagef("--output %s is there twice", output)
		}
		o.locations = append(o.locations, at)
	}
	return nil
}

// bare is a location without the name of an image.
func bare(at naming.Location) naming.Location {
	at.Ref = ""
	if at.Transport == naming.Registry || at.Transport == naming.DockerDaemon {
		at.Name = ""
	}
	return at
}

// delivery is where the images of one build go, and how they come to be there.
type delivery struct {
	locations []naming.Location
	// kept: Docker Engine keeps the images itself.
	kept bool
	// compression of the layers on their way: uncompressed where the destination wants them so.
	compression string
}

// String says where the images are.
func (d *delivery) String() string {
	var out []string
	for _, at := range d.locations {
		word := at.String()
		if at.Transport == naming.DockerDaemon {
			word = "Docker Engine"
		}
		out = append(out, word)
	}
	return strings.Join(out, ", ")
}

// deliveryTo decides how images get from the engine to where they go.
func (s *operation) deliveryTo(locations []naming.Location, compression string) *delivery {
	d := &delivery{locations: deliver.InOrder(locations), compression: "uncompressed"}
	if len(locations) == 0 {
		d.locations = []naming.Location{{Transport: naming.OCILayout, Name: s.imageStore()}}
		if s.engine.docker != nil {
			d.locations = []naming.Location{{Transport: naming.DockerDaemon}}
		}
	}
	if d.holdsManifests() {
		d.compression = "zstd"
		if compression != "" {
			d.compression = compression
		}
	}
	if s.engine.docker != nil {
		onlyDaemon := !slices.ContainsFunc(d.locations, func(l naming.Location) bool { return l.Transport != naming.DockerDaemon })
		d.kept = onlyDaemon || !s.engine.exports
	}
	return d
}

// holdsManifests says whether any destination stores manifests, by whose digests images are known then.
func (d *delivery) holdsManifests() bool {
	return slices.ContainsFunc(d.locations, func(l naming.Location) bool {
		return l.Transport != naming.DockerDaemon && l.Transport != naming.DockerArchive
	})
}

// made is what a build made, before it is delivered.
type made struct {
	*operation
	delivery *delivery
	result   *builder.Result
	// kept holds the images in Docker, writer elsewhere.
	kept   *deliver.Kept
	writer *layout.Writer
	dirs   []string
}

// make builds the images into a place where nothing names them.
func (s *operation) make(ctx context.Context, run *builder.Run, d *delivery) (*made, error) {
	m := &made{operation: s, delivery: d}
	s.engine.Compression = d.compression
	var out builder.Output
	if d.kept {
		m.kept = &deliver.Kept{Daemon: s.engine.docker}
		out = m.kept
	} else {
		staging, err := os.MkdirTemp(s.engine.tempDir, "images-*")
		if err != nil {
			return nil, err
		}
		into := staging
		if len(d.locations) == 1 && d.locations[0].Transport == naming.OCILayout { // whose blobs need not be made again
			into = d.locations[0].Name
		}
		if m.writer, err = layout.NewWriter(into, staging); err != nil {
			return nil, err
		}
		m.dirs = []string{staging, into}
		out = m.writer
	}
	var err error
	if m.result, err = run.Build(ctx, s.Input, out); err != nil {
		return nil, errors.Join(asUsage(err), m.discard(ctx))
	}
	return m, nil
}

// discard removes what Docker keeps and nobody named.
func (m *made) discard(ctx context.Context) error {
	if m.kept == nil {
		return nil
	}
	return m.kept.Discard(context.WithoutCancel(ctx))
}

// deliver brings the images to where they go, and says what they are there.
func (m *made) deliver(ctx context.Context, tags []string) (built []images.Built, err error) {
	defer func() { err = errors.Join(err, m.discard(ctx)) }()
	if m.kept != nil && (len(m.delivery.locations) > 1 || m.delivery.locations[0].Transport != naming.DockerDaemon) {
		if err := m.fetch(ctx); err != nil {
			return nil, err
		}
	}
	set := &deliver.Set{Dirs: m.dirs}
	for _, x := range m.result.Images {
		set.Items = append(set.Items, deliver.Item{Name: x.Plan.Name, Tags: tags, Image: x.Image})
	}
	destinations, err := m.destinations(ctx)
	if err != nil {
		return nil, err
	}
	if err := deliver.Deliver(ctx, set, destinations); err != nil {
		return nil, err
	}
	shared := map[string]bool{}
	for n, x := range m.result.Images {
		b := describe(x.Plan, x.Layers, x.Image.Config.Config, x.Image.Config.OS+"/"+x.Image.Config.Architecture, tags, shared)
		if n == 0 {
			for _, l := range x.Layers {
				shared[l.Digest] = true
			}
		}
		b.Compression = m.delivery.compression
		if b.Digest, b.DigestKind, err = m.identify(ctx, x, tags[0]); err != nil {
			return nil, err
		}
		built = append(built, b)
	}
	return built, nil
}

// fetch brings images that Docker keeps to this machine's disk.
func (m *made) fetch(ctx context.Context) error {
	staging, err := os.MkdirTemp(m.engine.tempDir, "images-*")
	if err != nil {
		return err
	}
	fetched, err := m.kept.Fetch(ctx, m.result.Digests(), staging, m.delivery.compression)
	if err != nil {
		return &builder.EngineError{Doing: "fetching the images from Docker", Err: err}
	}
	m.result.Fetched(fetched)
	m.dirs = []string{staging}
	return nil
}

// destinations open the places that the images go to.
func (m *made) destinations(ctx context.Context) ([]deliver.Destination, error) {
	var out []deliver.Destination
	for _, at := range m.delivery.locations {
		switch at.Transport {
		case naming.OCILayout:
			if m.writer != nil && len(m.delivery.locations) == 1 {
				out = append(out, deliver.Layout{Writer: m.writer, Filled: true})
				continue
			}
			staging, err := os.MkdirTemp(m.engine.tempDir, "images-*")
			if err != nil {
				return nil, err
			}
			w, err := layout.NewWriter(at.Name, staging)
			if err != nil {
				return nil, err
			}
			out = append(out, deliver.Layout{Writer: w})
		case naming.OCIArchive, naming.DockerArchive:
			out = append(out, &deliver.File{Transport: at.Transport, Path: at.Name})
		case naming.DockerDaemon:
			if m.kept != nil && len(m.dirs) == 0 {
				out = append(out, m.kept)
				continue
			}
			daemon, err := m.images(ctx, m.engine)
			if err != nil {
				return nil, err
			}
			out = append(out, &deliver.Docker{Daemon: daemon})
		case naming.Registry:
			out = append(out, deliver.Registry{Options: m.pushOptions()})
		case naming.RootFS: // was refused by parseOutputs
		}
	}
	return out, nil
}

// pushOptions are how we push.
func (a *app) pushOptions() push.Options {
	return push.Options{Log: func(line string) { a.note("%s", line) }, CertsDirs: a.certsDirs()}
}

// identify is the digest by which an image is known where it went: that of its manifest, or its image ID where
// there is none.
func (m *made) identify(ctx context.Context, x builder.Exported, tag string) (id, kind string, err error) {
	desc := x.Image.Descriptor
	if m.delivery.holdsManifests() {
		return desc.Digest.String(), "manifest", nil
	}
	if slices.Contains(m.delivery.locations, naming.Location{Transport: naming.DockerDaemon}) {
		daemon, err := m.images(ctx, m.engine)
		if err != nil {
			return "", "", err
		}
		img, err := daemon.Image(ctx, x.Plan.Name+":"+tag)
		if err != nil {
			return "", "", err
		}
		desc = img.Descriptor
		return desc.Digest.String(), kindOf(desc.MediaType), nil
	}
	return x.Image.Manifest.Config.Digest.String(), "config", nil
}

// kindOf says what a digest is of.
func kindOf(mediaType string) string {
	if mediaType == "application/vnd.oci.image.config.v1+json" {
		return "config"
	}
	return "manifest"
}
