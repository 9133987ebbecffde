package setupcfg

import (
	"bytes"
	"slices"
	"strings"
	"text/scanner"
)

// whySetupPy is said of facts that code of setup.py decides.
const whySetupPy = "setup.py decides"

// setuptoolsFacts finds what pbr, setup.py and setup.cfg say, in this order of precedence.
func (l *loader) setuptoolsFacts() {
	l.name()
	before := len(l.errs)
	l.scripts()
	l.scriptErrs = slices.Clone(l.errs[before:])
	l.errs = l.errs[:before]
	l.extras()
	l.dependencies()
	l.requiresPython()
}

// requiresPython is pbr's, else setup.py's, both of which win over [project], else that of [options].
func (l *loader) requiresPython() {
	p := l.project
	if l.pbr != nil {
		p.RequiresPython = l.text(l.pbr, "metadata", "python_requires", "requires_python")
	}
	if p.RequiresPython.Status == Absent {
		p.RequiresPython = l.keywordText("python_requires")
	}
	if pos, sets := l.py.sets(); p.RequiresPython.Status == Absent && sets {
		p.RequiresPython = unknown[string](pos, whySetupPy)
	}
	if p.RequiresPython.Status != Absent {
		l.pythonSet = true
		return
	}
	p.RequiresPython = l.text(l.cfg, "options", "python_requires")
}

// keywordText is a keyword of setup() if it is a literal, and unknown if it is anything else.
func (l *loader) keywordText(name string) Fact[string] {
	if l.py == nil {
		return absent[string]()
	}
	k, ok := l.py.keywords[name]
	switch {
	case ok && k.literal && k.value != "":
		return known(k.value, k.pos)
	case ok:
		return unknown[string](k.pos, whySetupPy)
	}
	return absent[string]()
}

func (l *loader) name() {
	p := l.project
	if l.pbr != nil {
		p.Name = l.text(l.pbr, "metadata", "name")
		if p.Name.Status == Absent {
			pos := filePos(l.pbrFile())
			if header, ok := l.pbr.headers["metadata"]; ok {
				pos = header
			}
			l.errs.add(pos, "add name = … to the [metadata] section", "pbr needs the project's name here, also if pyproject.toml has it")
			p.Name = unknown[string](pos, "")
		}
		return
	}
	p.Name = l.keywordText("name")
	if p.Name.Status == Absent {
		p.Name = l.text(l.cfg, "metadata", "name")
	}
	if pos, sets := l.py.sets(); p.Name.Status == Absent && sets {
		p.Name = unknown[string](pos, whySetupPy)
	}
}

func (l *loader) pbrFile() string {
	if l.py.pbrFile != "" {
		return l.py.pbrFile
	}
	return fileCfg
}

// scripts finds the entry points; the first source that has any, of whatever group, is the only one.
func (l *loader) scripts() {
	p := l.project
	group := func(name string) Fact[[]Script] {
		if items, pos, ok := l.pbrGroup("entry_points", name); ok {
			return known(scripts(items, name, &l.errs), pos)
		}
		return absent[[]Script]()
	}
	if l.pbr == nil || !l.pbr.has("entry_points") || len(l.pbr.Keys("entry_points")) == 0 {
		if l.pyScripts() || l.cfg == nil || l.plainEntryPoints() {
			return
		}
		group = func(name string) Fact[[]Script] {
			if !l.cfg.has("options.entry_points") || !slices.Contains(l.cfg.Keys("options.entry_points"), name) {
				return absent[[]Script]()
			}
			lines, problem := l.cfg.lines("options.entry_points", name)
			if problem != nil {
				l.errs = append(l.errs, problem)
			}
			return known(scripts(splitList(lines, ","), name, &l.errs), l.cfg.Pos("options.entry_points", name))
		}
	}
	p.ConsoleScripts, p.GUIScripts = group(groupConsole), group(groupGUI)
}

