package setupcfg

import (
	"strings"
)

// scmTool is a plugin that takes the version from git.
type scmTool struct {
	requirement string   // what the build needs for it
	table       []string // its table in pyproject.toml, where having it switches it on
	label       string
	files       bool // it also takes the list of files from git
}

func scmTools() []scmTool {
	return []scmTool{
		{"setuptools-scm", []string{"tool", "setuptools_scm"}, sourceSCM, true},
		{"setuptools-git-versioning", []string{"tool", "setuptools-git-versioning"}, "git (setuptools-git-versioning)", false},
		{"versioningit", []string{"tool", "versioningit"}, "git (versioningit)", false},
		{"versioneer", []string{"tool", "versioneer"}, sourceVersioneer, false},
		{"hatch-vcs", nil, "git (hatch-vcs)", false},
		{"poetry-dynamic-versioning", []string{"tool", "poetry-dynamic-versioning"}, "git (poetry-dynamic-versioning)", false},
		{"uv-dynamic-versioning", nil, "git (uv-dynamic-versioning)", false},
		{"flit-scm", nil, "git (flit-scm)", false},
	}
}

// version finds the version, or where it will come from, and whether git is needed.
func (l *loader) version() {
	p := l.project
	p.Version = absent[string]()
	_, blind := l.old("poetry-core", 2)
	if blind = blind && p.BackendFamily == "poetry"; l.hasProjectTable() && !blind {
		if version, ok := l.toml.str("project", "version"); ok {
			p.Version, p.VersionSource = known(version, l.toml.pos("project", "version")), "static"
			l.gitFiles()
			return
		}
		pos, dynamic := l.toml.dynamic("version")
		_, wrong := l.toml.get("project", "version")
		if !dynamic && !wrong && p.BackendFamily != "poetry" {
			l.toml.errs.add(l.toml.pos("project"), `add version = "…", or dynamic = ["version"] if the backend knows it`, "[project] has no version and does not list it in dynamic")
		}
		p.Version.Pos = pos
	}
	if l.setuptools() && l.setuptoolsVersion() {
		return
	}
	if l.scmVersion() {
		return
	}
	if version, ok := l.toml.str("tool", "poetry", "version"); ok && p.BackendFamily == "poetry" && version != "" {
		p.Version, p.VersionSource = known(version, l.toml.pos("tool", "poetry", "version")), "static"
		return
	}
	pos := p.Version.Pos
	if pos.Filename == "" {
		pos = p.Backend.Pos
	}
	p.Version, p.VersionSource = unknown[string](pos, "the backend "+p.Backend.Value+" decides"), "backend"
}

// setuptoolsVersion tries setup.py, pbr, [tool.setuptools.dynamic] and setup.cfg.
func (l *loader) setuptoolsVersion() bool {
	p := l.project
	dynamic := []string{"tool", "setuptools", "dynamic", "version"}
	// pbr and [tool.setuptools.dynamic] override what setup.py says
	if k := l.keywordText("version"); k.Status == Unknown && l.versioneer() {
		l.gitVersion(sourceVersioneer, unknown[string](k.Pos, "versioneer takes the version from git's tags"), false)
		return true
	} else if k.Status != Absent && l.pbr == nil && !l.pbrTable() && !l.toml.hasTable(dynamic...) {
		p.Version, p.VersionSource = k, "setup.py"
		l.gitFiles()
		return true
	}
	if pos := p.Backend.Pos; l.pbr != nil || l.pbrTable() {
		if l.pbr != nil {
			pos = l.py.pbrPos
		}
		l.gitVersion(sourcePBR, unknown[string](pos, "pbr takes the version from git's tags"), true)
		return true
	}
	fact, source := absent[string](), ""
	if files, ok := l.dynamicFiles("version"); ok {
		fact, source = l.versionFile(files), "file"
	} else if l.toml.hasTable(dynamic...) {
		fact, source = unknown[string](l.toml.pos(dynamic...), "attr: is evaluated by setuptools"), "attr"
	} else if lines, pos, ok := l.value(l.cfg, "metadata", "version"); ok && oneLine(lines) != "" {
		text := oneLine(lines)
		if files, isFile := directive(lines, pos); isFile {
			fact, source = l.versionFile(files), "file"
		} else if strings.HasPrefix(text, "attr:") {
			fact, source = unknown[string](pos, "attr: is evaluated by setuptools"), "attr"
		} else {
			fact, source = known(text, pos), "static"
		}
	}
	if source != "" {
		p.Version, p.VersionSource = fact, source
		l.gitFiles()
		return true
	}
	if pos, sets := l.py.sets("use_scm_version"); sets && pos != l.py.opaquePos {
		l.gitVersion(sourceSCM, unknown[string](pos, "setuptools_scm takes the version from git's tags"), true)
		return true
	}
	if l.scmVersion() {
		return true
	}
	if pos, sets := l.py.sets("version"); sets {
		p.Version, p.VersionSource = unknown[string](pos, whySetupPy), "setup.py"
		return true
	}
	return false
}

