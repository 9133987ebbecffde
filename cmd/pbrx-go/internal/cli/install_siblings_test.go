package cli

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// harbour is a folder with checkouts, and a virtual environment with releases of some of them: harbour 1 wants SeaFog
// below 2 and tide; there are releases of tide up to 1.5.
type harbour struct {
	dir, venv, temp string
	env             []string
	backend         string
	// pristine is what site has in the beginning.
	pristine []string
}

func newHarbour(t *testing.T) *harbour {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("install-siblings: there is no python3")
	}
	backend, err := os.ReadFile("testdata/backend.py")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	h := &harbour{dir: dir, backend: string(backend), venv: filepath.Join(dir, "venv"), temp: filepath.Join(dir, "temp")}
	h.env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + h.temp, "VIRTUAL_ENV=" + h.venv, "PIP_CONFIG_FILE=" + os.DevNull,
		"PIP_NO_INDEX=1", "PIP_FIND_LINKS=" + filepath.Join(dir, "links"), "PIP_DISABLE_PIP_VERSION_CHECK=1"}
	t.Setenv("TMPDIR", h.temp)
	t.Chdir(dir)
	for _, name := range []string{"links", "temp", "empty"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	h.checkout(t, "releases/harbour", "harbour", "1", "seafog<2", "tide")
	h.checkout(t, "releases/seafog", "SeaFog", "1.0")
	for _, version := range []string{"1.0", "1.2", "1.5"} {
		h.checkout(t, "releases/tide"+version, "tide", version)
	}
	releases, _ := filepath.Glob("releases/*")
	for _, release := range releases {
		cmd := exec.Command(python, "-c", "import backend; backend.build_wheel('../../links')")
		cmd.Dir = release
		runs(t, cmd)
	}
	h.checkout(t, "harbour", "harbour", "1.1", "seafog<2", "tide", "buoy")
	h.checkout(t, "seafog", "SeaFog", "2.0.dev3", "tide>=1.1", "fog-horn")
	h.checkout(t, "tide", "tide", "1.9")
	h.checkout(t, "buoy", "buoy", "7")
	h.checkout(t, "horn", "Fog_Horn", "8")
	h.checkout(t, "other", "other", "9")
	runs(t, exec.Command(python, "-m", "venv", h.venv))
	return h
}

