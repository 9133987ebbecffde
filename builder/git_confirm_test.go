package builder

import (
	"context"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"

	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// wheelProgram runs the step program without a container and without isolation: what backends
// need is in the environment that it runs in.
const wheelProgram = `
import sys
work, below = sys.argv[1], sys.argv[2:]
sys.path.insert(0, "plan2llb/steps")
import build.env, common, wheel

class Env:
    python_executable = sys.executable
    build_system_requires = ()
    def __enter__(self): return self
    def __exit__(self, *_): pass
    def install(self, requirements): pass

build.env.DefaultIsolatedEnv = Env
build.ProjectBuilder.from_isolated_env = classmethod(lambda cls, env, tree, runner: cls(tree, runner=runner))
wheel.pip_environment = dict
common.RUN, wheel.SOURCE, wheel.OUT, wheel.WORK = work + "/run/", work + "/src", work + "/out", work
sys.argv = ["wheel.py"] + below
wheel.main()
`

// backends makes a virtual environment with the tools that take versions from git, or with others instead.
func backends(t *testing.T, others ...string) string {
	t.Helper()
	if os.Getenv("PBRX_GO_TEST_CONFIRM") != "1" {
		t.Skip("builds with real backends only if PBRX_GO_TEST_CONFIRM=1")
	}
	dir := t.TempDir()
	tools := []string{"pbr", "setuptools", "setuptools-scm", "hatchling", "hatch-vcs", "versioningit", "flit-scm", "pdm-backend", "versioneer"}
	if len(others) > 0 {
		tools = others
	}
	for _, argv := range [][]string{
		{"python3", "-m", "venv", dir},
		append([]string{dir + "/bin/python", "-m", "pip", "install", "--quiet", "--upgrade", "build"}, tools...),
	} {
		if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", argv, err, out)
		}
	}
	return dir + "/bin/python"
}

// demo is a project with one file of data, by the tool that knows its version. In root is where its repository is.
func demo(tool, root string) map[string]string {
	files := map[string]string{"demo/__init__.py": "", "demo/data.txt": "data\n"}
	switch tool {
	case "pbr":
		files["setup.py"] = "import setuptools\nsetuptools.setup(pbr=True)\n"
		files["setup.cfg"] = "[metadata]\nname = demo\n[files]\npackages = demo\n"
		files["pyproject.toml"] = "[build-system]\nrequires = [\"pbr\"]\nbuild-backend = \"pbr.build\"\n"
	case "scm":
		files["pyproject.toml"] = "[build-system]\nrequires = [\"setuptools\", \"setuptools-scm\"]\nbuild-backend = \"setuptools.build_meta\"\n" +
			"[project]\nname = \"demo\"\ndynamic = [\"version\"]\n[tool.setuptools]\npackages = [\"demo\"]\n[tool.setuptools_scm]\nroot = \"" + root + "\"\n"
	case "hatch":
		files["pyproject.toml"] = "[build-system]\nrequires = [\"hatchling\", \"hatch-vcs\"]\nbuild-backend = \"hatchling.build\"\n" +
			"[project]\nname = \"demo\"\ndynamic = [\"version\"]\n[tool.hatch.version]\nsource = \"vcs\"\nraw-options = {root = \"" + root + "\"}\n"
	case "versioningit":
		files["pyproject.toml"] = "[build-system]\nrequires = [\"setuptools\", \"versioningit\"]\nbuild-backend = \"setuptools.build_meta\"\n" +
			"[project]\nname = \"demo\"\ndynamic = [\"version\"]\n[tool.setuptools]\npackages = [\"demo\"]\n[tool.setuptools.package-data]\ndemo = [\"*.txt\"]\n[tool.versioningit]\n"
	}
	return files
}

// pkgInfo is of an older release of demo.
const pkgInfo = "Metadata-Version: 2.1\nName: demo\nVersion: 7.7\n"

// with is a project with one more file.
func with(files map[string]string, name, text string) map[string]string {
	files[name] = text
	return files
}

