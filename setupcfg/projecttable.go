package setupcfg

import (
	"slices"
	"text/scanner"
)

// hasProjectTable says whether pyproject.toml has [project], which then overwrites or
// erases what was found elsewhere.
func (l *loader) hasProjectTable() bool { return l.toml.hasTable("project") }

// projectTable applies [project] to the facts.
func (l *loader) projectTable() {
	if _, ok := l.toml.table("project"); !ok {
		return
	}
	l.toml.strings("project", "dynamic") // its type is checked once, here
	p, t := l.project, l.toml
	name, ok := t.str("project", "name")
	if ok {
		p.Name = known(name, t.pos("project", "name"))
	} else if _, wrong := t.get("project", "name"); !wrong {
		t.errs.add(t.pos("project"), `add name = "…"`, "[project] must have a name, which may not be dynamic")
	}
	l.projectPython()
	l.projectDependencies()
	l.projectExtras()
	l.projectScripts()
}

// projectPython applies requires-python, over which setuptools lets setup.py and pbr win.
func (l *loader) projectPython() {
	const field = "requires-python"
	p, t := l.project, l.toml
	elsewhere := p.RequiresPython
	version, given := t.str("project", field)
	pos, dynamic := t.dynamic(field)
	switch {
	case given && l.pythonSet:
		if elsewhere.Status == Known && normalSpecifiers(elsewhere.Value) != normalSpecifiers(version) {
			p.warn(t.pos("project", field), "this has no effect: "+elsewhere.Pos.String()+" says "+elsewhere.Value+", which setuptools takes", "say it in one place")
		}
	case given:
		p.RequiresPython = known(version, t.pos("project", field))
	case dynamic:
		p.RequiresPython = follow(p.RequiresPython, pos, l.dynamicWhy(field))
	case elsewhere.Status == Known && l.setuptools():
		p.RequiresPython = unknown[string](elsewhere.Pos, "setuptools fails or drops what [project] does not mention")
		p.warn(elsewhere.Pos, "setuptools fails where [project] neither gives requires-python nor lists it in dynamic, and this does", "move it to [project]")
	}
}

func (l *loader) dynamicWhy(field string) string {
	return field + " is dynamic: the backend " + l.project.Backend.Value + " decides"
}

func (l *loader) projectDependencies() {
	p, t := l.project, l.toml
	pos, dynamic := t.dynamic("dependencies")
	list, static := t.strings("project", "dependencies")
	_, extras := t.get("project", "optional-dependencies")
	switch poetry := p.BackendFamily == "poetry"; {
	case poetry && static && len(list) == 0 && p.Dependencies.Status != Absent: // poetry takes its own instead
	case poetry && !static && extras && p.Dependencies.Status != Absent:
		p.Dependencies = unknown[[]Requirement](p.Dependencies.Pos, "poetry drops these if [project] has extras that are not dynamic")
	case static:
		p.Dependencies = known(list, t.pos("project", "dependencies"))
		p.Dependencies.MayGrow = dynamic || l.markersLeak()
	case dynamic:
		if files, ok := l.dynamicFiles("dependencies"); ok {
			p.Dependencies = known(requirementList(l.redirect(files)), t.pos("tool", "setuptools", "dynamic", "dependencies"))
		} else if list, found := l.pbrTableRequirements(); found != "" {
			p.Dependencies = known(list, linePos(found, 1))
		} else {
			p.Dependencies = follow(p.Dependencies, pos, l.dynamicWhy("dependencies"))
		}
	default:
		before := p.Dependencies
		if p.Dependencies = erase(l, before, "dependencies"); l.markersLeak() {
			p.Dependencies = unknown[[]Requirement](before.Pos, "pbr may keep those that have a marker")
		}
	}
}

// markersLeak says whether requirements with a marker reach the wheel whatever [project] says of dependencies: pbr's,
// where the marker does not hold, and those of setup.py are extras without a name, and extras are dynamic.
func (l *loader) markersLeak() bool {
	if _, dynamic := l.toml.dynamic("optional-dependencies"); !dynamic || !l.setuptools() {
		return false
	}
	if l.pbr != nil {
		return slices.ContainsFunc(l.pbrDependencies().Value, hasMarker)
	}
	more, grows := l.pyMarkers()
	return len(more) > 0 || grows
}

