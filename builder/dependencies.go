package builder

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/moby/buildkit/client/llb"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"golang.org/x/sync/errgroup"

	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/setupcfg"
	"github.com/pbrx-go/pbrx-go/setupcfg/lock"
)

// workshop is where wheels are made: the root file systems, and the builder's own Python tools.
type workshop struct {
	compiler *plan2llb.Compiler
	builder  plan2llb.Builder
	// tools has what the project's own wheel is made with, compile the compile profile, too.
	tools, compile llb.State
	// profile says whether there is a compile profile that tools lacks.
	profile plan2llb.Profile
}

// workshop installs what wheels are made with.
func (b *build) workshop(index plan2llb.PackageIndex) workshop {
	on, base := b.workplace.compiler, b.workplace.base
	r := workshop{compiler: on, tools: on.Packages(base, index, b.plan.Tools, "build"), profile: plan2llb.Lacking}
	r.builder, r.compile = on.Builder(base, r.tools), r.tools
	if len(b.plan.Compile) > 0 {
		r.compile = on.Packages(base, index, slices.Concat(b.plan.Compile, b.plan.Tools), "compile")
		r.profile = plan2llb.Withheld
	}
	return r
}

// wheel compiles the step that makes the wheel of a source tree: first where that is likely to succeed, then, if it
// answers that it needs the compile profile, again.
func (b *build) wheel(on workshop, source images.Source, tree plan2llb.Tree, again bool) (llb.State, error) {
	root, profile := on.tools, on.profile
	switch {
	case again:
		root, profile = on.compile, plan2llb.Demanded
	case source.Toolchain != "":
		root, profile = on.compile, plan2llb.Installed
	}
	return on.compiler.Wheel(on.builder, root, profile, source, tree)
}

// distribution is one that was resolved, as resolve.py describes it.
type distribution struct {
	plan2llb.Artifact
	Version string `json:"version"`
	// Source says that its wheel has to be built.
	Source bool `json:"source"`
	// Sibling says that it is one, and its wheel made elsewhere.
	Sibling bool `json:"sibling"`
	// Why are the requirements that lead to it, the project's own first.
	Why []string `json:"why"`
}

// resolution is what resolve.py writes.
type resolution struct {
	Distributions []distribution `json:"distributions"`
	Sets          [][]string     `json:"sets"`
	NeedsTools    string         `json:"needs_tools"`
	NeedsVersions bool           `json:"needs_versions"`
}

// dependencies are the wheels of all dependencies of all images.
type dependencies struct {
	resolution
	// numbers are the sets of images by their place in the plan; an image without extras of its own has none.
	numbers map[int]int
	wheels  map[string]plan2llb.Wheel
	sizes   map[string]int64
}

// requirementsOf says what the dependencies follow from: the wheel's requirements, the extras of
// the base image and of every image that has some, and the definition's requirements. Which images there are beside these, what they are called and
// which were asked for makes no difference. numbers are the sets of images by their place in the plan; an
// image that requires nothing of its own has none.
func requirementsOf(plan *images.Plan, name string, requiresDist []string) (r plan2llb.Requirements, numbers map[int]int) {
	r = plan2llb.Requirements{Project: name, RequiresDist: append([]string{}, requiresDist...)} // a list, also where there is no project
	numbers = map[int]int{}
	for n, image := range plan.Images {
		if n > 0 && len(image.Extras)+len(image.Requirements) == 0 {
			continue
		}
		extras := append([]string{}, plan.Images[0].Extras...)
		extras = append(extras, image.Extras...)
		slices.Sort(extras)
		lines := requirementTexts(image.Requirements)
		if n == 0 {
			lines = append(lines, requiredSiblings(plan.Siblings)...)
		}
		slices.Sort(lines)
		numbers[n] = len(r.Images)
		r.Images = append(r.Images, plan2llb.ImageRequirements{Name: image.Script, Extras: slices.Compact(extras), Lines: slices.Compact(lines)})
	}
	return r, numbers
}

