package images

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pbrx-go/pbrx-go/bindep"
	"github.com/pbrx-go/pbrx-go/images/definition"
	"github.com/pbrx-go/pbrx-go/setupcfg"
	"github.com/pbrx-go/pbrx-go/setupcfg/lock"
)

// Input is everything planning may look at. Nothing is looked up later.
type Input struct {
	Project *setupcfg.Project
	// Bindep is nil where the project has no bindep.txt.
	Bindep *bindep.File
	Base   Base
	// Builder is the image that wheels are made in; nil where that is the base.
	Builder *Base
	// Constraints are nil where there are none.
	Constraints *Constraints
	// Lock is nil where there is none.
	Lock *lock.Lock
	// NativeSource is a file of the project that has to be compiled, if there is one.
	NativeSource string
	// Siblings are in the order in which they were named.
	Siblings []SiblingInput
	// Version are the variables of Project.VersionVariables that are set, with their values: they set the version.
	Version map[string]string
	// Definition is the optional configuration, nil where there is none. What depends on the base may still be in braces.
	Definition *definition.Set
	// Contents are what its origins were found to be, by their keys, Lines the requirements in those that are files of
	// them; nil before anything was fetched.
	Contents map[string]Content
	Lines    map[string][]setupcfg.Requirement
	// NoProject says that there is no project, but a definition with requirements. Project has its name only.
	NoProject bool
	// Dockerfiles are the project's, one for each script at most.
	Dockerfiles []Dockerfile
}

// SiblingInput is a neighbour of the project whose checkout is used in place of its release. Of its own Input
// Project, NativeSource and Version count.
type SiblingInput struct {
	// Dir is the folder as the user named it, or the address and commit that it was made of.
	Dir string
	// Folder is where it lies on this machine.
	Folder string
	// Required, Extras, Pin and From are of one that the definition names: see Sibling.
	Required bool
	Extras   []string
	Pin      string
	From     string
	Input
}

// NeedsGit says whether the wheel is wrong without the repository. With a version set from outside
// only tools that take the list of files from git, too, still need it.
func (in Input) NeedsGit() bool {
	return in.Project.NeedsGit && (len(in.Version) == 0 || in.Project.FilesFromGit())
}

// VersionFromGit says whether the version is made of the repository's tags.
func (in Input) VersionFromGit() bool {
	return in.Project.NeedsGit && len(in.Version) == 0 && in.Project.VersionFromGit()
}

// filesTool is the tool that takes the list of the wheel's files from the repository.
func (in Input) filesTool() string {
	if !in.NeedsGit() {
		return ""
	}
	return in.Project.FilesTool()
}

// Options are what the user chose.
type Options struct {
	// Prefix is put before every image name.
	Prefix string
	// Only names the scripts whose images are wanted, of whatever kind; none means all.
	Only []string
	// GUIScripts asks for images of the GUI scripts too.
	GUIScripts bool
	// Environment is the virtual environment to install into.
	Environment Environment
	// InitPath is the path of the init, or "none"; empty takes one of the distribution's.
	InitPath string
	// InitFrom is where that is set, for errors.
	InitFrom string
}

// noInit is the value of Options.InitPath that leaves the init out.
const noInit = "none"

// New plans the images of a project on a base. Facts that only the wheel can tell
// are missing from the plan and said in its warnings; planning again with the project that
// setupcfg completed from its wheel adds them. All problems are reported at once.
func New(in Input, opts Options) (*Plan, error) {
	p := &Plan{
		Project:  Project{Name: in.Project.Name.Value, Version: in.Project.Version.Value},
		Base:     in.Base,
		Builder:  in.Builder,
		Compile:  []Package{},
		Tools:    []Package{},
		Runtime:  []Package{},
		Warnings: []string{},
		Source:   sourceOf(in),

		Constraints: in.Constraints,
	}
	if in.Lock != nil {
		p.Lock = &Lock{File: in.Lock.File, Kind: string(in.Lock.Kind), Packages: len(in.Lock.Packages), Others: in.Lock.Others}
	}
	problems := p.chooseEnvironment(in.Base, in.environment(opts.Environment), in.setName())
	p.addPackages(in)
	if name := in.Base.Python.Package; name != "" {
		p.Runtime = append(p.Runtime, Package{Name: name, From: NoPython})
	}
	p.addSiblings(in.Siblings)
	p.addTools(in)
	problems = append(problems, p.chooseInit(in, opts.InitPath)...)
	for _, w := range in.Project.Warnings {
		p.Warnings = append(p.Warnings, w.String())
	}
	if in.Lock != nil {
		for _, w := range in.Lock.Warnings {
			p.Warnings = append(p.Warnings, w.String())
		}
	}
	problems = append(problems, p.addImages(in, opts)...)
	p.warnSuites(in)
	problems = append(problems, in.checkRepositories()...)
	problems = append(problems, p.checkRequirements(in)...)
	problems = append(problems, in.checkExtras()...)
	problems = append(problems, in.checkNothing()...)
	problems = append(problems, p.checkRuns(in)...)
	problems = append(problems, p.addDockerfiles(in, programs(in, opts))...)
	if in.Definition != nil {
		p.LeftOut = in.Definition.LeftOut
	}
	if len(problems) > 0 {
		return nil, PlanError(problems)
	}
	return p, nil
}

