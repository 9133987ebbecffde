package main

import (
	"encoding/json"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	dockerengine "github.com/pbrx-go/pbrx-go/builder/engine/docker"
)

// The same projects give the same images on every engine. What the embedded engine builds is what
// the others are compared with; it is built for other tests, too.

// choiceOf is an engine as a user chooses it, and what is particular about it.
type choiceOf struct {
	name string
	args []string
	env  []string
	// ownBuildKit: it brings a BuildKit of another version, which writes other bytes for the same files.
	ownBuildKit bool
}

func engines(t *testing.T) (embedded, docker, buildkitd choiceOf) {
	t.Helper()
	host := dockerHost(t)
	embedded = choiceOf{name: "embedded", args: []string{"--engine", "embedded"}, env: []string{"DOCKER_HOST", "BUILDKIT_HOST"}}
	docker = choiceOf{name: "docker", args: []string{"--engine", "docker"}, env: []string{"DOCKER_HOST=" + host, "BUILDKIT_HOST"}, ownBuildKit: true}
	buildkitd = choiceOf{name: "buildkitd", args: []string{"--engine", buildkitdAddress(t)}, env: []string{"DOCKER_HOST", "BUILDKIT_HOST"}}
	return embedded, docker, buildkitd
}

// keepsSnapshots says whether a Docker Engine has the containerd image store; make test-docker tests one that has.
func keepsSnapshots(t *testing.T, host string) bool {
	t.Helper()
	d, err := dockerengine.Open(t.Context(), dockerengine.Endpoint{Host: host, Source: "the test"})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	return d.Containerd()
}

// build builds a project into a layout.
func (e choiceOf) build(t *testing.T, project, layout string, env ...string) outcome {
	t.Helper()
	return command{args: buildArgs(project, testBase(t), layout, e.args...), env: slices.Concat(e.env, env)}.succeed(t)
}

// run runs a script of the images in a layout.
func (e choiceOf) run(t *testing.T, layout string, script []string) outcome {
	t.Helper()
	args := slices.Concat([]string{"run"}, e.args, []string{"--output", "oci:" + layout}, script)
	return command{args: args, env: e.env}.run(t)
}

// comparison is a project that all engines build.
type comparison struct {
	*fixture
	// scripts are run on every engine; the first must say what stdout, a regular expression, says.
	scripts [][]string
	stdout  string
	// edit, a file and a text in it, changes a source.
	edit []string
}

func TestEngines(t *testing.T) {
	testBase(t)
	embedded, docker, buildkitd := engines(t)
	host := dockerHost(t)
	before := dockerImages(t, host)
	constraints := filepath.Join(t.TempDir(), "constraints.txt")
	write(t, constraints, "setuptools<81\n") // the last with pkg_resources, which nodepool imports and does not ask for
	for _, c := range []comparison{
		{fixture: &leafcount, scripts: [][]string{{"leafcount-report"}, {"leafcount", "--exit", "7"}}, stdout: `(?s)document .*\nsample\.yaml +6\n`,
			edit: []string{"src/leafcount/cli.py", `"leaves"]`, `"foliage"]`}},
		{fixture: &lightship, scripts: [][]string{{"lightship-keeper"}, {"lightship-exit", "119"}}, stdout: `(?s)lightship-keeper 2\.3\.0\n.*lamps  5\n`,
			edit: []string{"lightship/signals.txt", "fog: two long", "fog: four long"}},
		{fixture: &bindep, scripts: [][]string{{"bindep", "--version"}}, stdout: `bindep 2\.14\.0\n`},
		{fixture: &openstackclient, scripts: [][]string{{"openstack", "--version"}}, stdout: `openstack 8\.2\.0\n`},
		{fixture: &fixture{name: "nodepool", version: "11.0.0", env: []string{"PIP_CONSTRAINT=" + constraints}},
			scripts: [][]string{{"nodepool", "--version"}, {"nodepool-builder", "--version"}, {"nodepool-launcher", "--help"}}, stdout: `Nodepool version: 11\.0\.0\n`},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.build(t)
			for _, e := range []choiceOf{docker, buildkitd} {
				t.Run(e.name, func(t *testing.T) { c.compare(t, embedded, e) })
			}
			if c.edit != nil {
				t.Run("embedded", func(t *testing.T) {
					project, layout := c.copy(t, t.TempDir()), filepath.Join(t.TempDir(), "layout")
					embedded.build(t, project, layout)
					c.rebuild(t, embedded, project, layout)
				})
			}
		})
	}
	checkNames(t, dockerImages(t, host), before...) // no helping image, and none that nobody named
}

// compare builds the project on another engine and compares everything that comes of it.
func (c comparison) compare(t *testing.T, embedded, e choiceOf) {
	project, layout := c.project, filepath.Join(t.TempDir(), "layout")
	if c.edit != nil {
		project = c.copy(t, t.TempDir())
	}
	out := e.build(t, project, layout, c.pinned(t)...)
	one, other := readLayout(t, c.layout), readLayout(t, layout)
	checkBlobs(t, other)
	checkNames(t, other.names(), one.names()...)
	checkString(t, "stdout", withoutDigests(out.stdout), withoutDigests(c.out.stdout))
	checkString(t, "stderr", withoutMeasures(out.stderr), withoutMeasures(c.out.stderr))
	if e.ownBuildKit {
		c.compareFiles(t, one, other)
	} else {
		// The same BuildKit: not even a compressed layer differs.
		checkString(t, "stdout", out.stdout, c.out.stdout)
	}
	for n, script := range c.scripts {
		a, b := embedded.run(t, c.layout, script), e.run(t, layout, script)
		if a.stdout != b.stdout || a.stderr != b.stderr || a.code != b.code {
			t.Errorf("%q ended with %d:\n%s%s\nand on the embedded engine with %d:\n%s%s", script, b.code, b.stdout, b.stderr, a.code, a.stdout, a.stderr)
		}
		if n == 0 && !regexp.MustCompile(`\A`+c.stdout+`\z`).MatchString(b.stdout) {
			t.Errorf("%q says %q, want %s; stderr: %s", script, b.stdout, c.stdout, b.stderr)
		}
	}
	if c.edit != nil {
		c.rebuild(t, e, project, layout)
	}
}

