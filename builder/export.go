package builder

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/images/layout"
)

// export puts all images into the output: the base image first, so that what all
// share is compressed once, then the others side by side.
func (b *build) export(ctx context.Context, assemblies []assembly, out Output) ([]Exported, error) {
	exported := make([]Exported, len(assemblies))
	one := func(ctx context.Context, n int) (err error) {
		exported[n], err = b.exportOne(ctx, assemblies[n], out)
		return err
	}
	if err := one(ctx, 0); err != nil {
		return nil, err
	}
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(4)
	for n := 1; n < len(assemblies); n++ {
		group.Go(func() error { return one(gctx, n) })
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return exported, sameProject(exported)
}

func (b *build) exportOne(ctx context.Context, a assembly, out Output) (Exported, error) {
	config, err := b.configOf(a)
	if err != nil {
		return Exported{}, err
	}
	job := b.job(func(ctx context.Context, c gateway.Client) (*gateway.Result, error) {
		res, err := solveAgain(ctx, c, a.state)
		if err != nil {
			return nil, err
		}
		res.AddMeta(exptypes.ExporterImageConfigKey, config)
		return res, nil
	})
	if job.Export = out.Store(); job.Export == nil {
		job.Keep = true
	}
	started := time.Now()
	desc, err := b.solver.Solve(ctx, job)
	if err != nil {
		return Exported{}, err
	}
	img, err := out.ReadImage(ctx, v1.Descriptor{MediaType: desc.MediaType, Digest: desc.Digest, Size: desc.Size})
	if err != nil {
		return Exported{}, fmt.Errorf("reading %s back: %w", a.image.Name, err)
	}
	layers, err := b.describe(a, img)
	return Exported{Plan: a.image, Image: img, Layers: layers, Took: time.Since(started)}, err
}

// solveAgain solves what was solved before in this run.
func solveAgain(ctx context.Context, c gateway.Client, st llb.State) (*gateway.Result, error) {
	def, err := st.Marshal(ctx)
	if err != nil {
		return nil, fmt.Errorf("writing LLB: %w", err)
	}
	for d, m := range def.Metadata { // what was to run again has, when the images were assembled
		m.IgnoreCache = false
		def.Metadata[d] = m
	}
	return c.Solve(ctx, gateway.SolveRequest{Definition: def.ToPB(), Evaluate: true})
}

// ExportCache sends the results of all steps of the run to the layer cache that the engine was opened with.
func (r *Run) ExportCache(ctx context.Context) error {
	job := r.job(func(ctx context.Context, c gateway.Client) (*gateway.Result, error) {
		return solveAgain(ctx, c, plan2llb.Above(r.cached))
	})
	job.ExportCache = true
	if _, err := r.solver.Solve(ctx, job); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return &EngineError{Doing: "exporting the layer cache (the images are done)", Err: err, Hint: "mend --cache-to, or run again"}
	}
	return nil
}

// describe says what each layer of an image holds.
func (b *build) describe(a assembly, img *layout.Image) ([]images.Layer, error) {
	if a.dockerfile != nil {
		return b.describeDockerfile(a, img), nil
	}
	baseLayers := len(img.Manifest.Layers) - len(a.layers)
	if want := len(b.image.Config.RootFS.DiffIDs); baseLayers != want {
		return nil, fmt.Errorf("%s has %d layers where the plan says %d on top of %d: please report this", a.image.Name, len(img.Manifest.Layers), len(a.layers), want)
	}
	var out []images.Layer
	for n, l := range img.Manifest.Layers {
		content := "base"
		if n >= baseLayers {
			content = a.layers[n-baseLayers].Content
		}
		out = append(out, images.Layer{Digest: l.Digest.String(), Size: l.Size, Content: content})
	}
	return out, nil
}

// sameProject makes sure that all images hold one and the same project: the files are read
// anew for each, and may have been changed meanwhile.
func sameProject(exported []Exported) error {
	of := func(e Exported, content string) (digests []string) {
		for _, l := range e.Layers {
			if l.Content == content {
				digests = append(digests, l.Digest)
			}
		}
		return digests
	}
	for _, e := range exported[1:] {
		if len(e.Layers) == 0 || e.Layers[0].Content == dockerfileContent { // its Dockerfile begins with another image
			continue
		}
		for _, content := range []string{"project", "sibling"} { // an image may have siblings beyond those of the base image
			own, base := of(e, content), of(exported[0], content)
			if len(own) < len(base) || !slices.Equal(own[:len(base)], base) {
				return fmt.Errorf("the files of the %s changed while %s was built: run again", content, e.Plan.Name)
			}
		}
	}
	return nil
}
