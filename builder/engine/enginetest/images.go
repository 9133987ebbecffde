package enginetest

import (
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pbrx-go/pbrx-go/builder"
	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/images/layout"
)

// allSteps are the steps of the suite's project, sorted.
func allSteps() []string {
	return []string{
		"[base] facts of the base image",
		"[dependencies] install alpha, beta",
		"[dependencies] resolve",
		"[dependencies] wheels: alpha, beta",
		"[dependencies] wheels: gamma",
		"[distro] compile packages: libfoo toolfoo",
		"[distro] package index (apt)",
		"[distro] runtime packages: libfoo tini",
		"[extra hello] install gamma",
		"[project] install",
		"[project] wheel",
		"[python] tools: pip, build",
	}
}

func testImages(t *testing.T, s *suite) {
	b := s.mustBuild(t, s.project(t, nil))
	if got, all := b.ran(); !slices.Equal(got, allSteps()) || all != len(got) {
		t.Errorf("%d of %d steps ran:\n%q\nwant all of:\n%q", len(got), all, got, allSteps())
	}
	shared := []string{"base", "distro", "dependencies", "project"}
	checkLayers(t, b, "tiny-base", shared)
	checkLayers(t, b, "hello", append(slices.Clone(shared), "extra"))
	checkLayers(t, b, "plain", shared)
	checkFiles(t, b)
	checkConfig(t, b, "tiny-base", []string{"python3"})
	checkConfig(t, b, "hello", []string{"hello"})
	checkConfig(t, b, "plain", []string{"plain"})
	for _, x := range b.result.Images { // by its name, in what was committed
		found, err := layout.Find(b.layout, x.Plan.Name+":latest", "")
		if err != nil || found.Descriptor.Digest != x.Image.Descriptor.Digest {
			t.Errorf("the layout has %v, %v under the name %s", found, err, x.Plan.Name)
		}
	}
}

// checkLayers compares the kinds of an image's layers, and that images share those that they can.
func checkLayers(t *testing.T, b *built, name string, want []string) {
	t.Helper()
	x, base := b.image(t, name), b.image(t, "tiny-base")
	var got []string
	for n, l := range x.Layers {
		got = append(got, l.Content)
		if n < len(base.Layers) && l != base.Layers[n] {
			t.Errorf("%s: layer %d is %+v, and %+v in the base image", name, n, l, base.Layers[n])
		}
		if stored := x.Image.Manifest.Layers[n]; l.Digest != stored.Digest.String() || l.Size != stored.Size {
			t.Errorf("%s: layer %d is said to be %+v and is %+v", name, n, l, stored)
		}
	}
	if !slices.Equal(got, want) || len(x.Image.Manifest.Layers) != len(want) || len(x.Image.Config.RootFS.DiffIDs) != len(want) {
		t.Errorf("%s has %d layers, %d of them in the configuration: %q; want %q", name, len(x.Image.Manifest.Layers), len(x.Image.Config.RootFS.DiffIDs), got, want)
	}
}

// checkFiles compares every file of every layer above the base.
func checkFiles(t *testing.T, b *built) {
	t.Helper()
	const site = "usr/lib/python3/site-packages/"
	want := map[string][]string{
		"distro":       {"usr/bin/tini", "usr/share/libfoo", "usr/share/tini"},
		"dependencies": {site + "alpha", site + "beta"},
		"project":      {"usr/bin/hello", "usr/bin/plain", site + "tiny"},
		"extra":        {site + "gamma"},
	}
	x := b.image(t, "hello")
	for n, l := range x.Layers {
		if l.Content == "base" {
			continue
		}
		files := layerFiles(t, b.layout, x.Image.Manifest.Layers[n])
		if got := names(files); !slices.Equal(got, want[l.Content]) {
			t.Errorf("the layer %s holds %q, want %q", l.Content, got, want[l.Content])
		}
	}
	if got, want := b.tree(t, x)[site+"tiny"], `0 644 0:0 315532800 "" `+"hello\n"; got != want {
		t.Errorf("the project's file is %q, want %q", got, want)
	}
}

// checkConfig compares a configuration as it is stored.
func checkConfig(t *testing.T, b *built, name string, cmd []string) {
	t.Helper()
	x := b.image(t, name)
	var got struct {
		Created string         `json:"created"`
		Config  map[string]any `json:"config"`
		History []struct {
			CreatedBy string `json:"created_by"`
		} `json:"history"`
	}
	if err := json.Unmarshal(x.Image.RawConfig, &got); err != nil {
		t.Fatal(err)
	}
	list := func(in ...string) []any {
		out := []any{}
		for _, s := range in {
			out = append(out, s)
		}
		return out
	}
	want := map[string]any{
		"Env": list("PATH=/usr/bin:/bin", "LANG=C.UTF-8"), "WorkingDir": "/usr", "User": "1000",
		"Entrypoint": list("/usr/bin/tini", "--"), "Cmd": list(cmd...),
		"Labels": map[string]any{
			"org.example.kept": "yes", "org.opencontainers.image.title": name, "org.opencontainers.image.version": "1.0"},
		"Healthcheck": map[string]any{"Test": list("CMD", "python3")},
	}
	for _, key := range slices.Sorted(maps.Keys(got.Config)) { // what is left out and what is empty mean the same
		if v := reflect.ValueOf(got.Config[key]); !v.IsValid() || v.IsZero() {
			delete(got.Config, key)
		}
	}
	if !reflect.DeepEqual(got.Config, want) {
		t.Errorf("%s is configured as\n%v\nwant\n%v", name, got.Config, want)
	}
	if got.Created != "1980-01-01T00:00:00Z" {
		t.Errorf("%s was created %s", name, got.Created)
	}
	var history []string
	for n, h := range got.History {
		history = append(history, h.CreatedBy)
		wanted := map[string]string{"distro": "distro packages for run time", "dependencies": "dependencies: alpha 1, beta 1", "project": "project", "extra": "extra: gamma 1"}
		if n > 0 && h.CreatedBy != "pbrx-go: "+wanted[x.Layers[n].Content] {
			t.Errorf("%s: layer %d (%s) is said to be made by %q", name, n, x.Layers[n].Content, h.CreatedBy)
		}
	}
	if len(history) != len(x.Layers) || history[0] != "somebody" {
		t.Errorf("%s: the history of %d layers is %q", name, len(x.Layers), history)
	}
}