func requirementTexts(requirements []images.Requirement) []string {
	var out []string
	for _, r := range requirements {
		out = append(out, r.Text)
	}
	return out
}

// requiredSiblings are the requirements of what is built beside the project because the definition says so.
func requiredSiblings(siblings []images.Sibling) []string {
	var out []string
	for _, s := range siblings {
		if !s.Required {
			continue
		}
		line := s.Name
		if len(s.Extras) > 0 {
			line += "[" + strings.Join(s.Extras, ",") + "]"
		}
		out = append(out, line)
	}
	return out
}

// nothing says that there is nothing to resolve.
func nothing(r plan2llb.Requirements) bool {
	return len(r.RequiresDist) == 0 && !slices.ContainsFunc(r.Images, func(i plan2llb.ImageRequirements) bool { return len(i.Lines) > 0 })
}

// dependencies resolves the requirements of all images and makes the wheels.
func (b *build) dependencies(ctx context.Context, c gateway.Client, on workshop, wheel *setupcfg.Wheel, locked *lock.Lock) (*dependencies, error) {
	r, numbers := requirementsOf(b.plan, wheel.Name, wheel.RequiresDist)
	r.Lock = locked
	d := &dependencies{numbers: numbers, wheels: map[string]plan2llb.Wheel{}, sizes: map[string]int64{}}
	if nothing(r) {
		d.Sets = make([][]string, len(r.Images))
		b.useSiblings(d)
		return d, nil
	}
	err := b.withSiblings(r, &d.resolution, func(r plan2llb.Requirements) error { return b.resolve(ctx, c, on, r, &d.resolution) })
	if err != nil {
		return nil, err
	}
	b.useSiblings(d)
	return d, b.makeWheels(ctx, c, on, d)
}

// resolve decides on versions, without the compile profile where that will do.
func (b *build) resolve(ctx context.Context, c gateway.Client, on workshop, r plan2llb.Requirements, answer *resolution) error {
	try := func(root llb.State, profile plan2llb.Profile) error {
		st, err := on.compiler.Resolve(on.builder, root, r, profile)
		if err != nil {
			return err
		}
		*answer = resolution{} // nothing stays of a first try

		if err := readJSON(ctx, c, st, "resolved.json", answer); err != nil || answer.NeedsTools != "" || r.Lock != nil { // which has no age
			return err
		}
		return b.age(ctx, c, st, "resolved.json", Age{Name: "versions of the dependencies", Refresh: plan2llb.RefreshPython, step: plan2llb.ResolveStep(r, profile)})
	}
	if err := try(on.tools, on.profile); err != nil || answer.NeedsTools == "" {
		return err
	}
	return try(on.compile, plan2llb.Demanded)
}

// fetched is what fetch.py and compile.py say of the wheels that they give.
type fetched struct {
	Wheels []struct {
		Name string `json:"name"`
		Size int64  `json:"size"`
	} `json:"wheels"`
	NeedsTools string `json:"needs_tools"`
}

// makeWheels downloads wheels by groups, and builds those that there are only sources of.
func (b *build) makeWheels(ctx context.Context, c gateway.Client, on workshop, d *dependencies) error {
	var mu sync.Mutex
	tasks, gctx := errgroup.WithContext(ctx)
	tasks.SetLimit(8)
	have := func(st llb.State, found fetched) {
		mu.Lock()
		defer mu.Unlock()
		for _, f := range found.Wheels {
			d.wheels[f.Name] = plan2llb.Wheel{Name: f.Name, State: st, Dir: "/wheels/" + f.Name}
			d.sizes[f.Name] = f.Size
		}
	}
	byName := map[string]distribution{}
	for _, x := range d.Distributions {
		byName[x.Name] = x
		if !x.Source {
			continue
		}
		tasks.Go(func() error {
			st, found, err := b.compile(gctx, c, on, x)
			if err == nil {
				have(st, found)
			}
			return err
		})
	}
	for _, names := range d.downloads(byName) {
		tasks.Go(func() error {
			var found fetched
			st, err := on.compiler.Fetch(on.builder, groupName(names), artifacts(names, byName))
			if err == nil {
				err = readJSON(gctx, c, st, "wheels.json", &found)
			}
			if err == nil {
				have(st, found)
			}
			return err
		})
	}
	if err := tasks.Wait(); err != nil {
		return err
	}
	for name := range byName {
		if _, ok := d.wheels[name]; !ok {
			return fmt.Errorf("making the wheels of the dependencies: pip gave another than %s: please report this", name)
		}
	}
	return nil
}

