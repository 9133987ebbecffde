package builder

import (
	"context"
	"errors"
	"fmt"

	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// Dump compiles a plan as if every package were there and the wheel said what the project
// declares, and writes the LLB of each image as text. Nothing is solved.
func (r *Run) Dump(ctx context.Context, in images.Input) ([]byte, error) {
	in.Base, in.Builder = r.Base, r.Builder
	plan, err := images.New(in, r.opts.Plan)
	if err != nil {
		return nil, err
	}
	if len(plan.Images) == 0 {
		return nil, errors.New("writing the LLB of the images: what the project is called is known from its wheel only")
	}
	b := r.newBuild(in)
	b.plan, b.init, b.supposing = plan, plan.Init.Path, true
	p := &parts{build: b, in: in}
	on, err := b.distroPackages(ctx, nil, p)
	if err != nil {
		return nil, err
	}
	if err := p.elsewhere(ctx, nil); err != nil {
		return nil, err
	}
	if !in.NoProject {
		p.name = plan.Project.Name
		tree := r.opts.Source.tree()
		tree.Made = p.forWheel()
		if p.wheel, err = b.wheel(on, plan.Source, tree, false); err != nil {
			return nil, err
		}
	}
	if err := b.siblingWheels(on); err != nil {
		return nil, err
	}
	if p.dependencies, err = b.supposed(on, in.Project); err != nil {
		return nil, err
	}
	assemblies, err := p.assemblies(ctx, nil)
	if err != nil {
		return nil, err
	}
	var out []byte
	for _, a := range assemblies {
		text, err := plan2llb.Dump(ctx, a.state)
		if err != nil {
			return nil, err
		}
		out = fmt.Appendf(out, "# %s\n%s\n", a.image.Name, text)
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
		if n > 0 || !nothing(r) {
			d.Sets[n] = []string{"resolved"}
		}
	}
	for _, s := range b.siblings { // as if the base image needed each
		d.wheels[s.canonical()] = plan2llb.Wheel{Name: s.canonical(), State: s.state, Dir: "/dist"}
		d.Sets[0] = append(d.Sets[0], s.canonical())
	}
	resolved, err := on.compiler.Resolve(on.builder, on.tools, r, on.profile)
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