func testUnchanged(t *testing.T, s *suite) {
	first := s.mustBuild(t, s.project(t, nil))
	dir := s.project(t, nil) // the same files in another folder, at another time
	if err := os.Chmod(dir+"/tiny.py", 0o600); err != nil {
		t.Fatal(err)
	}
	second := s.mustBuild(t, dir)
	if ran, all := second.ran(); len(ran) != 0 || all != len(allSteps()) {
		t.Errorf("of %d steps these ran again: %q", all, ran)
	}
	sameDigests(t, first, second)
}

func testChangedSource(t *testing.T, s *suite) {
	first := s.mustBuild(t, s.project(t, nil))
	second := s.mustBuild(t, s.project(t, map[string]string{"tiny.py": "something else\n"}))
	want := []string{"[project] install", "[project] wheel"}
	if ran, _ := second.ran(); !slices.Equal(ran, want) {
		t.Errorf("these steps ran: %q, want %q", ran, want)
	}
	x, y := first.image(t, "hello"), second.image(t, "hello")
	for n, l := range y.Layers {
		if same := l == x.Layers[n]; same == (l.Content == "project") {
			t.Errorf("layer %s is the same: %t", l.Content, same)
		}
	}
}

// testNothingToCompile takes away what has to be compiled.
func testNothingToCompile(t *testing.T, s *suite) {
	b := s.mustBuild(t, s.project(t, nil), func(o *builder.Options, in *images.Input) { in.NativeSource, o.NoCache = "", true })
	want := slices.DeleteFunc(allSteps(), func(name string) bool { return strings.HasPrefix(name, "[distro] compile") })
	if ran, _ := b.ran(); !slices.Equal(ran, want) {
		t.Errorf("these steps ran: %q, want %q", ran, want)
	}
}

func testRootFS(t *testing.T, s *suite) {
	other := *s
	other.layout = s.rootfs
	b := other.mustBuild(t, s.project(t, nil))
	checkLayers(t, b, "hello", []string{"base", "distro", "dependencies", "project", "extra"})
	config := b.image(t, "hello").Image.Config.Config
	if want := []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"}; !slices.Equal(config.Env, want) {
		t.Errorf("the environment is %q, want %q", config.Env, want)
	}
}

func testWithoutMerge(t *testing.T, s *suite) {
	if s.engine.Mergeless {
		return // there is nothing to compare with
	}
	dir := s.project(t, nil)
	other := s.engine
	other.Solver = mergeless{other.Solver}
	with, without := s.mustBuild(t, dir), s.with(other).mustBuild(t, dir)
	for _, x := range with.result.Images {
		y := without.image(t, x.Plan.Name)
		if a, b := with.tree(t, x), without.tree(t, y); !maps.Equal(a, b) {
			t.Errorf("%s: the files differ: %d with Merge, %d without", x.Plan.Name, len(a), len(b))
			for name := range a {
				if a[name] != b[name] {
					t.Errorf("%s: %.80q with, %.80q without", name, a[name], b[name])
				}
			}
		}
		if !reflect.DeepEqual(x.Image.Config.Config, y.Image.Config.Config) {
			t.Errorf("%s: configured as %+v with Merge, %+v without", x.Plan.Name, x.Image.Config.Config, y.Image.Config.Config)
		}
	}
	if ran, _ := without.ran(); len(ran) > 0 { // what is installed is copied where it cannot be merged
		t.Errorf("without Merge these ran again: %q", ran)
	}
}

func testNoCache(t *testing.T, s *suite) {
	dir := s.project(t, nil)
	first := s.mustBuild(t, dir)
	b := s.mustBuild(t, dir, func(o *builder.Options, _ *images.Input) { o.NoCache = true })
	if ran, _ := b.ran(); !slices.Equal(ran, allSteps()) {
		t.Errorf("these steps ran: %q", ran)
	}
	for line, want := range map[string]int{"tools by": 1, "unpacking toolfoo": 1, "unpacking tini": 1, "installing by": 3} {
		if got := strings.Count(b.log.String(), line); got != want {
			t.Errorf("%q was said %d times, want %d: once a step, whatever the number of images", line, got, want)
		}
	}
	sameDigests(t, first, b)
}

func testNoInit(t *testing.T, s *suite) {
	none := func(o *builder.Options, _ *images.Input) { o.Plan.InitPath = "none" }
	b := s.mustBuild(t, s.project(t, nil), none)
	if config := b.image(t, "hello").Image.Config.Config; config.Entrypoint != nil {
		t.Errorf("the entrypoint is %q", config.Entrypoint)
	}
	if names := names(b.tree(t, b.image(t, "hello"))); slices.Contains(names, "usr/bin/tini") {
		t.Error("tini was installed")
	}
}

func sameDigests(t *testing.T, a, b *built) {
	t.Helper()
	if x, y := a.digests(), b.digests(); len(x) == 0 || !maps.Equal(x, y) {
		t.Errorf("digests differ:\n%v\n%v", x, y)
	}
}
