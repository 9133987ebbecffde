package builder

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/moby/buildkit/client/llb"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"github.com/pbrx-go/pbrx-go/builder/dockerfile"
	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/images/layout"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// Result is what a build made. Nothing of it has a name yet.
type Result struct {
	Plan     *images.Plan
	Images   []Exported
	Warnings []string
}

// Exported is one image that an output has.
type Exported struct {
	Plan  images.Image
	Image *layout.Image
	// Layers says what each layer holds, the base's included.
	Layers []images.Layer
	// Took is how long making and writing the image took, beyond what it shares with those before it.
	Took time.Duration
}

// Digests are the digests of the images, by which an engine that keeps them knows them.
func (r *Result) Digests() []string {
	var out []string
	for _, x := range r.Images {
		out = append(out, x.Image.Descriptor.Digest.String())
	}
	return out
}

// Fetched says what the images are now that they were brought over from an engine that kept them.
func (r *Result) Fetched(all []*layout.Image) {
	for n, img := range all {
		x := &r.Images[n]
		x.Image = img
		for i, l := range img.Manifest.Layers {
			x.Layers[i].Digest, x.Layers[i].Size = l.Digest.String(), l.Size
		}
	}
}

// assembly is an image as it is going to be exported.
type assembly struct {
	image  images.Image
	state  llb.State
	layers []plan2llb.Layer
	// own says that its file system is not that of the base image.
	own bool
	// dockerfile is what the image's Dockerfile made; nil where it has none.
	dockerfile *dockerfile.Image
}

// build is the state of one Build.
type build struct {
	*Run
	compiler *plan2llb.Compiler
	project  *setupcfg.Project
	plan     *images.Plan
	init     string
	siblings []*sibling
	// tools are the builder's Python tools, own the canonical names of what the images were given.
	tools    plan2llb.Builder
	own      []string
	warnings []string
	// place is where the distro packages of the images are installed, workplace where those are that wheels are made with.
	place, workplace *plot
	// supposing says that nothing is solved: indexes are taken for fetched.
	supposing bool
}

// Output takes finished images, which nothing names yet. layout.Writer is one.
type Output interface {
	// Store takes the images' blobs; nil has the engine keep the images itself.
	Store() content.Store
	// ReadImage describes an image by what the engine answered when it exported it.
	ReadImage(context.Context, v1.Descriptor) (*layout.Image, error)
}

// Build makes the images of a project and puts them into the output. The
// project's wheel must confirm what the project declares. Errors are *StepError, *WheelError, *MissingPackageError,
// *ScriptsError, *EngineError, or those of planning and of setupcfg.
func (r *Run) Build(ctx context.Context, in images.Input, out Output) (*Result, error) {
	in.Base, in.Builder = r.Base, r.Builder
	b, assemblies, err := r.assemble(ctx, in)
	if r.features.HostNetwork && hostNetworkRefused(err) { // then what the engine has instead must do
		r.features.HostNetwork = false
		b, assemblies, err = r.assemble(ctx, in)
	}
	if err != nil {
		err = blame(r.explain(ctx, err, b.compiler), in.Project, b.plan, r.opts.Host.ConstraintLines)
		return nil, blameSiblings(err, b.siblings)
	}
	exported, err := b.export(ctx, assemblies, out)
	if err != nil {
		return nil, r.explain(ctx, err, b.compiler)
	}
	for _, a := range assemblies {
		r.cached = append(r.cached, a.state)
	}
	return &Result{Plan: b.plan, Images: exported, Warnings: slices.Concat(b.plan.Warnings, b.warnings, r.tracker.said())}, nil
}

// assemble runs every step in a job of its own.
func (r *Run) assemble(ctx context.Context, in images.Input) (b *build, assemblies []assembly, err error) {
	b = r.newBuild(in)
	_, err = r.solver.Solve(ctx, r.job(func(ctx context.Context, c gateway.Client) (*gateway.Result, error) {
		var err error
		if assemblies, err = b.assemble(ctx, c, in); err != nil {
			return nil, err
		}
		return gateway.NewResult(), nil
	}))
	return b, assemblies, err
}

// hostNetworkRefused says whether a solve failed because its steps may not use the host's network: Docker
// Engine can be configured so (builder.entitlements.network-host in daemon.json). No type comes over its socket.
func hostNetworkRefused(err error) bool {
	return err != nil && strings.Contains(err.Error(), "network.host is not allowed")
}

