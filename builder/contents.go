package builder

import (
	"context"
	"errors"
	"fmt"

	"github.com/moby/buildkit/client/llb"
	gateway "github.com/moby/buildkit/frontend/gateway/client"

	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
	"github.com/pbrx-go/pbrx-go/images"
)

// files puts files over what there is so far.
func (p *parts) files(ctx context.Context, c gateway.Client, s stack, files []images.File, what string) (stack, error) {
	if len(files) == 0 {
		return s, nil
	}
	others, err := p.others(ctx, c, files)
	if err != nil {
		return s, err
	}
	tree := p.compiler.Files(p.compiler.Lay(s.root, s.over), p.target(), files, others, what)
	return s.with(plan2llb.Overlay{State: tree, Layer: plan2llb.Layer{Content: "files", CreatedBy: "pbrx-go: files of " + what}}), nil
}

// others are the images that files are copied out of.
func (p *parts) others(ctx context.Context, c gateway.Client, files []images.File) (map[string]llb.State, error) {
	others := map[string]llb.State{}
	for _, f := range files {
		ref := f.Content.Image
		if _, known := others[ref]; known || ref == "" {
			continue
		}
		st, err := p.other(ctx, c, ref, f.From)
		if err != nil {
			return nil, err
		}
		others[ref] = st
	}
	return others, nil
}

func (p *parts) runs(_ context.Context, _ gateway.Client, s stack, runs []images.RunStep, _ string) (stack, error) {
	if len(runs) > 0 {
		return s, errors.New("runs")
	}
	return s, nil
}

// other is the file system of another image that the definition names.
func (b *build) other(ctx context.Context, c gateway.Client, ref, from string) (llb.State, error) {
	if b.supposing {
		return llb.Scratch(), nil
	}
	at, err := images.ParseLocation(ref)
	if err != nil {
		return llb.State{}, images.PlanError{fmt.Errorf("%s: %w", from, err)}
	}
	image, err := b.Image(ctx, c, at)
	if err != nil {
		return llb.State{}, err
	}
	return image.State, nil
}
