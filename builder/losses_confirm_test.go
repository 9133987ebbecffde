package builder

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// alone is a project of pbr that has no setup.py and no setup.cfg, as pbr allows from 7.1 on.
func alone() map[string]string {
	return map[string]string{
		"demo/__init__.py": "", "demo/cli.py": "def main(): pass\n", "requirements.txt": "tabulate>=0.8\npackaging\n",
		"pyproject.toml": "[build-system]\nrequires = [\"pbr\"]\nbuild-backend = \"pbr.build\"\n[project]\nname = \"demo\"\ndynamic = [\"version\", \"dependencies\"]\n" +
			"[project.scripts]\ndemo = \"demo.cli:main\"\n[tool.setuptools]\npackages = [\"demo\"]\n",
	}
}

// versioneer is a project whose version is versioneer's.
func versioneer() map[string]string {
	return map[string]string{"demo/__init__.py": "", "demo/data.txt": "",
		"setup.py": "import setuptools\nimport versioneer\nsetuptools.setup(version=versioneer.get_version(), cmdclass=versioneer.get_cmdclass())\n",
		"pyproject.toml": "[build-system]\nrequires = [\"setuptools\", \"versioneer\"]\nbuild-backend = \"setuptools.build_meta\"\n" +
			"[project]\nname = \"demo\"\ndynamic = [\"version\"]\n[tool.setuptools]\npackages = [\"demo\"]\n[tool.setuptools.package-data]\ndemo = [\"*.txt\"]\n" +
			"[tool.versioneer]\nVCS = \"git\"\nstyle = \"pep440\"\nversionfile_source = \"demo/_version.py\"\nversionfile_build = \"demo/_version.py\"\ntag_prefix = \"\"\n",
	}
}

// plus is a project with other files, too.
func plus(files map[string]string, more ...string) map[string]string {
	files = maps.Clone(files)
	for i := 0; i < len(more); i += 2 {
		files[more[i]] = more[i+1]
	}
	return files
}

// second commits what is there as version 1.3.
func second(t *testing.T, dir string) {
	t.Helper()
	runGit(t, dir, "add", ".")
	runGit(t, dir, "commit", "-q", "-m", "two")
	runGit(t, dir, "tag", "1.3")
}

