package images

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/distribution/reference"

	"github.com/pbrx-go/pbrx-go/images/naming"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// The kinds of programs.
const (
	consoleScript = "console_script"
	guiScript     = "gui_script"
	dataScript    = "data_script"
)

// kindWord is what messages call a kind.
func kindWord(kind string) string {
	return map[string]string{consoleScript: "console script", guiScript: "GUI script", dataScript: "script file"}[kind]
}

// program is a script that an image may be made of.
type program struct {
	setupcfg.Script
	kind string
	// planned says that it gets an image.
	planned bool
}

// programs are all that the project is known to install. Console scripts get images, GUI scripts where they are
// asked for, and files where there are no console scripts or --only names them. Of console scripts the patterns choose.
func programs(in Input, opts Options) []program {
	project := in.Project
	some, _ := in.choosesSome()
	var all []program
	taken := func(name string) bool {
		return slices.ContainsFunc(all, func(p program) bool { return p.Name == name })
	}
	for _, s := range project.ConsoleScripts.Value {
		all = append(all, program{s, consoleScript, in.chooses(s.Name)})
	}
	for _, s := range project.GUIScripts.Value {
		all = append(all, program{s, guiScript, opts.GUIScripts || slices.Contains(opts.Only, s.Name)})
	}
	alone := len(project.ConsoleScripts.Value) == 0 && !open(project.ConsoleScripts) && !some
	for _, s := range project.DataScripts.Value {
		if taken(s.Name) { // the installer writes the entry point's command over the file
			continue
		}
		suits := setupcfg.ValidScriptName(s.Name) && !slices.Contains([]string{".bat", ".cmd", ".exe", ".ps1"}, path.Ext(s.Name))
		all = append(all, program{s, dataScript, alone && suits || slices.Contains(opts.Only, s.Name)})
	}
	return all
}

// open says that the wheel may tell of scripts that nothing tells of yet.
func open(fact setupcfg.Fact[[]setupcfg.Script]) bool {
	return fact.Status == setupcfg.Unknown || fact.MayGrow
}

// addImages makes the base image and one image per script, and reports every name that cannot be.
func (p *Plan) addImages(in Input, opts Options) []error {
	project := in.Project
	problems := []error{}
	prefixErr := naming.CheckPrefix(opts.Prefix)
	if prefixErr != nil {
		problems = append(problems, fmt.Errorf("--prefix: %w", prefixErr))
	}
	sources := map[string]string{} // image name to who declared it
	add := func(name, source string, image Image) {
		repository, err := naming.ImageName(name)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", source, err))
			return
		}
		if other, taken := sources[repository]; taken {
			problems = append(problems, fmt.Errorf("%s: %q would be the image %s, which %s is already: rename one of them", source, name, repository, other))
			return
		}
		sources[repository] = source + " " + fmt.Sprintf("%q", name)
		if repository != name {
			p.Warnings = append(p.Warnings, fmt.Sprintf("%s: the image of %q is called %s", source, name, repository))
		}
		if opts.Prefix == "" && official(repository) {
			p.Warnings = append(p.Warnings, fmt.Sprintf("%s: without --prefix the image %s has the name of an official one: whoever means docker.io/library/%s may get this one", source, repository, repository))
		}
		image.Name = strings.TrimPrefix(opts.Prefix+"/"+repository, "/")
		image.Selected = image.Selected && (len(p.Images) == 0 || len(opts.Only) == 0 || slices.Contains(opts.Only, image.Script) || slices.Contains(opts.Only, name))
		if _, err := reference.ParseNormalizedNamed(image.Name); err != nil && prefixErr == nil {
			problems = append(problems, fmt.Errorf("%s: %q cannot name an image: %w: give a shorter --prefix, or rename it", source, name, err))
			return
		}
		p.Images = append(p.Images, image)
	}
	all := programs(in, opts)
	if project.Name.Status == setupcfg.Known {
		name := p.setName(in, all)
		base := Image{Extras: extrasFor(project, p.Project.Name+"-base", nil), Selected: true, From: project.Name.Pos.String()}
		add(name, base.From, p.baseContent(in, base))
	}
	for _, s := range all {
		console := slices.IndexFunc(all, func(o program) bool { return o.kind == consoleScript && o.Name == s.Name })
		switch {
		case s.kind == guiScript && console >= 0:
			problems = append(problems, fmt.Errorf("%s: the GUI script %q would be the same file as the console script of %s: rename one of them", s.Pos, s.Name, all[console].Pos))
		case !s.planned && s.kind == consoleScript: // the definition says so
		case !s.planned:
			p.Unbuilt = append(p.Unbuilt, Program{s.Name, s.kind, s.Pos.String()})
		case !setupcfg.ValidScriptName(s.Name):
			problems = append(problems, fmt.Errorf("%s: no image can be made for the %s %q: its name may have letters, digits, '.', '_', '+' and '-' only", s.Pos, kindWord(s.kind), s.Name))
		default:
			add(s.Name, s.Pos.String(), p.refine(in, Image{
				Script: s.Name,
				Extras: extrasFor(project, s.Name, s.Extras),
				Cmd:    []string{s.Name},
				From:   s.Pos.String(),
			}, in.declaredImage(s.Name)))
		}
	}
	p.addDeclared(in, all, add)
	problems = append(problems, p.checkScripts(in, all)...)
	_, p.noScripts = in.choosesSome()
	p.noScripts = p.noScripts || in.NoProject
	p.waitForWheel(project, opts)
	problems = append(problems, p.checkOnly(in, opts.Only, all)...)
	if !p.pending {
		p.warnExtras(project, all)
		p.warnProfiles(in, all)
	}
	return problems
}

