package definition

import (
	"slices"
	"strings"
)

// origin reads where something comes from: exactly one kind, with what belongs to it.
func (d *decoder) origin(n *node) *Origin {
	o := &Origin{Part: d.text(n, "path"), Ref: d.text(n, "ref"), SHA256: d.digests(n.get("sha256")), Arch: d.words(n.get("arch")), At: n.key}
	if n.doc != nil {
		o.Dir = n.doc.dir
	}
	kinds := n.originKinds()
	switch {
	case len(kinds) > 1:
		d.add(n.key, "%s has both %s and %s; keep one", n.name(), kinds[0], kinds[1])
		return o
	case len(kinds) == 1:
		o.Kind = Kind(kinds[0])
		o.Where = d.text(n, kinds[0])
		if o.Kind == FromImage {
			o.Where = d.reference(n, kinds[0])
		}
	case n.get("path") != nil:
		o.Kind, o.Where, o.Part = Path, o.Part, Text{}
	default:
		d.add(n.key, "%s says not where it comes from; write one of path, url, git, image, project or text", n.name())
		return o
	}
	if where := n.get(string(o.Kind)); where.doc != nil {
		o.Dir = where.doc.dir
	}
	d.complete(n, o)
	return o
}

// originKinds are the keys of a table that say where it comes from, but for path.
func (n *node) originKinds() []string {
	var out []string
	for _, key := range []string{"url", "git", "image", "project", "text"} {
		if n.get(key) != nil {
			out = append(out, key)
		}
	}
	return out
}

// originBeside is a key that says where something comes from, beside one that needs none.
func (n *node) originBeside(key string) string {
	for _, other := range []string{"url", "git", "image", "project", "text", "path", "link", "directory"} {
		if other != key && n.get(other) != nil {
			return other
		}
	}
	return ""
}

// complete says what an origin lacks, and what does not belong to it.
func (d *decoder) complete(n *node, o *Origin) {
	where := n.get(string(o.Kind))
	for _, extra := range []struct {
		key  string
		kind Kind
	}{{"ref", Git}, {"sha256", URL}} {
		if v := n.get(extra.key); v != nil && o.Kind != extra.kind {
			d.add(v.key, "%s belongs to %s, not to %s; leave it out", extra.key, extra.kind, o.Kind)
		}
	}
	switch o.Kind {
	case Path:
		d.inTree(where)
	case URL:
		d.hashes(n, o)
	case Git:
		if n.get("ref") == nil {
			d.add(where.at, `git without ref; add ref = "…", a commit, tag or branch`)
		}
		if where.kind == isString && !strings.Contains(where.text, "://") {
			d.inTree(where)
		}
	case FromImage:
		if part := n.get("path"); part == nil {
			d.add(where.at, `image without path; add path = "/…", what to copy out of it`)
		} else if part.kind == isString && !strings.HasPrefix(part.text, "/") {
			d.add(part.at, "path: %q is relative; in an image it begins with /", part.text)
		}
	case LiteralText:
		if part := n.get("path"); part != nil {
			d.add(part.key, "a text has no parts; leave path out")
		}
	}
	if part := n.get("path"); part != nil && part.kind == isString && o.Kind != Path {
		inside := strings.TrimPrefix(typical(part.text), "/")
		if o.Kind != FromImage {
			inside = typical(part.text)
		}
		if problem := checkInside(inside); problem != "" {
			d.add(part.at, "path: %q %s", part.text, problem)
		}
	}
}

// inTree checks that a path beside the file stays where it may look.
func (d *decoder) inTree(n *node) {
	if n.kind != isString {
		return
	}
	if problem := n.doc.escapes(typical(n.text)); problem != "" {
		d.add(n.at, "%s", problem)
	}
}

// hashes checks that a download has a digest for all architectures that it is for.
func (d *decoder) hashes(n *node, o *Origin) {
	hash := n.get("sha256")
	if hash == nil {
		d.add(n.get("url").at, `url without sha256; add sha256 = "…", 64 hexadecimal digits`)
		return
	}
	if hash.kind != isTable {
		return
	}
	for _, arch := range o.Arch {
		if _, ok := o.SHA256[arch]; !ok && hash.get(arch) == nil {
			d.add(n.get("url").at, `no sha256 for %s; add it, or leave %s out of arch`, arch, arch)
		}
	}
}

func (d *decoder) digests(n *node) map[string]Text {
	switch {
	case n == nil:
		return nil
	case n.kind == isString:
		return map[string]Text{AnyArch: n.asText()}
	}
	out := map[string]Text{}
	for _, arch := range n.keys {
		if item := n.table[arch]; item.kind == isString {
			if problem := checkSHA256(item.text); problem != "" {
				d.add(item.at, "sha256: %q %s", item.text, problem)
			}
			out[arch] = item.asText()
		}
	}
	return out
}