// plainEntryPoints reads [options] entry_points, a text in the form of entry_points.txt or "file:".
func (l *loader) plainEntryPoints() bool {
	lines, pos, ok := l.value(l.cfg, "options", "entry_points")
	if !ok || oneLine(lines) == "" {
		return false
	}
	if l.cfg.has("options.entry_points") {
		l.project.warn(pos, "entry points stand here and in [options.entry_points], and one of the two is ignored", "keep one of them")
	}
	filename, src := fileCfg, []byte(strings.Repeat("\n", pos.Line-1))
	if files, isFile := directive(lines, pos); isFile {
		for _, file := range files {
			text, ok := l.read(file.Text)
			if !ok {
				l.project.warn(pos, "setuptools takes "+file.Text+" for empty: there is no such file in the project", "")
			}
			filename, src = file.Text, text
		}
	} else {
		var parts []string
		for _, line := range lines {
			parts = append(parts, line.text)
		}
		src = append(src, strings.Join(parts, "\n")...)
	}
	l.entryPointFile(filename, src, pos)
	return true
}

// entryPointFile takes the scripts of a text in the form of entry_points.txt.
func (l *loader) entryPointFile(filename string, src []byte, pos scanner.Position) {
	console, gui, groups, errs := entryPoints(filename, bytes.TrimSuffix(src, []byte("\n")))
	l.errs = append(l.errs, errs...)
	if slices.Contains(groups, groupConsole) {
		l.project.ConsoleScripts = known(console, pos)
	}
	if slices.Contains(groups, groupGUI) {
		l.project.GUIScripts = known(gui, pos)
	}
}

func (l *loader) extras() {
	p := l.project
	if l.pbr != nil { // which drops what setup.py says
		if l.pbr.has("extras") {
			p.Extras = l.pbrExtras()
		}
		if len(p.Extras.Value) > 0 {
			return
		}
	} else if l.pyExtras() {
		return
	}
	const section = "options.extras_require"
	if l.cfg == nil || !l.cfg.has(section) {
		return
	}
	if l.pbr != nil && slices.ContainsFunc(l.pbrDependencies().Value, hasMarker) {
		p.Extras = unknown[[]Extra](l.cfg.headers[section], "pbr hides these extras where it turns a requirement's marker into one")
		return
	}
	extras := []Extra{}
	for _, key := range l.cfg.Keys(section) {
		lines, problem := l.cfg.lines(section, key)
		if problem != nil {
			l.errs = append(l.errs, problem)
			continue
		}
		pos := l.cfg.Pos(section, key)
		if !validProjectName(key) {
			l.errs.add(pos, `use ASCII letters, digits, ".", "_" and "-"`, "%q cannot be the name of an extra", shorten(key))
			continue
		}
		extras = mergeExtra(extras, Extra{Name: key, Requirements: l.requirementValue(lines, pos), Pos: pos})
	}
	p.Extras = known(extras, l.cfg.headers[section])
}

// requirementValue reads a list of requirements of setup.cfg, or the files it names.
func (l *loader) requirementValue(lines []valueLine, pos scanner.Position) []Requirement {
	if files, ok := directive(lines, pos); ok {
		return requirementList(l.redirect(files))
	}
	return requirementList(splitList(lines, ";"))
}

func (l *loader) dependencies() {
	p := l.project
	if l.pbr == nil {
		defer l.addPyMarkers()
		if l.pyDependencies() {
			return
		}
	}
	lines, pos, inOptions := l.value(l.cfg, "options", "install_requires")
	if l.pbr != nil || l.pbrTable() {
		p.Dependencies = l.pbrDependencies()
		list := p.Dependencies.Value
		if len(list) > 0 {
			if inOptions && !slices.ContainsFunc(list, func(r Requirement) bool { return !hasMarker(r) }) {
				p.Dependencies = unknown[[]Requirement](pos, "pbr hides these where the marker of one of its own holds")
			}
			return
		}
	}
	if inOptions {
		p.Dependencies = known(l.requirementValue(lines, pos), pos)
	}
}

// hasMarker says whether a requirement depends on its environment.
func hasMarker(r Requirement) bool { return strings.Contains(r.Text, ";") }
