package setupcfg

import (
	"strings"
	"text/scanner"
)

// pyKeyword finds what the call of setup() says by a keyword. given is false where it says nothing: the keyword
// is missing, or its value is empty, which setuptools takes for missing.
func (l *loader) pyKeyword(name string) (value pyValue, pos scanner.Position, given bool) {
	if l.py == nil {
		return value, pos, false
	}
	k, ok := l.py.keywords[name]
	if !ok {
		return value, l.py.opaquePos, l.py.opaque
	}
	empty := k.what.kind == pyNone || k.what.kind == pyString && strip(k.what.text) == "" ||
		(k.what.kind == pyList || k.what.kind == pyDict) && len(k.what.items) == 0
	return k.what, k.pos, !empty
}

// pyScripts reads entry_points=. ok is false where setup.py does not give it.
func (l *loader) pyScripts() (ok bool) {
	value, pos, ok := l.pyKeyword("entry_points")
	if !ok {
		return false
	}
	p := l.project
	switch value.kind {
	case pyString:
		p.ConsoleScripts, p.GUIScripts = absent[[]Script](), absent[[]Script]()
		console, gui, groups, errs := entryPointLines(value.text2lines())
		l.errs = append(l.errs, errs...)
		for _, group := range groups {
			switch group {
			case groupConsole:
				p.ConsoleScripts = known(console, pos)
			case groupGUI:
				p.GUIScripts = known(gui, pos)
			}
		}
	case pyDict:
		p.ConsoleScripts, p.GUIScripts = l.pyGroup(value, groupConsole), l.pyGroup(value, groupGUI)
	default:
		p.ConsoleScripts, p.GUIScripts = unknown[[]Script](pos, whySetupPy), unknown[[]Script](pos, whySetupPy)
	}
	return true
}

// pyGroup is one group of a dict of entry points.
func (l *loader) pyGroup(dict pyValue, group string) Fact[[]Script] {
	value, ok := dict.get(group)
	if !ok {
		return absent[[]Script]()
	}
	lines, ok := value.lines()
	if !ok {
		return unknown[[]Script](value.pos, whySetupPy)
	}
	return known(scripts(lines, group, &l.errs), value.pos)
}

// pyExtras reads extras_require=. Its keys are "extra", "extra:marker" and ":marker", whose requirements are no
// extra's.
func (l *loader) pyExtras() (ok bool) {
	value, pos, ok := l.pyKeyword("extras_require")
	if !ok {
		return false
	}
	l.project.Extras = unknown[[]Extra](pos, whySetupPy)
	if value.kind != pyDict {
		return true
	}
	extras := []Extra{}
	for i, key := range value.keys {
		name, marker, _ := strings.Cut(key, ":")
		requirements, ok := pyRequirements(value.items[i], strip(marker))
		if name = strip(name); !ok || name != "" && !validProjectName(name) {
			return true
		}
		if name != "" {
			extras = mergeExtra(extras, Extra{Name: name, Requirements: requirements, Pos: value.items[i].pos})
		}
	}
	l.project.Extras = known(extras, pos)
	return true
}

// pyRequirements is a list of requirements, each with the marker that is not its own.
func pyRequirements(value pyValue, marker string) ([]Requirement, bool) {
	lines, ok := value.lines()
	out := requirementList(lines)
	for i := range out {
		if marker == "" {
			continue
		}
		if strings.Contains(out[i].Text, ";") {
			return nil, false
		}
		out[i].Text += "; " + marker
	}
	return out, ok
}

// pyDependencies reads install_requires=.
func (l *loader) pyDependencies() (ok bool) {
	value, pos, ok := l.pyKeyword("install_requires")
	if !ok {
		return false
	}
	l.project.Dependencies = unknown[[]Requirement](pos, whySetupPy)
	if list, readable := pyRequirements(value, ""); readable {
		l.project.Dependencies = known(list, pos)
	}
	return true
}

// pyMarkers are the dependencies that extras_require= has under ":marker"; grows says that there may be others.
func (l *loader) pyMarkers() (list []Requirement, grows bool) {
	value, _, given := l.pyKeyword("extras_require")
	if !given {
		return nil, false
	}
	grows = value.kind != pyDict
	for i, key := range value.keys {
		if name, marker, _ := strings.Cut(key, ":"); strip(name) == "" {
			more, ok := pyRequirements(value.items[i], strip(marker))
			list, grows = append(list, more...), grows || !ok
		}
	}
	return list, grows
}

// addPyMarkers adds them to what is known.
func (l *loader) addPyMarkers() {
	fact := &l.project.Dependencies
	list, grows := l.pyMarkers()
	switch {
	case fact.Status == Unknown || len(list) == 0 && !grows:
	case fact.Status == Known:
		fact.Value, fact.MayGrow = append(fact.Value, list...), fact.MayGrow || grows
	case grows:
		_, pos, _ := l.pyKeyword("extras_require")
		*fact = unknown[[]Requirement](pos, whySetupPy)
	default:
		*fact = known(list, list[0].Pos)
	}
}
