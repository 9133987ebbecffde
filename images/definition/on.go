package definition

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"text/scanner"
)

// On is the set on a base: the words in braces that depend on it are filled in, and entries that are for other architectures go to
// LeftOut. The set itself stays as it is. The error is a setupcfg.ErrorList: a fact that is asked for and not known, a digest that is
// missing for the architecture, two destinations that come to the same.
func (s *Set) On(f Facts) (*Set, error) {
	b := &base{problems: &problems{}, facts: f}
	out := *s
	out.LeftOut = nil
	out.Projects = slices.Clone(s.Projects)
	for i := range out.Projects {
		out.Projects[i].Origin = *b.origin(&out.Projects[i].Origin)
	}
	out.Constraints = b.requirements(s.Constraints, "constraints")
	out.Content = b.content(s.Content)
	out.Images = slices.Clone(s.Images)
	for i := range out.Images {
		out.Images[i].Content = b.content(s.Images[i].Content)
	}
	out.LeftOut = b.leftOut
	if err := b.err(s.Files); err != nil {
		return nil, err
	}
	return &out, nil
}

// base fills in what a base says.
type base struct {
	*problems
	facts   Facts
	leftOut []string
}

// here says whether an entry is for the architecture; if not it is noted.
func (b *base) here(arch []string, at scanner.Position, what string) bool {
	if len(arch) == 0 || slices.Contains(arch, b.facts.Arch) {
		return true
	}
	b.leftOut = append(b.leftOut, fmt.Sprintf("%s: %s is for %s, and left out on %s", at, what, strings.Join(arch, ", "), b.facts.Arch))
	return false
}

// fill fills facts in.
func (b *base) fill(text string, at scanner.Position) string {
	known := b.facts.values()
	filled, problem := fill(text, append(ofBase(), ofPython()...), known)
	if problem != "" { // was checked when it was read
		return text
	}
	for _, word := range slices.Sorted(maps.Keys(known)) {
		if known[word] == "" && strings.Contains(strings.ReplaceAll(text, "{{", ""), "{"+word+"}") {
			b.add(at, "{%s} has no value on this base; write it out", word)
		}
	}
	return plain(filled)
}

func (b *base) text(t Text) Text {
	if !t.IsSet() {
		return t
	}
	return Text{b.fill(t.Value, t.At), t.At}
}

func (b *base) texts(list []Text) []Text {
	out := slices.Clone(list)
	for i := range out {
		out[i] = b.text(out[i])
	}
	return out
}

func (b *base) argv(a *Argv) *Argv {
	if a == nil {
		return nil
	}
	out := Argv{Words: slices.Clone(a.Words), At: a.At}
	for i := range out.Words {
		out.Words[i] = b.fill(out.Words[i], a.At)
	}
	return &out
}

func (b *base) variables(list []Variable) []Variable {
	out := slices.Clone(list)
	for i := range out {
		out[i].Text = b.text(out[i].Text)
	}
	return out
}

func (b *base) origin(o *Origin) *Origin {
	if o == nil {
		return nil
	}
	out := *o
	if o.Kind == URL || o.Kind == Path {
		out.Where = b.text(o.Where)
	}
	out.Part = b.text(o.Part)
	if _, ok := o.SHA256[b.facts.Arch]; o.Kind == URL && len(o.SHA256) > 0 && !ok && !o.SHA256[AnyArch].IsSet() {
		var there []string
		for arch := range o.SHA256 {
			there = append(there, fmt.Sprintf("%q", arch))
		}
		slices.Sort(there)
		b.add(o.Where.At, "no sha256 for %s; add it, or arch = [%s] to leave the file out there", b.facts.Arch, strings.Join(there, ", "))
	}
	return &out
}

func (b *base) requirements(list []Requirement, what string) []Requirement {
	var out []Requirement
	for _, r := range list {
		if r.Origin != nil {
			if !b.here(r.Origin.Arch, r.Origin.At, what) {
				continue
			}
			r.Origin = b.origin(r.Origin)
		}
		out = append(out, r)
	}
	return out
}

func (b *base) content(c Content) Content {
	c.Packages = b.packages(c.Packages)
	c.Requirements = b.requirements(c.Requirements, "requirements")
	c.Repositories = b.repositories(c.Repositories)
	c.Files = b.files(c.Files)
	c.Env = b.variables(c.Env)
	c.Entrypoint, c.Command = b.argv(c.Entrypoint), b.argv(c.Command)
	c.Runs = b.runs(c.Runs)
	return c
}

func (b *base) packages(list []Package) []Package {
	var out []Package
	for _, p := range list {
		arch, what := p.Arch, p.Line.Value
		if p.Origin != nil {
			arch, what = p.Origin.Arch, p.Origin.Where.Value
		}
		if b.here(arch, p.At, what) {
			p.Origin = b.origin(p.Origin)
			out = append(out, p)
		}
	}
	return out
}

func (b *base) repositories(list []Repository) []Repository {
	var out []Repository
	for _, r := range list {
		if !b.here(r.Arch, r.At, "repository."+r.Handle) {
			continue
		}
		r.URI, r.Suite, r.Components = b.text(r.URI), b.text(r.Suite), b.texts(r.Components)
		r.Key = *b.origin(&r.Key)
		out = append(out, r)
	}
	return out
}

func (b *base) files(list []File) []File {
	var out []File
	seen := map[string]File{}
	for _, f := range list {
		if !b.here(f.Arch, f.At, f.Dest) {
			continue
		}
		f.Dest, f.Link, f.Origin = b.fill(f.Dest, f.At), b.text(f.Link), b.origin(f.Origin)
		if other, ok := seen[f.Dest]; ok {
			b.add(f.At, "%q is the destination of %s as well; keep one", f.Dest, other.At)
		}
		seen[f.Dest] = f
		out = append(out, f)
	}
	b.below(out, seen)
	slices.SortStableFunc(out, func(x, y File) int { return strings.Compare(x.Dest, y.Dest) })
	return out
}

// below refuses destinations below others that are no folders.
func (b *base) below(files []File, byDest map[string]File) {
	for _, f := range files {
		for above := path.Dir(f.Dest); above != "/" && above != "."; above = path.Dir(above) {
			other, ok := byDest[above]
			if ok && (other.Link.IsSet() || other.Origin != nil && other.Origin.Kind == LiteralText) {
				b.add(f.At, "%q lies below %q (%s), which is no folder; choose another place", f.Dest, other.Dest, other.At)
			}
		}
	}
}

func (b *base) runs(list []Run) []Run {
	var out []Run
	for _, r := range list {
		if !b.here(r.Arch, r.At, "run") {
			continue
		}
		r.Commands = slices.Clone(r.Commands)
		for i := range r.Commands {
			r.Commands[i] = *b.argv(&r.Commands[i])
		}
		r.Source, r.Out, r.Env = b.origin(r.Source), b.variables(r.Out), b.variables(r.Env)
		out = append(out, r)
	}
	return out
}