func (l *loader) projectExtras() {
	const field = "optional-dependencies"
	p, t := l.project, l.toml
	pos, dynamic := t.dynamic(field)
	_, static := t.get("project", field)
	switch {
	case static:
		p.Extras = known(t.extraTable("project", field), t.pos("project", field))
		p.Extras.MayGrow = dynamic
	case dynamic && l.setuptools() && t.hasTable("tool", "setuptools", "dynamic", field):
		extras := []Extra{}
		names, _ := t.table("tool", "setuptools", "dynamic", field)
		for _, name := range names {
			files, _ := l.dynamicFiles(field, name)
			e := Extra{Name: name, Requirements: requirementList(l.redirect(files)), Pos: t.pos("tool", "setuptools", "dynamic", field, name)}
			extras = mergeExtra(extras, e)
		}
		p.Extras = known(extras, t.pos("tool", "setuptools", "dynamic", field))
	case dynamic:
		p.Extras = follow(p.Extras, pos, l.dynamicWhy(field))
	default:
		p.Extras = erase(l, p.Extras, field)
	}
}

// dynamicFiles are the files of {file = …} below [tool.setuptools.dynamic].
func (l *loader) dynamicFiles(keys ...string) ([]Requirement, bool) {
	if !l.setuptools() {
		return nil, false
	}
	path := append([]string{"tool", "setuptools", "dynamic"}, keys...)
	path = append(path, "file")
	value, ok := l.toml.get(path...)
	if name, one := value.(string); one {
		return []Requirement{{Text: name, Pos: l.toml.pos(path...)}}, true
	}
	if !ok {
		return nil, false
	}
	return l.toml.strings(path...)
}

// projectScripts applies the rules for entry points, which setuptools treats as one thing where [project]
// gives any and as three where it gives none.
func (l *loader) projectScripts() {
	p, t := l.project, l.toml
	if p.BackendFamily == "poetry" {
		l.poetryProjectScripts()
		return
	}
	_, consoleDynamic := t.dynamic("scripts")
	_, guiDynamic := t.dynamic("gui-scripts")
	_, groupsDynamic := t.dynamic("entry-points")
	files, fromFile := l.dynamicFiles("entry-points")
	fromFile = fromFile && (consoleDynamic || guiDynamic || groupsDynamic)
	if !slices.ContainsFunc([]string{"scripts", "gui-scripts", "entry-points"}, func(field string) bool {
		_, given := t.get("project", field)
		return given
	}) && !fromFile {
		console, gui := p.ConsoleScripts, p.GUIScripts
		p.ConsoleScripts = l.keptScripts(console, "scripts", gui, "gui-scripts")
		p.GUIScripts = l.keptScripts(gui, "gui-scripts", console, "scripts")
		return
	}
	elsewhere := []Fact[[]Script]{p.ConsoleScripts, p.GUIScripts}
	p.ConsoleScripts = l.givenScripts(groupConsole, "scripts", consoleDynamic)
	p.GUIScripts = l.givenScripts(groupGUI, "gui-scripts", guiDynamic)
	for _, file := range files {
		src, _ := l.read(file.Text)
		l.dynamicScripts(file, src, map[string]bool{groupConsole: consoleDynamic, groupGUI: guiDynamic})
	}
	if l.setuptools() {
		for i, fact := range elsewhere {
			now := []Fact[[]Script]{p.ConsoleScripts, p.GUIScripts}[i].Value
			if slices.ContainsFunc(fact.Value, func(s Script) bool {
				return !slices.ContainsFunc(now, func(n Script) bool { return n.Name == s.Name })
			}) {
				l.warnErased(fact.Pos, []string{"scripts", "gui-scripts"}[i])
			}
		}
	}
}

// keptScripts are those of a field that [project] does not give: kept where it is dynamic, unless the other field has
// scripts, too, and is not dynamic, since setuptools then drops all entry points.
func (l *loader) keptScripts(fact Fact[[]Script], field string, other Fact[[]Script], otherField string) Fact[[]Script] {
	pos, dynamic := l.toml.dynamic(field)
	_, otherDynamic := l.toml.dynamic(otherField)
	switch {
	case !dynamic, !otherDynamic && len(other.Value) > 0:
		return erase(l, fact, field)
	case !otherDynamic && other.Status == Unknown && fact.Status == Known && l.setuptools():
		return unknown[[]Script](fact.Pos, "setuptools drops these if it finds other entry points, which are not dynamic")
	}
	return follow(fact, pos, l.dynamicWhy(field))
}

