package setupcfg

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"text/scanner"
)

// dataScripts finds the programs that the project ships as files. Backends of other families than these, and code,
// may put anything into a wheel: that is unknown.
func (l *loader) dataScripts() {
	p := l.project
	switch p.BackendFamily {
	case "pbr", "setuptools":
		p.DataScripts = l.moreDataScripts(l.setuptoolsDataScripts())
	case "poetry":
		p.DataScripts = l.poetryDataScripts()
	case "hatch":
		p.DataScripts = l.hatchDataScripts()
	case "uv":
		p.DataScripts = l.uvDataScripts()
	case "flit":
		p.DataScripts = absent[[]Script]()
	case "pdm":
		p.DataScripts = absent[[]Script]()
		if l.toml.hasTable("tool", "pdm", "build") {
			p.DataScripts = unknown[[]Script](l.toml.pos("tool", "pdm", "build"), whyBackend(p))
		}
	default:
		p.DataScripts = unknown[[]Script](p.Backend.Pos, whyBackend(p))
	}
}

func whyBackend(p *Project) string { return "the backend " + p.Backend.Value + " decides" }

// dataScriptList makes scripts of files. A pattern stands for files that only the build will find.
func dataScriptList(files []Requirement, pos scanner.Position) Fact[[]Script] {
	out := []Script{}
	for _, file := range files {
		if strings.ContainsAny(file.Text, "*?[") {
			return unknown[[]Script](file.Pos, "which files there are is found out by the build")
		}
		name := path.Base(strings.ReplaceAll(file.Text, `\`, "/"))
		if !slices.ContainsFunc(out, func(s Script) bool { return s.Name == name }) {
			out = append(out, Script{Name: name, Value: file.Text, Extras: []string{}, Pos: file.Pos})
		}
	}
	return known(out, pos)
}

// setuptoolsDataScripts reads scripts of setup(), of pbr's [files] and of [options], in this order, all of which
// script-files of [tool.setuptools] replaces.
func (l *loader) setuptoolsDataScripts() Fact[[]Script] {
	if l.hasProjectTable() {
		if files, ok := l.toml.strings("tool", "setuptools", "script-files"); ok {
			return dataScriptList(files, l.toml.pos("tool", "setuptools", "script-files"))
		}
	}
	if value, pos, given := l.pyKeyword("scripts"); given {
		files, ok := literalStrings(value)
		if !ok {
			return unknown[[]Script](pos, whySetupPy)
		}
		return dataScriptList(files, pos)
	}
	if l.pbr != nil {
		if items, pos, ok := l.pbrGroup("files", "scripts"); ok {
			return dataScriptList(asRequirements(items), pos)
		}
	}
	if lines, pos, ok := l.value(l.cfg, "options", "scripts"); ok {
		return dataScriptList(asRequirements(splitList(lines, ",")), pos)
	}
	return absent[[]Script]()
}

// moreDataScripts says where the build may add some: by commands of the project's own, by pbr's hooks, and by pbr for
// WSGI applications.
func (l *loader) moreDataScripts(fact Fact[[]Script]) Fact[[]Script] {
	pos, why := scanner.Position{}, ""
	if l.py != nil {
		for _, name := range []string{"cmdclass", "distclass"} {
			if k, ok := l.py.keywords[name]; ok {
				pos, why = k.pos, whySetupPy
			}
		}
	}
	if l.pbr != nil {
		for _, at := range [][2]string{{"entry_points", "wsgi_scripts"}, {"global", "setup_hooks"}} {
			if _, place, ok := l.pbrGroup(at[0], at[1]); ok {
				pos, why = place, "pbr makes them of "+at[1]
			}
		}
		if l.toml.hasTable("project", "entry-points", "wsgi_scripts") {
			pos, why = l.toml.pos("project", "entry-points", "wsgi_scripts"), "pbr makes them of wsgi_scripts"
		}
	}
	switch {
	case why == "":
	case fact.Status == Known:
		fact.MayGrow = true
	case fact.Status == Absent:
		return unknown[[]Script](pos, why)
	}
	return fact
}

func asRequirements(lines []valueLine) []Requirement {
	var out []Requirement
	for _, line := range lines {
		out = append(out, Requirement{Text: line.text, Pos: line.pos})
	}
	return out
}

// literalStrings are the items of a list of string literals.
func literalStrings(value pyValue) (files []Requirement, ok bool) {
	for _, item := range value.items {
		if item.kind != pyString {
			return nil, false
		}
		files = append(files, Requirement{Text: item.text, Pos: item.pos})
	}
	return files, value.kind == pyList
}

// poetryDataScripts reads the scripts of type file.
func (l *loader) poetryDataScripts() Fact[[]Script] {
	var files []Requirement
	table, _ := l.toml.get("tool", "poetry", "scripts")
	scripts, _ := table.(map[string]any)
	names := []string{}
	for name := range scripts {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		keys := []string{"tool", "poetry", "scripts", name}
		kind, _ := l.toml.get(append(slices.Clone(keys), "type")...)
		file, _ := l.toml.get(append(slices.Clone(keys), "reference")...)
		if text, ok := file.(string); ok && kind == "file" {
			files = append(files, Requirement{Text: text, Pos: l.toml.pos(keys...)})
		}
	}
	if len(files) == 0 {
		if l.toml.hasTable("tool", "poetry", "build") {
			return unknown[[]Script](l.toml.pos("tool", "poetry", "build"), whyBackend(l.project))
		}
		return absent[[]Script]()
	}
	slices.SortStableFunc(files, func(a, b Requirement) int { return a.Pos.Line - b.Pos.Line })
	fact := dataScriptList(files, l.toml.pos("tool", "poetry", "scripts"))
	fact.MayGrow = fact.Status == Known && l.toml.hasTable("tool", "poetry", "build")
	return fact
}

// hatchDataScripts reads shared-scripts, {path in the project: path below the folder of scripts}. Hooks may add some.
func (l *loader) hatchDataScripts() Fact[[]Script] {
	wheel := []string{"tool", "hatch", "build", "targets", "wheel"}
	for _, keys := range [][]string{{"tool", "hatch", "build", "hooks"}, append(slices.Clone(wheel), "hooks")} {
		if l.toml.hasTable(keys...) {
			return unknown[[]Script](l.toml.pos(keys...), whyBackend(l.project))
		}
	}
	shared := append(wheel, "shared-scripts")
	table, _ := l.toml.get(shared...)
	entries, _ := table.(map[string]any)
	var files []Requirement
	for source, name := range entries {
		info, err := fs.Stat(l.fsys, path.Clean(source))
		text, ok := name.(string)
		if err != nil || info.IsDir() || !ok {
			return unknown[[]Script](l.toml.pos(shared...), "which files there are is found out by the build")
		}
		files = append(files, Requirement{Text: text, Pos: l.toml.pos(append(slices.Clone(shared), source)...)})
	}
	if len(files) == 0 {
		return absent[[]Script]()
	}
	slices.SortFunc(files, func(a, b Requirement) int {
		if a.Pos.Line != b.Pos.Line {
			return a.Pos.Line - b.Pos.Line
		}
		return strings.Compare(a.Text, b.Text)
	})
	return dataScriptList(files, l.toml.pos(shared...))
}

// uvDataScripts lists the folder that the uv backend takes scripts from.
func (l *loader) uvDataScripts() Fact[[]Script] {
	keys := []string{"tool", "uv", "build-backend", "data", "scripts"}
	value, _ := l.toml.get(keys...)
	folder, ok := value.(string)
	if !ok {
		return absent[[]Script]()
	}
	entries, err := fs.ReadDir(l.fsys, path.Clean(folder))
	if err != nil {
		return unknown[[]Script](l.toml.pos(keys...), "which files there are is found out by the build")
	}
	var files []Requirement
	for _, e := range entries {
		if !e.IsDir() {
			files = append(files, Requirement{Text: path.Join(folder, e.Name()), Pos: l.toml.pos(keys...)})
		}
	}
	return dataScriptList(files, l.toml.pos(keys...))
}
