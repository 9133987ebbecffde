package definition

func (d *decoder) files(n *node) []File {
	var out []File
	d.each(n, func(dest string, n *node) {
		f := File{Dest: dest, Written: n.path[len(n.path)-1], Link: d.text(n, "link"), Directory: d.yes(n, "directory").Value, Mode: d.text(n, "mode"), Owner: d.text(n, "owner"),
			Replace: d.yes(n, "replace").Value, Arch: d.words(n.get("arch")), At: n.key}
		alone := ""
		if n.get("link") != nil {
			alone = "link"
		} else if v := n.get("directory"); f.Directory || v != nil && v.kind == isBad {
			alone = "directory"
		}
		if alone == "" {
			f.Origin = d.origin(n, anyOrigin+", or link or directory")
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
		d.lacks(n, `run has no commands; write commands = [["program", "argument"]]`)
	case commands.kind == isList && len(commands.items) == 0:
		d.add(commands.at, `run has no commands; write commands = [["program", "argument"]]`)
	case commands.kind == isList:
		for _, item := range commands.items {
			if a := d.argv(item); a != nil {
				r.Commands = append(r.Commands, *a)
			}
		}
	}
	if v := n.get("out"); v != nil && !r.In.IsSet() && (n.get("in") == nil || n.get("in").kind == isString) {
		d.add(v.key, `out belongs to a run in another image; leave it out: what commands write in the image itself stays where it is`)
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
		return d.origin(n, anyOrigin)
	}
	return &Origin{Kind: Path, Where: n.asText(), Dir: n.doc.dir, At: n.at}
}
