package lock

import "strings"

// pdm reads pdm.lock of the versions 4.x (pdm/project/lockfile). An entry with extras repeats the one without.
func (r *reader) pdm() {
	t, ok := r.decode()
	if !ok {
		return
	}
	meta := t.sub("metadata")
	version := meta.need("lock_version")
	if major, _, _ := strings.Cut(version, "."); version != "" && major != "4" {
		r.fail(meta.pos("lock_version"), "lock with a pdm that writes 4.5.0", "lock_version %s is not known here", version)
		return
	}
	// Files of 4.2 and before, or of no "static" strategy, have the hashes beside the packages.
	files := meta.sub("files")
	var withExtras []table
	for _, p := range t.tables("package") {
		if p.has("extras") {
			withExtras = append(withExtras, p)
			continue
		}
		r.pdmPackage(p, files)
	}
	for _, p := range withExtras {
		r.pdmExtras(p, files)
	}
	r.pdmFresh(meta, version)
}

func (r *reader) pdmPackage(t, files table) {
	p := Package{Name: t.need("name"), Version: t.str("version"), Marker: r.marker(t.pos("marker"), t.str("marker"))}
	p.RequiresPython = t.str("requires_python")
	if p.RequiresPython == "*" {
		p.RequiresPython = ""
	}
	p.Source = r.pdmSource(t)
	list := append(t.tables("files"), files.tables(p.Name+" "+p.Version)...)
	for _, f := range list {
		r.hash(f.pos("hash"), &p.Hashes, f.need("hash"))
	}
	p.Requires = r.pdmEdges(t, "")
	r.add(t.pos(), p)
}

// pdmExtras adds the edges that extras of a package bring.
func (r *reader) pdmExtras(t, files table) {
	i, ok := r.known(t.need("name"), t.str("version"))
	if !ok { // no entry is without extras
		r.pdmPackage(t, files)
		i = len(r.lock.Packages) - 1
		r.lock.Packages[i].Requires = nil
	}
	for _, extra := range t.strs("extras") {
		edges := r.pdmEdges(t, `extra == "`+extra+`"`)
		r.lock.Packages[i].Requires = append(r.lock.Packages[i].Requires, edges...)
	}
}

func (r *reader) pdmEdges(t table, condition string) []Dependency {
	var out []Dependency
	for i, text := range t.strs("dependencies") {
		if strings.HasPrefix(text, "-e ") || strings.HasPrefix(text, ".") {
			continue // a path, which metadata tells better
		}
		if d, ok := r.edge(t.pos("dependencies", index(i)), text, condition); ok {
			out = append(out, d)
		}
	}
	return out
}

func (r *reader) pdmSource(t table) Source {
	for _, vcs := range []string{"git", "hg", "svn", "bzr"} {
		if t.has(vcs) {
			return Source{Kind: FromVCS, VCS: vcs, URL: r.address(t.pos(vcs), t.str(vcs)), Commit: r.commit(t.pos("revision"), t.need("revision")), Subdirectory: t.str("subdirectory")}
		}
	}
	switch {
	case t.has("path"):
		return local(t.str("path"))
	case t.has("url"):
		return Source{Kind: FromURL, URL: r.address(t.pos("url"), t.str("url")), Subdirectory: t.str("subdirectory")}
	}
	return Source{Kind: FromIndex}
}