// poetryProjectScripts takes those of [project] where it has any, whatever is dynamic.
func (l *loader) poetryProjectScripts() {
	p, t := l.project, l.toml
	if _, plugins := l.poetryPlugins(); plugins {
		return
	}
	groups, _ := t.table("project", "entry-points")
	if names, ok := t.table("project", "scripts"); ok && len(names) > 0 || slices.Contains(groups, groupConsole) {
		p.ConsoleScripts = l.givenScripts(groupConsole, "scripts", false)
	}
	if _, ok := t.table("project", "gui-scripts"); ok || slices.Contains(groups, groupGUI) {
		p.GUIScripts = l.givenScripts(groupGUI, "gui-scripts", false)
	}
}

// dynamicScripts takes the scripts of a file that [tool.setuptools.dynamic] names. setuptools refuses
// groups whose field is not in dynamic.
func (l *loader) dynamicScripts(file Requirement, src []byte, listed map[string]bool) {
	_, _, groups, _ := entryPoints(file.Text, src)
	for i, group := range []string{groupConsole, groupGUI} {
		field := []string{"scripts", "gui-scripts"}[i]
		if slices.Contains(groups, group) && !listed[group] {
			l.errs.add(file.Pos, "add \""+field+"\" to dynamic", "%s has %s, but [project] does not list %s in dynamic and the build fails", file.Text, group, field)
		}
	}
	l.entryPointFile(file.Text, src, file.Pos)
}

// givenScripts are those of a table of [project] and of the entry point group that means the same.
func (l *loader) givenScripts(group, field string, dynamic bool) Fact[[]Script] {
	t := l.toml
	_, table := t.get("project", field)
	_, again := t.get("project", "entry-points", group)
	if !table && !again {
		if pos, ok := t.dynamic(field); ok && !l.setuptools() {
			return unknown[[]Script](pos, l.dynamicWhy(field))
		}
		return absent[[]Script]()
	}
	pos, list := t.pos("project", field), t.scriptTable(group, []Script{}, "project", field)
	if again {
		place := t.pos("project", "entry-points", group)
		hint := "move the lines to [project." + field + "]"
		switch family := l.project.BackendFamily; {
		case family == "flit" || family == "poetry":
			t.errs.add(place, hint, "the backend %s refuses a table entry-points.%s", l.project.Backend.Value, group)
		case !l.setuptools():
			l.project.warn(place, "the specification forbids a table entry-points."+group+", and backends differ in what they make of it", hint)
			return unknown[[]Script](place, "backends differ in what they make of a table entry-points."+group)
		case table:
			l.project.warn(place, "this has no effect: setuptools takes [project."+field+"] in its place", hint)
		case !dynamic && l.declared(group).Status == Unknown:
			return unknown[[]Script](place, "setuptools drops these if setup.py gives some and "+field+" is not in dynamic")
		case !dynamic && len(l.declared(group).Value) > 0:
			l.project.warn(place, "this has no effect: setuptools drops it with what "+l.declared(group).Pos.String()+" says", hint)
			return absent[[]Script]()
		default:
			l.project.warn(place, "the specification forbids a table entry-points."+group+", though setuptools takes it", hint)
			pos, list = place, t.scriptTable(group, list, "project", "entry-points", group)
		}
	}
	fact := known(list, pos)
	fact.MayGrow = dynamic
	return fact
}

// declared are the scripts that are said outside of [project], until its own are put in their place.
func (l *loader) declared(group string) Fact[[]Script] {
	if group == groupConsole {
		return l.project.ConsoleScripts
	}
	return l.project.GUIScripts
}

// follow is a dynamic field: what setup.py, pbr and setup.cfg say, else unknown.
func follow[T any](fact Fact[T], pos scanner.Position, why string) Fact[T] {
	if fact.Status == Absent {
		return unknown[T](pos, why)
	}
	return fact
}

// erase is a field that [project] neither gives nor lists in dynamic.
func erase[T any](l *loader, fact Fact[T], field string) Fact[T] {
	if fact.Status == Absent || l.project.BackendFamily == "poetry" {
		return fact // poetry takes what its own tables say
	}
	if pos, old := l.oldSetuptools(); old {
		return unknown[T](pos, "setuptools before 69.0 keeps what [project] does not mention, later ones drop it")
	}
	if fact.Status == Known || l.py == nil || fact.Pos != l.py.opaquePos { // a call that may say anything probably does not say this
		l.warnErased(fact.Pos, field)
	}
	return absent[T]()
}

func (l *loader) warnErased(pos scanner.Position, field string) {
	l.project.warn(pos, "this has no effect: "+filePyproject+" has a [project] table that neither gives "+field+" nor lists it in dynamic", "move it to [project], or add \""+field+"\" to dynamic")
}
