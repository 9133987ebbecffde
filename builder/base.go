package builder

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/distribution/reference"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pbrx-go/pbrx-go/bindep"
	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/images/naming"
)

// baseTimeout bounds the question whether a registry has the base image.
const baseTimeout = 12 * time.Second

// releaseTimeout bounds the taking back of a base that an engine was given.
const releaseTimeout = 30 * time.Second

// BaseImage is an image that was found: the base, or another one that steps take files from or run in.
type BaseImage struct {
	Location naming.Location
	// State is its file system, Config its configuration.
	State  llb.State
	Config plan2llb.Config
	Digest digest.Digest
	// release takes back what the engine was given; nil where it was given nothing.
	release func(context.Context) error
}

// close takes back what the engine was given, also when ctx has ended.
func (b *BaseImage) close(ctx context.Context) error {
	if b.release == nil {
		return nil
	}
	release := b.release
	b.release = nil
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	return release(ctx)
}

// BaseError says that a base image cannot be had, or another image that a build takes something from.
type BaseError struct {
	Location naming.Location
	// Other says that it is not the base image.
	Other bool
	Err   error
}

// Error names the base and the ways out.
func (e *BaseError) Error() string {
	if e.Other {
		return fmt.Sprintf("reading the image %s: %v: %sname another (docker://NAME, oci:DIR[:REF], rootfs:FILE|DIR), or see `pbrx-go doctor`", e.Location, e.Err, e.login())
	}
	return fmt.Sprintf("reading the base image %s: %v: %sname another with --base or PBRX_GO_BASE (docker://NAME, oci:DIR[:REF], rootfs:FILE|DIR), or see `pbrx-go doctor`", e.Location, e.Err, e.login())
}

// login says how to log in, where a registry wants that.
func (e *BaseError) login() string {
	refused := regexp.MustCompile(`(?i)\b(401|403|unauthorized|forbidden|no basic auth credentials)\b`)
	if e.Location.Transport != naming.Registry || !refused.MatchString(e.Err.Error()) {
		return ""
	}
	host := "HOST"
	if named, err := reference.ParseNormalizedNamed(e.Location.Name); err == nil {
		host = reference.Domain(named)
	}
	return "log in with `docker login " + host + "`, "
}

// Unwrap is the cause.
func (e *BaseError) Unwrap() error { return e.Err }

// registry has the engine ask a registry for an image.
func (s search) registry(ctx context.Context) (*BaseImage, error) {
	ref, err := naming.NormalizeRef(s.at.Name)
	if err != nil {
		return nil, err
	}
	mode := pb.AttrImageResolveModeDefault
	if s.opts.OnImages || s.opts.Refresh.Has(plan2llb.RefreshBase) { // Docker's images of that name may be somebody's own
		mode = pb.AttrImageResolveModeForcePull
	}
	// A deadline would reach the engine, too, and its error might come back first.
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timer := time.AfterFunc(baseTimeout, func() { cancel(fmt.Errorf("no answer within %s", baseTimeout)) })
	defer timer.Stop()
	type answer struct {
		d      digest.Digest
		config []byte
		err    error
	}
	answers := make(chan answer, 1)
	go func() { // the engine retries for longer than anybody wants to wait
		_, d, config, err := s.engine.ResolveImageConfig(ctx, ref, sourceresolver.Opt{
			LogName:  s.name + " " + ref,
			ImageOpt: &sourceresolver.ResolveImageOpt{Platform: &s.platform, ResolveMode: mode},
		})
		answers <- answer{d, config, err}
	}()
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case a := <-answers:
		if a.err != nil {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			return nil, a.err
		}
		config, err := plan2llb.ParseConfig(a.config)
		if err != nil {
			return nil, err
		}
		name, _, _ := strings.Cut(ref, "@")
		state := llb.Image(name+"@"+a.d.String(), llb.WithCustomName(s.name))
		return &BaseImage{State: state, Config: config, Digest: a.d}, nil
	}
}

// facts is what probe.py writes.
type facts struct {
	OSRelease      string            `json:"os_release"`
	PackageManager string            `json:"package_manager"`
	Inits          map[string]string `json:"inits"`
	Python         images.Python     `json:"python"`
	Prefix         string            `json:"prefix"`
	Libc           string            `json:"libc"`
	Distributions  map[string]string `json:"distributions"`
}

// probe learns what a base image is from the image itself, by the state that it returns as well.
func probe(ctx context.Context, c gateway.Client, base *BaseImage, compiler *plan2llb.Compiler, platform v1.Platform, python string) (b images.Base, st llb.State, err error) {
	var f facts
	st = compiler.Probe(python)
	ref, err := evaluate(ctx, c, st)
	if err != nil {
		return b, st, err
	}
	data, err := ref.ReadFile(ctx, gateway.ReadRequest{Filename: "base.json"})
	if err != nil { // the step did well and wrote nothing
		return b, st, cmp.Or[error](context.Cause(ctx), &NoPythonError{text: "its " + python + " is no Python interpreter"})
	}
	if err := json.Unmarshal(data, &f); err != nil {
		return b, st, fmt.Errorf("reading base.json of a step: %w", err)
	}
	distro, err := bindep.ParseOSRelease(base.Location.String()+":/etc/os-release", []byte(f.OSRelease))
	if err != nil {
		return b, st, &BaseError{Location: base.Location, Err: err}
	}
	f.Python.Prefix = f.Prefix
	return images.Base{
		Ref:            base.Location.String(),
		Digest:         base.Digest.String(),
		Platform:       platform.OS + "/" + platform.Architecture,
		Distro:         distro,
		DistroName:     distro.String(),
		Libc:           f.Libc,
		PackageManager: f.PackageManager,
		Python:         f.Python,
		Distributions:  f.Distributions,
		Inits:          f.Inits,
		Env:            base.Config.Config.Env,
	}, st, nil
}

// evaluate solves a state and gives access to its files.
func evaluate(ctx context.Context, c gateway.Client, st llb.State) (gateway.Reference, error) {
	// The files of one session are the same ones each time they are asked for: so the steps on them are the same as well.
	def, err := st.Marshal(ctx, llb.LocalUniqueID(c.BuildOpts().SessionID))
	if err != nil {
		return nil, fmt.Errorf("writing LLB: %w", err)
	}
	res, err := c.Solve(ctx, gateway.SolveRequest{Definition: def.ToPB(), Evaluate: true})
	if err != nil {
		return nil, err
	}
	return res.SingleRef()
}

func readFile(ctx context.Context, c gateway.Client, st llb.State, name string) ([]byte, error) {
	ref, err := evaluate(ctx, c, st)
	if err != nil {
		return nil, err
	}
	data, err := ref.ReadFile(ctx, gateway.ReadRequest{Filename: name})
	if err != nil {
		return nil, fmt.Errorf("reading %s of a step: %w", name, err)
	}
	return data, nil
}

func readJSON(ctx context.Context, c gateway.Client, st llb.State, name string, into any) error {
	data, err := readFile(ctx, c, st, name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("reading %s of a step: %w", name, err)
	}
	return nil
}