// What backends lose without a word ends the build with the cause, and what projects leave out on purpose does not.
func TestConfirmLosses(t *testing.T) {
	python := backends(t)
	// No setuptools_scm, which has setuptools ask git for the files of any project where it is installed.
	clean := backends(t, "pbr", "setuptools")
	// pbr before 7.1, for which setuptools must have pkg_resources.
	old := backends(t, "pbr==7.0.3", "setuptools<81")
	const dropped = " is declared here, but the wheel's METADATA has no such Requires-Dist, pbr before 7.1 drops it without a setup.py with pbr=True and a setup.cfg: require pbr>=7.1, or add them"
	const none = "the version that was made of this history is %s, which stands for none: tag a commit with a version, as `git tag 0.1.0` does, or say it in the environment (as PBR_VERSION, SETUPTOOLS_SCM_PRETEND_VERSION)"
	pbr, scm := demo("pbr", ""), demo("scm", ".")
	for name, c := range map[string]struct {
		python  string
		files   map[string]string
		prepare func(t *testing.T, dir string)
		version map[string]string
		want    string
	}{
		"pbr alone": {python: clean, files: alone(), want: "demo-1.2.0 without data"},
		"pbr alone, data": {python: clean, files: plus(alone(), "demo/data.txt", "data"),
			want: "the wheel lacks 1 of the files that git tracks (demo/data.txt): without a setup.py with pbr=True and a setup.cfg, pbr asks git for the version only: " +
				"name them in MANIFEST.in, as `graft demo` does, or leave them out there (exclude, prune)"},
		"pbr alone, data named":    {python: clean, files: plus(alone(), "demo/data.txt", "data", "MANIFEST.in", "graft demo\n"), want: "demo-1.2.0 with data"},
		"pbr alone, data left out": {python: clean, files: plus(alone(), "demo/data.txt", "data", "MANIFEST.in", "# not for release\nglobal-exclude \\\n  *.txt\n"), want: "demo-1.2.0 without data"},
		"pbr alone, old": {python: old, files: alone(),
			want: "pbr 7.0.3 made the version 0.0.0, and takes no requirements and no list of files either: before 7.1 it needs a setup.py with pbr=True and a setup.cfg: add them, or require pbr>=7.1"},
		"pbr alone, old, version set": {python: old, files: alone(), version: map[string]string{"PBR_VERSION": "9.8"},
			want: `requirements.txt:1:1: the requirement "tabulate>=0.8"` + dropped + "\n" + `requirements.txt:2:1: the requirement "packaging"` + dropped},
		"pbr, old":      {python: old, files: plus(pbr, "requirements.txt", "packaging\n"), want: "demo-1.2.0 with data"},
		"pbr, left out": {files: plus(pbr, "MANIFEST.in", "prune demo/none\nexclude demo/data.txt\n"), want: "demo-1.2.0 without data"},
		"pbr, no list wanted": {files: plus(pbr, "setup.cfg", pbr["setup.cfg"]+"[pbr]\nskip_git_sdist = true\n"),
			want: "pbr's source distribution lacks setup.py: it did not ask git for the files: remove skip_git_sdist from setup.cfg, or name all of them in MANIFEST.in"},
		"pbr, own list": {files: plus(pbr, "setup.cfg", pbr["setup.cfg"]+"[pbr]\nskip_git_sdist = true\n", "MANIFEST.in", "include setup.py\n"), want: "demo-1.2.0 without data"},
		"pbr, data files": {files: plus(pbr, "etc/x.conf", "x", "tests/demo/data.txt", "", "setup.cfg", pbr["setup.cfg"]+"data_files =\n  etc/demo = etc/*\n"),
			want: "demo-1.2.0 with data"},
		"a build that is too new": {python: clean, files: plus(pbr, "setup.py", "import pkg_resources\n"+pbr["setup.py"]),
			want: "building the wheel: ModuleNotFoundError: No module named 'pkg_resources': what builds this is from before that was removed: constrain it, as with setuptools<81 in the file that PIP_BUILD_CONSTRAINT names"},
		"a build that is constrained": {python: old, files: plus(pbr, "setup.py", "import pkg_resources\n"+pbr["setup.py"]), want: "demo-1.2.0 with data"},
		"setup hooks": {files: plus(pbr, "demo/hook.py", "def say(config):\n    config['metadata']['summary'] = 'hooked'\n",
			"setup.cfg", pbr["setup.cfg"]+"[global]\nsetup_hooks =\n    demo.hook.say\n"), want: "demo-1.2.0 with data"},
		"setuptools_scm, left out":   {files: plus(scm, ".gitattributes", "*.txt export-ignore\n"), want: "demo-1.2.0 without data"},
		"setuptools_scm, not wanted": {files: plus(scm, "pyproject.toml", scm["pyproject.toml"]+"[tool.setuptools.exclude-package-data]\n\"*\" = [\"*.txt\"]\n"), want: "demo-1.2.0 without data"},
		"setuptools_scm, not committed": {files: scm, prepare: func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, "demo/new.txt"), nil, 0o644); err != nil {
				t.Fatal(err)
			}
			runGit(t, dir, "add", ".")
		}, want: "demo-1.2.1.dev0+g with data"},
		"setuptools_scm, static version": {files: plus(scm, "pyproject.toml", strings.Replace(scm["pyproject.toml"], `dynamic = ["version"]`, `version = "3.4"`, 1)),
			want: "demo-3.4 with data"},
		"flit-scm": {files: map[string]string{"demo/__init__.py": "'demo'\nfrom ._version import version as __version__\n", "demo/data.txt": "", ".gitignore": "_version.py\n",
			"pyproject.toml": "[build-system]\nrequires = [\"flit_scm\"]\nbuild-backend = \"flit_scm:buildapi\"\n[project]\nname = \"demo\"\ndescription = \"demo\"\ndynamic = [\"version\"]\n" +
				"[tool.setuptools_scm]\nwrite_to = \"demo/_version.py\"\n"}, want: "demo-1.2.0 with data"},
		"pdm": {files: map[string]string{"demo/__init__.py": "", "demo/data.txt": "",
			"pyproject.toml": "[build-system]\nrequires = [\"pdm-backend\"]\nbuild-backend = \"pdm.backend\"\n[project]\nname = \"demo\"\ndynamic = [\"version\"]\n[tool.pdm.version]\nsource = \"scm\"\n"},
			want: "demo-1.2.0 with data"},
		"versioneer": {files: versioneer(), prepare: func(t *testing.T, dir string) {
			cmd := exec.Command(python, "-m", "versioneer", "install", "--no-vendor")
			cmd.Dir = dir
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			second(t, dir)
		}, want: "demo-1.3 with data"},
		"versioneer, no tag": {files: versioneer(), prepare: func(t *testing.T, dir string) { runGit(t, dir, "tag", "-d", "1.2.0") },
			want: strings.Replace(none, "%s", "0+untagged.1.g", 1)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := repo(t, c.files)
			if c.prepare != nil {
				c.prepare(t, dir)
			}
			interpreter := python
			if c.python != "" {
				interpreter = c.python
			}
			got := regexp.MustCompile(`(\.g)[0-9a-f]{7}`).ReplaceAllString(made(t, interpreter, dir, c.version), "$1")
			if got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}
