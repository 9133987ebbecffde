package setupcfg

import (
	"regexp"
	"slices"
	"strings"
)

// pbrExtras reads [extras]: each line is "requirement" or "requirement:marker", and pbr adds
// an extra "test" of its own.
func (l *loader) pbrExtras() Fact[[]Extra] {
	extras := []Extra{}
	keys := l.pbr.Keys("extras")
	for _, key := range keys {
		items, pos, _ := l.pbrGroup("extras", key)
		e := Extra{Name: key, Pos: pos}
		for _, item := range items {
			if r, ok := l.pbrExtraLine(item); ok {
				e.Requirements = append(e.Requirements, r)
			}
		}
		switch {
		case !validProjectName(key):
			l.errs.add(pos, `use ASCII letters, digits, ".", "_" and "-"`, "%q cannot be the name of an extra", shorten(key))
		case len(items) == 0:
			l.project.warn(pos, "pbr leaves the extra "+key+" out of the wheel: it has no requirements", "remove it, or add one")
		default:
			extras = mergeExtra(extras, e)
		}
	}
	if !slices.Contains(keys, "test") {
		// pbr puts the marker behind a ":" first and back again: a line is a requirement as it stands.
		if requirements, found := l.pbrFiles(pbrTestFiles()); len(requirements) > 0 {
			extras = mergeExtra(extras, Extra{Name: "test", Requirements: requirements, Pos: linePos(found, 1)})
		}
	}
	return known(extras, l.pbr.headers["extras"])
}

// pbrExtraLine reads one line of an extra. The first ":" ends the requirement, whatever it is part of.
func (l *loader) pbrExtraLine(item valueLine) (Requirement, bool) {
	text, marker, _ := strings.Cut(item.text, ":")
	if strings.HasPrefix(marker, "//") {
		l.errs.add(item.pos, "pbr takes what follows the first \":\" for an environment marker: write the extra in [project.optional-dependencies]", "%q: an extra of pbr cannot have a URL and the build fails", shorten(Requirement{Text: item.text}.String()))
		return Requirement{}, false
	}
	text, marker = stripComment(text), stripComment(" "+marker)
	if marker != "" {
		text += "; " + marker
	}
	return Requirement{Text: text, Pos: item.pos}, true
}

// pbrDependencies are requires_dist and the first of pbr's requirements files. They are read once, since
// reading has warnings.
func (l *loader) pbrDependencies() Fact[[]Requirement] {
	if l.pbrRequires == nil {
		fact := l.readPBRDependencies()
		l.pbrRequires = &fact
	}
	return *l.pbrRequires
}

func (l *loader) readPBRDependencies() Fact[[]Requirement] {
	out := []Requirement{}
	lines, pos, declared := l.value(l.pbr, "metadata", "requires_dist")
	for _, item := range splitMultiline(lines) {
		// "name (>=1)" is the form of PEP 345
		text := regexp.MustCompile(`\(\s*([^)]*?)\s*\)`).ReplaceAllString(stripComment(item.text), "$1")
		out = append(out, Requirement{Text: strings.ReplaceAll(text, " ", ""), Pos: item.pos})
		if strings.Contains(text, ";") { // the marker keeps its blanks
			out[len(out)-1].Text = text
		}
	}
	requirements, found := l.pbrFiles(pbrRequirementFiles())
	out = append(out, requirements...)
	switch {
	case found != "":
		return known(out, linePos(found, 1))
	case declared:
		return known(out, pos)
	}
	return absent[[]Requirement]()
}

// pbrTable says whether pbr works on [project] alone: since 7.1 it takes the dynamic version from git, and dynamic
// dependencies from its requirements files, where it is the backend and either setup.py or setup.cfg is missing.
func (l *loader) pbrTable() bool {
	return l.pbr == nil && l.project.BackendFamily == "pbr" && l.hasProjectTable()
}

// pbrTableRequirements are the dependencies that pbr takes for [project], and the file they are in.
func (l *loader) pbrTableRequirements() (list []Requirement, found string) {
	if !l.pbrTable() {
		return nil, ""
	}
	return l.pbrFiles(pbrRequirementFiles())
}

// warnSetuptools says what is written down and has no effect.
func (l *loader) warnSetuptools() {
	p := l.project
	if l.cfg != nil {
		p.Warnings = append(p.Warnings, l.cfg.brokenValues()...)
	}
	if l.pbr == nil && l.cfg != nil {
		for _, section := range []string{"entry_points", "extras"} {
			if l.cfg.has(section) {
				p.warn(l.cfg.headers[section], "["+section+"] is dead text: only pbr reads it, and setup.py does not switch pbr on", "add setuptools.setup(pbr=True) to setup.py, or move the lines to pyproject.toml")
			}
		}
	}
	if p.LosesInSdist = l.pbrTable(); p.LosesInSdist {
		if r, _ := l.requires("pbr"); !strings.Contains(strings.ReplaceAll(r.Text, " ", ""), ">=7.1") {
			p.warn(p.Backend.Pos, "pbr before 7.1 needs a setup.py with pbr=True and a setup.cfg with the name: it makes version 0.0.0 or fails", "require pbr>=7.1")
		}
	} else if p.BackendFamily == "pbr" && l.py == nil {
		p.warn(p.Backend.Pos, "the backend pbr.build does nothing without a setup.py: the version will be 0.0.0", "add a setup.py with setuptools.setup(pbr=True)")
	}
	if l.toml.hasTable("tool", "setuptools") && !l.hasProjectTable() {
		p.warn(l.toml.pos("tool", "setuptools"), "setuptools refuses [tool.setuptools] without a [project] table", "add [project], or move the settings to setup.cfg")
	}
	if l.py == nil && l.toml == nil {
		p.warn(filePos(fileCfg), "pip builds no project that has a setup.cfg only", "add a pyproject.toml with a [build-system] table")
	}
	if l.pbr != nil {
		if pos, ok := l.pbr.headers[defaultSection]; ok {
			p.warn(pos, "keys of [DEFAULT] appear in every section, and pbr takes them for entry point groups and extras", "remove the section")
		}
	}
}