// PlanError is everything that stands against a plan, a line each.
type PlanError []error

// Error joins the lines.
func (e PlanError) Error() string { return errors.Join(e...).Error() }

// BuilderProfiles are what is active in bindep.txt for the builder on a distribution, as pbrx had
// it: the builder's own profile first, then the distribution's.
func BuilderProfiles(distro bindep.Distro) []string {
	return append([]string{bindep.CompileProfile}, distro.Profiles()...)
}

// RuntimeProfiles are those for the images, see BuilderProfiles.
func RuntimeProfiles(distro bindep.Distro) []string {
	return append([]string{bindep.DefaultProfile}, distro.Profiles()...)
}

// gitUser is the line of the first requirement, or entry of the lock file, that names a git repository; empty where none does.
func gitUser(in Input) string {
	if in.Lock != nil {
		if i := slices.IndexFunc(in.Lock.Packages, func(p lock.Package) bool { return p.Source.VCS == "git" }); i >= 0 {
			return in.Lock.Packages[i].At
		}
	}
	requirements := slices.Clone(in.Project.Dependencies.Value)
	for _, extra := range in.Project.Extras.Value {
		requirements = append(requirements, extra.Requirements...)
	}
	i := slices.IndexFunc(requirements, func(r setupcfg.Requirement) bool { return strings.Contains(r.Text, "git+") })
	if i < 0 {
		return ""
	}
	return requirements[i].Pos.String()
}

// addTools says what wheels are made with beyond what bindep.txt lists.
func (p *Plan) addTools(in Input) {
	if p.Source.Git {
		p.Tools = append(p.Tools, Package{Name: "git", From: "the project's version comes from git"})
	} else if i := slices.IndexFunc(p.Siblings, func(s Sibling) bool { return s.Source.Git }); i >= 0 {
		p.Tools = append(p.Tools, Package{Name: "git", From: "the version of the sibling " + p.Siblings[i].Name + " comes from git"})
	} else if from := gitUser(in); from != "" {
		p.Tools = append(p.Tools, Package{Name: "git", From: from})
	}
	builder, has := in.Base, "the base has no pip"
	if in.Builder != nil {
		builder, has = *in.Builder, "the builder has no pip"
	}
	if !builder.Python.Ensurepip && builder.Python.Pip == "" {
		pip := map[string]string{"apt": "python3-venv", "apk": "py3-pip", "dnf": "python3-pip"}[builder.PackageManager]
		if pip != "" {
			p.Tools = append(p.Tools, Package{Name: pip, From: has})
		}
	}
	p.Source.Toolchain = p.toolchain(in)
}

// toolchain says why a wheel is made where the packages to compile with are.
func (p *Plan) toolchain(in Input) string {
	switch toolchain := in.Project.Toolchain; {
	case len(p.Compile) == 0:
	case toolchain.Status == setupcfg.Known:
		return toolchain.Value + " (" + toolchain.Pos.String() + ")"
	case in.NativeSource != "":
		return "there is " + in.NativeSource
	}
	return ""
}

// chooseInit says which init programs come into question. One that the base has is taken before any is installed.
func (p *Plan) chooseInit(in Input, path string) []error {
	p.Init.Candidates = []InitCandidate{}
	switch {
	case path == noInit:
		return nil
	case path != "" && !strings.HasPrefix(path, "/"):
		return []error{fmt.Errorf("--init-path %s: the path of the init in the image is absolute, or none", path)}
	case path != "":
		p.Init.Path = path
		return nil
	}
	for _, name := range []string{"dumb-init", "tini", "catatonit"} {
		if in.Base.Inits[name] != "" {
			p.Init.Path = in.Base.Inits[name]
			return nil
		}
	}
	tini := "/usr/bin/tini"
	if in.Base.PackageManager == "apk" {
		tini = "/sbin/tini"
	}
	if in.Base.PackageManager != "" {
		p.Init.Candidates = []InitCandidate{{"dumb-init", "/usr/bin/dumb-init"}, {"tini", tini}, {"catatonit", "/usr/bin/catatonit"}}
	}
	return nil
}
