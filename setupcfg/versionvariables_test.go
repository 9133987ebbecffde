package setupcfg

import (
	"slices"
	"testing"
	"testing/fstest"
)

func TestVersionVariables(t *testing.T) {
	for name, c := range map[string]struct {
		pyproject      string
		version, files bool
		want           []string
	}{
		"pbr": {"[build-system]\nrequires = [\"pbr\"]\nbuild-backend = \"pbr.build\"\n", true, true, []string{"PBR_VERSION", "OSLO_PACKAGE_VERSION"}},
		"setuptools_scm": {"[build-system]\nrequires = [\"setuptools\", \"setuptools-scm\"]\nbuild-backend = \"setuptools.build_meta\"\n[project]\nname = \"a.b_-c\"\ndynamic = [\"version\"]\n[tool.setuptools_scm]\n",
			true, true, []string{"SETUPTOOLS_SCM_PRETEND_VERSION_FOR_A_B_C", "SETUPTOOLS_SCM_PRETEND_VERSION"}},
		"setuptools_scm for files only": {"[build-system]\nrequires = [\"setuptools\", \"setuptools-scm\"]\nbuild-backend = \"setuptools.build_meta\"\n[project]\nname = \"a\"\nversion = \"1\"\n", false, true, nil},
		"hatch-vcs": {"[build-system]\nrequires = [\"hatchling\", \"hatch-vcs\"]\nbuild-backend = \"hatchling.build\"\n[project]\nname = \"a\"\ndynamic = [\"version\"]\n[tool.hatch.version]\nsource = \"vcs\"\n",
			true, false, []string{"SETUPTOOLS_SCM_PRETEND_VERSION_FOR_A", "SETUPTOOLS_SCM_PRETEND_VERSION"}},
		"pdm":    {"[build-system]\nrequires = [\"pdm-backend\"]\nbuild-backend = \"pdm.backend\"\n[project]\nname = \"a\"\ndynamic = [\"version\"]\n[tool.pdm.version]\nsource = \"scm\"\n", true, false, []string{"PDM_BUILD_SCM_VERSION"}},
		"static": {"[project]\nname = \"a\"\nversion = \"1\"\n", false, false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			files := fstest.MapFS{".git": {Data: []byte("gitdir: x")}, "pyproject.toml": {Data: []byte(c.pyproject)}}
			if name == "pbr" {
				files["setup.py"] = &fstest.MapFile{Data: []byte("import setuptools\nsetuptools.setup(pbr=True)\n")}
				files["setup.cfg"] = &fstest.MapFile{Data: []byte("[metadata]\nname = a\n")}
			}
			p, err := Load(files)
			if err != nil {
				t.Fatal(err)
			}
			if p.VersionFromGit() != c.version || p.FilesFromGit() != c.files || !slices.Equal(p.VersionVariables(), c.want) {
				t.Errorf("%s: version %t, files %t, %q; want %t, %t, %q", p.VersionSource, p.VersionFromGit(), p.FilesFromGit(), p.VersionVariables(), c.version, c.files, c.want)
			}
		})
	}
}

// PKG-INFO in a repository counts before git, but not for setuptools_scm, and neither before the user.
func TestPkgInfoInARepository(t *testing.T) {
	const scm = "[build-system]\nrequires = [\"setuptools\", \"setuptools-scm\"]\nbuild-backend = \"setuptools.build_meta\"\n[project]\nname = \"a\"\ndynamic = [\"version\"]\n[tool.setuptools_scm]\n"
	const pbr = "[build-system]\nrequires = [\"pbr\"]\nbuild-backend = \"pbr.build\"\n"
	for name, c := range map[string]struct {
		pyproject, pkgInfo string
		source, warning    string
	}{
		"pbr":            {pbr, "Name: a\nVersion: 7\n", "PKG-INFO", "PKG-INFO:3:1: pbr believes this version before that of git, remove the file from the repository"},
		"pbr, another's": {pbr, "Name: b\nVersion: 7\n", "git (pbr)", ""},
		"setuptools_scm": {scm, "Name: a\nVersion: 7\n", "git (setuptools_scm)", ""},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Load(fstest.MapFS{".git": {Data: []byte("gitdir: x")}, "pyproject.toml": {Data: []byte(c.pyproject)},
				"setup.py":  {Data: []byte("import setuptools\nsetuptools.setup(pbr=" + map[bool]string{true: "True", false: "False"}[c.pyproject == pbr] + ")\n")},
				"setup.cfg": {Data: []byte("[metadata]\nname = a\n")}, "PKG-INFO": {Data: []byte("Metadata-Version: 2.1\n" + c.pkgInfo)}})
			if err != nil {
				t.Fatal(err)
			}
			warning := ""
			for _, w := range p.Warnings {
				warning += w.String()
			}
			if p.VersionSource != c.source || warning != c.warning || !p.NeedsGit || !p.FilesFromGit() {
				t.Errorf("from %s, %q, git %t, files %t; want %s, %q", p.VersionSource, warning, p.NeedsGit, p.FilesFromGit(), c.source, c.warning)
			}
			p.SetVersion("PBR_VERSION")
			if p.Version.Status != Unknown || p.Version.Why != "PBR_VERSION of the environment says it" || p.VersionSource != p.VersionTool {
				t.Errorf("set by the user, the version is %+v of %s", p.Version, p.VersionSource)
			}
		})
	}
}
