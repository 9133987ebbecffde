package images

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pbrx-go/pbrx-go/images/definition"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// baseContent is what the definition says of the base image.
func (p *Plan) baseContent(in Input, image Image) Image {
	d := in.Definition
	if d == nil {
		return image
	}
	image = p.addContent(in, image, &d.Content)
	if d.Command != nil {
		image.Cmd, image.CmdFrom = d.Command.Words, d.Command.At.String()
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
	if in.Definition == nil {
		return nil
	}
	all := slices.Clone(in.Definition.Extras)
	for _, image := range in.Definition.Images {
		all = append(all, image.Extras...)
	}
	var problems []error
	for _, e := range all {
		if problem := UnknownExtra(in.Project, e.Value); problem != "" {
			problems = append(problems, fmt.Errorf("%s: %s", e.At, problem))
		}
	}
	return problems
}

// UnknownExtra says that a project does not have an extra, and which it has; empty if it does, or as long as that is not known.
func UnknownExtra(project *setupcfg.Project, name string) string {
	if _, ok := knownExtra(project, name); ok || project.Extras.Status == setupcfg.Unknown || project.Extras.MayGrow {
		return ""
	}
	var known []string
	for _, e := range project.Extras.Value {
		known = append(known, e.Name)
	}
	has := "it has none"
	if len(known) > 0 {
		has = "it has " + strings.Join(known, ", ")
	}
	return fmt.Sprintf("%s has no extra %q: %s", project.Name.Value, name, has)
}

// file is a file of images that have their Python distributions in a virtual environment, if that is not empty.
func (in Input) file(f definition.File, environment string) File {
	out := File{Dest: f.Dest, Written: f.Written, Link: f.Link.Value, Directory: f.Directory, Mode: f.Mode.Value, Owner: in.owner(f.Owner.Value), Replace: f.Replace, From: f.At.String()}
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
			c.Entrypoint, c.EntrypointFrom = &words, content.Entrypoint.At.String()
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
