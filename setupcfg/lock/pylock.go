package lock

import (
	"path"
	"slices"
	"strings"
	"text/scanner"

	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// pylock reads pylock.toml by PEP 751 and its specification on packaging.python.org.
func (r *reader) pylock() {
	t, ok := r.decode()
	if !ok {
		return
	}
	r.lock.Renew = pylockRenewal(t.str("created-by"), r.file)
	version := t.need("lock-version")
	switch major, minor, _ := strings.Cut(version, "."); {
	case version == "":
		return
	case major != "1":
		r.fail(t.pos("lock-version"), "lock in version 1.0", "lock-version %s is not known here", version)
		return
	case minor != "0":
		r.warn(t.pos("lock-version"), "", "lock-version %s is newer than what is known here (1.0): what is new in it is not looked at", version)
	}
	r.lock.RequiresPython = t.str("requires-python")
	for _, m := range t.strs("environments") {
		r.lock.Environments = append(r.lock.Environments, r.marker(t.pos("environments"), m))
	}
	r.lock.Groups = t.strs("default-groups")
	for _, p := range t.tables("packages") {
		r.pylockPackage(p)
	}
}

// pylockRenewal is the command that made the file, of the tools known to make one.
func pylockRenewal(by, file string) string {
	switch name, _, _ := strings.Cut(strings.ToLower(by), " "); name {
	case "pip":
		return "pip lock -o " + file + " '.[EXTRAS]'"
	case "uv":
		return "uv export -o " + file
	case "pdm":
		return "pdm lock"
	}
	return ""
}

func (r *reader) pylockPackage(t table) {
	p := Package{Name: t.need("name"), Version: t.str("version"), Marker: r.marker(t.pos("marker"), t.str("marker"))}
	var sources []string
	for _, key := range []string{"vcs", "directory", "archive"} {
		if t.has(key) {
			sources = append(sources, key)
		}
	}
	if t.has("sdist") || t.has("wheels") {
		sources = append(sources, "sdist and wheels")
	}
	if len(sources) != 1 {
		r.fail(t.pos(), r.renewHint(), "%s must have one of vcs, directory, archive, or sdist and wheels: it has %s", p.Name, enumerate(sources))
		return
	}
	switch sources[0] {
	case "vcs":
		v := t.sub("vcs")
		if v.str("url") == "" && v.str("path") != "" {
			p.Source = Source{Kind: FromLocal, Path: v.str("path")}
			break
		}
		p.Source = Source{Kind: FromVCS, VCS: v.need("type"), URL: r.address(v.pos("url"), v.need("url")), Commit: v.need("commit-id"), Subdirectory: v.str("subdirectory")}
	case "directory":
		d := t.sub("directory")
		p.Source = local(path.Join(d.need("path"), d.str("subdirectory")))
	case "archive":
		a := t.sub("archive")
		p.Source = r.artefact(a, &p.Hashes)
		p.Source.Subdirectory = a.str("subdirectory")
	default:
		r.pylockFiles(t, &p)
	}
	for _, d := range t.tables("dependencies") {
		p.Requires = append(p.Requires, Dependency{Name: setupcfg.Canonical(d.str("name")), Version: d.str("version")})
	}
	r.add(t.pos(), p)
}

// pylockFiles reads the artefacts of a release.
func (r *reader) pylockFiles(t table, p *Package) {
	p.Source = Source{Kind: FromIndex, URL: r.address(t.pos("index"), t.str("index"))}
	files := t.tables("wheels")
	if t.has("sdist") {
		files = append(files, t.sub("sdist"))
	}
	inFolder := 0
	var last Source
	for _, f := range files {
		if last = r.artefact(f, &p.Hashes); last.Kind == FromLocal {
			inFolder++
		}
	}
	switch {
	case len(files) > 0 && inFolder == len(files): // none of them is anywhere but in the folder
		p.Source = last
	case p.Version == "" && last.URL != "":
		p.Source = Source{Kind: FromURL, URL: last.URL}
	case p.Version == "":
		r.fail(t.pos(), r.renewHint(), "%s has neither a version nor a URL", p.Name)
	}
}

// artefact reads one file with its hashes, of which one that pip knows is enough.
func (r *reader) artefact(t table, into *[]string) Source {
	hashes := t.sub("hashes")
	best := ""
	for _, name := range []string{"sha256", "sha512", "sha384"} {
		if hashes.has(name) && best == "" {
			best = name
		}
	}
	if best == "" {
		r.fail(t.pos("hashes"), r.renewHint(), "this file has no hash that pip checks (sha256, sha384 or sha512)")
	} else {
		r.hash(hashes.pos(best), into, best+":"+strings.ToLower(hashes.str(best)))
	}
	address, file := t.str("url"), t.str("path")
	switch {
	case address != "":
		return Source{Kind: FromURL, URL: r.address(t.pos("url"), address)}
	case file != "":
		return Source{Kind: FromLocal, Path: file}
	}
	return Source{Kind: FromIndex} // the file of its name in the index
}

// local is a folder: the project's own, or one beside it.
func local(folder string) Source {
	if folder = path.Clean(folder); folder == "." {
		return Source{Kind: FromProject}
	}
	return Source{Kind: FromLocal, Path: folder}
}

// enumerate is a list in words.
func enumerate(words []string) string {
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, " and ")
}

// known says whether an entry of the name is there already, and where.
func (r *reader) known(name, version string) (int, bool) {
	i := slices.IndexFunc(r.lock.Packages, func(p Package) bool { return p.Name == setupcfg.Canonical(name) && p.Version == version })
	return i, i >= 0
}

// place is a line of the file, for formats without places of their own.
func (r *reader) place(line, column int) scanner.Position {
	return scanner.Position{Filename: r.file, Line: line, Column: column}
}
