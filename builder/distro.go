package builder

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb"
	gateway "github.com/moby/buildkit/frontend/gateway/client"

	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/images/naming"
)

// distroPackages fetches the package indexes, chooses the init, and says where the distro packages of all images and of the
// builder are. What is asked for and not to be had is an error.
func (b *build) distroPackages(ctx context.Context, c gateway.Client, p *parts) (workshop, error) {
	levels := b.plan.DistroLevels()
	if err := b.lookUp(ctx, c, levels); err != nil {
		return workshop{}, err
	}
	s := stack{root: b.compiler.Base(), layers: b.layers}
	var err error
	for n, level := range levels {
		level.Packages = slices.DeleteFunc(slices.Clone(level.Packages), func(p images.Package) bool { return p.From == images.NoPython }) // it is there
		if n == 0 {
			level.Packages = append(level.Packages, b.initPackages()...)
		}
		if s, err = b.level(ctx, c, s, level, len(levels) > 1); err != nil {
			return workshop{}, err
		}
	}
	p.distro = s
	index, err := b.index(ctx, c, b.workplace, levels[len(levels)-1].Repositories, len(b.plan.Tools)+len(b.plan.Compile) > 0)
	if err != nil {
		return workshop{}, err
	}
	return b.workshop(index), nil
}

// level adds the accounts and the packages of one level. Where its file lies is no part of the image.
func (b *build) level(ctx context.Context, c gateway.Client, s stack, level images.Level, several bool) (stack, error) {
	if len(level.Accounts) > 0 {
		root := b.compiler.Accounts(s.root, b.Base.Python.Executable, level)
		s = s.above(root, plan2llb.Layer{Content: "accounts", CreatedBy: "pbrx-go: accounts of " + filepath.Base(level.From)})
	}
	if plan2llb.Installs(level.DistroContent) {
		index, err := b.index(ctx, c, b.place, level.Repositories, true)
		if err != nil {
			return s, err
		}
		title := "pbrx-go: distro packages for run time"
		if several {
			title += " of " + filepath.Base(level.From)
		}
		s = s.above(b.compiler.PackagesOn(s.root, b.Base, index, level.DistroContent, "runtime"), plan2llb.Layer{Content: "distro", CreatedBy: title})
	}
	if root, joined := b.compiler.JoinGroups(s.root, b.Base.Python.Executable, level); joined {
		s = s.above(root, plan2llb.Layer{Content: "accounts", CreatedBy: "pbrx-go: groups of the accounts of " + filepath.Base(level.From)})
	}
	return s, nil
}

// ownPackages installs what one image has beyond the others.
func (p *parts) ownPackages(ctx context.Context, c gateway.Client, image images.Image) (llb.State, error) {
	index, err := p.index(ctx, c, p.place, image.Distro.Repositories, true)
	if err != nil {
		return llb.State{}, err
	}
	return p.compiler.PackagesOn(p.distro.root, p.Base, index, image.Distro, label(image)), nil
}

// index is the package index with some repositories. It is fetched once; where it is not needed it is empty.
func (b *build) index(ctx context.Context, c gateway.Client, g *plot, repositories []images.Repository, needed bool) (plan2llb.PackageIndex, error) {
	if !needed {
		return plan2llb.PackageIndex{State: llb.Scratch()}, nil
	}
	var key strings.Builder
	for _, r := range repositories {
		fmt.Fprintf(&key, "%q", []string{r.Name, r.URI, r.Suite, strings.Join(r.Components, " "), r.Key.Pin})
	}
	if index, ok := g.indexes[key.String()]; ok {
		return index, nil
	}
	var index plan2llb.PackageIndex
	var err error
	if b.supposing {
		index, _ = g.compiler.Index(g.base, repositories)
	} else if index, err = b.distroIndex(ctx, c, g.compiler, g.base, repositories); err != nil {
		return index, err
	}
	g.indexes[key.String()] = index
	return index, nil
}

// distroIndex fetches a package index.
func (r *Run) distroIndex(ctx context.Context, c gateway.Client, compiler *plan2llb.Compiler, base images.Base, repositories []images.Repository) (plan2llb.PackageIndex, error) {
	index, report := compiler.Index(base, repositories)
	var found struct {
		Content string `json:"content"`
	}
	if err := readJSON(ctx, c, report, "index.json", &found); err != nil {
		return index, err
	}
	step := plan2llb.IndexStep(base, repositories)
	index.Content = found.Content
	name := "package index of " + base.DistroName
	if len(repositories) > 0 {
		name = plan2llb.IndexStep(base, repositories)
	}
	return index, r.age(ctx, c, report, "index.json", Age{Name: name, Refresh: plan2llb.RefreshDistro, step: step})
}