// setName is what the base image is called: <name>-base, or <name> alone where the definition leaves no other image.
func (p *Plan) setName(in Input, all []program) string {
	name := p.Project.Name
	if in.Definition == nil {
		return name + "-base"
	}
	if in.Definition.Name.IsSet() {
		name = in.Definition.Name.Value
	}
	others := len(in.Definition.Images) > 0 || slices.ContainsFunc(all, func(s program) bool { return s.planned })
	if some, _ := in.choosesSome(); !others && (in.NoProject || some) {
		return name
	}
	return name + "-base"
}

// waitForWheel says what the wheel will tell. Without the project's name there are no images yet.
func (p *Plan) waitForWheel(project *setupcfg.Project, opts Options) {
	wait := func(what string) {
		p.pending = true
		p.Warnings = append(p.Warnings, what+" read from the wheel: images are known once it is built")
	}
	switch {
	case project.Name.Status != setupcfg.Known:
		p.Images = []Image{}
		wait("what the project is called is")
	case p.noScripts: // whatever the wheel says
	case project.ConsoleScripts.Status == setupcfg.Unknown:
		wait("the console scripts are")
	case project.ConsoleScripts.MayGrow:
		wait("more console scripts may be")
	case len(project.ConsoleScripts.Value) == 0 && project.DataScripts.Status == setupcfg.Unknown:
		wait("there are no console scripts; other programs are")
	case len(project.ConsoleScripts.Value) == 0 && project.DataScripts.MayGrow:
		wait("there are no console scripts; more programs may be")
	}
	if opts.GUIScripts && open(project.GUIScripts) {
		wait("the GUI scripts are")
	}
}

// checkOnly reports scripts that were asked for and do not exist. While the wheel may have them, nothing can be said.
func (p *Plan) checkOnly(in Input, only []string, all []program) []error {
	project := in.Project
	var names []string
	for _, s := range all {
		if s.planned || s.kind != consoleScript {
			names = append(names, s.Name)
		}
	}
	if in.Definition != nil {
		for _, image := range in.Definition.Images {
			if !slices.Contains(names, image.Name) {
				names = append(names, image.Name)
			}
		}
	}
	var problems []error
	for _, script := range only {
		switch {
		case slices.Contains(names, script):
		case open(project.ConsoleScripts), open(project.GUIScripts), open(project.DataScripts):
			p.pending = true
		case len(names) == 0:
			problems = append(problems, fmt.Errorf("--only %s: %s has no scripts", script, p.Project.Name))
		default:
			problems = append(problems, fmt.Errorf("--only %s: %s has no such script: it has %s", script, p.Project.Name, strings.Join(names, ", ")))
		}
	}
	return problems
}
