package images

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
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

// baseContent is what the definition says of the base image.
func (p *Plan) baseContent(in Input, image Image) Image {
	d := in.Definition
	if d == nil {
		return image
	}
	image = p.addContent(in, image, &d.Content)
	if d.Command != nil {
		image.Cmd = d.Command.Words
	}
	image.WSGI, image.WSGIFrom = d.WSGI.Value, d.WSGI.At.String()
	image.Config = in.config(nil)
	return image
}

// addContent adds requirements, extras, files and runs.
func (p *Plan) addContent(in Input, image Image, c *definition.Content) Image {
	for _, r := range c.Requirements {
		if r.Origin == nil {
			image.Requirements = append(image.Requirements, Requirement{Text: r.Line.Value, From: r.Line.At.String()})
			continue
		}
		for _, line := range in.Lines[r.Origin.Key()] {
			image.Requirements = append(image.Requirements, Requirement{Text: line.Text, From: line.Pos.String()})
		}
	}
	for _, e := range c.Extras {
		if name, ok := knownExtra(in.Project, e.Value); ok && !slices.Contains(image.Extras, name) {
			image.Extras = append(image.Extras, name)
		}
	}
	for _, f := range c.Files {
		image.Files = append(image.Files, in.file(f, p.Environment))
	}
	for _, r := range c.Runs {
		image.Runs = append(image.Runs, in.runStep(r))
	}
	return image
}

func knownExtra(project *setupcfg.Project, name string) (string, bool) {
	for _, e := range project.Extras.Value {
		if setupcfg.Canonical(e.Name) == setupcfg.Canonical(name) {
			return e.Name, true
		}
	}
	return "", false
}

// checkExtras reports extras that the project does not have, once it is known which it has.
func (in Input) checkExtras() []error {
	if in.Definition == nil || in.Project.Extras.Status == setupcfg.Unknown || in.Project.Extras.MayGrow {
		return nil
	}
	var known []string
	for _, e := range in.Project.Extras.Value {
		known = append(known, e.Name)
	}
	has := "it has none"
	if len(known) > 0 {
		has = "it has " + strings.Join(known, ", ")
	}
	all := slices.Clone(in.Definition.Extras)
	for _, image := range in.Definition.Images {
		all = append(all, image.Extras...)
	}
	var problems []error
	for _, e := range all {
		if _, ok := knownExtra(in.Project, e.Value); !ok {
			problems = append(problems, fmt.Errorf("%s: %s has no extra %q: %s", e.At, in.Project.Name.Value, e.Value, has))
		}
	}
	return problems
}

// file is a file of images that have their Python distributions in a virtual environment, if that is not empty.
func (in Input) file(f definition.File, environment string) File {
	out := File{Dest: f.Dest, Link: f.Link.Value, Directory: f.Directory, Mode: f.Mode.Value, Owner: in.owner(f.Owner.Value), Replace: f.Replace, From: f.At.String()}
	if f.Origin != nil {
		out.Content = in.content(*f.Origin)
		out.Pinned = slices.Contains([]definition.Kind{definition.URL, definition.Git, definition.LiteralText, definition.FromImage}, f.Origin.Kind)
	} else {
		out.Pinned = true
	}
	out.Pinned = out.Pinned && !underPython(environment, f.Dest)
	return out
}

// underPython says whether a destination is in the environment of the images: a file there goes over what wheels bring.
func underPython(environment, dest string) bool {
	return strings.HasPrefix(dest, "{") || environment != "" && strings.HasPrefix(dest, environment+"/") || strings.Contains(dest, "/site-packages/") || strings.Contains(dest, "/dist-packages/")
}

// owner puts numbers for the names of accounts that the definition makes.
func (in Input) owner(owner string) string {
	if owner == "" {
		return ""
	}
	user, group, both := strings.Cut(owner, ":")
	for _, u := range in.Definition.Users {
		if user == u.Name {
			user = strconv.Itoa(u.UID)
			if !both {
				group, both = strconv.Itoa(u.GID), true
			}
		}
		if group == u.Group {
			group = strconv.Itoa(u.GID)
		}
	}
	if !both {
		return user
	}
	return user + ":" + group
}

func (in Input) runStep(r definition.Run) RunStep {
	out := RunStep{In: r.In.Value, Cache: values(r.Cache), Network: r.Network, From: r.At.String()}
	for _, c := range r.Commands {
		out.Commands = append(out.Commands, c.Words)
	}
	if r.Source != nil {
		content := in.content(*r.Source)
		out.Source = &content
	}
	for _, o := range r.Out {
		out.Out = append(out.Out, Output{Path: o.Name, Dest: o.Value})
	}
	for _, e := range r.Env {
		out.Env = append(out.Env, e.Name+"="+e.Value)
	}
	return out
}

// config is what the definition says of an image's configuration: of all images, then of this one.
func (in Input) config(own *definition.Content) Config {
	var c Config
	env, labels := map[string]string{}, map[string]string{}
	for _, content := range []*definition.Content{&in.Definition.Content, own} {
		if content == nil {
			continue
		}
		for _, e := range content.Env {
			env[e.Name] = e.Value
		}
		for _, l := range content.Labels {
			labels[l.Name] = l.Value
		}
		for _, v := range content.Volumes {
			if !slices.Contains(c.Volumes, v.Value) {
				c.Volumes = append(c.Volumes, v.Value)
			}
		}
		if content.Workdir.IsSet() {
			c.Workdir = content.Workdir.Value
		}
		if content.RunAs.IsSet() {
			c.User, c.UserFrom = in.owner(content.RunAs.Value), content.RunAs.At.String()
		}
		if content.Entrypoint != nil {
			words := slices.Clone(content.Entrypoint.Words)
			c.Entrypoint = &words
		}
	}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		c.Env = append(c.Env, name+"="+env[name])
	}
	if len(labels) > 0 {
		c.Labels = labels
	}
	return c
}

// checkNothing refuses a definition that has nothing to install.
func (in Input) checkNothing() []error {
	if !in.NoProject || len(in.Definition.Requirements) > 0 {
		return nil
	}
	return []error{errors.New(in.Definition.Files[len(in.Definition.Files)-1] + ": nothing to install: there is no project here, and no [project] named like `name`: add one, or requirements")}
}
