package definition

import (
	"cmp"
	"path/filepath"
	"slices"

	"github.com/pbrx-go/pbrx-go/images/naming"
)

// decoder makes a set of what the files come to. What is wrong by itself was found before, and has no value here; it finds what is missing,
// and what does not go together.
type decoder struct {
	*problems
	// ofName is the level of the file that sets name, name its value if it is known.
	ofName int
	name   string
}

func (d *decoder) set(n *node) *Set {
	s := &Set{
		Name: d.text(n, "name"), Base: d.reference(n, "base"), Builder: d.reference(n, "builder"),
		Python: d.text(n, "python"), Venv: d.text(n, "venv"), SystemSitePackages: d.yes(n, "system-site-packages"),
		Constraints: d.requirements(n.get("constraints")), ConstraintsExclude: d.texts(n.get("constraints-exclude")),
		Resolver: d.text(n, "resolver"), Init: d.text(n, "init"), Check: d.text(n, "check"), Prefix: d.text(n, "prefix"),
		Platforms: d.texts(n.get("platforms")), Scripts: d.texts(n.get("scripts")),
		BuildEnv: d.variables(n.get("build-env")), Content: d.content(n),
	}
	if bindep := n.get("bindep"); bindep != nil {
		if s.Bindep = bindep.asText(); s.Bindep.Value != "" {
			s.Bindep.Value = filepath.Join(bindep.doc.dir, s.Bindep.Value)
		}
	}
	s.Projects = d.projects(n.get("project"))
	s.Users = d.users(n.get("user"))
	s.Images = d.images(n.get("image"))
	d.together(s)
	return s
}

// lacks says what a table does not have, unless it has something that may mean it.
func (d *decoder) lacks(n *node, format string, args ...any) {
	if !n.unclear {
		d.add(n.key, format, args...)
	}
}

func (n *node) asText() Text {
	if n == nil || n.kind != isString {
		return Text{}
	}
	return Text{n.text, n.at}
}

func (d *decoder) text(n *node, key string) Text { return n.get(key).asText() }

func (d *decoder) yes(n *node, key string) Switch {
	if v := n.get(key); v != nil && v.kind == isBool {
		return Switch{v.yes, v.at}
	}
	return Switch{}
}

// reference is an image; a relative path of a layout, archive or root file system begins at the file.
func (d *decoder) reference(n *node, key string) Text {
	t := d.text(n, key)
	l, err := naming.ParseLocation(t.Value)
	if err != nil {
		return t
	}
	switch l.Transport {
	case naming.OCILayout, naming.OCIArchive, naming.DockerArchive, naming.RootFS:
		if !filepath.IsAbs(l.Name) {
			l.Name = filepath.Join(n.get(key).doc.dir, l.Name)
			t.Value = l.String()
		}
	case naming.Registry, naming.DockerDaemon:
	}
	return t
}

// texts are the strings of a list; nil only if nobody set it.
func (d *decoder) texts(n *node) []Text {
	if n == nil || n.kind != isList {
		return nil
	}
	out := []Text{}
	for _, item := range n.items {
		if item.kind == isString {
			out = append(out, item.asText())
		}
	}
	return out
}

// words are the strings of a list without their places.
func (d *decoder) words(n *node) []string { return texts(d.texts(n)) }

func (d *decoder) argv(n *node) *Argv {
	if n == nil || n.kind != isList {
		return nil
	}
	a := &Argv{Words: []string{}, At: n.at}
	a.Words = append(a.Words, d.words(n)...)
	return a
}

// command is one that has words: one without takes an inherited one back.
func (d *decoder) command(n *node) *Argv {
	if a := d.argv(n.get("command")); a != nil && len(a.Words) > 0 {
		return a
	}
	return nil
}

// variables are a table of strings, sorted by name.
func (d *decoder) variables(n *node) []Variable {
	if n == nil || n.kind != isTable {
		return nil
	}
	var out []Variable
	for _, key := range slices.Sorted(slices.Values(n.keys)) {
		if item := n.table[key]; item.kind == isString {
			out = append(out, Variable{key, item.asText()})
		}
	}
	return out
}

func (d *decoder) requirements(n *node) []Requirement {
	if n == nil || n.kind != isList {
		return nil
	}
	var out []Requirement
	for _, item := range n.items {
		switch item.kind {
		case isString:
			out = append(out, Requirement{Line: item.asText()})
		case isTable:
			o := d.origin(item, "path, url, git, project or text")
			if o.Kind == FromImage {
				d.add(item.get("image").key, "%s are read before there is any image; write path, url or git", item.name())
			}
			out = append(out, Requirement{Origin: o})
		}
	}
	return out
}

func (d *decoder) content(n *node) Content {
	return Content{
		Packages: d.packages(n.get("packages")), Profiles: d.texts(n.get("profiles")), Requirements: d.requirements(n.get("requirements")),
		Extras: d.texts(n.get("extras")), Repositories: d.repositories(n.get("repository")), Files: d.files(n.get("file")),
		Env: d.variables(n.get("env")), Labels: d.variables(n.get("labels")), Volumes: d.texts(n.get("volumes")), Workdir: d.text(n, "workdir"),
		RunAs: d.text(n, "run-as"), Entrypoint: d.argv(n.get("entrypoint")), Runs: d.runs(n.get("run")), Args: d.argv(n.get("args")),
		Command: d.command(n), WSGI: d.text(n, "wsgi"),
	}
}

