package builder

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/moby/buildkit/client/llb"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

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
	in.Base = r.Base
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
	b = &build{Run: r, compiler: r.compiler(), project: in.Project}
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
	index, err := b.index(ctx, c)
	if err != nil {
		return nil, err
	}
	on := b.workshop(index)
	b.tools = on.builder
	runtimePackages := b.runtimePackages()
	runtime := b.compiler.Packages(b.Base, index, runtimePackages, "runtime")
	if err := b.siblingWheels(on); err != nil {
		return nil, err
	}
	in.Siblings = slices.Clone(in.Siblings)

	var metadata *setupcfg.Wheel
	group, gctx := errgroup.WithContext(ctx)
	var wheel llb.State
	group.Go(func() (err error) {
		wheel, metadata, err = b.makeWheel(gctx, c, on, b.plan.Source, b.opts.Source.tree())
		return err
	})
	group.Go(func() error { _, err := evaluate(gctx, c, runtime); return err })
	for n, s := range b.siblings {
		group.Go(func() (err error) {
			in.Siblings[n].Project, err = b.readSibling(gctx, c, on, s, in.Siblings[n].Project)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if err := b.age(ctx, c, on.builder.Asked, "asked.json", Age{Name: "pip and build", Refresh: plan2llb.RefreshPython, step: plan2llb.ToolsStep}); err != nil {
		return nil, err
	}
	if in.Project, err = in.Project.Complete(metadata); err != nil {
		return nil, &WheelError{Err: err}
	}
	if b.plan, err = images.New(in, b.opts.Plan); err != nil {
		return nil, err
	}
	for n, s := range b.siblings {
		s.Sibling = b.plan.Siblings[n] // which has the version now
	}
	dependencies, err := b.dependencies(ctx, c, on, metadata, in.Lock)
	if err != nil {
		return nil, err
	}
	b.own = dependencies.ownNames(metadata.Name)
	var out []assembly
	for n, image := range b.plan.Images {
		if !image.Selected {
			continue
		}
		root, layers := b.root(n, dependencies, metadata.Name, runtime, len(runtimePackages) > 0)
		st, layers := b.compiler.Assemble(b.target(), root, layers, b.groups(n, image, dependencies, wheel))
		if _, err := evaluate(ctx, c, st); err != nil {
			return nil, err
		}
		out = append(out, assembly{image: image, state: st, layers: layers})
	}
	return out, b.check(ctx, c, in.Project, out)
}

// target is where the images have their Python distributions.
func (b *build) target() plan2llb.Target {
	return plan2llb.Target{Python: b.plan.Base.Python.Executable, Environment: b.plan.Environment, SystemSitePackages: b.plan.SystemSitePackages}
}

// index fetches the package index, checks that it has what bindep.txt asks for, and chooses the init.
func (b *build) index(ctx context.Context, c gateway.Client) (plan2llb.PackageIndex, error) {
	b.init = b.plan.Init.Path
	var wanted []string
	all := slices.Concat(b.plan.Compile, b.plan.Tools, b.plan.Runtime)
	for _, p := range all {
		wanted = append(wanted, p.Name)
	}
	for _, candidate := range b.plan.Init.Candidates {
		wanted = append(wanted, candidate.Package)
	}
	if b.init == "" && len(b.plan.Init.Candidates) == 0 && b.opts.Plan.InitPath == "" {
		b.warnings = append(b.warnings, "the base has no init program and no package manager to install one: the images have no entrypoint; --init-path names one")
	}
	if len(wanted) == 0 {
		return plan2llb.PackageIndex{State: llb.Scratch()}, nil
	}
	wanted = slices.Compact(slices.Sorted(slices.Values(wanted)))
	if err := canInstall(b.image.Location, b.Base.PackageManager, wanted); err != nil {
		return plan2llb.PackageIndex{}, err
	}
	index, report := b.compiler.Index(b.Base, wanted)
	var found struct {
		Missing []string `json:"missing"`
		Content string   `json:"content"`
	}
	if err := readJSON(ctx, c, report, "index.json", &found); err != nil {
		return index, err
	}
	index.Content = found.Content
	age := Age{Name: "package index of " + b.Base.DistroName, Refresh: plan2llb.RefreshDistro, step: plan2llb.IndexStep(b.Base)}
	if err := b.age(ctx, c, report, "index.json", age); err != nil {
		return index, err
	}
	lacking := &MissingPackageError{Distro: b.Base.DistroName}
	for _, p := range all {
		gone := MissingPackage{Name: p.Name, From: p.From}
		if slices.Contains(found.Missing, p.Name) && !slices.Contains(lacking.Packages, gone) {
			lacking.Packages = append(lacking.Packages, gone)
		}
	}
	if len(lacking.Packages) > 0 {
		return index, lacking
	}
	b.chooseInit(found.Missing)
	return index, nil
}

// canInstall refuses a base without a package manager that could install what is wanted.
func canInstall(base images.Location, manager string, wanted []string) error {
	if plan2llb.CanInstall(manager) {
		return nil
	}
	return &BaseError{Location: base, Err: fmt.Errorf("it has none of apt, apk, dnf and microdnf to install %s with", strings.Join(wanted, ", "))}
}

func (b *build) chooseInit(missing []string) {
	if len(b.plan.Init.Candidates) == 0 {
		return
	}
	for _, candidate := range b.plan.Init.Candidates {
		if !slices.Contains(missing, candidate.Package) {
			b.init = candidate.Path
			return
		}
	}
	b.warnings = append(b.warnings, fmt.Sprintf("%s has no init program (dumb-init, tini, catatonit): the images have no entrypoint; --init-path names one", b.Base.DistroName))
}

// runtimePackages are bindep's and the init's.
func (b *build) runtimePackages() []images.Package {
	packages := slices.DeleteFunc(slices.Clone(b.plan.Runtime), func(p images.Package) bool { return p.From == images.NoPython }) // it is there
	for _, candidate := range b.plan.Init.Candidates {
		if candidate.Path == b.init {
			packages = append(packages, images.Package{Name: candidate.Package, From: "the init put before every command (--init-path none leaves it out)"})
		}
	}
	return packages
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
