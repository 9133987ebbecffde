package lock

import (
	"strings"

	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// poetry reads poetry.lock of the versions 1.0 to 2.x (poetry/packages/locker.py).
func (r *reader) poetry() {
	t, ok := r.decode()
	if !ok {
		return
	}
	meta := t.sub("metadata")
	version := meta.need("lock-version")
	major, _, _ := strings.Cut(version, ".")
	if version != "" && major != "1" && major != "2" {
		r.fail(meta.pos("lock-version"), "lock with a poetry that writes 2.1", "lock-version %s is not known here", version)
		return
	}
	r.lock.Highest = true
	files := meta.sub("files") // of 1.x
	for _, p := range t.tables("package") {
		r.poetryPackage(p, files)
	}
	r.poetryFresh(meta)
}

func (r *reader) poetryPackage(t, files table) {
	p := Package{Name: t.need("name"), Version: t.need("version")}
	p.RequiresPython = poetryPython(t.str("python-versions"))
	p.Marker = r.poetryMarker(t)
	p.Source = r.poetrySource(t)
	for _, f := range t.tables("files") {
		r.hash(f.pos("hash"), &p.Hashes, f.need("hash"))
	}
	for _, f := range files.tables(t.str("name")) {
		// The releases of one name stand in one list: those of another version are no harm, they do not fit the version.
		r.hash(f.pos("hash"), &p.Hashes, f.need("hash"))
	}
	edges := t.sub("dependencies")
	for _, name := range edges.keys() {
		p.Requires = append(p.Requires, r.poetryEdges(edges, name)...)
	}
	r.add(t.pos(), p)
}

// poetryMarker is a string, or a table with one for each group.
func (r *reader) poetryMarker(t table) string {
	if groups, ok := t.data["markers"].(map[string]any); ok {
		if _, main := groups["main"]; !main {
			return ""
		}
		m := t.sub("markers")
		return r.marker(m.pos("main"), m.str("main"))
	}
	return r.marker(t.pos("markers"), t.str("markers"))
}

// poetryPython leaves out what poetry writes in its own way.
func poetryPython(text string) string {
	if text == "*" || strings.ContainsAny(text, "^~|") && !strings.Contains(text, "~=") || strings.ContainsAny(text, "^|") {
		return ""
	}
	return strings.TrimSpace(text)
}

// poetryEdges are "*", a table, or an array of either.
func (r *reader) poetryEdges(t table, name string) []Dependency {
	d := Dependency{Name: setupcfg.Canonical(name)}
	one := func(s table) Dependency {
		return Dependency{Name: d.Name, Extras: s.strs("extras"), Marker: r.marker(s.pos("markers"), s.str("markers"))}
	}
	switch t.data[name].(type) {
	case string:
		return []Dependency{d}
	case map[string]any:
		return []Dependency{one(t.sub(name))}
	case []map[string]any, []any:
		var out []Dependency
		for i, item := range t.list(name) {
			data, ok := item.(map[string]any)
			if !ok {
				out = append(out, d)
				continue
			}
			out = append(out, one(table{r, t.place, data, t.at(name, index(i))}))
		}
		return out
	}
	t.wrong(name, "a string, a table or an array")
	return nil
}

func (r *reader) poetrySource(t table) Source {
	s := t.sub("source")
	address := r.address(s.pos("url"), s.str("url"))
	switch s.str("type") {
	case "", "legacy", "pypi":
		return Source{Kind: FromIndex, URL: address}
	case "git":
		return Source{Kind: FromVCS, VCS: "git", URL: address, Commit: r.commit(s.pos("resolved_reference"), s.need("resolved_reference")), Subdirectory: s.str("subdirectory")}
	case "url":
		return Source{Kind: FromURL, URL: address, Subdirectory: s.str("subdirectory")}
	case "directory":
		return local(s.str("url"))
	case "file":
		return Source{Kind: FromLocal, Path: s.str("url")}
	}
	r.fail(s.pos("type"), r.renewHint(), "a source of type %q is not known here", s.str("type"))
	return Source{Kind: FromLocal}
}
