package main

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// scriptRun is a call of an image's script and what it must come to.
type scriptRun struct {
	args   []string
	stdin  string
	stdout string // a regular expression of all of it
	stderr string // likewise
	code   int
}

func (r scriptRun) check(t *testing.T, layout string) {
	t.Helper()
	out := command{args: append([]string{"run", "--output", "oci:" + layout}, r.args...), stdin: r.stdin}.run(t)
	if out.code != r.code {
		t.Errorf("%s ended with %d, want %d\n%s", r.args, out.code, r.code, out.stderr)
	}
	for _, c := range []struct{ what, got, want string }{{"stdout", out.stdout, r.stdout}, {"stderr", out.stderr, r.stderr}} {
		if !regexp.MustCompile(`\A(?:` + c.want + `)\z`).MatchString(c.got) {
			t.Errorf("%s of %s is %q, want %q", c.what, r.args, c.got, c.want)
		}
	}
}

// wantImage is what an image of a set must be, beside its files.
type wantImage struct {
	name string // without a tag
	cmd  []string
	// contents are the layers on top of the base, by what the history says of them: distro packages first, the virtual
	// environment, which comes then, left out, several of a kind as one.
	contents []string
	// has and lacks are distributions in the image's site-packages.
	has, lacks []string
}

func TestLeafcountImages(t *testing.T) {
	leafcount.build(t)
	set := []string{"distro packages for run time", "dependencies", "project"}
	checkSet(t, &leafcount, "/opt/leafcount", []wantImage{
		{name: "leafcount-base", contents: set, has: []string{"leafcount", "packaging"}, lacks: []string{"tabulate", "iniconfig"}},
		{name: "leafcount", cmd: []string{"leafcount"}, contents: set, has: []string{"leafcount", "packaging"}, lacks: []string{"tabulate", "iniconfig"}},
		{name: "leafcount-report", cmd: []string{"leafcount-report"}, contents: append(slices.Clone(set), "extra"),
			has: []string{"leafcount", "packaging", "tabulate"}, lacks: []string{"iniconfig"}},
	})
	for _, r := range []scriptRun{
		{args: []string{"leafcount"}, stdout: `leafcount 1\.4\.0 with libyaml 0\.\d+\.\d+\nsample\.yaml: 6 leaves\n`},
		{args: []string{"leafcount", "-"}, stdin: "[a, b, {c: d}]\n", stdout: `leafcount 1\.4\.0 with libyaml 0\.\d+\.\d+\n-: 4 leaves\n`},
		{args: []string{"leafcount", "-"}, stdin: "a: [\n", code: 2,
			stdout: `leafcount 1\.4\.0 with libyaml .*\n`, stderr: `leafcount: -: line 2: did not find expected node content\n`},
		{args: []string{"leafcount", "--exit", "7"}, code: 7, stdout: `(?s).*: 6 leaves\n`},
		{args: []string{"leafcount-report"}, stdout: `document       leaves\n-----------  --------\nsample\.yaml         6\n`},
	} {
		t.Run("run "+strings.Join(r.args, " "), func(t *testing.T) { r.check(t, leafcount.layout) })
	}
}

func TestLightshipImages(t *testing.T) {
	lightship.build(t)
	set := []string{"distro packages for run time", "dependencies", "project"}
	everywhere := []string{"lightship", "packaging", "iniconfig"}
	checkSet(t, &lightship, "/opt/lightship", []wantImage{
		{name: "lightship-base", contents: set, has: everywhere, lacks: []string{"tabulate", "pluggy", "pbr"}},
		{name: "lightship-beacon", cmd: []string{"lightship-beacon"}, contents: set, has: everywhere, lacks: []string{"tabulate", "pluggy", "pbr"}},
		{name: "lightship-keeper", cmd: []string{"lightship-keeper"}, contents: append(slices.Clone(set), "extra"),
			has: append(slices.Clone(everywhere), "tabulate"), lacks: []string{"pluggy", "pbr"}},
		{name: "lightship-exit", cmd: []string{"lightship-exit"}, contents: set, has: everywhere, lacks: []string{"tabulate", "pluggy", "pbr"}},
	})
	head := func(script, tabulate string) string {
		return fmt.Sprintf(`%s 2\.3\.0\npackaging \(requirements\): yes\niniconfig \(lightship_base\): yes\ntabulate \(lightship_keeper\): %s\npluggy \(test\): no\n`, script, tabulate)
	}
	for _, r := range []scriptRun{
		{args: []string{"lightship-beacon"}, stdout: head("lightship-beacon", "no") + `fog: two long blasts\nwreck: one long, two short\n`},
		{args: []string{"lightship-keeper"}, stdout: head("lightship-keeper", "yes") + `lamps  5\n`},
		{args: []string{"lightship-exit", "0"}},
		{args: []string{"lightship-exit", "119"}, code: 119},
	} {
		t.Run("run "+strings.Join(r.args, " "), func(t *testing.T) { r.check(t, lightship.layout) })
	}
}

// bindep as it lies on PyPI: a release made by others, without a repository.
func TestBindepFromPyPI(t *testing.T) {
	f := &bindep
	f.build(t)
	set := []string{"distro packages for run time", "dependencies", "project"}
	has, lacks := []string{"bindep", "distro", "parsley", "packaging", "pbr"}, []string{"build", "pip"}
	checkSet(t, f, "/opt/bindep", []wantImage{
		{name: "bindep-base", contents: set, has: has, lacks: lacks},
		{name: "bindep", cmd: []string{"bindep"}, contents: set, has: has, lacks: lacks},
	})
	checkPurity(t, f.layout, f.project, wantPackages{init: "dumb-init"})
	for _, r := range []scriptRun{
		{args: []string{"bindep", "--version"}, stdout: `bindep 2\.14\.0\n`},
		{args: []string{"bindep", "--brief", "--file", "-"}, stdin: "dpkg [platform:dpkg]\nno-such-package [platform:dpkg]\nrpm [platform:rpm]\n",
			stdout: `no-such-package\n`, code: 1},
	} {
		t.Run("run "+strings.Join(r.args, " "), func(t *testing.T) { r.check(t, f.layout) })
	}
}