// checkout makes a project that is built without anything else.
func (h *harbour) checkout(t *testing.T, dir, name, version string, requires ...string) {
	t.Helper()
	facts, err := json.Marshal(map[string]any{"name": name, "version": version, "requires": append([]string{}, requires...)})
	if err != nil {
		t.Fatal(err)
	}
	list, _ := json.Marshal(append([]string{}, requires...))
	pyproject := "[build-system]\nrequires = []\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n"
	if name != "Fog_Horn" { // which only its backend calls so
		pyproject += "\n[project]\nname = \"" + name + "\"\nversion = \"" + version + "\"\ndependencies = " + string(list) + "\n"
	}
	for file, text := range map[string]string{"backend.py": h.backend, "project.json": string(facts), "pyproject.toml": pyproject,
		"setup.cfg": "[metadata]\nname = " + name + "\n"} { // pbrx reads nothing else
		path := filepath.Join(h.dir, dir, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func runs(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
	return string(out)
}

// site is the folder that pip installs into.
func (h *harbour) site(t *testing.T) string {
	t.Helper()
	found, _ := filepath.Glob(h.venv + "/lib/python3*/site-packages")
	if len(found) != 1 {
		t.Fatalf("%s has %q", h.venv, found)
	}
	return found[0]
}

// reset leaves the releases of harbour, SeaFog and tide 1.0, and what was there in the beginning. pip would take longer.
func (h *harbour) reset(t *testing.T) {
	t.Helper()
	site := h.site(t)
	entries, err := os.ReadDir(site)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if h.pristine != nil && !slices.Contains(h.pristine, e.Name()) {
			if err := os.RemoveAll(filepath.Join(site, e.Name())); err != nil {
				t.Fatal(err)
			}
		}
	}
	if h.pristine == nil {
		for _, e := range entries {
			h.pristine = append(h.pristine, e.Name())
		}
	}
	for _, wheel := range []string{"harbour-1", "seafog-1.0", "tide-1.0"} {
		r, err := zip.OpenReader(filepath.Join(h.dir, "links", wheel+"-py3-none-any.whl"))
		if err != nil {
			t.Fatal(err)
		}
		err = os.CopyFS(site, r)
		r.Close()
		if err != nil {
			t.Fatal(err)
		}
	}
}

// has are the distributions that the environment did not have in the beginning; those that are editable with their folder.
func (h *harbour) has(t *testing.T) []string {
	t.Helper()
	var out []string
	found, _ := filepath.Glob(h.site(t) + "/*.dist-info")
	for _, info := range found {
		if slices.Contains(h.pristine, filepath.Base(info)) {
			continue
		}
		text := strings.TrimSuffix(filepath.Base(info), ".dist-info")
		var direct struct{ URL string }
		if data, err := os.ReadFile(filepath.Join(info, "direct_url.json")); err == nil {
			if err := json.Unmarshal(data, &direct); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(data), `"editable": true`) {
				direct.URL += " (not editable)"
			}
			text += " " + strings.TrimPrefix(direct.URL, "file://"+h.dir+"/")
		}
		out = append(out, text)
	}
	return out
}

func (h *harbour) install(t *testing.T, env []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errOut bytes.Buffer
	code = Main(t.Context(), append([]string{"install-siblings"}, args...), Streams{In: strings.NewReader(""), Out: &out, Err: &errOut},
		append(slices.Clone(h.env), env...))
	if left, _ := filepath.Glob(h.temp + "/pbrx-go-*"); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	return code, strings.ReplaceAll(out.String(), h.dir, "DIR"), strings.ReplaceAll(errOut.String(), h.dir, "DIR")
}

// said are the lines of ours among those of pip.
func said(stderr string) string {
	var out []string
	for line := range strings.Lines(stderr) {
		for _, start := range []string{"installing into", "warning: ", "error: ", "constraint "} {
			if strings.HasPrefix(line, start) || strings.Contains(line, "is left alone") {
				out = append(out, line)
				break
			}
		}
	}
	return strings.Join(out, "")
}

func TestInstallSiblings(t *testing.T) {
	h := newHarbour(t)
	t.Run("installed", h.testInstalled)
	t.Run("egg-info", h.testEggInfo)
	t.Run("refused", h.testRefused)
	t.Run("as pbrx did", h.confirm)
}

func (h *harbour) testInstalled(t *testing.T) {
	for name, text := range map[string]string{
		"upper.txt":      "Sea_Fog===1.0\nSeaFog===1.0\ntide===1.2\nharbour===1\nfog.horn===1\n",
		"configured.txt": "SEAFOG===1.0\nbuoy===6\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const into = "installing into DIR/venv (VIRTUAL_ENV)\n"
	const clash = "warning: harbour 1 requires seafog<2, and the sibling is 2.0.dev3: the environment has it all the same\n"
	for name, c := range map[string]struct {
		env, args      []string
		stdout, stderr string
		has            []string
	}{
		// Only what is wanted, with what it requires at the version that the constraints allow.
		"constraints": {
			env:  []string{"PIP_CONSTRAINT=configured.txt"},
			args: []string{"seafog", "other", "empty", "harbour", "horn", "-c", "upper.txt", "--project", "harbour"},
			stderr: into + "other is left alone: nothing in the environment has or requires it\n" +
				"empty is left alone: there is no Python project in it\n" +
				"harbour is left alone: it is the project itself\n" +
				"constraint SEAFOG===1.0 of configured.txt:1:1 is left out: it is a sibling\n" +
				"constraint SeaFog===1.0 of upper.txt:2:1 is left out: it is a sibling\n" +
				"constraint harbour===1 of upper.txt:4:1 is left out: it is the project itself\n" +
				"constraint fog.horn===1 of upper.txt:5:1 is left out: it is a sibling\n" + clash,
			stdout: "SeaFog 2.0.dev3 (from seafog)\nFog_Horn 8 (from horn)\n",
			has:    []string{"fog_horn-8 horn", "harbour-1", "seafog-2.0.dev3 seafog", "tide-1.2"},
		},
		"required by the project, and not there": {
			args:   []string{"buoy", "horn", "--project", "harbour"},
			stderr: into + "horn is left alone: nothing in the environment has or requires it\n",
			stdout: "buoy 7 (from buoy)\n",
			has:    []string{"buoy-7 buoy", "harbour-1", "seafog-1.0", "tide-1.0"},
		},
		"nothing": {
			env:    []string{"VIRTUAL_ENV=", "PATH=" + h.venv + "/bin:" + os.Getenv("PATH")},
			args:   []string{"buoy"},
			stderr: "installing into DIR/venv (python3 on the PATH)\nbuoy is left alone: nothing in the environment has or requires it\n",
			has:    []string{"harbour-1", "seafog-1.0", "tide-1.0"},
		},
		"json": {
			args:   []string{"tide", "other", "--format", "json"},
			stderr: into + "other is left alone: nothing in the environment has or requires it\n",
			stdout: `{
  "environment": "DIR/venv",
  "left": [
    {
      "dir": "other",
      "name": "other",
      "why": "nothing in the environment has or requires it"
    }
  ],
  "python": "DIR/venv/bin/python",
  "siblings": [
    {
      "name": "tide",
      "version": "1.9",
      "dir": "tide",
      "before": "1.0"
    }
  ]
}
`,
			has: []string{"harbour-1", "seafog-1.0", "tide-1.9 tide"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			h.reset(t)
			code, stdout, stderr := h.install(t, c.env, c.args...)
			if code != 0 || stdout != c.stdout || said(stderr) != c.stderr {
				t.Errorf("status %d\n%s%s\nwant\n%s%s", code, stdout, stderr, c.stdout, c.stderr)
			}
			if got := h.has(t); !slices.Equal(got, c.has) {
				t.Errorf("the environment has %q, want %q", got, c.has)
			}
		})
	}
}

// Programs of an egg-info look at the versions in its requires.txt, which pbrx took out.
func (h *harbour) testEggInfo(t *testing.T) {
	h.reset(t)
	site := h.site(t)
	info := filepath.Join(site, "harbour-1.egg-info")
	if err := os.Rename(filepath.Join(site, "harbour-1.dist-info"), info); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(info, "METADATA")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(info, "PKG-INFO"), []byte("Metadata-Version: 2.1\nName: harbour\nVersion: 1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	requires := filepath.Join(info, "requires.txt")
	if err := os.WriteFile(requires, []byte("SeaFog[dense]<2\nseafogs<2\n\n[dev]\ntide<2\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := h.install(t, nil, "seafog", "horn", "--project", "harbour")
	if want := "installing into DIR/venv (VIRTUAL_ENV)\n"; code != 0 || said(stderr) != want {
		t.Errorf("status %d, %s", code, stderr)
	}
	text, err := os.ReadFile(requires)
	if want := "SeaFog[dense]\nseafogs<2\n\n[dev]\ntide<2\n"; err != nil || string(text) != want {
		t.Errorf("requires.txt is %q, %v, want %q", text, err, want)
	}
}

func (h *harbour) testRefused(t *testing.T) {
	h.reset(t)
	h.checkout(t, "twin", "sea_fog", "3")
	h.checkout(t, "twins", "Sea.Fog", "3")
	h.checkout(t, "lost", "tide", "4", "nowhere>=2")
	h.checkout(t, "broken", "broken", "1")
	for name, text := range map[string]string{"broken/pyproject.toml": "[project]\nname = 3\n", "file": ""} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	python := filepath.Join(h.dir, "bin/python3")
	if err := os.Mkdir("bin", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(python, []byte("#!/bin/sh\ncat >/dev/null\necho '{\"virtual\": false}'\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		env, args []string
		code      int
		stderr    string
	}{
		"no folder": {code: 2, stderr: "`pbrx-go install-siblings` takes the folders of siblings: see `pbrx-go install-siblings --help`"},
		"not there": {args: []string{"nope", "file"}, code: 2, stderr: "reading a sibling: stat nope: no such file or directory\nreading a sibling: file is no directory"},
		"a broken project": {args: []string{"broken"}, code: 2, stderr: `broken/pyproject.toml:1:1: [project] has no version and does not list it in dynamic, add version = "…", or dynamic = ["version"] if the backend knows it` + "\n" +
			`broken/pyproject.toml:2:1: project.name must be a string, put it into quotes`},
		"one name twice": {args: []string{"twin", "tide", "twins"}, code: 2, stderr: "twin and twins are both Sea.Fog: name one of them"},
		"no project":     {args: []string{"tide", "--project", "empty"}, code: 2, stderr: "--project empty: there is no setup.cfg, pyproject.toml or setup.py in it: name the folder of a Python project"},
		"not virtual": {args: []string{"tide"}, env: []string{"VIRTUAL_ENV=", "PATH=" + h.dir + "/bin:/usr/bin:/bin"}, code: 2,
			stderr: "finding the virtual environment: DIR/bin/python3 is not in one: activate one, or set VIRTUAL_ENV to its folder (python3 -m venv makes one)"},
		"a stale VIRTUAL_ENV": {args: []string{"tide"}, env: []string{"VIRTUAL_ENV=/nope"}, code: 2,
			stderr: "finding the virtual environment: VIRTUAL_ENV is /nope: stat /nope/bin/python: no such file or directory: activate one that is there"},
		"no python": {args: []string{"tide"}, env: []string{"VIRTUAL_ENV=", "PATH=" + h.dir}, code: 2,
			stderr: "finding the virtual environment: VIRTUAL_ENV is not set and there is no python3 on the PATH: activate a virtual environment"},
		"pip cannot": {args: []string{"lost"}, code: 1,
			stderr: "building siblings in DIR/venv: No matching distribution found for nowhere>=2"},
		"a constraint that is none": {args: []string{"tide", "-c", "nope.txt"}, code: 2, stderr: "--constraint: open nope.txt: no such file or directory: name a file of constraints"},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := h.install(t, c.env, c.args...)
			var errorText []string
			for line := range strings.Lines(stderr) {
				if text, ok := strings.CutPrefix(line, "error: "); ok {
					errorText = append(errorText, strings.TrimSuffix(text, "\n"))
				}
			}
			if got := strings.Join(errorText, "\n"); code != c.code || got != c.stderr || stdout != "" {
				t.Errorf("status %d\n%s\nwant %d\n%s", code, stderr, c.code, c.stderr)
			}
		})
	}
	// What pip could not do, it did not do by half: pbrx had removed tide by now.
	if got, want := h.has(t), []string{"harbour-1", "seafog-1.0", "tide-1.0"}; !slices.Equal(got, want) {
		t.Errorf("the environment has %q, want %q", got, want)
	}
}

// confirm compares with pbrx itself, with names as it understands them. It comes last: pbrx brings distributions of its own.
func (h *harbour) confirm(t *testing.T) {
	if os.Getenv("PBRX_GO_TEST_CONFIRM") == "" {
		t.Skip("confirm: PBRX_GO_TEST_CONFIRM is not set")
	}
	if err := os.WriteFile("upper.txt", []byte("seafog===1.0\ntide===1.2\nharbour===1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	h.checkout(t, "seafog", "seafog", "2.0.dev3", "tide>=1.1")
	h.reset(t)
	fetch := exec.Command(filepath.Join(h.venv, "bin/python"), "-m", "pip", "install", "-q", "pbrx==0.1.0", "setuptools<81")
	runs(t, fetch)
	for _, name := range []string{"pbrx-0.1.0", "pbr-", "sh-", "setuptools-"} { // which has no longer what h.pristine says
		found, _ := filepath.Glob(filepath.Join(h.site(t), name+"*.dist-info"))
		for _, info := range found {
			h.pristine = append(h.pristine, filepath.Base(info))
		}
	}
	t.Chdir("harbour")
	args := []string{"-c", "../upper.txt", "../seafog", "../other", "../empty"}

	theirs := exec.Command(filepath.Join(h.venv, "bin/python"), append([]string{"-m", "pbrx.cmd.main", "install-siblings"}, args...)...)
	theirs.Env = h.env
	t.Logf("pbrx: %s", runs(t, theirs))
	want := h.has(t)
	h.reset(t)
	if code, _, stderr := h.install(t, nil, args...); code != 0 {
		t.Fatalf("status %d: %s", code, stderr)
	}
	if got := h.has(t); !slices.Equal(got, want) || len(want) != 3 || want[1] != "seafog-2.0.dev3 seafog" {
		t.Errorf("the environment has %q, pbrx made %q", got, want)
	}
}
