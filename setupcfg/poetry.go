package setupcfg

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/scanner"
)

// poetryFacts reads [tool.poetry], which counts wherever [project] says nothing (poetry-core 2; before that,
// [project] was not looked at). What poetry converts in ways of its own stays unknown.
func (l *loader) poetryFacts() {
	p, t := l.project, l.toml
	if name, ok := t.str("tool", "poetry", "name"); ok {
		p.Name = known(name, t.pos("tool", "poetry", "name"))
	}
	if mode, _ := t.get("tool", "poetry", "package-mode"); mode == false {
		t.errs.add(t.pos("tool", "poetry", "package-mode"), "remove the line, or run pbrx-go in a project that makes a wheel", "poetry makes no wheel of this project")
	}
	p.ConsoleScripts, p.GUIScripts = l.poetryScripts(), absent[[]Script]()
	if pos, ok := l.poetryPlugins(); ok {
		const why = "poetry makes entry points of a table of plugins"
		p.ConsoleScripts, p.GUIScripts = unknown[[]Script](pos, why), unknown[[]Script](pos, why)
	}
	l.poetryDependencies()
}

// poetryPlugins says whether a table of plugins is one of the groups of scripts, and where.
func (l *loader) poetryPlugins() (scanner.Position, bool) {
	for _, group := range []string{groupConsole, groupGUI, "console-scripts", "gui-scripts"} {
		if keys := []string{"tool", "poetry", "plugins", group}; l.toml.hasTable(keys...) {
			return l.toml.pos(keys...), true
		}
	}
	return scanner.Position{}, false
}

// poetryScripts reads [tool.poetry.scripts]: strings, or tables with reference and type.
func (l *loader) poetryScripts() Fact[[]Script] {
	t := l.toml
	table := []string{"tool", "poetry", "scripts"}
	names, ok := t.table(table...)
	if !ok {
		return absent[[]Script]()
	}
	out := []Script{}
	for _, name := range names {
		path := append(slices.Clone(table), name)
		value, _ := t.get(path...)
		if spec, isTable := value.(map[string]any); isTable {
			reference, isText := spec["reference"].(string)
			switch {
			case spec["type"] == "file":
				continue // a program, see DataScripts
			case spec["type"] != "console" || !isText || spec["extras"] != nil:
				return unknown[[]Script](t.pos(path...), "versions of poetry differ in what they make of this")
			}
			value = reference
		}
		object, isText := value.(string)
		if !isText {
			t.wrong("a string", "put it into quotes", path...)
			continue
		}
		s, problem := newScript(name, object, groupConsole, t.pos(path...))
		if problem != nil {
			t.errs = append(t.errs, problem)
			continue
		}
		out = append(out, s)
	}
	if len(out) == 0 {
		return absent[[]Script]()
	}
	return known(out, t.pos(table...))
}

// poetryDependencies reads [tool.poetry.dependencies] and [tool.poetry.extras], which names some of these.
func (l *loader) poetryDependencies() {
	p, t := l.project, l.toml
	table := []string{"tool", "poetry", "dependencies"}
	names, ok := t.table(table...)
	if !ok {
		names = nil
	}
	required, optional := []Requirement{}, map[string]Requirement{}
	readable := true
	for _, name := range names {
		path := append(slices.Clone(table), name)
		if strings.EqualFold(name, "python") {
			p.RequiresPython = l.poetryPython(path)
			continue
		}
		r, isOptional, ok := l.poetryDependency(name, path)
		switch {
		case !ok:
			readable = false
		case isOptional:
			optional[Canonical(name)] = r
		default:
			required = append(required, r)
		}
	}
	pos := t.pos(table...)
	const why = "poetry converts a dependency in its own way"
	switch {
	case !readable:
		p.Dependencies = unknown[[]Requirement](pos, why)
	case ok:
		p.Dependencies = known(required, pos)
	}
	l.poetryExtras(optional, readable)
}

