package setupcfg

import (
	"errors"
	"io/fs"
	"text/scanner"
)

// The files of a project.
const (
	fileCfg       = "setup.cfg"
	filePyproject = "pyproject.toml"
	filePy        = "setup.py"
	filePkgInfo   = "PKG-INFO"
)

// loader puts a Project together.
type loader struct {
	fsys    fs.FS
	project *Project
	errs    ErrorList

	py    *setupPy   // nil without setup.py
	toml  *pyproject // nil without pyproject.toml
	cfg   *Config    // setup.cfg as setuptools reads it, nil without
	pbr   *Config    // the file that pbr reads, nil where pbr is not active
	isGit bool
	// pythonSet says that setup.py or pbr sets the versions of Python, which [project] does not change.
	pythonSet bool
	// scriptErrs are the problems of entry points outside of [project].
	scriptErrs ErrorList
	// pbrRequires are pbr's dependencies, once they are read.
	pbrRequires *Fact[[]Requirement]
}

// Load reads the project in a directory. The error is an ErrorList with all problems of
// all files; what is only suspicious is in the Project's Warnings.
func Load(fsys fs.FS) (*Project, error) {
	l := &loader{fsys: fsys, project: &Project{}}
	py, hasPy := l.read(filePy)
	if hasPy {
		l.py = parseSetupPy(filePy, py)
	}
	src, hasToml := l.read(filePyproject)
	if hasToml {
		l.toml, l.errs = parsePyproject(filePyproject, src)
	}
	cfg, hasCfg := l.read(fileCfg)
	if !hasPy && !hasToml && !hasCfg && len(l.errs) == 0 {
		return nil, ErrorList{{Msg: "no setup.cfg, pyproject.toml or setup.py in this directory",
			Hint: "run pbrx-go in the directory of a Python project, or name that directory"}}
	}
	if _, err := fs.Stat(fsys, ".git"); err == nil {
		l.isGit = true
	}
	broken := len(l.errs) > 0
	if !broken {
		l.buildSystem()
	}
	if broken || l.setuptools() {
		l.readCfg(cfg, hasCfg)
	}
	if len(l.errs) > 0 {
		return nil, l.errs.err()
	}
	l.facts()
	if l.toml != nil {
		l.errs = append(l.errs, l.toml.errs...)
	}
	if err := l.errs.err(); err != nil {
		return nil, err
	}
	return l.project, nil
}

// readCfg reads setup.cfg as the programs read it that will read it during the build.
func (l *loader) readCfg(src []byte, ok bool) {
	if l.py != nil && l.py.pbr {
		file, reading := fileCfg, ReadPBR
		if l.py.raw {
			reading = ReadRaw
		}
		pbrSrc, pbrOK := src, ok
		if l.py.pbrFile != "" {
			file = l.py.pbrFile
			pbrSrc, pbrOK = l.read(file)
		}
		if !pbrOK && l.toml != nil {
			l.py.pbr = false // the keyword does nothing then, see pbrTable
		} else if !pbrOK {
			l.errs.add(l.py.pbrPos, "add "+file+" with [metadata] and name = …", "setup.py switches pbr on, but there is no %s", file)
		} else {
			var err error
			l.pbr, err = ParseConfig(file, pbrSrc, reading)
			if list := ErrorList(nil); errors.As(err, &list) {
				l.errs = append(l.errs, list...)
				if file == fileCfg {
					return // setuptools' reading has the same problems
				}
			}
		}
	}
	if ok {
		var err error
		l.cfg, err = ParseConfig(fileCfg, src, ReadSetuptools)
		if list := ErrorList(nil); errors.As(err, &list) {
			l.errs = append(l.errs, list...)
		}
	}
}

// facts finds out all facts of the project from the files that were read.
func (l *loader) facts() {
	p := l.project
	p.ConsoleScripts, p.GUIScripts, p.Extras = absent[[]Script](), absent[[]Script](), absent[[]Extra]()
	p.Name, p.Dependencies, p.RequiresPython = absent[string](), absent[[]Requirement](), absent[string]()
	switch {
	case l.setuptools():
		l.setuptoolsFacts()
		l.warnSetuptools()
	case p.BackendFamily == "poetry" && l.toml.hasTable("tool", "poetry"):
		l.poetryFacts()
	case !l.hasProjectTable():
		l.backendFacts()
	}
	if pos, old := l.old("poetry-core", 2); old && p.BackendFamily == "poetry" && l.hasProjectTable() {
		p.warn(l.toml.pos("project"), "poetry-core before 2.0 does not look at [project]", "require poetry-core>=2.0")
		l.unknownFacts(pos, "poetry-core before 2.0 may not look at [project]")
	} else {
		l.projectTable()
	}
	l.reportScripts()
	l.dataScripts()
	l.version()
	l.toolchain()
	l.checkName()
	l.checkDependencies()
}

// reportScripts says what is wrong with the entry points of setup.py and setup.cfg; where [project] replaces them all
// nothing fails because of it.
func (l *loader) reportScripts() {
	fromProject := func(fact Fact[[]Script]) bool { return fact.Status != Known || fact.Pos.Filename == filePyproject }
	if !l.hasProjectTable() || !fromProject(l.project.ConsoleScripts) || !fromProject(l.project.GUIScripts) {
		l.errs = append(l.errs, l.scriptErrs...)
		return
	}
	for _, e := range l.scriptErrs {
		l.project.warn(e.Pos, e.Msg, e.Hint)
	}
}

// backendFacts is for backends with tables of their own, of which only flit's is followed.
func (l *loader) backendFacts() {
	p := l.project
	l.unknownFacts(p.Backend.Pos, "the backend "+p.Backend.Value+" reads its own tables")
	if p.BackendFamily == "flit" {
		l.flitFacts()
	}
}

// unknownFacts leaves everything to the wheel.
func (l *loader) unknownFacts(pos scanner.Position, why string) {
	p := l.project
	p.ConsoleScripts, p.GUIScripts = unknown[[]Script](pos, why), unknown[[]Script](pos, why)
	p.Extras, p.Dependencies = unknown[[]Extra](pos, why), unknown[[]Requirement](pos, why)
	p.Name, p.RequiresPython = unknown[string](pos, why), unknown[string](pos, why)
}

// checkName refuses a project that nothing names, and names that no index would take.
func (l *loader) checkName() {
	name := l.project.Name
	if _, reported := l.toml.get("project"); name.Status == Absent && !reported {
		pos, hint := scanner.Position{Filename: filePyproject}, "add a [project] table with name = \"…\""
		switch {
		case l.cfg != nil:
			pos, hint = filePos(fileCfg), "add name = … to its [metadata] section"
			if header, ok := l.cfg.headers["metadata"]; ok {
				pos, hint = header, "add name = … to this section"
			}
		case l.toml == nil:
			pos, hint = filePos(filePy), "add name=\"…\" to the call of setup()"
		}
		if l.setuptools() {
			l.project.Name = unknown[string](pos, "nothing names the project, setuptools makes up a name")
			l.project.warn(pos, "nothing says what the project is called: setuptools takes the name of its only package, or UNKNOWN", hint)
		} else {
			l.errs.add(pos, hint, "nothing says what the project is called")
		}
	}
	if name.Status == Known && !validProjectName(name.Value) {
		l.errs.add(name.Pos, `use ASCII letters, digits, ".", "_" and "-", beginning and ending with a letter or digit`, "%q cannot be the name of a project", shorten(name.Value))
	}
}
