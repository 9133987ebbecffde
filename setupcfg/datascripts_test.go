package setupcfg

import (
	"fmt"
	"testing"
	"testing/fstest"
)

func TestDataScripts(t *testing.T) {
	const named = "[project]\nname = \"x\"\nversion = \"1\"\n"
	backend := func(name string) string {
		return "[build-system]\nrequires = []\nbuild-backend = \"" + name + "\"\n" + named
	}
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"setup.py, a list": {map[string]string{"setup.py": "setup(name='x',\n      scripts=['bin/foo', \"bar.py\",],\n      zip_safe=False)\n"},
			"known @ setup.py:2:7: foo = bin/foo @ setup.py:2:16; bar.py = bar.py @ setup.py:2:27; "},
		"setup.py, an empty list":       {map[string]string{"setup.py": "setup(name='x', scripts=[])\n"}, "absent"},
		"setup.py, a name":              {map[string]string{"setup.py": "setup(name='x', scripts=SCRIPTS)\n"}, "unknown @ setup.py:1:17: setup.py decides"},
		"setup.py, a sum":               {map[string]string{"setup.py": "setup(name='x', scripts=['a'] + more)\n"}, "unknown @ setup.py:1:17: setup.py decides"},
		"setup.py, no list":             {map[string]string{"setup.py": "setup(name='x', scripts='ab')\n"}, "unknown @ setup.py:1:17: setup.py decides"},
		"setup.py, f-string":            {map[string]string{"setup.py": "setup(name='x', scripts=[f'a'])\n"}, "unknown @ setup.py:1:17: setup.py decides"},
		"setup.py, not closed":          {map[string]string{"setup.py": "setup(name='x', scripts=['a'"}, "unknown @ setup.py:1:1: setup.py decides"},
		"setup.py, **keywords":          {map[string]string{"setup.py": "setup(**kw)\n"}, "unknown @ setup.py:1:1: setup.py decides"},
		"setup.py, cmdclass":            {map[string]string{"setup.py": "setup(name='x', cmdclass=c)\n"}, "unknown @ setup.py:1:17: setup.py decides"},
		"setup.py, a list and cmdclass": {map[string]string{"setup.py": "setup(name='x', scripts=['a'], cmdclass=c)\n"}, "known @ setup.py:1:17 (may grow): a = a @ setup.py:1:26; "},
		"pbr, WSGI": {map[string]string{"setup.py": "setup(pbr=True)\n", "setup.cfg": "[metadata]\nname = x\n[entry_points]\nwsgi_scripts =\n  a = m:f\n"},
			"unknown @ setup.cfg:4:1: pbr makes them of wsgi_scripts"},
		"pbr, a hook": {map[string]string{"setup.py": "setup(pbr=True)\n", "setup.cfg": "[global]\nsetup-hooks = m.f\n[metadata]\nname = x\n[files]\nscripts = a\n"},
			"known @ setup.cfg:6:1 (may grow): a = a @ setup.cfg:6:11; "},
		"pbr, none":      {map[string]string{"setup.py": "setup(pbr=True)\n", "setup.cfg": "[metadata]\nname = x\n"}, "absent"},
		"setup.py, none": {map[string]string{"setup.py": "setup(name='x')\n"}, "absent"},
		"setup.cfg": {map[string]string{"setup.py": "setup()\n", "setup.cfg": "[metadata]\nname = x\n[options]\nscripts =\n  bin/a\n  b\n"},
			"known @ setup.cfg:4:1: a = bin/a @ setup.cfg:5:3; b = b @ setup.cfg:6:3; "},
		"setup.cfg, one line": {map[string]string{"setup.py": "setup()\n", "setup.cfg": "[metadata]\nname = x\n[options]\nscripts = a, b\n"},
			"known @ setup.cfg:4:1: a = a @ setup.cfg:4:11; b = b @ setup.cfg:4:11; "},
		"pbr": {map[string]string{"setup.py": "setup(pbr=True)\n", "setup.cfg": "[metadata]\nname = x\n[files]\nscripts =\n  bin/a\n"},
			"known @ setup.cfg:4:1: a = bin/a @ setup.cfg:5:3; "},
		"pbr, a pattern": {map[string]string{"setup.py": "setup(pbr=True)\n", "setup.cfg": "[metadata]\nname = x\n[files]\nscripts = bin/*\n"},
			"unknown @ setup.cfg:4:11: which files there are is found out by the build"},
		"script-files": {map[string]string{"pyproject.toml": backend("setuptools.build_meta") + "[tool.setuptools]\nscript-files = [\"bin/a\"]\n"},
			"known @ pyproject.toml:8:1: a = bin/a @ pyproject.toml:8:17; "},
		"poetry": {map[string]string{"pyproject.toml": backend("poetry.core.masonry.api") + "[tool.poetry.scripts]\nz = { reference = \"bin/a.sh\", type = \"file\" }\na = \"m:f\"\nb = { reference = \"m:f\", type = \"console\" }\n"},
			"known @ pyproject.toml:7:1: a.sh = bin/a.sh @ pyproject.toml:8:1; "},
		"poetry, a file and a build script": {map[string]string{"pyproject.toml": backend("poetry.core.masonry.api") + "[tool.poetry]\nbuild.script = \"b.py\"\nscripts.z = { reference = \"a\", type = \"file\" }\n"},
			"known @ pyproject.toml:9:1 (may grow): a = a @ pyproject.toml:9:1; "},
		"poetry, a build script": {map[string]string{"pyproject.toml": backend("poetry.core.masonry.api") + "[tool.poetry.build]\nscript = \"b.py\"\n"},
			"unknown @ pyproject.toml:7:1: the backend poetry.core.masonry.api decides"},
		"poetry, none": {map[string]string{"pyproject.toml": backend("poetry.core.masonry.api")}, "absent"},
		"hatch": {map[string]string{"pyproject.toml": backend("hatchling.build") + "[tool.hatch.build.targets.wheel.shared-scripts]\n\"src/b.sh\" = \"b\"\n\"src/a.sh\" = \"a\"\n", "src/a.sh": "", "src/b.sh": ""},
			"known @ pyproject.toml:7:1: b = b @ pyproject.toml:8:1; a = a @ pyproject.toml:9:1; "},
		"hatch, a folder": {map[string]string{"pyproject.toml": backend("hatchling.build") + "[tool.hatch.build.targets.wheel.shared-scripts]\n\"src\" = \".\"\n", "src/a.sh": ""},
			"unknown @ pyproject.toml:7:1: which files there are is found out by the build"},
		"hatch, a hook": {map[string]string{"pyproject.toml": backend("hatchling.build") + "[tool.hatch.build.hooks.custom]\n"},
			"unknown @ pyproject.toml:7:1: the backend hatchling.build decides"},
		"uv": {map[string]string{"pyproject.toml": backend("uv_build") + "[tool.uv.build-backend.data]\nscripts = \"bin\"\n", "bin/b": "", "bin/a": ""},
			"known @ pyproject.toml:8:1: a = bin/a @ pyproject.toml:8:1; b = bin/b @ pyproject.toml:8:1; "},
		"uv, no folder": {map[string]string{"pyproject.toml": backend("uv_build") + "[tool.uv.build-backend.data]\nscripts = \"bin\"\n"},
			"unknown @ pyproject.toml:8:1: which files there are is found out by the build"},
		"flit":             {map[string]string{"pyproject.toml": backend("flit_core.buildapi")}, "absent"},
		"pdm":              {map[string]string{"pyproject.toml": backend("pdm.backend")}, "absent"},
		"pdm, a build":     {map[string]string{"pyproject.toml": backend("pdm.backend") + "[tool.pdm.build.wheel-data]\n"}, "unknown @ pyproject.toml:7:1: the backend pdm.backend decides"},
		"maturin":          {map[string]string{"pyproject.toml": backend("maturin")}, "unknown @ pyproject.toml:3:1: the backend maturin decides"},
		"nobody knows who": {map[string]string{"pyproject.toml": backend("own")}, "unknown @ pyproject.toml:3:1: the backend own decides"},
	} {
		t.Run(name, func(t *testing.T) {
			files := fstest.MapFS{}
			for path, text := range c.files {
				files[path] = &fstest.MapFile{Data: []byte(text)}
			}
			p, err := Load(files)
			if err != nil {
				t.Fatal(err)
			}
			f := p.DataScripts
			got := string(f.Status)
			switch f.Status {
			case Known:
				got += " @ " + f.Pos.String()
				if f.MayGrow {
					got += " (may grow)"
				}
				got += ": "
				for _, s := range f.Value {
					got += fmt.Sprintf("%s = %s @ %s; ", s.Name, s.Value, s.Pos)
				}
			case Unknown:
				got += " @ " + f.Pos.String() + ": " + f.Why
			case Absent:
			}
			if got != c.want {
				t.Errorf("%s\nwant\n%s", got, c.want)
			}
		})
	}
}
