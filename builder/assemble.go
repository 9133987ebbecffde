package builder

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb"
	gateway "github.com/moby/buildkit/frontend/gateway/client"

	"github.com/pbrx-go/pbrx-go/builder/dockerfile"
	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/images/naming"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// stack is the file system of an image as far as it is put together: a root file system that packages were installed in, with its
// layers beyond the base's, and trees that are laid over it.
type stack struct {
	root   llb.State
	layers []plan2llb.Layer
	over   []plan2llb.Overlay
}

// with is the stack with more trees over it.
func (s stack) with(over ...plan2llb.Overlay) stack {
	s.over = slices.Concat(s.over, over)
	return s
}

// above is the stack with a step done in its root file system.
func (s stack) above(root llb.State, layer plan2llb.Layer) stack {
	s.root, s.layers = root, append(slices.Clone(s.layers), layer)
	return s
}

// allLayers are the layers beyond those of the base, in their order.
func (s stack) allLayers() []plan2llb.Layer {
	layers := slices.Clone(s.layers)
	for _, o := range s.over {
		layers = append(layers, o.Layer)
	}
	return layers
}

// parts is what images are put together of.
type parts struct {
	*build
	*dependencies
	in images.Input
	// distro is where the distro packages of all images are.
	distro stack
	// wheel is the project's, and name the project's; none where there is no project.
	wheel llb.State
	name  string
	// made is what commands made in other images, by the number of the image that they are of.
	made map[int][]plan2llb.Made
	// base is the base image before its runs, ran after them.
	base, ran stack
}

// assemblies puts all images together. Nothing is solved.
func (p *parts) assemblies(ctx context.Context, c gateway.Client) ([]assembly, error) {
	var out []assembly
	for n, image := range p.plan.Images {
		if !image.Selected {
			continue
		}
		if image.Dockerfile != "" {
			a, err := p.byDockerfile(ctx, c, image, out[0])
			if err != nil {
				return nil, err
			}
			out = append(out, a)
			continue
		}
		s, err := p.image(ctx, c, n, image)
		if err != nil {
			return nil, err
		}
		own := n > 0 && (len(s.allLayers()) > len(p.ran.allLayers()) || !image.Distro.IsZero())
		out = append(out, assembly{image: image, state: p.compiler.Lay(s.root, s.over), layers: s.allLayers(), own: own})
	}
	return out, nil
}

// byDockerfile is the image that a Dockerfile of the project makes on top of the base image.
func (p *parts) byDockerfile(ctx context.Context, c gateway.Client, image images.Image, base assembly) (assembly, error) {
	if p.supposing {
		return p.compileDockerfile(ctx, dockerfile.Supposing(p.platform), p.in, image, base)
	}
	if _, err := evaluate(ctx, c, base.state); err != nil {
		return assembly{}, err
	}
	return p.dockerfile(ctx, c, p.in, image, base)
}

// image puts one image together; the base image comes first.
func (p *parts) image(ctx context.Context, c gateway.Client, n int, image images.Image) (stack, error) {
	if n == 0 {
		return p.baseImage(ctx, c, image)
	}
	s, err := p.beginning(ctx, c, n, image)
	if err != nil {
		return s, err
	}
	s = s.with(p.compiler.Trees(p.target(), p.extraGroups(n, image))[p.environments():]...)
	if s, err = p.files(ctx, c, s, image.Files, p.made[n], label(image)); err != nil {
		return s, err
	}
	return p.runs(ctx, c, s, image)
}

// label is what steps call an image: its script; its own name where it has none, or runs that of another image.
func label(image images.Image) string {
	name := path.Base(image.Name)
	if own, err := naming.ImageName(image.Script); err != nil || own != name {
		return name
	}
	return image.Script
}

// environments is how many trees the environment is, which the base image has.
func (p *parts) environments() int {
	if p.plan.Environment != "" {
		return 1
	}
	return 0
}

func (p *parts) baseImage(ctx context.Context, c gateway.Client, image images.Image) (s stack, err error) {
	s = p.room(0, p.distro)
	var early, late []images.File
	for _, f := range image.Files {
		if f.Pinned {
			early = append(early, f)
		} else {
			late = append(late, f)
		}
	}
	if s, err = p.files(ctx, c, s, early, nil, "all images"); err != nil {
		return s, err
	}
	s = s.with(p.compiler.Trees(p.target(), p.baseGroups())...)
	if p.base, err = p.files(ctx, c, s, late, p.made[0], "all images, over Python"); err != nil {
		return s, err
	}
	p.ran, err = p.runs(ctx, c, p.base, image)
	return p.ran, err
}

// beginning is what a script's image has of the base image. Its own packages are installed where those of the base image
// are, and not on top of the project, so that a changed source runs none of it again.
func (p *parts) beginning(ctx context.Context, c gateway.Client, n int, image images.Image) (stack, error) {
	distro := p.distro
	if !image.Distro.IsZero() {
		root, err := p.ownPackages(ctx, c, image)
		if err != nil {
			return stack{}, err
		}
		distro = distro.above(root, plan2llb.Layer{Content: "distro", CreatedBy: "pbrx-go: distro packages of " + label(image)})
	}
	begun := p.room(n, distro)
	if image.Distro.IsZero() && len(begun.layers) == len(p.base.layers) && len(p.replaced(n)) == len(p.replaced(0)) {
		return p.ran, nil
	}
	if p.compiler.Merges() {
		return begun.with(p.ran.over...), nil
	}
	return p.runs(ctx, c, begun.with(p.base.over...), p.plan.Images[0])
}

// replaced are the distributions of the base that those of an image replace.
func (p *parts) replaced(n int) []string {
	_, replaced := p.missing(p.names(0), p.dependencies)
	if _, present := p.Base.Distributions[setupcfg.Canonical(p.name)]; present && p.plan.Environment == "" {
		replaced = append(replaced, setupcfg.Canonical(p.name))
	}
	if n > 0 {
		_, more := p.missing(p.names(n), p.dependencies)
		replaced = append(replaced, more...)
	}
	slices.Sort(replaced)
	return slices.Compact(replaced)
}

// room is the root file system without the distributions of the base that those of the image replace.
func (p *parts) room(n int, s stack) stack {
	replaced := p.replaced(n)
	if len(replaced) == 0 {
		return s
	}
	return s.above(p.compiler.Remove(p.target(), s.root, replaced),
		plan2llb.Layer{Content: "dependencies", CreatedBy: "pbrx-go: without the base's " + strings.Join(replaced, ", ")})
}

// baseGroups are the wheels of the base image in the order of their layers.
func (p *parts) baseGroups() []plan2llb.Group {
	names, siblings := p.splitSiblings(p.names(0), p.dependencies)
	groups := append(p.wheelGroups("dependencies", "[dependencies] install ", names, p.dependencies), siblings...)
	if p.name == "" {
		return groups
	}
	return append(groups, plan2llb.Group{Content: "project", Name: "[project] install", Title: "project",
		Wheels: []plan2llb.Wheel{{Name: "project", State: p.wheel, Dir: "/dist"}}})
}

// extraGroups are the wheels of another image beyond these.
func (p *parts) extraGroups(n int, image images.Image) []plan2llb.Group {
	names, siblings := p.splitSiblings(p.names(n), p.dependencies)
	return append(p.wheelGroups("extra", "[extra "+label(image)+"] install ", names, p.dependencies), siblings...)
}
