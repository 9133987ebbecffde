package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Dependencies of which there are only sources: what is compiled, with what, and when again.

// sdist writes a source distribution into a folder.
func sdist(t *testing.T, dir, name, version string, files map[string]string) {
	t.Helper()
	top := name + "-" + version
	all := map[string]string{"PKG-INFO": "Metadata-Version: 2.1\nName: " + name + "\nVersion: " + version + "\n"}
	for file, text := range files {
		all[file] = text
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for file, text := range all {
		err := w.WriteHeader(&tar.Header{Name: top + "/" + file, Mode: 0o644, Size: int64(len(text))})
		if err == nil {
			_, err = io.WriteString(w, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, top+".tar.gz"), b.String())
}

// sluice is a distribution in pure Python that has no wheel.
func sluice(t *testing.T, dir, dependencies string) {
	t.Helper()
	sdist(t, dir, "sluice", "2.0", map[string]string{
		"pyproject.toml": "[build-system]\nrequires = [\"flit_core>=3.4\"]\nbuild-backend = \"flit_core.buildapi\"\n\n" +
			"[project]\nname = \"sluice\"\nversion = \"2.0\"\ndescription = \"Lets through\"\ndependencies = [" + dependencies + "]\n",
		"sluice.py": "\"\"\"Lets through.\"\"\"\nOPEN = True\n",
	})
}

// penstock is a distribution with a C extension, and no wheel.
func penstock(t *testing.T, dir, version, statement string) {
	t.Helper()
	sdist(t, dir, "penstock", version, map[string]string{
		"pyproject.toml": "[build-system]\nrequires = [\"setuptools>=64\"]\nbuild-backend = \"setuptools.build_meta\"\n\n" +
			"[project]\nname = \"penstock\"\nversion = \"" + version + "\"\n\n[tool.setuptools]\npy-modules = []\n",
		"setup.py": "from setuptools import Extension, setup\n\nsetup(ext_modules=[Extension(\"penstock\", [\"penstock.c\"])])\n",
		"penstock.c": "#include <Python.h>\n\nstatic PyObject *flow(PyObject *self, PyObject *args)\n{\n    " + statement + "\n}\n\n" +
			"static PyMethodDef methods[] = {{\"flow\", flow, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};\n" +
			"static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, \"penstock\", NULL, -1, methods};\n\n" +
			"PyMODINIT_FUNC PyInit_penstock(void)\n{\n    return PyModule_Create(&module);\n}\n",
	})
}

// lock is a project that requires sluice.
func lock(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "lock")
	write(t, filepath.Join(dir, "pyproject.toml"), `[build-system]
requires = ["flit_core>=3.4"]
build-backend = "flit_core.buildapi"

[project]
name = "lock"
version = "1.0"
description = "Lifts ships"
dependencies = [
    "packaging>=21",
    "sluice>=2",
]

[project.scripts]
lock = "lock:main"
`)
	write(t, filepath.Join(dir, "lock.py"), `"""Lifts ships."""


def main():
    import sluice

    try:
        import penstock
    except ImportError:
        print("sluice", sluice.OPEN)
    else:
        print("flow", penstock.flow())
`)
	write(t, filepath.Join(dir, "bindep.txt"), compileProfile(t))
	return dir
}

// What has to be compiled fails with its last lines and with what asked for it; is compiled once, and again when what it is
// compiled with has changed.
func TestCompiledDependency(t *testing.T) {
	base, links, layout := testBase(t), t.TempDir(), filepath.Join(t.TempDir(), "layout")
	project := lock(t)
	sluice(t, links, `"penstock>=1.0"`)
	penstock(t, links, "1.0", "return PyLong_FromLong(gush);")
	build := command{args: buildArgs(project, base, layout), env: []string{"PIP_FIND_LINKS=" + links}}

	out := build.run(t)
	const want = "building [dependencies] build penstock (compile profile): Failed to build one or more wheels: asked for by pyproject.toml:11:5, which leads to penstock>=1.0"
	if out.code != 1 || errorLines(out) != want {
		t.Errorf("status %d, %s, want\n%s", out.code, errorLines(out), want)
	}
	if shown := tail(out.stderr); !strings.Contains(shown, "penstock.c:5:28: error: ‘gush’ undeclared") && !strings.Contains(shown, "penstock.c:5:28: error: 'gush' undeclared") {
		t.Errorf("the last lines do not say what the compiler said:\n%s", shown)
	}

	penstock(t, links, "1.1", "return PyLong_FromLong(7);")
	out = build.succeed(t)
	for _, step := range []string{"[dependencies] build penstock (compile profile)", "[dependencies] build sluice"} {
		if ran := out.ran(t); !slices.Contains(ran, step) {
			t.Errorf("ran %q, without %q", ran, step)
		}
	}
	if ran := out.ran(t); slices.Contains(ran, "[dependencies] build sluice (compile profile)") {
		t.Errorf("what is in pure Python is built with the compile profile: %q", ran)
	}
	scriptRun{args: []string{"lock"}, stdout: `flow 7\n`}.check(t, layout)

	for _, e := range []edits{
		{name: "nothing", change: func(*testing.T, string) {}},
		{name: "a source file", change: func(t *testing.T, project string) {
			edit(t, filepath.Join(project, "lock.py"), `"flow"`, `"flows"`)
		}, ran: []string{"[project] install", "[project] wheel"}},
		{name: "the compile profile", change: func(t *testing.T, project string) {
			edit(t, filepath.Join(project, "bindep.txt"), "gcc [compile]", "gcc [compile]\nbc [compile]")
		}, ran: []string{"[dependencies] build penstock (compile profile)",
			"[distro] compile packages: bc gcc libc6-dev libyaml-0-2 libyaml-dev python3-dev", "[project] wheel"}},
	} {
		e.change(t, project)
		if ran := build.succeed(t).ran(t); !slices.Equal(ran, e.ran) {
			t.Errorf("after %s ran %q, want %q", e.name, ran, e.ran)
		}
	}
}

// A source in pure Python takes no compiler, though there is a compile profile.
func TestPureDependency(t *testing.T) {
	base, links, layout := testBase(t), t.TempDir(), filepath.Join(t.TempDir(), "layout")
	sluice(t, links, "")
	out := command{args: buildArgs(lock(t), base, layout), env: []string{"PIP_FIND_LINKS=" + links}}.succeed(t)
	steps := names(out.steps(t))
	if roots := compileRoots(out.steps(t)); len(roots) > 0 || !slices.Contains(steps, "[dependencies] build sluice") {
		t.Errorf("the steps are %q", steps)
	}
	scriptRun{args: []string{"lock"}, stdout: `sluice True\n`}.check(t, layout)
}

// Nothing of the project's files says that its build asks for a compiler: a module that setup.py imports does, or the build
// of something that the build requires.
func TestWheelThatAsksForACompiler(t *testing.T) {
	const ask = "import subprocess\n\nsubprocess.run([\"cc\", \"--help\"], check=True, stdout=subprocess.DEVNULL)\n"
	for name, files := range map[string]map[string]string{
		"a module":      {"winch.py": ask},
		"a requirement": {"winch.py": "import windlass\n", "pyproject.toml": `requires = ["setuptools", "windlass"]`},
	} {
		t.Run(name, func(t *testing.T) { checkAsksForACompiler(t, ask, files) })
	}
}

func checkAsksForACompiler(t *testing.T, ask string, files map[string]string) {
	base, links, dir, layout := testBase(t), t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "layout")
	sdist(t, links, "windlass", "1", map[string]string{"windlass.py": "", "setup.py": ask + "from setuptools import setup\n\nsetup(name='windlass', version='1', py_modules=['windlass'])\n"})
	for name, text := range map[string]string{
		"pyproject.toml": "[build-system]\nrequires = [\"setuptools\"]\nbuild-backend = \"setuptools.build_meta:__legacy__\"\n" +
			"[project]\nname = \"capstan\"\nversion = \"1\"\n[project.scripts]\ncapstan = \"capstan:turn\"\n[tool.setuptools]\npy-modules = [\"capstan\"]\n",
		"setup.py":   "import winch\nfrom setuptools import setup\n\nsetup()\n",
		"winch.py":   files["winch.py"],
		"capstan.py": "def turn():\n    print(\"round\")\n",
		"bindep.txt": compileProfile(t),
	} {
		if name == "pyproject.toml" && files[name] != "" {
			text = strings.Replace(text, `requires = ["setuptools"]`, files[name], 1)
		}
		write(t, filepath.Join(dir, name), text)
	}
	build := command{args: buildArgs(dir, base, layout, "--init-path", "none"), env: []string{"PIP_FIND_LINKS=" + links}}
	out := build.succeed(t)
	steps := names(out.steps(t))
	for _, want := range []string{"[project] wheel", "[project] wheel (compile profile)"} {
		if !slices.Contains(steps, want) {
			t.Errorf("there is no step %s: %q", want, steps)
		}
	}
	scriptRun{args: []string{"capstan"}, stdout: `round\n`}.check(t, layout)
	if ran := build.succeed(t).ran(t); len(ran) > 0 {
		t.Errorf("the unchanged build ran %q", ran)
	}
}
