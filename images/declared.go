package images

import (
	"errors"
	"fmt"
	"slices"

	"github.com/pbrx-go/pbrx-go/images/definition"
	"github.com/pbrx-go/pbrx-go/images/naming"
)

// chooses says whether a console script gets an image: without a definition, or patterns in it, all do.
func (in Input) chooses(script string) bool {
	if in.Definition == nil {
		return true
	}
	chosen, _ := in.Definition.Chooses(script)
	return chosen
}

// choosesSome says that the definition chooses among the scripts; none that it chooses none at all.
func (in Input) choosesSome() (some, none bool) {
	if in.Definition == nil || in.Definition.Scripts == nil {
		return false, false
	}
	return true, len(in.Definition.Scripts) == 0
}

// checkScripts compares what the definition says of scripts with those that there are, once all are known.
func (p *Plan) checkScripts(in Input, all []program) []error {
	if in.Definition == nil || open(in.Project.ConsoleScripts) {
		return nil
	}
	var scripts []definition.Text
	for _, s := range all {
		if s.kind == consoleScript {
			scripts = append(scripts, definition.Text{Value: s.Name, At: s.Pos})
		}
	}
	warnings, err := in.Definition.CheckScripts(scripts)
	for _, w := range warnings {
		p.Warnings = append(p.Warnings, w.String())
	}
	if err != nil {
		return []error{err}
	}
	return nil
}

// declaredImage is the part of the definition about the image of a script; nil where it has none.
func (in Input) declaredImage(script string) *definition.Image {
	if in.Definition == nil {
		return nil
	}
	for n, image := range in.Definition.Images {
		if refines(image, script) {
			return &in.Definition.Images[n]
		}
	}
	return nil
}

// refines says whether a table is about the image that a script has anyway: it is called like the script, or like its image.
func refines(image definition.Image, script string) bool {
	own, err := naming.ImageName(script)
	return image.Name == script || err == nil && image.Name == own
}

// addDeclared makes the images that the definition declares beside those of scripts.
func (p *Plan) addDeclared(in Input, all []program, add func(name, source string, image Image)) {
	if in.Definition == nil {
		return
	}
	for n := range in.Definition.Images {
		declared := &in.Definition.Images[n]
		if slices.ContainsFunc(all, func(s program) bool { return s.planned && refines(*declared, s.Name) }) {
			continue
		}
		image := Image{Extras: extrasFor(in.Project, declared.Name, nil)}
		switch i := slices.IndexFunc(all, func(s program) bool { return s.Name == declared.Script.Value }); {
		case declared.Script.IsSet() && i >= 0:
			image = Image{Script: all[i].Name, Cmd: []string{all[i].Name}, Extras: extrasFor(in.Project, declared.Name, all[i].Extras)}
		case declared.Command == nil && !declared.WSGI.IsSet():
			continue // what it would start is not known, or a mistake
		}
		add(declared.Name, declared.At.String(), p.refine(in, image, declared))
	}
}

// refine adds to an image what the definition says of it, and of all images.
func (p *Plan) refine(in Input, image Image, declared *definition.Image) Image {
	image.Selected = true
	if image.From == "" && declared != nil {
		image.From = declared.At.String()
	}
	if in.Definition == nil {
		image.Distro = p.distroContent(in, image.Script, nil)
		return image
	}
	var own *definition.Content
	if declared != nil {
		own = &declared.Content
	}
	image.Distro = p.distroContent(in, image.Script, own)
	args := in.Definition.Args
	if own != nil {
		image = p.addContent(in, image, own)
		if own.Args != nil {
			args = own.Args
		}
		if own.Command != nil {
			image.Cmd, image.CmdFrom, args = own.Command.Words, own.Command.At.String(), nil
		} else if own.WSGI.IsSet() {
			image.Cmd, args = nil, nil
		}
		image.WSGI, image.WSGIFrom = own.WSGI.Value, own.WSGI.At.String()
	}
	if args != nil && len(image.Cmd) > 0 {
		image.Cmd = slices.Concat(image.Cmd, args.Words)
	}
	image.Config = in.config(own)
	return image
}

// distroContent is imageContent; what has to be there to compile goes to the plan.
func (p *Plan) distroContent(in Input, script string, own *definition.Content) DistroContent {
	content, compile := p.imageContent(in, script, own)
	p.addCompile(compile)
	return content
}

// checkRuns refuses what commands make for a project's tree where there is no project, and a source that is a file.
func (p *Plan) checkRuns(in Input) []error {
	var problems []error
	for _, image := range p.Images {
		for _, r := range image.Runs {
			if in.NoProject && r.ForSource() {
				problems = append(problems, fmt.Errorf("%s: run: a relative destination in out is a place in the project's tree, and there is no project: write an absolute path", r.From))
			}
			if s := r.Source; s != nil && s.Local != "" && !s.Folder {
				problems = append(problems, fmt.Errorf("%s: run: source is a file; name the folder that it is in", r.From))
			}
		}
	}
	return problems
}

// checkNothing refuses a definition that has nothing to install.
func (in Input) checkNothing() []error {
	if !in.NoProject || len(in.Definition.Requirements) > 0 {
		return nil
	}
	return []error{errors.New(in.Definition.Files[len(in.Definition.Files)-1] + ": nothing to install: there is no project here, and no [project] named like `name`: add one, or requirements")}
}