// checkSet compares what lies in a layout, and what was said of it on stdout, with what must be.
func checkSet(t *testing.T, f *fixture, environment string, want []wantImage) {
	t.Helper()
	l := readLayout(t, f.layout)
	var names []string
	stdout := ""
	for n, w := range want {
		names = append(names, w.name+":latest")
		if n < len(l.index.Manifests) {
			d := l.index.Manifests[n]
			stdout += w.name + ":latest@" + d.Digest.String() + "\n"
			checkString(t, "containerd's name of "+w.name, d.Annotations["io.containerd.image.name"], "docker.io/library/"+w.name+":latest")
		}
	}
	if !slices.Equal(l.names(), names) {
		t.Fatalf("the layout has %q, want %q", l.names(), names)
	}
	checkString(t, "stdout of the build", f.out.stdout, stdout)
	checkBlobs(t, l)
	baseImage := l.image(t, names[0])
	for _, w := range want {
		t.Run(w.name, func(t *testing.T) {
			checkImage(t, l.image(t, w.name+":latest"), baseImage, environment, w)
		})
	}
}

func checkImage(t *testing.T, img, baseImage ociImage, environment string, w wantImage) {
	t.Helper()
	config := img.config.Config
	if !slices.Equal(config.Cmd, w.cmd) {
		t.Errorf("Cmd is %q, want %q", config.Cmd, w.cmd)
	}
	if want := []string{"/usr/bin/dumb-init", "--"}; !slices.Equal(config.Entrypoint, want) {
		t.Errorf("Entrypoint is %q, want %q", config.Entrypoint, want)
	}
	if !slices.Contains(config.Env, "VIRTUAL_ENV="+environment) ||
		!slices.ContainsFunc(config.Env, func(e string) bool { return strings.HasPrefix(e, "PATH="+environment+"/bin:/") }) {
		t.Errorf("Env is %q", config.Env)
	}
	checkString(t, "the label title", config.Labels[v1.AnnotationTitle], w.name)

	// The test's base is one layer that says nothing of itself.
	want := append([]string{"base image"}, slices.Insert(slices.Clone(w.contents), 1, "virtual environment "+environment)...)
	got := contentsOf(img)
	if n := len(img.config.History); !slices.Equal(slices.Compact(slices.Clone(got)), want) || len(img.manifest.Layers) != n || len(img.config.RootFS.DiffIDs) != n {
		t.Errorf("history %q, %d layers, %d diff IDs, want %q", got, len(img.manifest.Layers), len(img.config.RootFS.DiffIDs), want)
	}
	shared := baseImage.layerDigests()
	if got := img.layerDigests(); len(got) < len(shared) || !slices.Equal(got[:len(shared)], shared) {
		t.Errorf("layers %q do not begin with those of the base image %q", got, shared)
	}
	installed := distributions(t, img)
	for _, name := range w.has {
		if !slices.Contains(installed, name) {
			t.Errorf("%s is missing, there are %q", name, installed)
		}
	}
	for _, name := range w.lacks {
		if slices.Contains(installed, name) {
			t.Errorf("%s is installed", name)
		}
	}
}

// contentsOf are the layers of an image by the first words that the history says of them.
func contentsOf(img ociImage) []string {
	var contents []string
	for _, h := range img.config.History {
		content, _, _ := strings.Cut(strings.TrimPrefix(h.CreatedBy, "pbrx-go: "), ":") // and what is in it
		contents = append(contents, content)
	}
	return contents
}

// distributions are the names of the Python distributions in the layers on top of the base.
func distributions(t *testing.T, img ociImage) []string {
	t.Helper()
	metadata := regexp.MustCompile(`(?:^|/)([^/]+?)-[^/-]+\.dist-info/METADATA$`)
	var names []string
	for n := 1; n < len(img.manifest.Layers); n++ {
		for _, e := range img.layer(t, n) {
			if m := metadata.FindStringSubmatch(e.path); m != nil {
				names = append(names, strings.ToLower(m[1]))
			}
		}
	}
	slices.Sort(names)
	return names
}

// checkBlobs makes sure that a layout holds what its images need, once, and nothing else.
func checkBlobs(t *testing.T, l ociLayout) {
	t.Helper()
	needed := map[string]bool{}
	for _, img := range l.images(t) {
		for _, d := range append([]v1.Descriptor{img.descriptor, img.manifest.Config}, img.manifest.Layers...) {
			needed[d.Digest.String()] = true
			f, err := os.Open(l.path(d.Digest))
			if err != nil {
				t.Fatal(err)
			}
			got, err := digest.FromReader(f)
			f.Close()
			if err != nil || got != d.Digest {
				t.Errorf("the blob %s is damaged: %s, %v", d.Digest, got, err)
			}
		}
	}
	for _, have := range l.blobs(t) {
		if !needed[have] {
			t.Errorf("no image needs the blob %s", have)
		}
	}
	entries, err := os.ReadDir(l.dir)
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, e := range entries {
		files = append(files, e.Name())
	}
	if want := []string{"blobs", "index.json", "oci-layout"}; !slices.Equal(files, want) {
		t.Errorf("the layout's folder holds %q, want %q", files, want)
	}
}

func checkString(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %q, want %q", what, got, want)
	}
}
