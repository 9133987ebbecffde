package definition

import "strings"

// anyOrigin are the keys of which an origin has one; some tables take fewer, or others beside them.
const anyOrigin = "path, url, git, image, project or text"

// origin reads where something comes from: exactly one kind, with what belongs to it. words are the kinds that may stand there.
func (d *decoder) origin(n *node, words string) *Origin {
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
		d.lacks(n, "%s says not where it comes from; write one of %s", n.name(), words)
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
	if hash == nil || hash.kind == isTable && len(hash.keys) == 0 {
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
			out[arch] = item.asText()
		}
	}
	return out
}
