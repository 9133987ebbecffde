package builder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"time"

	"github.com/moby/buildkit/client/llb/sourceresolver"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pbrx-go/pbrx-go/builder/dockerfile"
	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/images/layout"
)

// dockerfileContent is the word for the layers that a Dockerfile makes.
const dockerfileContent = "dockerfile"

// dockerfile runs the steps of the Dockerfile that makes an image on top of the base image of the set.
func (b *build) dockerfile(ctx context.Context, c gateway.Client, in images.Input, image images.Image, base assembly) (assembly, error) {
	a, err := b.compileDockerfile(ctx, dockerfile.Inputs{
		Caps: c.BuildOpts().LLBCaps, Platform: b.platform, Resolve: imageResolver{c},
	}, in, image, base)
	if err != nil {
		return a, err
	}
	_, err = evaluate(ctx, c, a.state)
	return a, err
}

// compileDockerfile compiles it. Of the inputs, what the engine is and has is given.
func (b *build) compileDockerfile(ctx context.Context, given dockerfile.Inputs, in images.Input, image images.Image, base assembly) (assembly, error) {
	n := slices.IndexFunc(in.Dockerfiles, func(d images.Dockerfile) bool { return d.File == image.Dockerfile })
	if n < 0 {
		return assembly{}, fmt.Errorf("%s is none of the project's Dockerfiles: please report this", image.Dockerfile)
	}
	file, err := dockerfile.Parse(image.Dockerfile, in.Dockerfiles[n].Data)
	if err != nil {
		return assembly{}, images.PlanError{err}
	}
	given.Base, given.Ignore, given.IsBase = base.state, in.Dockerfiles[n].Ignore, b.plan.IsBase
	if given.Config, err = b.withoutCommand(base); err != nil {
		return assembly{}, err
	}
	given.Epoch, given.Proxy, given.NoCache, given.Pull = b.opts.Epoch.UTC(), b.opts.Host.Proxy, b.opts.NoCache, b.opts.Refresh.Has(plan2llb.RefreshBase)
	made, err := file.Compile(ctx, given)
	if err != nil {
		return assembly{}, dockerfileError(err)
	}
	for _, name := range made.Steps {
		b.compiler.Add(plan2llb.Step{Name: name})
	}
	a := assembly{image: image, state: made.State, dockerfile: made, own: true}
	if made.FromBase {
		a.layers = base.layers
	}
	return a, nil
}

// dockerfileError says whose fault an error of compiling is: an image that cannot be had, and what an engine cannot do, are
// not the project's.
func dockerfileError(err error) error {
	var image *dockerfile.ImageError
	var unsupported *dockerfile.UnsupportedError
	switch {
	case errors.As(err, &image):
		return &EngineError{Doing: image.At + ": reading the image " + image.Ref, Err: image.Err, Hint: "correct the name, log in with `docker login`, or use the base image of the set"}
	case errors.As(err, &unsupported):
		return &EngineError{Doing: unsupported.At, Err: fmt.Errorf("the BuildKit of this engine has no %s", unsupported.Ability), Hint: "write it otherwise, or use another engine, as with --engine embedded"}
	}
	return images.PlanError{err}
}

// configOf is the configuration of an image.
func (b *build) configOf(a assembly) ([]byte, error) {
	raw, err := b.compiler.ImageConfig(b.plan, a.image, b.init, a.layers)
	if err == nil && a.dockerfile != nil {
		raw, err = b.dockerfileConfig(a, raw)
	}
	if err != nil {
		return nil, fmt.Errorf("writing the configuration of %s: %w", a.image.Name, err)
	}
	return raw, nil
}

// withoutCommand is the configuration of the base image for those that a Dockerfile makes: a command in theirs is one that
// the Dockerfile says.
func (b *build) withoutCommand(base assembly) ([]byte, error) {
	raw, err := b.configOf(base)
	if err != nil {
		return nil, err
	}
	config, err := plan2llb.ParseConfig(raw)
	if err != nil {
		return nil, err
	}
	config.Config.Cmd = nil
	return json.Marshal(config)
}

// dockerfileConfig is the configuration that a Dockerfile says, with the script as command where it says none, and labels as
// the other images have. usual is what the image had without it.
func (b *build) dockerfileConfig(a assembly, usual []byte) ([]byte, error) {
	without, err := plan2llb.ParseConfig(usual)
	if err != nil {
		return nil, err
	}
	config := a.dockerfile.Config
	created := b.opts.Epoch.UTC()
	config.Created, config.RootFS = &created, v1.RootFS{Type: "layers"}
	if !a.dockerfile.FromBase {
		return json.Marshal(config)
	}
	if config.Config.Cmd == nil && slices.Equal(config.Config.Entrypoint, without.Config.Entrypoint) {
		config.Config.Cmd = a.image.Cmd
	}
	labels := map[string]string{}
	for k, v := range config.Config.Labels {
		labels[k] = v
	}
	if labels[v1.AnnotationTitle] == path.Base(b.plan.Images[0].Name) {
		labels[v1.AnnotationTitle] = path.Base(a.image.Name)
	}
	config.Config.Labels = labels
	return json.Marshal(config)
}

// describeDockerfile says what the layers of an image hold that a Dockerfile made.
func (b *build) describeDockerfile(a assembly, img *layout.Image) []images.Layer {
	var contents []string
	if a.dockerfile.FromBase {
		contents = slices.Repeat([]string{"base"}, len(b.image.Config.RootFS.DiffIDs))
		for _, l := range a.layers {
			contents = append(contents, l.Content)
		}
	}
	var out []images.Layer
	for n, l := range img.Manifest.Layers {
		content := dockerfileContent
		if n < len(contents) {
			content = contents[n]
		}
		out = append(out, images.Layer{Digest: l.Digest.String(), Size: l.Size, Content: content})
	}
	return out
}

// imageResolver asks the engine for images.
type imageResolver struct{ gateway.Client }

// ResolveImageConfig asks for the configuration of an image, and not for longer than anybody wants to wait.
func (r imageResolver) ResolveImageConfig(ctx context.Context, ref string, opt sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	ctx, cancel := context.WithCancelCause(ctx) // a deadline would reach the engine, too, and its error might come back first
	defer cancel(nil)
	timer := time.AfterFunc(baseTimeout, func() { cancel(fmt.Errorf("no answer within %s", baseTimeout)) })
	defer timer.Stop()
	type answer struct {
		name   string
		d      digest.Digest
		config []byte
		err    error
	}
	answers := make(chan answer, 1)
	go func() {
		name, d, config, err := r.Client.ResolveImageConfig(ctx, ref, opt)
		answers <- answer{name, d, config, err}
	}()
	select {
	case <-ctx.Done():
		return "", "", nil, context.Cause(ctx)
	case a := <-answers:
		if a.err != nil && ctx.Err() != nil {
			return "", "", nil, context.Cause(ctx)
		}
		return a.name, a.d, a.config, a.err
	}
}
