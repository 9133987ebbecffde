package setupcfg

import (
	"regexp"
	"strings"
	"text/scanner"
)

// legacyBackend is what installers call where no backend is named (PEP 517).
const legacyBackend = "setuptools.build_meta:__legacy__"

// families are the backends by their object references, old ones included.
func family(backend string) string {
	module, _, _ := strings.Cut(backend, ":")
	switch module {
	case "pbr.build":
		return "pbr"
	case "setuptools.build_meta":
		return "setuptools"
	case "poetry.core.masonry.api", "poetry.masonry.api", "poetry_dynamic_versioning.backend":
		return "poetry"
	case "hatchling.build", "hatchling.ouroboros":
		return "hatch"
	case "flit_core.buildapi", "flit.buildapi", "flit_core.build_thyself", "flit_scm":
		return "flit"
	case "pdm.backend", "pdm.pep517.api":
		return "pdm"
	case "maturin":
		return "maturin"
	case "mesonpy":
		return "meson"
	case "uv_build":
		return "uv"
	case "scikit_build_core.build", "scikit_build_core.setuptools.build_meta":
		return "scikit-build"
	}
	return "unknown"
}

// buildSystem reads [build-system], or what stands for it.
func (l *loader) buildSystem() {
	p := l.project
	pos := filePos(filePyproject)
	if l.toml == nil {
		pos = filePos(fileCfg)
		if l.py != nil {
			pos = filePos(filePy)
		}
	}
	p.Backend = known(legacyBackend, pos)
	p.BuildRequires = known([]Requirement{{Text: "setuptools>=40.8.0", Pos: pos}}, pos)
	if _, ok := l.toml.table("build-system"); ok {
		requires, ok := l.toml.strings("build-system", "requires")
		if _, written := l.toml.get("build-system", "requires"); !ok && !written {
			l.toml.errs.add(l.toml.pos("build-system"), "add requires = [\"setuptools\"] or what the backend is", "[build-system] must have requires")
		}
		p.BuildRequires = known(requires, l.toml.pos("build-system", "requires"))
		if backend, ok := l.toml.str("build-system", "build-backend"); ok {
			p.Backend = known(backend, l.toml.pos("build-system", "build-backend"))
		}
	}
	p.BackendFamily = family(p.Backend.Value)
}

// setuptools says whether setup.py and setup.cfg take part in the build.
func (l *loader) setuptools() bool {
	return l.project.BackendFamily == "pbr" || l.project.BackendFamily == "setuptools"
}

// requires says whether a project is among what the build needs, and where.
func (l *loader) requires(name string) (Requirement, bool) {
	for _, r := range l.project.BuildRequires.Value {
		if requirementName(r.Text) == name {
			return r, true
		}
	}
	return Requirement{}, false
}

// old says whether what the build needs leaves out all releases of a project from major.0 on, and where.
func (l *loader) old(name string, major int) (scanner.Position, bool) {
	r, ok := l.requires(name)
	d, problem := parseDependency(r.Text)
	return r.Pos, ok && problem == "" && d.below(major)
}

// oldSetuptools says whether the build uses a setuptools before 69.0, which leaves in place what
// [project] does not mention.
func (l *loader) oldSetuptools() (scanner.Position, bool) { return l.old("setuptools", 69) }

// requirementName is the canonical name that a requirement begins with.
func requirementName(text string) string {
	return Canonical(regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*`).FindString(strip(text)))
}
