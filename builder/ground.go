package builder

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"strings"

	gateway "github.com/moby/buildkit/frontend/gateway/client"

	"github.com/pbrx-go/pbrx-go/bindep"
	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/images/naming"
)

// ground is an image that steps run on, and what was learnt of it.
type ground struct {
	image *BaseImage
	base  images.Base
	// layers are those that it has beyond the image's own.
	layers   []plan2llb.Layer
	compiler *plan2llb.Compiler
	// index is the distribution's package index, where it was fetched already.
	index *plan2llb.PackageIndex
	bare  *bare
}

// prepare opens an image and learns what it is. One without Python gets the distribution's. other says that it is
// not the base.
func (r *Run) prepare(ctx context.Context, at naming.Location, other bool) (*ground, error) {
	g := &ground{}
	open := func(ctx context.Context, c gateway.Client) (err error) {
		if r.platform.OS == "" {
			if r.platform, r.features, err = abilities(c); err != nil {
				return err
			}
			r.features.HostNetwork = r.opts.OnImages
		}
		opened, err := r.opener.image(ctx, c, r.platform, at, !other)
		if err != nil {
			return err
		}
		image := *opened // to which something may be added here
		g.image, g.compiler = &image, r.compilerOn(&image)
		python, err := findPython(ctx, c, &image, r.opts.Python)
		var none *NoPythonError
		if errors.As(err, &none) && none.fromDistribution {
			g.bare, err = examineBare(ctx, c, &image, none)
		} else if err != nil {
			err = &BaseError{Location: at, Err: err}
		} else {
			err = r.learn(ctx, c, g, python)
		}
		return g.refused(err, other)
	}
	if err := r.solve(ctx, Job{Stores: r.opener.store.stores(), Status: r.tracker.update}, open); err != nil {
		return g, err
	}
	if g.bare == nil {
		return g, nil
	}
	if err := r.bootstrap(ctx, g); err != nil {
		return g, g.refused(err, other)
	}
	return g, nil
}

// solve runs a job that exports nothing.
func (r *Run) solve(ctx context.Context, job Job, work func(context.Context, gateway.Client) error) error {
	job.Work = func(ctx context.Context, c gateway.Client) (*gateway.Result, error) {
		if err := work(ctx, c); err != nil {
			return nil, err
		}
		return gateway.NewResult(), nil
	}
	_, err := r.solver.Solve(ctx, job)
	return err
}

// learn runs the base's Python to learn what the base is.
func (r *Run) learn(ctx context.Context, c gateway.Client, g *ground, python string) error {
	base, facts, err := probe(ctx, c, g.image, g.compiler, r.platform, python)
	if err != nil {
		return err
	}
	g.base = base
	r.cached = append(r.cached, facts)
	return nil
}

// refused has an error about an image that is not the base not speak of the base.
func (g *ground) refused(err error, other bool) error {
	var base *BaseError
	if other && errors.As(err, &base) {
		base.Other = true
	}
	var none *NoPythonError
	if errors.As(err, &none) && !errors.As(err, &base) {
		return &BaseError{Location: g.image.Location, Other: other, Err: none}
	}
	return err
}

// NoPythonError says that an image has no interpreter where one is looked for, or something else there.
type NoPythonError struct {
	text string
	// fromDistribution says that the distribution's would do.
	fromDistribution bool
}

// Error says where it was looked for.
func (e *NoPythonError) Error() string { return e.text }

// findPython looks for an interpreter: at a path; or by a name where a shell would, along PATH. Without either it is python3, or
// else python. An error is a *NoPythonError where there is none.
func findPython(ctx context.Context, c gateway.Client, image *BaseImage, asked string) (string, error) {
	ref, err := evaluate(ctx, c, image.State)
	if err != nil {
		return "", err
	}
	// The base is fetched and unpacked by the first look into it: that this failed is not that there is no Python.
	if _, err := ref.StatFile(ctx, gateway.StatRequest{Path: "/"}); err != nil {
		return "", fmt.Errorf("unpacking it: %w", err)
	}
	names := []string{asked}
	if asked == "" {
		names = []string{plan2llb.DistroPython, "python"}
	}
	for _, name := range names {
		if found, err := findProgram(ctx, ref, image, name); found != "" || err != nil {
			return found, err
		}
	}
	none := &NoPythonError{text: "it has no Python on its PATH", fromDistribution: asked == ""}
	switch {
	case path.IsAbs(asked):
		none.text, none.fromDistribution = "it has no interpreter "+asked, asked == plan2llb.DistroPythonPath
	case asked != "":
		none.text, none.fromDistribution = "it has no interpreter "+asked+" on its PATH", asked == plan2llb.DistroPython
	}
	return "", none
}

// findProgram is the path of a program in an image, by its path or by its name; empty where there is none.
func findProgram(ctx context.Context, ref gateway.Reference, image *BaseImage, name string) (string, error) {
	candidates := []string{name}
	if !path.IsAbs(name) {
		candidates = nil
		for _, dir := range strings.Split(plan2llb.SearchPath(image.Config.Config.Env), ":") {
			if dir != "" {
				candidates = append(candidates, path.Join(dir, name))
			}
		}
	}
	for _, file := range candidates {
		if _, err := ref.StatFile(ctx, gateway.StatRequest{Path: file}); err == nil {
			return file, nil
		} else if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
	}
	return "", nil
}

// chooseMirror makes the mirror for a base a secret: where packages came from is no part of what they are.
func (r *Run) chooseMirror(base images.Base) error {
	if r.opts.Mirror == nil || r.opts.Host.Secrets[plan2llb.SecretMirror] != nil {
		return nil
	}
	mirror, err := r.opts.Mirror(base)
	if err != nil || mirror == "" {
		return err
	}
	r.opts.Host.Secrets = maps.Clone(r.opts.Host.Secrets)
	r.opts.Host.Secrets[plan2llb.SecretMirror] = []byte(mirror)
	return nil
}

// distroOf reads what distribution an image is of.
func distroOf(ctx context.Context, ref gateway.Reference, at naming.Location) (bindep.Distro, error) {
	for _, name := range []string{"/etc/os-release", "/usr/lib/os-release"} {
		if data, err := ref.ReadFile(ctx, gateway.ReadRequest{Filename: name}); err == nil {
			return bindep.ParseOSRelease(at.String()+":"+name, data)
		}
	}
	return bindep.Distro{}, errors.New("it has no os-release")
}
