package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"text/scanner"
	"time"

	"github.com/pbrx-go/pbrx-go/builder"
	"github.com/pbrx-go/pbrx-go/builder/host"
	"github.com/pbrx-go/pbrx-go/builder/origins"
	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/images/definition"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// age notes when a branch or tag was asked for, if that was at another time.
func (d *defined) age(what string, asked time.Time) {
	if !asked.IsZero() {
		d.ages = append(d.ages, builder.Age{Name: what, Asked: asked, Refresh: plan2llb.RefreshGit})
	}
}

// constraints are those of the definition, fetched.
func (d *defined) constraints(ctx context.Context) ([]host.DeclaredConstraint, error) {
	var out []host.DeclaredConstraint
	for _, c := range d.set.Constraints {
		if c.Origin == nil {
			out = append(out, host.DeclaredConstraint{Line: c.Line.Value, Pos: c.Line.At})
			continue
		}
		content, err := d.fetch(ctx, *c.Origin, "")
		if err != nil {
			return nil, err
		}
		data, err := fileBytes(*c.Origin, content)
		if err != nil {
			return nil, err
		}
		out = append(out, host.DeclaredConstraint{Data: data, Name: c.Origin.FileName()})
	}
	return out, nil
}

func (d *defined) fetch(ctx context.Context, o definition.Origin, arch string) (origins.Content, error) {
	content, err := d.fetcher.Fetch(ctx, o, arch)
	if err == nil {
		d.age(o.String(), content.Resolved)
	}
	return content, err
}

// fileBytes are those of an origin that has to be a file.
func fileBytes(o definition.Origin, content origins.Content) ([]byte, error) {
	if content.Folder {
		return nil, notAFile(o)
	}
	data, err := content.Bytes()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.At, err)
	}
	return data, nil
}

func notAFile(o definition.Origin) error {
	return usagef("%s: %s is a folder, where a file is needed: name the file as path", o.At, o)
}

// contents are what the origins of a set were found to be, and the folders that hold them.
type contents struct {
	known   map[string]images.Content
	lines   map[string][]setupcfg.Requirement
	folders []builder.Folder
}

// contents fetches what a set needs on its base. What only images that are not built need is fetched, too: its pins are in the plan.
func (d *defined) contents(ctx context.Context, set *definition.Set, arch string) (contents, error) {
	c := contents{known: map[string]images.Content{}, lines: map[string][]setupcfg.Requirement{}}
	single := set.SingleFiles()
	for _, o := range set.Origins() {
		if o.Kind == definition.FromImage {
			c.known[o.Key()] = images.Content{Origin: o.String(), Image: o.Where.Value, Path: o.Part.Value}
			continue
		}
		found, err := d.fetch(ctx, o, arch)
		if err != nil {
			return c, err
		}
		if found.Folder && single[o.Key()] {
			return c, notAFile(o)
		}
		sum := sha256.Sum256([]byte(found.Pin + "\x00" + o.Key()))
		name := "content-" + hex.EncodeToString(sum[:8])
		c.known[o.Key()] = images.Content{Origin: o.String(), Pin: found.Pin, Local: name, Path: "/" + origins.Name, Folder: found.Folder}
		c.folders = append(c.folders, builder.Folder{Name: name, FS: found.FS})
	}
	for _, r := range set.RequirementFiles() {
		found, err := d.fetch(ctx, r, arch)
		if err != nil {
			return c, err
		}
		if c.lines[r.Key()], err = requirementFile(r, found); err != nil {
			return c, err
		}
	}
	return c, nil
}

// requirementFile reads the requirements of a file.
func requirementFile(o definition.Origin, content origins.Content) ([]setupcfg.Requirement, error) {
	src, err := fileBytes(o, content)
	if err != nil {
		return nil, err
	}
	lines, err := setupcfg.RequirementLines(src)
	if err != nil {
		return nil, usagef("%s: %s: %w", o.At, o, err)
	}
	var out []setupcfg.Requirement
	for _, l := range lines {
		pos := scanner.Position{Filename: o.FileName(), Line: l.Line, Column: l.Column}
		if l.Text == "" {
			continue
		}
		if l.Text[0] == '-' {
			return nil, usagef("%s: %q is an option of pip: a file of requirements has one requirement a line here; constraints have a key of their own", pos, l.Text)
		}
		if problem := definition.CheckRequirement(l.Text); problem != "" {
			return nil, usagef("%s: %s", pos, problem)
		}
		out = append(out, setupcfg.Requirement{Text: l.Text, Pos: pos})
	}
	return out, nil
}

// define tells the input what its definition is on a base, and gives the folders of what was fetched.
func (p *projectInput) define(ctx context.Context, base images.Base, opts images.Options) ([]builder.Folder, error) {
	if p.defined == nil {
		return nil, nil
	}
	in := p.Input
	in.Base = base
	facts := images.FactsOf(in, opts)
	set, err := p.defined.set.On(facts)
	if err != nil {
		return nil, err
	}
	c, err := p.defined.contents(ctx, set, facts.Arch)
	if err != nil {
		return nil, err
	}
	p.Definition, p.Contents, p.Lines = set, c.known, c.lines
	return c.folders, nil
}