// assemble runs every step: what an image consists of is solved when it returns.
func (b *build) assemble(ctx context.Context, c gateway.Client, in images.Input) ([]assembly, error) {
	var err error
	if b.plan, err = images.New(in, b.opts.Plan); err != nil {
		return nil, err
	}
	p := &parts{build: b}
	on, err := b.distroPackages(ctx, c, p)
	if err != nil {
		return nil, err
	}
	b.tools = on.builder
	metadata, err := b.wheels(ctx, c, on, &in, p)
	if err != nil {
		return nil, err
	}
	if err := b.age(ctx, c, on.builder.Asked, "asked.json", Age{Name: "pip and build", Refresh: plan2llb.RefreshPython, step: plan2llb.ToolsStep}); err != nil {
		return nil, err
	}
	if p.dependencies, err = b.dependencies(ctx, c, on, metadata, in.Lock); err != nil {
		return nil, err
	}
	b.own = p.ownNames(p.name)
	if err := b.serve(p.dependencies); err != nil {
		return nil, err
	}
	p.in = in
	if err := b.accounts(ctx, c, p.distro.root); err != nil {
		return nil, err
	}
	out, err := p.assemblies(ctx, c)
	if err != nil {
		return nil, err
	}
	for _, a := range out {
		if _, err := evaluate(ctx, c, a.state); err != nil {
			return nil, err
		}
	}
	return out, b.check(ctx, c, in.Project, out)
}

// wheels makes the wheels of the project and of its siblings, while the distro packages of the images are installed, and
// plans again with what they say of themselves.
func (b *build) wheels(ctx context.Context, c gateway.Client, on workshop, in *images.Input, p *parts) (*setupcfg.Wheel, error) {
	if err := b.siblingWheels(on); err != nil {
		return nil, err
	}
	if err := p.elsewhere(ctx, c); err != nil {
		return nil, err
	}
	tree := b.opts.Source.tree()
	tree.Made = p.forWheel()
	in.Siblings = slices.Clone(in.Siblings)
	metadata := &setupcfg.Wheel{}
	group, gctx := errgroup.WithContext(ctx)
	if !in.NoProject {
		group.Go(func() (err error) {
			p.wheel, metadata, err = b.makeWheel(gctx, c, on, b.plan.Source, tree)
			return err
		})
	}
	group.Go(func() error { _, err := evaluate(gctx, c, p.distro.root); return err })
	for n, s := range b.siblings {
		group.Go(func() (err error) {
			in.Siblings[n].Project, err = b.readSibling(gctx, c, on, s, in.Siblings[n].Project)
			return err
		})
	}
	err := group.Wait()
	if err != nil {
		return nil, err
	}
	if p.name = metadata.Name; !in.NoProject {
		if in.Project, err = in.Project.Complete(metadata); err != nil {
			return nil, &WheelError{Err: err}
		}
	}
	if b.plan, err = images.New(*in, b.opts.Plan); err != nil {
		return nil, err
	}
	for n, s := range b.siblings {
		s.Sibling = b.plan.Siblings[n] // which has the version now
	}
	return metadata, nil
}

// target is where the images have their Python distributions.
func (b *build) target() plan2llb.Target {
	return plan2llb.Target{Python: b.plan.Base.Python.Executable, Environment: b.plan.Environment, SystemSitePackages: b.plan.SystemSitePackages}
}

// makeWheel builds the wheel of a source tree and reads what it says of itself.
func (b *build) makeWheel(ctx context.Context, c gateway.Client, on workshop, source images.Source, tree plan2llb.Tree) (llb.State, *setupcfg.Wheel, error) {
	for _, again := range []bool{false, true} {
		st, err := b.wheel(on, source, tree, again)
		if err != nil {
			return st, nil, err
		}
		if w, err := readWheel(ctx, c, st); err != nil || w != nil {
			return st, w, err
		}
	}
	return llb.State{}, nil, errors.New("building a wheel: with the compile profile it asks for the compile profile: please report this")
}

// readWheel reads what a wheel says of itself; nil where it has to be built with the compile profile.
func readWheel(ctx context.Context, c gateway.Client, wheel llb.State) (*setupcfg.Wheel, error) {
	var files struct {
		File       string   `json:"file"`
		Scripts    []string `json:"scripts"`
		NeedsTools string   `json:"needs_tools"`
	}
	if err := readJSON(ctx, c, wheel, "meta/wheel.json", &files); err != nil || files.NeedsTools != "" {
		return nil, err
	}
	metadata, err := readFile(ctx, c, wheel, "meta/METADATA")
	if err != nil {
		return nil, err
	}
	entryPoints, err := readFile(ctx, c, wheel, "meta/entry_points.txt")
	if err != nil {
		return nil, err
	}
	w, err := setupcfg.ParseWheel(metadata, entryPoints)
	if err != nil {
		return nil, &WheelError{Err: err}
	}
	w.AddDataScripts(files.File, files.Scripts)
	return w, nil
}