// runGit runs git as a user with no configuration of their own does.
func runGit(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=Keeper", "-c", "user.email=keeper@example.org", "-c", "protocol.file.allow=always"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// repo makes a repository with the tag 1.2.0 on its only commit.
func repo(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := place(t, files)
	runGit(t, dir, "init", "-q", "-b", "main")
	runGit(t, dir, "add", "-A")
	runGit(t, dir, "commit", "-q", "-m", "one")
	runGit(t, dir, "tag", "1.2.0")
	return dir
}

// below puts a project into a folder of a bigger repository.
func below(folder string, files map[string]string) map[string]string {
	out := map[string]string{"README": "of all\n", ".gitignore": "*.o\n", "other/setup.py": "raise SystemExit\n"}
	for name, text := range files {
		out[folder+"/"+name] = text
	}
	return out
}

// write puts what a build would be sent into a folder, as the user who runs the build.
func write(t *testing.T, files fsutil.FS, into string) {
	t.Helper()
	if err := os.MkdirAll(into, 0o755); err != nil {
		t.Fatal(err)
	}
	err := files.Walk(context.Background(), "", func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(into, path)
		info, err := e.Info()
		if err != nil || e.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		if st, ok := info.Sys().(*types.Stat); ok && e.Type()&fs.ModeSymlink != 0 {
			return os.Symlink(st.Linkname, target)
		}
		r, err := files.Open(path)
		if err != nil {
			return err
		}
		defer r.Close()
		data, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		return os.WriteFile(target, data, info.Mode().Perm())
	})
	if err != nil {
		t.Fatal(err)
	}
}

