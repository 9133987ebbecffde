package builder

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/client/llb"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/tonistiigi/fsutil"

	"github.com/pbrx-go/pbrx-go/builder/dockerfile"
	"github.com/pbrx-go/pbrx-go/builder/gitdir"
	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
	"github.com/pbrx-go/pbrx-go/builder/projectfiles"
	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/images/naming"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// Host is what of the host a build must honour.
type Host struct {
	// Secrets are the bytes behind plan2llb's secrets, by name.
	Secrets map[string][]byte
	Proxy   llb.ProxyEnv
	// FindLinks are local folders with wheels, by the name of the local source, in order.
	FindLinks []Folder
	// Constraints and BuildConstraints are pip's, from the host's pip configuration; DependencyConstraints are asked for
	// beside them, and hold for the dependencies only.
	Constraints, BuildConstraints, DependencyConstraints []byte
	// Hidden are the credentials among all this, in every spelling: what steps print is shown and kept without them.
	Hidden []string
	// ConstraintLines are the entries of Constraints and DependencyConstraints, for errors that speak of them.
	ConstraintLines []images.Constraint
}

// Folder is a folder of the host under a name.
type Folder struct {
	Name string
	FS   fsutil.FS
}

// Source is what the project's wheel is built from.
type Source struct {
	Files fsutil.FS
	// Folder is the project's whole folder, of which Dockerfiles copy what they name.
	Folder fsutil.FS
	// Git is the project's history, nil where there is none.
	Git fsutil.FS
	// Below is where in the repository's work tree the project lies, empty at its top.
	Below string

	repository *gitdir.Repository
	choice     *projectfiles.Choice
	// withoutGit is why git's list of files could not be read where it is not needed.
	withoutGit error
}

// SiblingSource is what a sibling's wheel is built from.
type SiblingSource struct {
	// Name is the sibling's.
	Name string
	Source
}

// Options are what a run needs beside the project.
type Options struct {
	Base naming.Location
	// Builder is the image that wheels are made in; the zero value is the base.
	Builder naming.Location
	// Python is the interpreter of the base, by its path or by its name on the PATH there; empty is python3, or else python.
	// A base without python3 gets the distribution's.
	Python string
	// TempDir is a folder for files that live as long as the run.
	TempDir string
	// Images opens the images that Docker Engine has; it may be nil where no base is one of them.
	Images func(context.Context) (ImageStore, error)
	// OnImages says that the engine solves with these images: it is that Docker Engine.
	OnImages bool
	// Memory is a file that keeps digests of root file systems from one run to the next.
	Memory string
	Host   Host
	Source Source
	// Siblings are what the wheels of the plan's siblings are built from, in the plan's order.
	Siblings []SiblingSource
	// Mirror names the package mirror for the base that was found; it may be nil.
	Mirror func(images.Base) (string, error)
	// BuildEnv are variables (NAME=VALUE) of the steps that build wheels.
	BuildEnv []string
	// Plan are the options of planning.
	Plan    images.Options
	Epoch   time.Time
	NoCache bool
	// Check says what becomes of images whose scripts would die at start; empty is CheckFails.
	Check CheckMode
	// Refresh are the cached answers to ask for again.
	Refresh plan2llb.Refresh
	// Status is told of everything the engine does; it may be nil.
	Status func(*client.SolveStatus)
}

// Run is one run of the tool against one base: what was learnt of the base, and what can be built on it.
type Run struct {
	// Base is what was learnt of the base image.
	Base images.Base
	// Builder is what was learnt of the image that wheels are made in; nil where that is the base.
	Builder *images.Base

	solver Solver
	opts   Options
	opener *opener
	image  *BaseImage
	// layers are those that the base has here beyond those of the image.
	layers []plan2llb.Layer
	// index is the distribution's package index, where it was fetched already.
	index *plan2llb.PackageIndex
	// elsewhere is the image that wheels are made in, where that is not the base.
	elsewhere *ground
	platform  v1.Platform
	features  plan2llb.Features
	tracker   *tracker
	// failed are the checks that failed.
	failed []FailedCheck
	// cached are the states whose steps a layer cache holds after Build.
	cached []llb.State
	ages   []Age
	// contents are what a definition's origins were found to be.
	contents []Folder
}

// Probe finds the base image and learns what it is. Errors are *BaseError, *EngineError or *StepError.
func Probe(ctx context.Context, solver Solver, opts Options) (*Run, error) {
	r := &Run{solver: solver, opts: opts, opener: newOpener(opts), tracker: newTracker(opts.Status, opts.Host.Hidden...)}
	g, err := r.prepare(ctx, opts.Base, false)
	if err == nil {
		r.image, r.Base, r.layers, r.index = g.image, g.base, g.layers, g.index
		err = r.chooseMirror(r.Base)
	} else {
		err = r.explain(ctx, err, g.compiler)
	}
	if err == nil {
		if r.elsewhere, err = r.prepareBuilder(ctx, g); err != nil {
			err = r.explain(ctx, err, r.elsewhere.compiler)
		} else if r.elsewhere != nil {
			r.Builder = &r.elsewhere.base
		}
	}
	if err != nil {
		return nil, errors.Join(err, r.Close(ctx))
	}
	return r, nil
}

// Close takes back what the engine was given for this run: images that it could not read out of a session.
func (r *Run) Close(ctx context.Context) error {
	if r.opener == nil {
		return nil
	}
	return r.opener.close(ctx)
}