// each calls do for the tables of a table, sorted by name.
func (d *decoder) each(n *node, do func(name string, n *node)) {
	if n == nil || n.kind != isTable {
		return
	}
	for _, key := range slices.Sorted(slices.Values(n.keys)) {
		if item := n.table[key]; item.kind == isTable {
			do(key, item)
		}
	}
}

func (d *decoder) packages(n *node) []Package {
	if n == nil || n.kind != isList {
		return nil
	}
	var out []Package
	for _, item := range n.items {
		p := Package{Level: item.level(d.ofName), At: item.at}
		switch {
		case item.kind == isString:
			p.Line = item.asText()
		case item.kind == isTable:
			p.Line, p.Arch = d.text(item, "line"), d.words(item.get("arch"))
			if item.get("line") == nil {
				p.Origin = d.origin(item, "line, url, path, git, image or project")
			} else if other := item.originBeside("line"); other != "" {
				d.add(item.at, "packages: an entry has both line and %s; keep one", other)
			}
		default:
			continue
		}
		out = append(out, p)
	}
	return out
}

func (d *decoder) repositories(n *node) []Repository {
	var out []Repository
	d.each(n, func(name string, n *node) {
		r := Repository{Handle: name, URI: d.text(n, "uri"), Suite: d.text(n, "suite"), Components: d.texts(n.get("components")),
			Arch: d.words(n.get("arch")), Keep: d.yes(n, "keep").Value, Level: n.level(d.ofName), At: n.key}
		if n.get("uri") == nil {
			d.lacks(n, `%s has no uri; write uri = "https://…"`, n.name())
		}
		if key := n.get("key"); key == nil {
			d.lacks(n, `%s has no key; write key = { path = "…" }: packages that nobody signed are not installed`, n.name())
		} else if key.kind == isTable {
			r.Key = *d.origin(key, anyOrigin)
		}
		out = append(out, r)
	})
	return out
}

func (d *decoder) images(n *node) []Image {
	if n == nil || n.kind != isTable {
		return nil
	}
	var out []Image
	for _, key := range n.keys {
		item := n.table[key]
		if item.kind != isTable {
			continue
		}
		image := Image{Name: key, Script: d.text(item, "script"), At: item.key, Content: d.content(item)}
		for _, other := range []string{"command", "wsgi"} {
			if v := item.get("script"); v != nil && item.get(other) != nil {
				d.add(v.key, "%s has both script and %s; keep one", item.name(), other)
			}
			if v, o := item.get("args"), item.get(other); v != nil && len(v.items) > 0 && o != nil && (o.kind != isList || len(o.items) > 0) {
				d.add(v.key, "%s has both args and %s, and args are those of a script; write them into command", item.name(), other)
			}
		}
		out = append(out, image)
	}
	return out
}

func (d *decoder) projects(n *node) []Project {
	var out []Project
	d.each(n, func(name string, n *node) {
		p := Project{Handle: name, Origin: *d.origin(n, "git or path"), Subdirectory: d.text(n, "subdirectory"), Extras: d.texts(n.get("extras")), At: n.key}
		p.Patches = d.patches(n.get("patches"), p.Origin.Dir)
		if path := n.get("path"); path != nil && n.get("git") != nil {
			d.add(path.key, "%s has both git and path; keep one: a folder of the repository is its subdirectory", n.name())
		}
		if extras := n.get("extras"); extras != nil && name == d.name {
			d.add(extras.key, "%s is the main project, whose extras stand at the top level; write extras = […] there", n.name())
		}
		out = append(out, p)
	})
	return out
}

// patches are paths, given relative to the folder of the origin.
func (d *decoder) patches(n *node, dir string) []Text {
	if n == nil {
		return nil
	}
	var out []Text
	for _, item := range append(n.items, n) {
		if item.kind != isString {
			continue
		}
		t := item.asText()
		if rel, err := filepath.Rel(dir, filepath.Join(item.doc.dir, t.Value)); err == nil {
			t.Value = filepath.ToSlash(rel)
		}
		out = append(out, t)
	}
	return out
}

func (d *decoder) users(n *node) []User {
	var out []User
	d.each(n, func(name string, n *node) {
		out = append(out, d.user(name, n))
	})
	slices.SortStableFunc(out, func(a, b User) int { return cmp.Compare(a.UID, b.UID) })
	return out
}

func (d *decoder) user(handle string, n *node) User {
	u := User{Handle: handle, Name: cmp.Or(d.text(n, "name").Value, handle), Home: cmp.Or(d.text(n, "home").Value, "/"), Shell: d.text(n, "shell").Value,
		Comment: d.text(n, "comment").Value, Groups: d.words(n.get("groups")), Directories: d.words(n.get("directories")), Level: n.level(d.ofName), At: n.key}
	u.Group = cmp.Or(d.text(n, "group").Value, u.Name)
	if n.get("name") == nil {
		if problem := checkAccount(handle); problem != "" {
			d.add(n.key, "user: %q %s", handle, problem)
		}
	}
	uid := n.get("uid")
	switch {
	case uid == nil:
		d.lacks(n, "%s has no uid; write uid = …, which stays the same in all images", n.name())
		return u
	case uid.kind == isNumber && uid.number == 0:
		d.add(uid.at, "uid 0 is root's; choose another")
	}
	u.UID, u.GID = int(uid.number), int(uid.number)
	if gid := n.get("gid"); gid != nil {
		u.GID = int(gid.number)
	}
	return u
}