func (d *decoder) files(n *node) []File {
	var out []File
	d.each(n, func(dest string, n *node) {
		f := File{Dest: dest, Link: d.text(n, "link"), Directory: d.yes(n, "directory").Value, Mode: d.text(n, "mode"), Owner: d.text(n, "owner"),
			Replace: d.yes(n, "replace").Value, Arch: d.words(n.get("arch")), At: n.key}
		alone := ""
		if n.get("link") != nil {
			alone = "link"
		} else if f.Directory {
			alone = "directory"
		}
		if alone == "" {
			f.Origin = d.origin(n)
			out = append(out, f)
			return
		}
		if other := n.originBeside(alone); other != "" {
			d.add(n.key, "%s has both %s and %s; keep one", n.name(), alone, other)
		}
		for _, key := range []string{"ref", "sha256"} {
			if v := n.get(key); v != nil {
				d.add(v.key, "%s does not belong to a %s; leave it out", key, alone)
			}
		}
		if v := n.get("mode"); v != nil && alone == "link" {
			d.add(v.key, "a link has no mode; leave it out")
		}
		out = append(out, f)
	})
	return out
}

func (d *decoder) runs(n *node) []Run {
	if n == nil || n.kind != isList {
		return nil
	}
	var out []Run
	for _, item := range n.items {
		if item.kind == isTable {
			out = append(out, d.run(item))
		}
	}
	return out
}

func (d *decoder) run(n *node) Run {
	r := Run{Source: d.source(n.get("source")), Out: d.variables(n.get("out")), Env: d.variables(n.get("env")), Cache: d.texts(n.get("cache")),
		Network: d.yes(n, "network").Value, Arch: d.words(n.get("arch")), At: n.key}
	if d.text(n, "in").Value != "image" {
		r.In = d.reference(n, "in")
	}
	commands := n.get("commands")
	switch {
	case commands == nil:
		d.add(n.key, `run has no commands; write commands = [["program", "argument"]]`)
	case commands.kind == isList && len(commands.items) == 0:
		d.add(commands.at, `run has no commands; write commands = [["program", "argument"]]`)
	case commands.kind == isList:
		for _, item := range commands.items {
			if a := d.argv(item); a != nil {
				r.Commands = append(r.Commands, *a)
			}
		}
	}
	if n.get("out") == nil && r.In.IsSet() {
		d.add(n.get("in").at, `run in another image without out; add out = { "…" = "/…" }: nothing of it would be kept`)
	}
	return r
}

// source is a path or an origin.
func (d *decoder) source(n *node) *Origin {
	switch {
	case n == nil:
		return nil
	case n.kind == isTable:
		return d.origin(n)
	}
	return &Origin{Kind: Path, Where: n.asText(), Dir: n.doc.dir, At: n.at}
}

// together says what of a set does not go together.
func (d *decoder) together(s *Set) {
	d.distinctUsers(s.Users)
	handles := []string{}
	for _, p := range s.Projects {
		handles = append(handles, p.Handle)
	}
	s.eachOrigin(func(o *Origin) {
		if o.Kind == FromProject && !slices.Contains(handles, o.Where.Value) && o.Where.Value != d.name && o.Where.IsSet() {
			d.add(o.Where.At, "project: there is no [project.%s]; %s", o.Where.Value, known(handles))
		}
	})
}

// known lists handles.
func known(handles []string) string {
	if len(handles) == 0 {
		return "there are none"
	}
	return "known are " + strings.Join(handles, ", ")
}

// distinctUsers refuses accounts with one number or one name.
func (d *decoder) distinctUsers(users []User) {
	for i, u := range users {
		for _, other := range users[:i] {
			switch {
			case u.Name == other.Name:
				d.add(u.At, "user.%s has the name of user.%s; choose another", u.Handle, other.Handle)
			case u.UID == other.UID && u.UID != 0:
				d.add(u.At, "user.%s has the uid of user.%s, %d; choose another", u.Handle, other.Handle, u.UID)
			}
		}
	}
}

// eachOrigin calls do for all origins of a set.
func (s *Set) eachOrigin(do func(*Origin)) {
	for i := range s.Projects {
		do(&s.Projects[i].Origin)
	}
	for _, r := range s.Constraints {
		if r.Origin != nil {
			do(r.Origin)
		}
	}
	for _, c := range s.contents() {
		c.eachOrigin(do)
	}
}

// eachOrigin calls do for all origins of an image.
func (c *Content) eachOrigin(do func(*Origin)) {
	for i := range c.Packages {
		if o := c.Packages[i].Origin; o != nil {
			do(o)
		}
	}
	for _, r := range c.Requirements {
		if r.Origin != nil {
			do(r.Origin)
		}
	}
	for i := range c.Repositories {
		do(&c.Repositories[i].Key)
	}
	for i := range c.Files {
		if o := c.Files[i].Origin; o != nil {
			do(o)
		}
	}
	for i := range c.Runs {
		if o := c.Runs[i].Source; o != nil {
			do(o)
		}
	}
}