// made builds the wheel of a project as the step does, and returns its name, whether the file of data
// is in it, and what it warned of; or the line that the step ends with.
func made(t *testing.T, python, dir string, version map[string]string) string {
	t.Helper()
	project, err := setupcfg.Load(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	for name := range version { // as the command does
		project.SetVersion(name)
	}
	in := images.Input{Project: project, Version: version}
	plan, err := images.New(in, images.Options{})
	if err != nil {
		t.Fatal(err)
	}
	source, err := OpenSource(dir, in)
	if err != nil {
		return err.Error()
	}
	work := t.TempDir()
	write(t, source.Files, filepath.Join(work, "src", source.Below))
	args := []string{"-c", wheelProgram, work, "tree"}
	if plan.Source.Sdist {
		args[3] = "sdist"
	}
	if source.Git != nil {
		write(t, source.Git, filepath.Join(work, "src", ".git"))
		args = append(args, "--git")
	}
	if plan.Source.Tags {
		args = append(args, "--tags")
	}
	if plan.Source.Files != "" {
		args = append(args, "--files="+plan.Source.Files)
	}
	if source.Below != "" {
		args = append(args, "--below="+source.Below)
	}
	cmd := exec.Command(python, args...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull, "GIT_CEILING_DIRECTORIES="+work)
	for name, value := range version {
		text := `{"` + name + `": "` + value + `"}`
		if err := os.MkdirAll(filepath.Join(work, "run"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(work, "run", "version.json"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out, err := cmd.CombinedOutput()
	var said []string
	for line := range strings.Lines(string(out)) {
		if text, ok := strings.CutPrefix(strings.TrimSpace(line), "pbrx-go: "); ok {
			said = append(said, text)
		}
	}
	wheels, _ := filepath.Glob(filepath.Join(work, "out", "dist", "*.whl"))
	if err != nil || len(wheels) != 1 {
		if len(said) == 0 {
			t.Fatalf("%v, %d wheels\n%s", err, len(wheels), out)
		}
		t.Logf("%v\n%s", err, out)
		return strings.Join(said, "\n")
	}
	if err := confirmed(project, filepath.Join(work, "out", "meta")); err != nil {
		return err.Error()
	}
	list, err := exec.Command("python3", "-m", "zipfile", "-l", wheels[0]).Output()
	if err != nil {
		t.Fatal(err)
	}
	data := "without data"
	if strings.Contains(string(list), "demo/data.txt") {
		data = "with data"
	}
	result := regexp.MustCompile(`(\+[gd])[0-9a-f.]+|-py.*`).ReplaceAllString(filepath.Base(wheels[0]), "$1") + " " + data
	return strings.Join(slices.Insert(said, 0, result), "\n")
}

// confirmed compares a project with the wheel that was made of it.
func confirmed(project *setupcfg.Project, meta string) error {
	metadata, err := os.ReadFile(filepath.Join(meta, "METADATA"))
	if err != nil {
		return err
	}
	entryPoints, err := os.ReadFile(filepath.Join(meta, "entry_points.txt"))
	if err != nil {
		return err
	}
	wheel, err := setupcfg.ParseWheel(metadata, entryPoints)
	if err != nil {
		return err
	}
	_, err = project.Complete(wheel)
	return err
}

// Every form in which a project's repository comes gives backends the version and the files that git gives on the host.
func TestConfirmWheelsFromGit(t *testing.T) {
	python := backends(t)
	tables, tablesWant := reftable(t)
	for name, c := range map[string]struct {
		dir     func(t *testing.T) string
		version map[string]string
		want    string
	}{
		"worktree": {dir: func(t *testing.T) string {
			main := repo(t, demo("pbr", ""))
			dir := filepath.Join(t.TempDir(), "tree")
			runGit(t, main, "worktree", "add", "-q", "-b", "other", dir)
			runGit(t, dir, "commit", "-q", "--allow-empty", "-m", "two")
			return dir
		}, want: "demo-1.2.1.dev1 with data"},
		"submodule": {dir: func(t *testing.T) string {
			parent := repo(t, map[string]string{"README": ""})
			runGit(t, parent, "submodule", "--quiet", "add", repo(t, demo("pbr", "")), "sub")
			return filepath.Join(parent, "sub")
		}, want: "demo-1.2.0 with data"},
		"parent of a submodule": {dir: func(t *testing.T) string {
			parent := repo(t, demo("scm", "."))
			runGit(t, parent, "submodule", "--quiet", "add", repo(t, map[string]string{"x": ""}), "sub")
			runGit(t, parent, "commit", "-q", "-m", "two")
			runGit(t, parent, "tag", "1.3")
			return parent
		}, want: "demo-1.3 with data"},
		"alternates": {dir: func(t *testing.T) string {
			dir := filepath.Join(t.TempDir(), "clone")
			middle := filepath.Join(t.TempDir(), "middle")
			runGit(t, "", "clone", "-q", "--shared", repo(t, demo("scm", ".")), middle)
			runGit(t, "", "clone", "-q", "--shared", middle, dir)
			return dir
		}, want: "demo-1.2.0 with data"},
		"subdirectory": {dir: func(t *testing.T) string {
			return filepath.Join(repo(t, below("python lib/demo", demo("pbr", ""))), "python lib/demo")
		}, want: "demo-1.2.0 with data"},
		"subdirectory, setuptools_scm": {dir: func(t *testing.T) string {
			return filepath.Join(repo(t, below("lib", demo("scm", ".."))), "lib")
		}, want: "demo-1.2.0 with data"},
		"subdirectory, a file was changed": {dir: func(t *testing.T) string {
			dir := filepath.Join(repo(t, below("lib", demo("hatch", ".."))), "lib")
			runGit(t, dir, "commit", "-q", "--allow-empty", "-m", "two")
			return dir
		}, want: "demo-1.2.1.dev1+g with data"},
		"subdirectory of a worktree, versioningit": {dir: func(t *testing.T) string {
			main := repo(t, below("lib", demo("versioningit", "")))
			dir := filepath.Join(t.TempDir(), "tree")
			runGit(t, main, "worktree", "add", "-q", "-b", "other", dir)
			return filepath.Join(dir, "lib")
		}, want: "demo-1.2.0 with data"},
		"subdirectory of a partial clone": {dir: func(t *testing.T) string {
			origin := repo(t, below("lib", demo("scm", "..")))
			runGit(t, origin, "config", "uploadpack.allowFilter", "true")
			dir := filepath.Join(t.TempDir(), "clone")
			runGit(t, "", "clone", "-q", "--filter=blob:none", "--sparse", "file://"+origin, dir)
			runGit(t, dir, "sparse-checkout", "set", "lib")
			return filepath.Join(dir, "lib")
		}, want: "demo-1.2.0 with data\nnote: the clone is partial: files of the repository outside of lib are not beside it"},
		"link to a neighbour": {dir: func(t *testing.T) string {
			dir := repo(t, below("lib", demo("pbr", "")))
			if err := os.Remove(filepath.Join(dir, "lib/demo/data.txt")); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink("../../README", filepath.Join(dir, "lib/demo/data.txt")); err != nil {
				t.Fatal(err)
			}
			runGit(t, dir, "commit", "-q", "-a", "-m", "two")
			return filepath.Join(dir, "lib")
		}, want: "demo-1.2.1.dev1 with data"},
		"shallow, the version on HEAD": {dir: func(t *testing.T) string {
			origin, dir := repo(t, demo("pbr", "")), filepath.Join(t.TempDir(), "clone")
			runGit(t, origin, "commit", "-q", "--allow-empty", "-m", "two")
			runGit(t, origin, "tag", "-a", "-m", "v2", "v2.0")
			runGit(t, "", "clone", "-q", "--depth", "1", "file://"+origin, dir)
			return dir
		}, want: "demo-2.0.0 with data"},
		"shallow, the version elsewhere": {dir: func(t *testing.T) string {
			origin, dir := repo(t, demo("pbr", "")), filepath.Join(t.TempDir(), "clone")
			runGit(t, origin, "commit", "-q", "--allow-empty", "-m", "two")
			runGit(t, "", "clone", "-q", "--depth", "1", "file://"+origin, dir)
			runGit(t, dir, "fetch", "-q", "--depth", "1", "origin", "tag", "1.2.0")
			return dir
		}, want: "a shallow clone in which HEAD reaches no version tag: run `git fetch --unshallow --tags`; in CI check out the whole history (fetch-depth: 0)"},
		"the version elsewhere": {dir: func(t *testing.T) string {
			dir := repo(t, demo("pbr", ""))
			runGit(t, dir, "checkout", "-q", "--orphan", "new")
			runGit(t, dir, "commit", "-q", "-m", "new")
			runGit(t, dir, "commit", "-q", "--allow-empty", "-m", "second")
			return dir
		}, want: "demo-0.0.1.dev1 with data\nnote: HEAD reaches no version tag: the version is that of a project before its first release; if it has releases, run `git fetch --tags`"},
		"version 0.0.0": {dir: func(t *testing.T) string {
			dir := repo(t, demo("pbr", ""))
			runGit(t, dir, "tag", "--delete", "1.2.0")
			return dir
		}, want: "the version that was made of this history is 0.0.0, which stands for none: tag a commit with a version, as `git tag 0.1.0` does, or say it in the environment (as PBR_VERSION, SETUPTOOLS_SCM_PRETEND_VERSION)"},
		"PKG-INFO, pbr": {dir: func(t *testing.T) string {
			return repo(t, with(demo("pbr", ""), "PKG-INFO", pkgInfo))
		}, want: "demo-7.7 with data"},
		"PKG-INFO, setuptools_scm": {dir: func(t *testing.T) string {
			return repo(t, with(demo("scm", "."), "PKG-INFO", pkgInfo))
		}, want: "demo-1.2.0 with data"},
		"PKG-INFO, hatch-vcs": {dir: func(t *testing.T) string {
			return repo(t, with(demo("hatch", "."), "PKG-INFO", pkgInfo))
		}, want: "demo-7.7 with data"},
		"PKG-INFO, versioningit": {dir: func(t *testing.T) string {
			return repo(t, with(demo("versioningit", ""), "PKG-INFO", pkgInfo))
		}, want: "demo-7.7 with data"},
		"PKG-INFO, pbr, version set": {version: map[string]string{"PBR_VERSION": "9.8"}, dir: func(t *testing.T) string {
			return repo(t, with(demo("pbr", ""), "PKG-INFO", pkgInfo))
		}, want: "demo-9.8 with data"},
		"no commit": {dir: func(t *testing.T) string {
			dir := place(t, demo("pbr", ""))
			runGit(t, dir, "init", "-q")
			runGit(t, dir, "add", "-A")
			return dir
		}, want: "the repository has no commit: the version would be 0.0.0: commit, or build without git"},
		"nothing tracked": {dir: func(t *testing.T) string {
			dir := place(t, demo("pbr", ""))
			runGit(t, dir, "init", "-q")
			return dir
		}, want: "git tracks no file of the project: its wheel would lack data files and more: git add and commit them"},
		"nothing tracked below": {dir: func(t *testing.T) string {
			dir := repo(t, map[string]string{"README": ""})
			if err := os.CopyFS(filepath.Join(dir, "lib"), os.DirFS(place(t, demo("scm", "..")))); err != nil {
				t.Fatal(err)
			}
			return filepath.Join(dir, "lib")
		}, want: "git tracks no file of lib: its wheel would lack data files and more: git add and commit them"},
		"version of pbr set": {version: map[string]string{"PBR_VERSION": "9.8"}, dir: func(t *testing.T) string {
			origin, dir := repo(t, demo("pbr", "")), filepath.Join(t.TempDir(), "clone")
			runGit(t, "", "clone", "-q", "--depth", "1", "--no-tags", "file://"+origin, dir)
			return dir
		}, want: "demo-9.8 with data"},
		"version of setuptools_scm set": {version: map[string]string{"SETUPTOOLS_SCM_PRETEND_VERSION_FOR_DEMO": "9.8"}, dir: func(t *testing.T) string {
			return repo(t, demo("scm", "."))
		}, want: "demo-9.8 with data"},
		"version of hatch-vcs set, without git": {version: map[string]string{"SETUPTOOLS_SCM_PRETEND_VERSION": "9.8"}, dir: func(t *testing.T) string {
			return place(t, demo("hatch", "."))
		}, want: "demo-9.8 with data"},
		"tables of references": {dir: func(*testing.T) string { return tables }, want: tablesWant},
		"another user's": {dir: func(t *testing.T) string {
			dir := repo(t, demo("pbr", ""))
			if os.Getuid() != 0 {
				return dir // no one else can own it
			}
			err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
				if err != nil {
					return err
				}
				return os.Lchown(path, 12345, 12345)
			})
			if err != nil {
				t.Fatal(err)
			}
			return dir
		}, want: "demo-1.2.0 with data"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := made(t, python, c.dir(t), c.version)
			if got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}