// versioneer says whether what setup.py calls for a version is versioneer: it is set up in a table or a section.
func (l *loader) versioneer() bool {
	return l.toml.hasTable("tool", "versioneer") || l.cfg != nil && l.cfg.has("versioneer")
}

func (l *loader) versionFile(files []Requirement) Fact[string] {
	if lines := l.redirect(files); len(lines) > 0 {
		var parts []string
		for _, line := range lines {
			parts = append(parts, line.text)
		}
		return known(strip(strings.Join(parts, "\n")), lines[0].pos)
	}
	return absent[string]()
}

// scmVersion looks for one of the plugins that know the version from git.
func (l *loader) scmVersion() bool {
	for _, tool := range scmTools() {
		r, required := l.requires(tool.requirement)
		configured := tool.table != nil && l.toml.hasTable(tool.table...)
		if !required && !configured {
			continue
		}
		pos := r.Pos
		if configured {
			pos = l.toml.pos(tool.table...)
		}
		l.gitVersion(tool.label, unknown[string](pos, tool.requirement+" takes the version from git's tags"), tool.files)
		return true
	}
	for _, table := range [][]string{{"tool", "pdm", "version", "source"}, {"tool", "hatch", "version", "source"}} {
		value, _ := l.toml.get(table...)
		label := map[any]string{"scm": "git (pdm)", "vcs": "git (hatch-vcs)"}[value]
		if label != "" {
			l.gitVersion(label, unknown[string](l.toml.pos(table...), "the version is taken from git's tags"), false)
			return true
		}
	}
	return false
}

// gitVersion is a version that git knows, unless the tree is an unpacked sdist, which says it in PKG-INFO. Only
// setuptools_scm looks at git first; the others believe the file in a repository, too.
func (l *loader) gitVersion(label string, fact Fact[string], files bool) {
	p := l.project
	p.VersionTool = label
	version, ok := l.pkgInfoVersion()
	if !ok || l.isGit && label == sourceSCM {
		p.Version, p.VersionSource, p.NeedsGit = fact, label, true
		return
	}
	if l.isGit {
		tool := strings.TrimSuffix(strings.TrimPrefix(label, "git ("), ")")
		p.warn(version.Pos, tool+" believes this version before that of git", "remove the file from the repository")
	}
	p.Version, p.VersionSource, p.NeedsGit = version, filePkgInfo, files && l.isGit
}

// gitFiles notes that git is needed for the list of files though not for the version.
func (l *loader) gitFiles() {
	p := l.project
	for _, tool := range scmTools() {
		if _, required := l.requires(tool.requirement); required && tool.files && l.setuptools() {
			p.NeedsGit = !l.fromSdist()
		}
	}
	if l.setuptools() && l.pbr != nil {
		p.NeedsGit = !l.fromSdist()
	}
}

// fromSdist says whether the tree is an unpacked sdist of this project.
func (l *loader) fromSdist() bool {
	_, ok := l.pkgInfoVersion()
	return ok && !l.isGit
}

// pkgInfoVersion is the version in PKG-INFO, which counts if the name there is exactly the project's.
func (l *loader) pkgInfoVersion() (Fact[string], bool) {
	info, err := parsePkgInfo(l)
	if err != nil || info == nil || info.Version == "" {
		return absent[string](), false
	}
	same := Canonical(info.Name) == Canonical(l.project.Name.Value)
	if l.pbr != nil {
		same = info.Name == l.text(l.pbr, "metadata", "name").Value
	}
	if !same {
		return absent[string](), false
	}
	return known(info.Version, linePos(filePkgInfo, info.lines["version"])), true
}

func parsePkgInfo(l *loader) (*Wheel, error) {
	src, ok := l.read(filePkgInfo)
	if !ok {
		return nil, nil
	}
	return ParseMetadata(src)
}
