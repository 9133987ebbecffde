package images

import (
	"slices"

	"github.com/pbrx-go/pbrx-go/bindep"
	"github.com/pbrx-go/pbrx-go/images/definition"
)

// packageRule is one line of bindep.txt, or of a definition's packages.
type packageRule struct {
	bindep.Rule
	// level is that of the definition; bindep.txt belongs to the last one.
	level int
	// declared says that it is a definition's: those that are for run time are not for the builder, too.
	declared bool
}

// packageRules are the rules that hold for all images, those of outer levels first, so that a package is in the layer which most
// share, and those of bindep.txt before others of their level. Lines were checked when they were read.
func packageRules(in Input) []packageRule {
	var rules []packageRule
	last := 0
	if in.Definition != nil {
		last = len(in.Definition.Files) - 1
	}
	if in.Bindep != nil {
		for _, r := range in.Bindep.Rules {
			rules = append(rules, packageRule{Rule: r, level: last})
		}
	}
	if in.Definition != nil {
		rules = append(rules, declaredRules(in.Definition.Packages)...)
	}
	slices.SortStableFunc(rules, func(a, b packageRule) int { return a.level - b.level })
	return rules
}

func declaredRules(packages []definition.Package) []packageRule {
	var rules []packageRule
	for _, p := range packages {
		if p.Origin != nil {
			continue
		}
		file, err := bindep.Parse(p.At.Filename, []byte(p.Line.Value))
		if err != nil {
			continue // its reader said so
		}
		for _, r := range file.Rules {
			r.Pos = p.Line.At
			rules = append(rules, packageRule{Rule: r, level: p.Level, declared: true})
		}
	}
	return rules
}

// choose are the packages of the rules that are active under some profiles, each once, and the level of each.
func choose(rules []packageRule, profiles []string) (packages []Package, levels []int) {
	packages = []Package{}
	for _, r := range rules {
		ok, why := r.Active(profiles)
		if !ok || slices.ContainsFunc(packages, func(p Package) bool { return p.Name == r.Name }) {
			continue
		}
		packages, levels = append(packages, Package{Name: r.Name, From: r.Pos.String(), Why: why}), append(levels, r.level)
	}
	return packages, levels
}

// toCompile are the packages for the builder only: a definition's for run time are not among them.
func toCompile(rules []packageRule, builder, runtime []string) []Package {
	rules = slices.DeleteFunc(slices.Clone(rules), func(r packageRule) bool {
		ok, _ := r.Active(runtime)
		return r.declared && ok
	})
	packages, _ := choose(rules, builder)
	return packages
}

// with are profiles and more of them, each once.
func with(profiles []string, more ...definition.Text) []string {
	out := slices.Clone(profiles)
	for _, m := range more {
		if !slices.Contains(out, m.Value) {
			out = append(out, m.Value)
		}
	}
	return out
}

// profiles are what is active for the builder and for the base image.
func profiles(in Input) (builder, runtime []string) {
	builder, runtime = BuilderProfiles(in.Base.Distro), RuntimeProfiles(in.Base.Distro)
	if in.Definition != nil {
		builder, runtime = with(builder, in.Definition.Profiles...), with(runtime, in.Definition.Profiles...)
	}
	return builder, runtime
}

// addPackages evaluates bindep.txt and the packages of the definition for the base's distribution.
func (p *Plan) addPackages(in Input) {
	rules := packageRules(in)
	builder, runtime := profiles(in)
	p.Compile = toCompile(rules, builder, runtime)
	var levels []int
	p.Runtime, levels = choose(rules, runtime)
	if in.Bindep != nil {
		for _, w := range bindep.Lint(in.Bindep) {
			p.Warnings = append(p.Warnings, w.String())
		}
	}
	if in.Definition != nil {
		p.addLevels(in, levels)
	}
}

// addLevels says what each file of the definition's chain adds below the Python environment.
func (p *Plan) addLevels(in Input, levels []int) {
	d := in.Definition
	for n, file := range d.Files {
		level := Level{From: file}
		for _, u := range d.Users {
			if u.Level == n {
				level.Accounts = append(level.Accounts, account(u))
			}
		}
		for i, pkg := range p.Runtime {
			if levels[i] == n {
				level.Packages = append(level.Packages, pkg)
			}
		}
		level.PackageFiles = in.packageFiles(d.Packages, func(p definition.Package) bool { return p.Level == n })
		level.Repositories = in.repositories(d.Repositories, func(r definition.Repository) bool { return r.Level <= n })
		p.Levels = append(p.Levels, level)
	}
	if !slices.ContainsFunc(p.Levels, func(l Level) bool {
		return len(l.Accounts)+len(l.PackageFiles)+len(l.Repositories) > 0
	}) && len(p.Levels) == 1 {
		p.Levels = nil // nothing that the packages do not say by themselves
	}
}