// rebuild builds again what was just built: as it is, and with a changed source.
func (c comparison) rebuild(t *testing.T, e choiceOf, project, layout string) {
	t.Helper()
	again := e.build(t, project, layout)
	if ran := again.ran(t); len(ran) > 0 {
		t.Errorf("the unchanged build ran %q", ran)
	}
	edit(t, filepath.Join(project, c.edit[0]), c.edit[1], c.edit[2])
	want := []string{"[project] install", "[project] wheel"}
	if ran := e.build(t, project, layout).ran(t); !slices.Equal(ran, want) {
		t.Errorf("a changed source made run %q, want %q", ran, want)
	}
}

// pinned is the environment in which pip finds the versions that the embedded engine's images have: an index may
// have newer ones a minute later. The sample projects and bindep need little that ever changes.
func (c comparison) pinned(t *testing.T) []string {
	t.Helper()
	if c.name != "nodepool" && c.name != "python-openstackclient" {
		return nil
	}
	info := regexp.MustCompile(`/site-packages/([^/]+?)-([^/-]+)\.dist-info/METADATA$`) // not those that others carry along
	pins := map[string]bool{}
	for _, img := range readLayout(t, c.layout).images(t) {
		for n := 1; n < len(img.manifest.Layers); n++ {
			for _, f := range filesOf(t, img, n) {
				if m := info.FindStringSubmatch(f.path); m != nil && !strings.EqualFold(strings.ReplaceAll(m[1], "_", "-"), c.name) {
					pins[m[1]+"=="+m[2]+"\n"] = true
				}
			}
		}
	}
	if len(pins) < 20 {
		t.Fatalf("%s has only %d distributions", c.name, len(pins))
	}
	text := ""
	for pin := range pins {
		text += pin
	}
	file := filepath.Join(t.TempDir(), "pins.txt")
	write(t, file, text)
	return []string{"PIP_CONSTRAINT=" + file}
}

// compareFiles compares images whose layers are not the same bytes.
func (c comparison) compareFiles(t *testing.T, one, other ociLayout) {
	t.Helper()
	for _, name := range one.names() {
		a, b := one.image(t, name), other.image(t, name)
		if x, y := configOf(t, a), configOf(t, b); !reflect.DeepEqual(x, y) {
			t.Errorf("%s is configured as\n%v\nand on the embedded engine as\n%v", name, y, x)
		}
		if len(a.manifest.Layers) != len(b.manifest.Layers) {
			t.Errorf("%s has %d layers, and %d on the embedded engine", name, len(b.manifest.Layers), len(a.manifest.Layers))
		}
		// The base is what it was given. Other layers cannot be the same bytes: Docker writes the type of a file into
		// its mode, in the headers of a tarball, and has folders in it of which nothing but the time changed.
		if x, y := a.config.RootFS.DiffIDs[0], b.config.RootFS.DiffIDs[0]; x != y {
			t.Errorf("the base of %s is %s, and %s on the embedded engine", name, y, x)
		}
		checkTrees(t, name, treeOf(t, a), treeOf(t, b))
	}
}

// configOf is a configuration without the layers; what is empty in it and what is left out mean the same.
func configOf(t *testing.T, img ociImage) map[string]any {
	t.Helper()
	var config map[string]any
	if err := json.Unmarshal(img.rawConfig, &config); err != nil {
		t.Fatal(err)
	}
	delete(config, "rootfs")
	prune(config)
	return config
}

func prune(in map[string]any) {
	for key, value := range in {
		if inner, ok := value.(map[string]any); ok {
			prune(inner)
		}
		if v := reflect.ValueOf(value); !v.IsValid() || v.IsZero() || (v.Kind() == reflect.Map || v.Kind() == reflect.Slice) && v.Len() == 0 {
			delete(in, key)
		}
	}
}

func withoutDigests(s string) string {
	return regexp.MustCompile(`sha256:[0-9a-f]{64}`).ReplaceAllString(s, "DIGEST")
}

// withoutMeasures is what stderr says, less the steps, and what may be another each time: sizes, times, and how many steps ran.
func withoutMeasures(stderr string) string {
	var out strings.Builder
	for line := range strings.Lines(stderr) {
		// What is said when a wheel is made is not said again, and how old an answer is when it was kept.
		if strings.HasPrefix(line, "{") || strings.HasPrefix(line, "warning: no wheel of ") || strings.HasSuffix(line, " asks again\n") {
			continue
		}
		for _, m := range [][2]string{{`\b\d+(\.\d+)?[kMG]?B\b`, "SIZE"}, {`\b(\d+m)?\d+(\.\d+)?m?s\b`, "TIME"}, {`\b\d+ of (\d+) steps`, "some of $1 steps"}, {` +`, " "}} {
			line = regexp.MustCompile(m[0]).ReplaceAllString(line, m[1])
		}
		out.WriteString(line)
	}
	return out.String()
}
