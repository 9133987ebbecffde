package builder

import (
	"context"
	"errors"
	"fmt"

	"github.com/moby/buildkit/client/llb"

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
	index := llb.Scratch()
	packages := b.runtimePackages()
	var wanted []string
	for _, p := range append(packages, plan.Compile...) {
		wanted = append(wanted, p.Name)
	}
	if len(wanted) > 0 {
		index, _ = b.compiler.Index(r.Base, wanted)
	}
	work := b.compiler.Builder(r.Base, b.compiler.Packages(r.Base, index, plan.Compile, "compile"))
	runtime := b.compiler.Packages(r.Base, index, packages, "runtime")
	wheel, err := b.compiler.Wheel(work, plan.Source, r.opts.Source.tree())
	if err != nil {
		return nil, err
	}
	requirements := texts(in.Project.Dependencies.Value)
	dependencies, err := b.compileDependencies(work, plan.Project.Name, requirements)
	if err != nil {
		return nil, err
	}
	for n := range dependencies.sets {
		if len(requirements) > 0 {
			dependencies.sets[n].Wheels = make([]struct{}, 1)
		}
	}
	var out []byte
	for n, image := range plan.Images {
		if !image.Selected {
			continue
		}
		st, _ := b.compiler.Assemble(plan, work, runtime, len(packages) > 0, b.groups(n, image, dependencies, wheel))
		text, err := plan2llb.Dump(ctx, st)
		if err != nil {
			return nil, err
		}
		out = fmt.Appendf(out, "# %s\n%s\n", image.Name, text)
	}
	return out, nil
}

func texts(requirements []setupcfg.Requirement) []string {
	var out []string
	for _, r := range requirements {
		out = append(out, r.Text)
	}
	return out
}