// downloads groups what is downloaded: first what the base image needs, then what extras need beyond it.
func (d *dependencies) downloads(byName map[string]distribution) [][]string {
	var base, more []string
	for n, set := range d.Sets {
		for _, name := range set {
			switch {
			case byName[name].Source, byName[name].Sibling:
			case n == 0:
				base = append(base, name)
			default:
				more = append(more, name)
			}
		}
	}
	slices.Sort(more)
	return append(group(base, groupSize), group(slices.Compact(more), groupSize)...)
}

func artifacts(names []string, byName map[string]distribution) []plan2llb.Artifact {
	var out []plan2llb.Artifact
	for _, name := range names {
		out = append(out, byName[name].Artifact)
	}
	return out
}

// compile builds one wheel: without the compile profile, and with it where that turns out to be needed.
func (b *build) compile(ctx context.Context, c gateway.Client, on workshop, d distribution) (st llb.State, found fetched, err error) {
	from := requirementLines(b.project, b.plan, d.Why[0])
	if len(d.Why) > 1 {
		from = append(from, "which leads to "+strings.Join(d.Why[1:], ", "))
	}
	try := func(root llb.State, profile plan2llb.Profile) error {
		if st, err = on.compiler.Compile(on.builder, root, d.Artifact, from, profile); err != nil {
			return err
		}
		return readJSON(ctx, c, st, "wheels.json", &found)
	}
	if err = try(on.tools, on.profile); err != nil || found.NeedsTools == "" {
		return st, found, err
	}
	return st, found, try(on.compile, plan2llb.Demanded)
}

// names are the distributions that the image with number n in the plan needs, beyond those of the base image.
func (d *dependencies) names(n int) []string {
	number, ok := d.numbers[n]
	if !ok {
		return nil
	}
	return d.Sets[number]
}

// missing are those of some distributions that the environment does not have already. replaced are those that it has in
// another version.
func (b *build) missing(names []string, d *dependencies) (missing, replaced []string) {
	if b.plan.Environment != "" {
		return names, nil
	}
	versions := d.versions()
	for _, name := range names {
		version, present := b.Base.Distributions[name]
		if present && version != versions[name] {
			replaced = append(replaced, name)
		}
		if version != versions[name] {
			missing = append(missing, name)
		}
	}
	return missing, replaced
}

func (d *dependencies) versions() map[string]string {
	versions := map[string]string{}
	for _, x := range d.Distributions {
		versions[x.Name] = x.Version
	}
	return versions
}

func (b *build) wheelGroups(content, step string, names []string, d *dependencies) []plan2llb.Group {
	versions := d.versions()
	names, _ = b.missing(names, d)
	var groups []plan2llb.Group
	for _, some := range layerGroups(names, d.sizes) {
		g := plan2llb.Group{Content: content, Name: step + groupName(some)}
		var titles []string
		for _, name := range some {
			g.Wheels = append(g.Wheels, d.wheels[name])
			titles = append(titles, name+" "+versions[name])
		}
		g.Title = content + ": " + strings.Join(titles, ", ")
		groups = append(groups, g)
	}
	return groups
}
