package builder

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/moby/buildkit/client/llb"

	"github.com/pbrx-go/pbrx-go/builder/dockerfile"
	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// Dump compiles a plan as if every package were there and the wheel said what the project
// declares, and writes the LLB of each image as text. Nothing is solved.
func (r *Run) Dump(ctx context.Context, in images.Input) ([]byte, error) {
	in.Base = r.Base
	plan, err := images.New(in, r.opts.Plan)
	if err != nil {
		return nil, err
	}
	if len(plan.Images) == 0 {
		return nil, errors.New("writing the LLB of the images: what the project is called is known from its wheel only")
	}
	b := &build{Run: r, compiler: r.compiler(), plan: plan, init: plan.Init.Path}
	b.chooseInit(nil)
	index := plan2llb.PackageIndex{State: llb.Scratch()}
	packages := b.runtimePackages()
	var wanted []string
	for _, p := range slices.Concat(packages, plan.Compile, plan.Tools) {
		wanted = append(wanted, p.Name)
	}
	if len(wanted) > 0 {
		index, _ = b.compiler.Index(r.Base, wanted)
	}
	on := b.workshop(index)
	runtime := b.compiler.Packages(r.Base, index, packages, "runtime")
	wheel, err := b.wheel(on, plan.Source, r.opts.Source.tree(), false)
	if err != nil {
		return nil, err
	}
	if err := b.siblingWheels(on); err != nil {
		return nil, err
	}
	dependencies, err := b.supposed(on, in.Project)
	if err != nil {
		return nil, err
	}
	var out []byte
	var base assembly
	for n, image := range plan.Images {
		if !image.Selected {
			continue
		}
		root, layers := b.root(n, dependencies, plan.Project.Name, runtime, len(packages) > 0)
		st, layers := b.compiler.Assemble(b.target(), root, layers, b.groups(n, image, dependencies, wheel))
		if n == 0 {
			base = assembly{image: image, state: st, layers: layers}
		}
		if image.Dockerfile != "" {
			a, err := b.compileDockerfile(ctx, dockerfile.Supposing(r.platform), in, image, base)
			if err != nil {
				return nil, err
			}
			st = a.state
		}
		text, err := plan2llb.Dump(ctx, st)
		if err != nil {
			return nil, err
		}
		out = fmt.Appendf(out, "# %s\n%s\n", image.Name, text)
	}
	return out, nil
}

// supposed are the dependencies that the project declares, as wheels that were found at once. Which there are beyond
// them, and where, is known once they were resolved: they are left out.
func (b *build) supposed(on workshop, project *setupcfg.Project) (*dependencies, error) {
	r, numbers := requirementsOf(b.plan, b.plan.Project.Name, texts(project.Dependencies.Value))
	d := &dependencies{numbers: numbers, wheels: map[string]plan2llb.Wheel{}}
	d.Sets = make([][]string, len(r.Images))
	for n := range d.Sets {
		if n > 0 || len(r.RequiresDist) > 0 {
			d.Sets[n] = []string{"resolved"}
		}
	}
	for _, s := range b.siblings { // as if the base image needed each
		d.wheels[s.canonical()] = plan2llb.Wheel{Name: s.canonical(), State: s.state, Dir: "/dist"}
		d.Sets[0] = append(d.Sets[0], s.canonical())
	}
	resolved, err := b.compiler.Resolve(on.builder, on.tools, r, on.profile)
	d.wheels["resolved"] = plan2llb.Wheel{Name: "resolved", State: resolved, Dir: "/"}
	return d, err
}

func texts(requirements []setupcfg.Requirement) []string {
	var out []string
	for _, r := range requirements {
		out = append(out, r.Text)
	}
	return out
}