// AllPackages are all distro packages of the builder and the images.
func (p *Plan) AllPackages() []Package {
	all := slices.Concat(p.Compile, p.Tools, p.Runtime)
	for _, image := range p.Images {
		all = append(all, image.Distro.Packages...)
	}
	return all
}

// DistroLevels are the levels of the distro packages: without a definition there is one.
func (p *Plan) DistroLevels() []Level {
	if len(p.Levels) > 0 {
		return p.Levels
	}
	return []Level{{DistroContent: DistroContent{Packages: p.Runtime}}}
}

func account(u definition.User) Account {
	return Account{Name: u.Name, UID: u.UID, GID: u.GID, Group: u.Group, Groups: u.Groups, Home: u.Home, Shell: u.Shell,
		Comment: u.Comment, Directories: u.Directories, From: u.At.String()}
}

// packageFiles are the package files among some packages.
func (in Input) packageFiles(packages []definition.Package, wanted func(definition.Package) bool) []PackageFile {
	var out []PackageFile
	for _, p := range packages {
		if p.Origin != nil && wanted(p) {
			out = append(out, PackageFile{Content: in.content(*p.Origin), From: p.At.String()})
		}
	}
	return out
}

func (in Input) repositories(repositories []definition.Repository, wanted func(definition.Repository) bool) []Repository {
	var out []Repository
	for _, r := range repositories {
		if !wanted(r) {
			continue
		}
		out = append(out, Repository{Name: r.Handle, URI: r.URI.Value, Suite: r.Suite.Value, Components: values(r.Components),
			Key: in.content(r.Key), Keep: r.Keep, From: r.At.String()})
	}
	return out
}

// content is what an origin was found to be; before it was fetched, what is said of it.
func (in Input) content(o definition.Origin) Content {
	if c, ok := in.Contents[o.Key()]; ok {
		return c
	}
	return Content{Origin: o.String()}
}

func values(texts []definition.Text) []string {
	var out []string
	for _, t := range texts {
		out = append(out, t.Value)
	}
	return out
}

// imageContent is what one image has beyond the base image in the way of distro packages: what its part of the
// definition says, and what bindep.txt has for a profile with the script's name.
func (p *Plan) imageContent(in Input, script string, own *definition.Content) (DistroContent, []Package) {
	rules := packageRules(in)
	builder, runtime := profiles(in)
	if name := ScriptProfile(script); name != "" {
		builder, runtime = append(slices.Clone(builder), name), append(slices.Clone(runtime), name)
	}
	var content DistroContent
	if own != nil {
		rules = append(rules, declaredRules(own.Packages)...)
		builder, runtime = with(builder, own.Profiles...), with(runtime, own.Profiles...)
		content.PackageFiles = in.packageFiles(own.Packages, func(definition.Package) bool { return true })
		content.Repositories = in.repositories(slices.Concat(in.Definition.Repositories, own.Repositories), func(definition.Repository) bool { return true })
	}
	chosen, _ := choose(rules, runtime)
	content.Packages = slices.DeleteFunc(chosen, func(pkg Package) bool { return named(p.Runtime, pkg.Name) })
	if len(content.Packages)+len(content.PackageFiles) == 0 {
		content = DistroContent{}
	}
	if len(content.Packages) == 0 {
		content.Packages = nil
	}
	for n := range rules { // what is there at run time of this image alone is of no use to the builder
		rules[n].declared = true
	}
	return content, toCompile(rules, builder, runtime)
}

func named(packages []Package, name string) bool {
	return slices.ContainsFunc(packages, func(p Package) bool { return p.Name == name })
}

// addCompile adds what has to be there to compile for one image.
func (p *Plan) addCompile(packages []Package) {
	for _, pkg := range packages {
		if !named(p.Compile, pkg.Name) {
			p.Compile = append(p.Compile, pkg)
		}
	}
}
