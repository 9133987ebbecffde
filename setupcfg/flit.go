package setupcfg

import "io/fs"

// flitFacts reads [tool.flit.metadata], flit's own table before [project], which flit_core 4 gave up.
func (l *loader) flitFacts() {
	p, t := l.project, l.toml
	metadata := []string{"tool", "flit", "metadata"}
	if !t.hasTable(metadata...) {
		return
	}
	if _, old := l.old("flit-core", 4); !old {
		p.warn(t.pos(metadata...), "flit_core 4 refuses [tool.flit.metadata]", "move it to [project], or require flit_core<4")
	}
	for _, key := range []string{"dist-name", "module"} {
		if name, ok := t.str("tool", "flit", "metadata", key); ok {
			p.Name = known(name, t.pos("tool", "flit", "metadata", key))
			break
		}
	}
	p.RequiresPython = absent[string]()
	if python, ok := t.str("tool", "flit", "metadata", "requires-python"); ok {
		p.RequiresPython = known(python, t.pos("tool", "flit", "metadata", "requires-python"))
	}
	p.Dependencies = absent[[]Requirement]()
	if list, ok := t.strings("tool", "flit", "metadata", "requires"); ok {
		p.Dependencies = known(list, t.pos("tool", "flit", "metadata", "requires"))
	}
	p.Extras = absent[[]Extra]()
	if _, ok := t.get("tool", "flit", "metadata", "requires-extra"); ok {
		p.Extras = known(t.extraTable("tool", "flit", "metadata", "requires-extra"), t.pos("tool", "flit", "metadata", "requires-extra"))
	}
	if list, ok := t.strings("tool", "flit", "metadata", "dev-requires"); ok {
		pos := t.pos("tool", "flit", "metadata", "dev-requires")
		if p.Extras.Status == Absent {
			p.Extras.Pos, p.Extras.Status = pos, Known
		}
		p.Extras.Value = mergeExtra(p.Extras.Value, Extra{Name: "dev", Requirements: list, Pos: pos})
	}
	l.flitScripts()
}

// flitScripts reads [tool.flit.scripts]. Entry points in another table or a file are unknown.
func (l *loader) flitScripts() {
	p, t := l.project, l.toml
	p.ConsoleScripts, p.GUIScripts = absent[[]Script](), absent[[]Script]()
	if t.hasTable("tool", "flit", "scripts") {
		p.ConsoleScripts = known(t.scriptTable(groupConsole, []Script{}, "tool", "flit", "scripts"), t.pos("tool", "flit", "scripts"))
	}
	_, named := t.get("tool", "flit", "metadata", "entry-points-file")
	_, err := fs.Stat(l.fsys, entryPointsFile)
	for _, group := range []string{groupConsole, groupGUI} {
		named = named || t.hasTable("tool", "flit", "entrypoints", group)
	}
	if named || err == nil {
		pos, why := t.pos("tool", "flit", "entrypoints"), "flit may read entry points elsewhere"
		p.ConsoleScripts, p.GUIScripts = unknown[[]Script](pos, why), unknown[[]Script](pos, why)
	}
}
