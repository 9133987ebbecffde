package builder

import (
	"context"
	"fmt"
	"strings"

	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/images/naming"
)

// plot is a root file system that distro packages are installed on: that of the images, or that where wheels are made.
type plot struct {
	compiler *plan2llb.Compiler
	base     images.Base
	location naming.Location
	// indexes are the package indexes that were fetched, by the repositories in them.
	indexes map[string]plan2llb.PackageIndex
}

// newPlot is the plot of steps on a ground. steps is a compiler of the plan.
func newPlot(steps *plan2llb.Compiler, g *ground) *plot {
	p := &plot{compiler: steps.On(g.image.State, g.image.Config), base: g.base, location: g.image.Location, indexes: map[string]plan2llb.PackageIndex{}}
	if g.index != nil {
		p.indexes[""] = *g.index
	}
	return p
}

// newBuild begins a build on what was learnt.
func (r *Run) newBuild(in images.Input) *build {
	b := &build{Run: r, project: in.Project}
	b.place = newPlot(r.compiler(), &ground{image: r.image, base: r.Base, index: r.index})
	b.compiler, b.workplace = b.place.compiler, b.place
	if r.elsewhere != nil {
		b.workplace = newPlot(b.compiler, r.elsewhere)
	}
	return b
}

// prepareBuilder opens the image that wheels are made in, where that is not the base, and makes sure that what is made there
// fits the base. It is nil where it is the base. Errors are those of Probe.
func (r *Run) prepareBuilder(ctx context.Context, base *ground) (*ground, error) {
	if r.opts.Builder == (naming.Location{}) || r.opts.Builder == r.opts.Base {
		return nil, nil //nolint:nilnil // there is none
	}
	g, err := r.prepare(ctx, r.opts.Builder, true)
	if err != nil {
		return g, err
	}
	if differences := differ(base, g); len(differences) > 0 {
		return g, &BaseError{Location: r.opts.Builder, Other: true,
			Err: fmt.Errorf("wheels that are made in it do not fit the base %s: %s", r.opts.Base, strings.Join(differences, "; "))}
	}
	return g, nil
}

// differ says in which ways a builder is not as the base, by both values.
func differ(base, builder *ground) (differences []string) {
	for _, c := range []struct{ what, base, builder string }{
		{"distribution", base.base.Distro.ID, builder.base.Distro.ID},
		{"release", base.base.Distro.Version, builder.base.Distro.Version},
		{"C library", base.base.Libc, builder.base.Libc},
		{"Python", base.base.Python.Minor(), builder.base.Python.Minor()},
		{"platform", platformOf(base), platformOf(builder)},
	} {
		if c.base != c.builder {
			differences = append(differences, fmt.Sprintf("its %s is %s, the base's %s", c.what, orNone(c.builder), orNone(c.base)))
		}
	}
	return differences
}

// platformOf is the platform that an image says it is for; that of the engine, where it says nothing.
func platformOf(g *ground) string {
	p := g.image.Config.Platform
	if p.Architecture == "" {
		return g.base.Platform
	}
	return p.OS + "/" + p.Architecture
}

func orNone(value string) string {
	if value == "" {
		return "none"
	}
	return value
}
