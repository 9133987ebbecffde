package setupcfg

import (
	"regexp"
	"text/scanner"
)

// Status says how much is known of a fact.
type Status string

// The statuses of a fact.
const (
	// Known: the project's files say it.
	Known Status = "known"
	// Unknown: code decides; the wheel will tell.
	Unknown Status = "unknown"
	// Absent: nothing declares it.
	Absent Status = "absent"
)

// Fact is one thing that is said of a project, and where.
type Fact[T any] struct {
	// Value is set where Status is Known.
	Value  T
	Status Status
	// Pos is where it was read, or which line makes it unknown; empty when absent.
	Pos scanner.Position
	// Why says why the fact is unknown.
	Why string
	// MayGrow says that Value is only what is declared and the backend may append to it
	// (a field that is static and dynamic, PEP 808).
	MayGrow bool
}

func known[T any](value T, pos scanner.Position) Fact[T] {
	return Fact[T]{Value: value, Status: Known, Pos: pos}
}

func unknown[T any](pos scanner.Position, why string) Fact[T] {
	return Fact[T]{Status: Unknown, Pos: pos, Why: why}
}

func absent[T any]() Fact[T] { return Fact[T]{Status: Absent} }

// Script is an entry point that an installer makes a command of.
type Script struct {
	// Name is the command, as spelled.
	Name string
	// Value is the object reference, module:attribute; of a data script the file's path.
	Value string
	// Extras are those the entry point itself asks for. pip ignores them.
	Extras []string
	Pos    scanner.Position
}

// Requirement is one dependency.
type Requirement struct {
	// Text is the requirement in PEP 508 form. It may hold a password in a URL; String leaves that out.
	Text string
	Pos  scanner.Position
}

// String is the requirement without the user name and password of a URL.
func (r Requirement) String() string {
	return regexp.MustCompile(`(://)[^/\s?#]*@`).ReplaceAllString(r.Text, "$1***@")
}

// Extra is an optional set of dependencies.
type Extra struct {
	// Name is as spelled in the project's files; after Complete, as in METADATA, which
	// is the spelling that all versions of pip find.
	Name         string
	Requirements []Requirement
	Pos          scanner.Position
}

// Project is what a project declares. Lists keep the order of the files.
type Project struct {
	// Name is as spelled; compare with Canonical.
	Name    Fact[string]
	Version Fact[string]
	// VersionSource says where the version comes from: "static", "file", "PKG-INFO",
	// "git (pbr)", "git (setuptools_scm)" and the like, "attr", "setup.py" or "backend".
	VersionSource string
	// Backend is the build backend's object reference, as an installer would call it.
	Backend Fact[string]
	// BackendFamily is what kind of backend it is: "pbr", "setuptools", "poetry", "hatch",
	// "flit", "pdm", "maturin", "meson", "uv", "scikit-build" or "unknown".
	BackendFamily  string
	BuildRequires  Fact[[]Requirement]
	ConsoleScripts Fact[[]Script]
	GUIScripts     Fact[[]Script]
	// DataScripts are programs that the wheel brings as files (*.data/scripts) and not as entry
	// points.
	DataScripts    Fact[[]Script]
	Extras         Fact[[]Extra]
	Dependencies   Fact[[]Requirement]
	RequiresPython Fact[string]
	// NeedsGit says that the wheel is wrong without the git repository: its version, and
	// with pbr and setuptools_scm also its files, come from there.
	NeedsGit bool
	// VersionTool is the tool that takes the version from git, as VersionSource names it, even where
	// PKG-INFO comes first; empty where there is none.
	VersionTool string
	// LosesInSdist says that the backend leaves out of its sdist what the wheel needs. pbr (7.1) does where it works
	// on [project] alone, without a setup.py and a setup.cfg: the sdist lacks the files with the requirements.
	LosesInSdist bool
	// Toolchain says why building the wheel may take more than Python, a compiler or what a hook runs; absent
	// where it does not. Sources to be compiled are not looked for here, see NativeSource.
	Toolchain Fact[string]
	// Warnings are in the order in which the files were read.
	Warnings []Warning
}

// warn notes a warning.
func (p *Project) warn(pos scanner.Position, msg, hint string) {
	p.Warnings = append(p.Warnings, Warning{Pos: pos, Msg: msg, Hint: hint})
}
