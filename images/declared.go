package images

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/pbrx-go/pbrx-go/images/definition"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// scriptPatterns are the definition's patterns of scripts that get an image; nil where it has none.
func (in Input) scriptPatterns() []definition.Text {
	if in.Definition == nil {
		return nil
	}
	return in.Definition.Scripts
}

// matching says whether a script gets an image by a list of patterns: the last one that matches decides, and one that
// begins with "!" takes away. Without a list all do.
func matching(patterns []definition.Text, script string) bool {
	if patterns == nil {
		return true
	}
	wanted := false
	for _, p := range patterns {
		pattern, not := strings.CutPrefix(p.Value, "!")
		if ok, err := path.Match(pattern, script); err == nil && ok {
			wanted = !not
		}
	}
	return wanted
}

// warnPatterns speaks of patterns that no script matches, once all scripts are known.
func (p *Plan) warnPatterns(patterns []definition.Text, scripts []setupcfg.Script) {
	for _, pattern := range patterns {
		if pattern.Value == "*" {
			continue
		}
		hit := slices.ContainsFunc(scripts, func(s setupcfg.Script) bool {
			ok, err := path.Match(strings.TrimPrefix(pattern.Value, "!"), s.Name)
			return err == nil && ok
		})
		if !hit {
			p.Warnings = append(p.Warnings, fmt.Sprintf("%s: no console script matches %q", pattern.At, pattern.Value))
		}
	}
}

// declaredImage is the part of the definition about an image; nil where it has none.
func (in Input) declaredImage(name string) *definition.Image {
	if in.Definition == nil {
		return nil
	}
	for n, image := range in.Definition.Images {
		if image.Name == name {
			return &in.Definition.Images[n]
		}
	}
	return nil
}

// addDeclared makes the images that the definition declares beside those of scripts.
func (p *Plan) addDeclared(in Input, all []program, add func(name, source string, image Image)) []error {
	if in.Definition == nil {
		return nil
	}
	var problems []error
	for n := range in.Definition.Images {
		declared := &in.Definition.Images[n]
		i := slices.IndexFunc(all, func(s program) bool { return s.Name == declared.Name })
		switch {
		case i >= 0 && all[i].planned:
			continue // it refines the script's
		case i >= 0 && all[i].kind == consoleScript:
			problems = append(problems, fmt.Errorf("%s: %s leaves %q of %s out: mend the patterns, or remove the table", declared.At, listPlace(in.scriptPatterns()), declared.Name, all[i].Pos))
			continue
		case declared.Script.IsSet():
			j := slices.IndexFunc(all, func(s program) bool { return s.Name == declared.Script.Value })
			if j < 0 {
				if !open(in.Project.ConsoleScripts) {
					problems = append(problems, noScript(declared.Script, all))
				}
				continue
			}
			add(declared.Name, declared.At.String(), p.refine(in, Image{Script: all[j].Name, Cmd: []string{all[j].Name},
				Extras: extrasFor(in.Project, declared.Name, all[j].Extras)}, declared))
		case declared.Command != nil, declared.WSGI.IsSet():
			add(declared.Name, declared.At.String(), p.refine(in, Image{Extras: extrasFor(in.Project, declared.Name, nil)}, declared))
		case open(in.Project.ConsoleScripts): // it may be one yet
		default:
			problems = append(problems, noScript(definition.Text{Value: declared.Name, At: declared.At}, all))
		}
	}
	return problems
}

// listPlace is where a list of patterns stands.
func listPlace(patterns []definition.Text) string {
	if len(patterns) == 0 {
		return "scripts"
	}
	return "scripts (" + patterns[0].At.String() + ")"
}

// noScript says that a name is that of no script, and names the nearest.
func noScript(name definition.Text, all []program) error {
	var names []string
	for _, s := range all {
		names = append(names, s.Name)
	}
	near := ""
	if best := nearest(setupcfg.Canonical(name.Value), names); best != "" {
		for _, s := range all {
			if s.Name == best {
				near = fmt.Sprintf(" (%s: %s)", s.Pos, s.Name)
			}
		}
	}
	return fmt.Errorf("%s: %q is no console script%s: mend the name, or give command, wsgi or script", name.At, name.Value, near)
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
			image.Cmd, args = own.Command.Words, nil
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

// checkNothing refuses a definition that has nothing to install.
func (in Input) checkNothing() []error {
	if !in.NoProject || len(in.Definition.Requirements) > 0 {
		return nil
	}
	return []error{errors.New(in.Definition.Files[len(in.Definition.Files)-1] + ": nothing to install: there is no project here, and no [project] named like `name`: add one, or requirements")}
}