// poetryExtras reads [tool.poetry.extras]. A dependency that an extra names is no longer one of all, even where it is
// not optional.
func (l *loader) poetryExtras(optional map[string]Requirement, readable bool) {
	p, t := l.project, l.toml
	table := []string{"tool", "poetry", "extras"}
	names, ok := t.table(table...)
	_, listed := t.get("project", "optional-dependencies")
	if dependencies, _ := t.strings("project", "dependencies"); !ok || listed || len(dependencies) > 0 {
		return
	}
	out := []Extra{}
	for _, name := range names {
		path := append(slices.Clone(table), name)
		members, _ := t.strings(path...)
		e := Extra{Name: name, Pos: t.pos(path...)}
		for _, member := range members {
			if r, ok := optional[Canonical(member.Text)]; ok {
				e.Requirements = append(e.Requirements, Requirement{Text: r.Text, Pos: member.Pos})
			}
			for i, r := range p.Dependencies.Value {
				if requirementName(r.Text) == Canonical(member.Text) {
					optional[Canonical(member.Text)] = r
					e.Requirements = append(e.Requirements, Requirement{Text: r.Text, Pos: member.Pos})
					p.Dependencies.Value = slices.Delete(p.Dependencies.Value, i, i+1)
					break
				}
			}
		}
		if !validProjectName(name) {
			t.errs.add(e.Pos, `use ASCII letters, digits, ".", "_" and "-"`, "%q cannot be the name of an extra", name)
			continue
		}
		out = mergeExtra(out, e)
	}
	p.Extras = known(out, t.pos(table...))
	if !readable {
		p.Extras = unknown[[]Extra](t.pos(table...), "poetry converts a dependency in its own way")
	}
}

// poetryDependency converts one entry: a constraint, or a table that has one. ok is false for what is not
// converted here: URLs, paths, git, several constraints, conditions on python and platform.
func (l *loader) poetryDependency(name string, path []string) (r Requirement, optional, ok bool) {
	value, _ := l.toml.get(path...)
	text, isText := value.(string)
	extras, marker := "", ""
	if table, isTable := value.(map[string]any); isTable {
		for key, v := range table {
			switch key {
			case "version":
				text, isText = v.(string)
			case "optional":
				optional, _ = v.(bool)
			case "markers":
				marker, _ = v.(string)
			case "extras":
				list, _ := l.toml.strings(append(slices.Clone(path), key)...)
				for _, extra := range list {
					extras += "," + extra.Text
				}
			case "allow-prereleases", "source":
			default:
				return r, optional, false
			}
		}
	}
	specifiers, ok := poetryConstraint(text)
	if !isText || !ok {
		return r, optional, false
	}
	r = Requirement{Text: name, Pos: l.toml.pos(path...)}
	if extras != "" {
		r.Text += "[" + extras[1:] + "]"
	}
	if r.Text += specifiers; marker != "" {
		r.Text += " ; " + marker
	}
	_, problem := parseDependency(r.Text)
	return r, optional, problem == ""
}

// poetryPython converts the entry "python", the form of which in the wheel is known for the plain cases only.
func (l *loader) poetryPython(path []string) Fact[string] {
	text, isText := l.toml.str(path...)
	pos := l.toml.pos(path...)
	if regexp.MustCompile(`^(\^[1-9]\d*(\.\d+)*|>=\d+(\.\d+)*(,\s*<\d+(\.\d+)*)?)$`).MatchString(text) {
		specifiers, _ := poetryConstraint(text)
		return known(specifiers, pos)
	}
	if isText && text == "*" {
		return absent[string]()
	}
	return unknown[string](pos, "poetry converts the versions of Python in its own way")
}

// poetryConstraint makes version specifiers of poetry's constraint; ok is false for forms that are not known here.
func poetryConstraint(text string) (specifiers string, ok bool) {
	if text = strip(text); text == "*" {
		return "", true
	}
	var out []string
	for _, part := range strings.Split(text, ",") {
		m := regexp.MustCompile(`^(\^|~=|~|>=|<=|==|!=|>|<|=|)\s*(\d+(?:\.\d+)*)(\.\*|(?:a|b|rc|\.post|\.dev)\d+)?$`).FindStringSubmatch(strip(part))
		if m == nil {
			return "", false
		}
		operator, version, suffix := m[1], m[2], m[3]
		release := strings.Split(version, ".")
		wildcard := suffix == ".*"
		switch {
		case operator == "^" && !wildcard:
			at := slices.IndexFunc(release, func(s string) bool { return strings.Trim(s, "0") != "" })
			if at < 0 {
				at = len(release) - 1
			}
			out = append(out, ">="+version+suffix, "<"+bump(release, at))
		case operator == "~" && !wildcard:
			out = append(out, ">="+version+suffix, "<"+bump(release, min(1, len(release)-1)))
		case operator == "" || operator == "=" || operator == "==":
			out = append(out, "=="+version+suffix)
		case operator == "~" || operator == "^" || wildcard && operator != "!=":
			return "", false
		default:
			out = append(out, operator+version+suffix)
		}
	}
	return strings.Join(out, ","), true
}

// bump is the next release that differs in the part at an index, as long as the release is.
func bump(release []string, at int) string {
	out := slices.Clone(release)
	n, err := strconv.Atoi(out[at])
	if err != nil {
		return strings.Join(out, ".") + ".99999" // digits beyond every version there is
	}
	out[at] = strconv.Itoa(n + 1)
	for i := at + 1; i < len(out); i++ {
		out[i] = "0"
	}
	return strings.Join(out, ".")
}
