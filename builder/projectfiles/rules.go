package projectfiles

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// made says whether a file that git does not track is made by building or testing: it would, stale, end
// up in the wheel, and nobody misses it.
func (c *chooser) made(name string) bool {
	base := path.Base(name)
	switch {
	case base == "__pycache__", base == "node_modules", strings.HasSuffix(base, ".pyc"):
		return true
	case strings.HasSuffix(base, ".egg-info"):
		return !c.declared.sdist // an unpacked sdist needs it: it is the list of its files
	case path.Dir(name) == "build":
		return matches(base, "lib*", "bdist*", "temp*")
	case base != name:
		return false
	}
	return matches(base, ".hg", ".svn", ".tox", ".nox", ".venv", "venv", ".eggs", "dist", ".mypy_cache", ".pytest_cache",
		".ruff_cache", ".stestr", ".coverage", ".coverage.*", "htmlcov", dockerignore)
}

// ours says whether a file is the optional configuration, or its lock. What of it decides the wheel is told otherwise; the rest, such as a
// label, must not make it anew.
func ours(name string) bool { return name == "pbrx-go.toml" || name == "pbrx-go.lock" }

// foreign says whether an untracked folder is nobody's source by what it is called or what lies in it: hidden, a virtual
// environment (PEP 405), a cache (bford.info/cachedir), or the clone of another repository.
func foreign(dir string) bool {
	if strings.HasPrefix(filepath.Base(dir), ".") {
		return true
	}
	for _, mark := range []string{"pyvenv.cfg", "CACHEDIR.TAG", ".git"} {
		if _, err := os.Lstat(filepath.Join(dir, mark)); err == nil {
			return true
		}
	}
	return false
}

// beside says whether a folder at the top is beside the packages of a project though it has an __init__.py, as
// setuptools' discovery has it for flat layouts.
func beside(top string) bool {
	return slices.Contains([]string{"test", "tests", "doc", "docs", "example", "examples", "benchmark", "benchmarks", "tools", "scripts", "build"}, top)
}

// isCode says whether a file is source, or says how source is compiled.
func isCode(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".py", ".pyi", ".pyx", ".pxd", ".pxi", ".c", ".h", ".cc", ".cpp", ".cxx", ".hh", ".hpp", ".hxx", ".cu", ".cuh", ".s", ".asm",
		".rs", ".go", ".f", ".for", ".f77", ".f90", ".f95", ".f03", ".f08", ".swg", ".cmake", ".proto":
		return true
	}
	switch path.Base(name) {
	case "py.typed", "CMakeLists.txt", "meson.build", "meson.options", "meson_options.txt", "Cargo.toml", "Cargo.lock":
		return true
	}
	return false
}

// configures says whether a file at the top of the project is of those that backends and their hooks read.
func configures(name string) bool {
	return matches(strings.ToLower(name), "*.toml", "*.cfg", "manifest.in", "pkg-info", "bindep.txt", "*requirements*.txt", "*requirements*.in", "constraints*.txt",
		"version", "version.txt", "readme*", "licen[cs]e*", "copying*", "notice*", "authors*", "makefile", "configure")
}

func matches(name string, patterns ...string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		ok, err := path.Match(pattern, name)
		return ok && err == nil
	})
}
