package setupcfg

import (
	"testing"
	"testing/fstest"
)

// Where a build may take more than Python, the compile profile is there.
func TestToolchain(t *testing.T) {
	const table = "[project]\nname = \"x\"\nversion = \"1\"\n"
	const setuptools = "[build-system]\nrequires = [\"setuptools\"]\nbuild-backend = \"setuptools.build_meta\"\n"
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"plain setuptools":          {map[string]string{"pyproject.toml": setuptools + table}, ""},
		"pbr's setup.py":            {map[string]string{"setup.py": "import setuptools\nsetuptools.setup(setup_requires=['pbr'], pbr=True)\n", "setup.cfg": "[metadata]\nname = x\n"}, ""},
		"a setup.py with a readme":  {map[string]string{"setup.py": "from setuptools import setup, find_packages\nsetup(name='x', long_description=open('README').read(), packages=find_packages())\n"}, ""},
		"extension modules":         {map[string]string{"setup.py": "from setuptools import setup, Extension\nsetup(name='x', ext_modules=[Extension('a', ['a.c'])])\n"}, "setup.py may compile"},
		"a setup.py that looks":     {map[string]string{"setup.py": "import os\nfrom setuptools import setup\nassert os.path.exists('/usr/include/lamp.h')\nsetup(name='x')\n"}, "setup.py calls exists"},
		"setup hooks":               {map[string]string{"setup.py": "import setuptools\nsetuptools.setup(pbr=True)\n", "setup.cfg": "[metadata]\nname = x\n[global]\nsetup_hooks = x.hook\n"}, "[global] has setup_hooks"},
		"extension modules of toml": {map[string]string{"pyproject.toml": setuptools + table + "[tool.setuptools]\next-modules = [{name = \"a\", sources = [\"a.c\"]}]\n"}, "pyproject.toml has [tool.setuptools.ext-modules]"},
		"Cython":                    {map[string]string{"pyproject.toml": "[build-system]\nrequires = [\"setuptools\", \"Cython>=3\"]\nbuild-backend = \"setuptools.build_meta\"\n" + table}, "building takes cython"},
		"maturin":                   {map[string]string{"pyproject.toml": "[build-system]\nrequires = [\"maturin\"]\nbuild-backend = \"maturin\"\n" + table}, "the backend maturin may compile"},
		"a backend of its own":      {map[string]string{"pyproject.toml": "[build-system]\nrequires = []\nbuild-backend = \"mine\"\nbackend-path = [\".\"]\n" + table}, "the backend mine may compile"},
		"flit":                      {map[string]string{"pyproject.toml": "[build-system]\nrequires = [\"flit_core\"]\nbuild-backend = \"flit_core.buildapi\"\n" + table}, ""},
		"hatch":                     {map[string]string{"pyproject.toml": "[build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"\n" + table}, ""},
		"hatch with a hook":         {map[string]string{"pyproject.toml": "[build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"\n" + table + "[tool.hatch.build.hooks.custom]\n"}, "pyproject.toml has [tool.hatch.build.hooks]"},
		"pdm with a script":         {map[string]string{"pyproject.toml": "[build-system]\nrequires = [\"pdm-backend\"]\nbuild-backend = \"pdm.backend\"\n" + table, "pdm_build.py": ""}, "there is pdm_build.py"},
	} {
		t.Run(name, func(t *testing.T) {
			files := fstest.MapFS{}
			for name, text := range c.files {
				files[name] = &fstest.MapFile{Data: []byte(text)}
			}
			p, err := Load(files)
			if err != nil {
				t.Fatal(err)
			}
			if p.Toolchain.Value != c.want {
				t.Errorf("%q, want %q", p.Toolchain.Value, c.want)
			}
		})
	}
}

func TestNativeSource(t *testing.T) {
	files := fstest.MapFS{".tox/py/a.c": {}, "node_modules/b.c": {}, "venv/c.c": {}, "x/__init__.py": {}}
	if got, err := NativeSource(files); got != "" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	files["x/fast.pyx"] = &fstest.MapFile{}
	if got, err := NativeSource(files); got != "x/fast.pyx" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}
