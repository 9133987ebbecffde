package lock

import (
	"net/url"
	"strings"
	"text/scanner"

	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// uv reads uv.lock. Its version is 1; revisions add what may be ignored (docs.astral.sh/uv/concepts/projects/sync).
func (r *reader) uv() {
	t, ok := r.decode()
	if !ok {
		return
	}
	if !t.has("version") || t.integer("version") != 1 {
		r.fail(t.pos("version"), "lock with a uv that writes version = 1", "version %d of uv's lock file is not known here", t.integer("version"))
		return
	}
	r.lock.RequiresPython = t.str("requires-python")
	for _, m := range t.strs("supported-markers") {
		r.lock.Environments = append(r.lock.Environments, r.marker(t.pos("supported-markers"), m))
	}
	for _, p := range t.tables("package") {
		r.uvPackage(p)
	}
	r.uvFresh(t)
}

func (r *reader) uvPackage(t table) {
	p := Package{Name: t.need("name"), Version: t.str("version")}
	var forks []string
	for _, m := range t.strs("resolution-markers") {
		forks = append(forks, r.marker(t.pos("resolution-markers"), m))
	}
	p.Marker = either(forks)
	p.Source = r.uvSource(t)
	files := t.tables("wheels")
	if t.has("sdist") {
		files = append(files, t.sub("sdist"))
	}
	for _, f := range files {
		if f.has("hash") {
			r.hash(f.pos("hash"), &p.Hashes, f.str("hash"))
		}
	}
	p.Requires = r.uvEdges(t, "dependencies", "")
	optional := t.sub("optional-dependencies")
	for _, extra := range optional.keys() {
		p.Requires = append(p.Requires, r.uvEdges(optional, extra, `extra == "`+extra+`"`)...)
	}
	r.add(t.pos(), p)
}

func (r *reader) uvEdges(t table, key, condition string) []Dependency {
	var out []Dependency
	for _, d := range t.tables(key) {
		out = append(out, Dependency{
			Name: setupcfg.Canonical(d.need("name")), Version: d.str("version"), Extras: d.strs("extra"),
			Marker: both(r.marker(d.pos("marker"), d.str("marker")), condition)})
	}
	return out
}

func (r *reader) uvSource(t table) Source {
	s := t.sub("source")
	switch {
	case s.has("registry"):
		index := s.str("registry")
		if !strings.Contains(index, "://") {
			return Source{Kind: FromLocal, Path: index} // a folder of find-links
		}
		return Source{Kind: FromIndex, URL: r.address(s.pos("registry"), index)}
	case s.has("git"):
		return r.uvGit(s)
	case s.has("url"):
		return Source{Kind: FromURL, URL: r.address(s.pos("url"), s.str("url")), Subdirectory: s.str("subdirectory")}
	case s.has("path"):
		return Source{Kind: FromLocal, Path: s.str("path")}
	case s.has("directory"):
		return local(s.str("directory"))
	case s.has("editable"):
		return local(s.str("editable"))
	case s.has("virtual"):
		return local(s.str("virtual"))
	}
	r.fail(t.pos("source"), r.renewHint(), "the source of %s is of no kind that is known here", t.str("name"))
	return Source{Kind: FromLocal}
}

// uvGit takes URL?rev=…&subdirectory=…#COMMIT apart.
func (r *reader) uvGit(s table) Source {
	pos := s.pos("git")
	address, commit, _ := strings.Cut(s.str("git"), "#")
	address, query, _ := strings.Cut(address, "?")
	values, err := url.ParseQuery(query)
	if err != nil || commit == "" {
		r.fail(pos, r.renewHint(), "the source is at no commit")
	}
	return Source{Kind: FromVCS, VCS: "git", URL: r.address(pos, address), Commit: r.commit(pos, commit), Subdirectory: values.Get("subdirectory")}
}

// commit is the name of one commit, which no branch can be.
func (r *reader) commit(pos scanner.Position, text string) string {
	if len(text) != 40 && len(text) != 64 || strings.Trim(text, "0123456789abcdef") != "" {
		r.fail(pos, r.renewHint(), "%q is no full name of a commit: only that names the same source tomorrow", text)
	}
	return text
}