// lookUp chooses the init and reports every package that the distribution does not have.
func (b *build) lookUp(ctx context.Context, c gateway.Client, levels []images.Level) error {
	b.init = b.plan.Init.Path
	if b.init == "" && len(b.plan.Init.Candidates) == 0 && b.opts.Plan.InitPath == "" {
		b.warnings = append(b.warnings, "the base has no init program and no package manager to install one: the images have no entrypoint; --init-path names one")
	}
	if b.supposing {
		b.chooseInit(nil)
		return nil
	}
	lacking := &MissingPackageError{Distro: b.Base.DistroName}
	look := func(g *plot, repositories []images.Repository, packages []images.Package, candidates ...images.InitCandidate) error {
		missing, err := b.lacking(ctx, c, g, repositories, packages, candidates)
		if err != nil {
			return err
		}
		for _, p := range packages {
			gone := MissingPackage{Name: p.Name, From: p.From}
			if slices.Contains(missing, p.Name) && !slices.Contains(lacking.Packages, gone) {
				lacking.Packages = append(lacking.Packages, gone)
			}
		}
		if len(candidates) > 0 {
			b.chooseInit(missing)
		}
		return nil
	}
	for n, level := range levels {
		packages, candidates := slices.Clone(level.Packages), []images.InitCandidate{}
		if n == len(levels)-1 && b.workplace == b.place {
			packages = slices.Concat(packages, b.plan.Compile, b.plan.Tools)
		} else if n == len(levels)-1 {
			if err := look(b.workplace, level.Repositories, slices.Concat(b.plan.Compile, b.plan.Tools)); err != nil {
				return err
			}
		}
		if n == 0 {
			candidates = b.plan.Init.Candidates
		}
		if err := look(b.place, level.Repositories, packages, candidates...); err != nil {
			return err
		}
	}
	for _, image := range b.plan.Images {
		if image.Selected && !image.Distro.IsZero() {
			if err := look(b.place, image.Distro.Repositories, image.Distro.Packages); err != nil {
				return err
			}
		}
	}
	if len(lacking.Packages) > 0 {
		return lacking
	}
	return nil
}

// lacking are those of some packages that there are not.
func (b *build) lacking(ctx context.Context, c gateway.Client, g *plot, repositories []images.Repository, packages []images.Package, candidates []images.InitCandidate) ([]string, error) {
	var wanted []string
	for _, p := range packages {
		wanted = append(wanted, p.Name)
	}
	for _, candidate := range candidates {
		wanted = append(wanted, candidate.Package)
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	wanted = slices.Compact(slices.Sorted(slices.Values(wanted)))
	if err := canInstall(g.location, g.base.PackageManager, wanted); err != nil {
		return nil, err
	}
	index, err := b.index(ctx, c, g, repositories, true)
	if err != nil {
		return nil, err
	}
	var found struct {
		Missing []string `json:"missing"`
	}
	looked := g.compiler.Wanted(g.base, index, wanted)
	if err := readJSON(ctx, c, looked, "index.json", &found); err != nil {
		return nil, err
	}
	b.cached = append(b.cached, looked)
	return found.Missing, nil
}

// canInstall refuses a base without a package manager that could install what is wanted.
func canInstall(base naming.Location, manager string, wanted []string) error {
	if plan2llb.CanInstall(manager) {
		return nil
	}
	return &BaseError{Location: base, Err: fmt.Errorf("it has none of apt, apk, dnf and microdnf to install %s with", strings.Join(wanted, ", "))}
}

func (b *build) chooseInit(missing []string) {
	if len(b.plan.Init.Candidates) == 0 {
		return
	}
	for _, candidate := range b.plan.Init.Candidates {
		if !slices.Contains(missing, candidate.Package) {
			b.init = candidate.Path
			return
		}
	}
	b.warnings = append(b.warnings, fmt.Sprintf("%s has no init program (dumb-init, tini, catatonit): the images have no entrypoint; --init-path names one", b.Base.DistroName))
}

// initPackages is the package of the init that was chosen, if it comes in one.
func (b *build) initPackages() []images.Package {
	for _, candidate := range b.plan.Init.Candidates {
		if candidate.Path == b.init {
			return []images.Package{{Name: candidate.Package, From: "the init put before every command (--init-path none leaves it out)"}}
		}
	}
	return nil
}
