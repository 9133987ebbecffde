package builder

import (
	"context"
	"fmt"
	"path"

	"github.com/moby/buildkit/client/llb"
	gateway "github.com/moby/buildkit/frontend/gateway/client"

	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
	"github.com/pbrx-go/pbrx-go/images"
)

// elsewhere compiles the commands that run in other images: what they make is a file of an image, or goes into the project's tree
// before its wheel is built. An image that nothing selected needs is not opened.
func (p *parts) elsewhere(ctx context.Context, c gateway.Client) error {
	p.made = map[int][]plan2llb.Made{}
	for n, image := range p.plan.Images {
		for position, run := range image.Runs {
			if run.In == "" || !image.Selected && !run.ForSource() {
				continue
			}
			options, err := p.runOptions(ctx, c, run, image, position)
			if err != nil {
				return err
			}
			other, err := p.other(ctx, c, run.In, run.From)
			if err != nil {
				return err
			}
			options.In, options.Env = other.State, other.Config.Config.Env
			_, made := p.compiler.Run(llb.Scratch(), run, options)
			p.made[n] = append(p.made[n], made...)
		}
	}
	return nil
}

// forWheel is what of this belongs into the project's tree.
func (p *parts) forWheel() []plan2llb.Made {
	var out []plan2llb.Made
	for n := range p.plan.Images {
		for _, m := range p.made[n] {
			if !path.IsAbs(m.Dest) {
				out = append(out, m)
			}
		}
	}
	return out
}

// runs runs the commands of an image in what there is of it so far. Where the engine has Diff, what they write is laid over other
// root file systems as well.
func (p *parts) runs(ctx context.Context, c gateway.Client, s stack, image images.Image) (stack, error) {
	for position, run := range image.Runs {
		if run.In != "" {
			continue
		}
		options, err := p.runOptions(ctx, c, run, image, position)
		if err != nil {
			return s, err
		}
		before := p.compiler.Lay(s.root, s.over)
		after, _ := p.compiler.Run(before, run, options)
		layer := plan2llb.Layer{Content: "run", CreatedBy: "pbrx-go: run " + run.String()}
		if p.compiler.Merges() {
			s = s.with(plan2llb.Overlay{State: llb.Diff(before, after, llb.WithCustomName("[internal] what commands wrote")), Layer: layer})
		} else {
			s = stack{root: after, layers: append(s.allLayers(), layer)}
		}
	}
	return s, nil
}

func (p *parts) runOptions(ctx context.Context, c gateway.Client, run images.RunStep, image images.Image, position int) (plan2llb.RunOptions, error) {
	o := plan2llb.RunOptions{What: label(image), Position: position, Base: p.plan.Base}
	plain := image
	plain.Config = images.Config{} // what the definition says of the configuration decides nothing that is in a layer
	raw, err := p.compiler.ImageConfig(p.plan, plain, "", nil)
	if err != nil {
		return o, fmt.Errorf("writing the configuration of %s: %w", image.Name, err)
	}
	config, err := plan2llb.ParseConfig(raw)
	if err != nil {
		return o, err
	}
	o.Env = config.Config.Env
	if run.Source != nil && run.Source.Image != "" {
		source, err := p.other(ctx, c, run.Source.Image, run.From)
		if err != nil {
			return o, err
		}
		o.Others = map[string]llb.State{run.Source.Image: source.State}
	}
	return o, nil
}
