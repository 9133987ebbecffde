package builder

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/moby/buildkit/client/llb"
	gateway "github.com/moby/buildkit/frontend/gateway/client"

	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/images/naming"
)

// files puts files over what there is so far, and what commands made elsewhere.
func (p *parts) files(ctx context.Context, c gateway.Client, s stack, files []images.File, made []plan2llb.Made, what string) (stack, error) {
	others, err := p.others(ctx, c, files)
	if err != nil {
		return s, err
	}
	more, where := plan2llb.MadeFiles(made)
	files = slices.Concat(files, more)
	maps.Copy(others, where)
	if len(files) == 0 {
		return s, nil
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
		image, err := p.other(ctx, c, ref, f.From)
		if err != nil {
			return nil, err
		}
		others[ref] = image.State
	}
	return others, nil
}

// other is another image that the definition names.
func (b *build) other(ctx context.Context, c gateway.Client, ref, from string) (*BaseImage, error) {
	if b.supposing {
		return &BaseImage{State: llb.Scratch()}, nil
	}
	at, err := naming.ParseLocation(ref)
	if err != nil {
		return nil, images.PlanError{fmt.Errorf("%s: %w", from, err)}
	}
	image, err := b.Image(ctx, c, at)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", from, err)
	}
	return image, nil
}