// Abilities is what an engine can do, as far as engines differ.
type Abilities struct {
	// Platform is that of what it builds, such as linux/amd64.
	Platform string
	// Merge says that layers are merged, OCILayout that bases are read out of a session.
	Merge, OCILayout bool
}

// Examine asks an engine what it can do.
func Examine(ctx context.Context, solver Solver) (can Abilities, err error) {
	_, err = solver.Solve(ctx, Job{Work: func(_ context.Context, c gateway.Client) (*gateway.Result, error) {
		platform, features, err := abilities(c)
		if err != nil {
			return nil, err
		}
		can = Abilities{Platform: platforms.Format(platform), Merge: features.Merge, OCILayout: readsSessions(c)}
		return gateway.NewResult(), nil
	}})
	return can, err
}

// abilities asks the engine for its platform and what changes how a plan is compiled.
func abilities(c gateway.Client) (v1.Platform, plan2llb.Features, error) {
	opts := c.BuildOpts()
	if len(opts.Workers) == 0 || len(opts.Workers[0].Platforms) == 0 {
		return v1.Platform{}, plan2llb.Features{}, &EngineError{Doing: "asking the engine what it can do", Err: errors.New("it has no worker"), Hint: "see `pbrx-go doctor`"}
	}
	merge := opts.LLBCaps.Supports(pb.CapMergeOp) == nil && opts.LLBCaps.Supports(pb.CapDiffOp) == nil
	return opts.Workers[0].Platforms[0], plan2llb.Features{Merge: merge}, nil
}

// compiler compiles steps on the base.
func (r *Run) compiler() *plan2llb.Compiler { return r.compilerOn(r.image) }

func (r *Run) compilerOn(image *BaseImage) *plan2llb.Compiler {
	in := plan2llb.Inputs{
		Base:             image.State,
		Config:           image.Config,
		Platform:         r.platform,
		Features:         r.features,
		Epoch:            r.opts.Epoch,
		Proxy:            r.opts.Host.Proxy,
		Constraints:      r.opts.Host.Constraints,
		BuildConstraints: r.opts.Host.BuildConstraints,
		BuildEnv:         r.opts.BuildEnv,
		NoCache:          r.opts.NoCache,
		Refresh:          r.opts.Refresh,

		DependencyConstraints: r.opts.Host.DependencyConstraints,
	}
	for _, f := range r.opts.Host.FindLinks {
		in.FindLinks = append(in.FindLinks, f.Name)
	}
	return plan2llb.New(in)
}

// job is a job with everything that steps of this run may ask the session for.
func (r *Run) job(work func(context.Context, gateway.Client) (*gateway.Result, error)) Job {
	locals := map[string]fsutil.FS{}
	if r.opts.Source.Files != nil {
		locals[plan2llb.SourceLocal] = r.opts.Source.Files
	}
	if r.opts.Source.Folder != nil {
		locals[dockerfile.ContextLocal] = r.opts.Source.Folder
	}
	if r.opts.Source.Git != nil {
		locals[plan2llb.GitLocal] = r.opts.Source.Git
	}
	for _, s := range r.opts.Siblings {
		files, git := plan2llb.SiblingLocals(setupcfg.Canonical(s.Name))
		if locals[files] = s.Files; s.Git != nil {
			locals[git] = s.Git
		}
	}
	for _, f := range slices.Concat(r.opts.Host.FindLinks, r.contents) {
		locals[f.Name] = f.FS
	}
	return Job{Locals: locals, Stores: r.opener.store.stores(), Secrets: r.opts.Host.Secrets, Work: work, Status: r.tracker.update, HostNetwork: r.features.HostNetwork}
}

// Offer gives steps more folders of the host, under the names by which the plan's contents speak of them.
func (r *Run) Offer(folders ...Folder) { r.contents = append(r.contents, folders...) }

// Steps are the steps of the run so far and whether they ran.
func (r *Run) Steps() []StepResult { return r.tracker.steps() }

// explain turns an error of a solve into one that says which step failed and why.
func (r *Run) explain(ctx context.Context, err error, compiler *plan2llb.Compiler) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var base *BaseError
	var engine *EngineError
	var missing *MissingPackageError
	var files setupcfg.ErrorList
	var planning images.PlanError
	var scripts *ScriptsError
	if errors.As(err, &files) || errors.As(err, &planning) || errors.As(err, &scripts) { // lines that begin with their place
		return err
	}
	if strings.Contains(err.Error(), "no space left on device") { // the engine's disk, whatever it was doing: no type comes over its socket
		doing := "building the images"
		if errors.As(err, &base) {
			doing, err = "reading the base image "+base.Location.String(), base.Err
		}
		return &EngineError{Doing: doing, Err: err, Hint: "make room on that disk, as with `pbrx-go cache prune`, or set PBRX_GO_STATE to a folder on another one"}
	}
	if errors.As(err, &base) || errors.As(err, &missing) || compiler == nil {
		return err
	}
	if step, ok := r.tracker.failed(compiler.Steps()); ok {
		if plan2llb.IsIndex(step.Step) && (len(step.From) == 0 || step.Surroundings()) { // else it is a repository that the definition names
			return &EngineError{Doing: "fetching the package index of " + r.Base.DistroName, Err: step,
				Hint: "name a mirror that answers with --mirror URL (auto takes the host's); where nothing but the init is to be installed, --init-path none does without"}
		}
		return step
	}
	if errors.As(err, &engine) {
		return err
	}
	return fmt.Errorf("building the images: %w", err)
}
