package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pbrx-go/pbrx-go/builder/engine/enginetest/distrorepo"
)

// The worked examples: definitions as users write them, in testdata/definitions. Each is built, its images are started,
// and compared with those of the Dockerfiles beside it, in which people say the same today.

// definitionCopy copies an example into a folder of the test's own.
func definitionCopy(t *testing.T, name string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(repository(t), "testdata/definitions", name))); err != nil {
		t.Fatal(err)
	}
	return dir
}

// beginRepository makes a git repository of a folder, with one commit, which has the tag unless that is empty.
func beginRepository(t *testing.T, dir, branch, tag string) {
	t.Helper()
	git(t, dir, "init", "--quiet", "--initial-branch", branch)
	commitAll(t, dir, "Begin")
	if tag != "" {
		git(t, dir, "tag", "--annotate", "--message", tag, tag)
	}
}

// addBranch adds a branch with one commit of what change does; the folder is on the first branch afterwards.
func addBranch(t *testing.T, dir, branch string, change func()) {
	t.Helper()
	first := git(t, dir, "branch", "--show-current")
	git(t, dir, "checkout", "--quiet", "-b", branch)
	change()
	commitAll(t, dir, "Change")
	git(t, dir, "checkout", "--quiet", first)
}

// checkoutOf is the source of a release as it was before it was released: in a git repository with a tag, without what
// a source distribution has besides.
func checkoutOf(t *testing.T, name, version, dir string) {
	t.Helper()
	source := sourceOf(t, name, version, t.TempDir())
	entries, err := os.ReadDir(source)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if n := e.Name(); n == "PKG-INFO" || n == "AUTHORS" || n == "ChangeLog" || strings.HasSuffix(n, ".egg-info") {
			if err := os.RemoveAll(filepath.Join(source, n)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.CopyFS(dir, os.DirFS(source)); err != nil {
		t.Fatal(err)
	}
	beginRepository(t, dir, "master", version)
}

// aptRepository serves a signed repository of packages until the test has ended, and writes its key to a file.
func aptRepository(t *testing.T, suite, key string, packages ...distrorepo.Package) (address string) {
	t.Helper()
	signer, err := distrorepo.NewRPMKey()
	if err != nil {
		t.Fatal(err)
	}
	public, err := signer.Public()
	if err != nil {
		t.Fatal(err)
	}
	write(t, key, string(public))
	dir := t.TempDir()
	if err := distrorepo.Debs(dir, suite, "main", signer, packages); err != nil {
		t.Fatal(err)
	}
	server := serveFolder(dir, &requests{})
	t.Cleanup(server.Close)
	return server.URL
}

// lines are the lines of a definition that say something.
func lines(text string) int {
	n := 0
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			n++
		}
	}
	return n
}

// The examples are no longer than those of the specification: a definition is short, or it is of no use.
func TestDefinitionsAreShort(t *testing.T) {
	for name, limit := range map[string]int{
		"openstack/openstack.toml":           26,
		"openstack/nova/pbrx-go.toml":        21,
		"openstack/keystone/pbrx-go.toml":    15,
		"zuul/pbrx-go.toml":                  20,
		"nodepool/pbrx-go.toml":              18,
		"execution-environment/pbrx-go.toml": 14,
	} {
		if got := lines(readFile(t, filepath.Join(repository(t), "testdata/definitions", name))); got > limit {
			t.Errorf("%s has %d lines, and may have %d", name, got, limit)
		}
	}
}

// example is a definition that is built, and compared with a Dockerfile.
type example struct {
	// dir is its copy, with all that it asks for; name that of its folder in testdata/definitions, with what lies below
	// it where there are several; project the folder below dir that is built.
	dir, name, project string
	// args are the arguments of the Dockerfile, flags those of build-images.
	args  map[string]string
	flags []string
	// tag is that of the images, where it is not latest.
	tag    string
	images []exampleImage

	layout string
	out    outcome
}

// exampleImage is an image of an example.
type exampleImage struct {
	name string
	// target is the stage of the Dockerfile that it is compared with, the last one where it is empty.
	target string
}

// makeAll builds the images, and those of the Dockerfile, at the same time: most steps of each keep one core busy.
func makeAll(t *testing.T, host string, before func(t *testing.T), examples ...*example) {
	t.Helper()
	for _, e := range examples {
		e.layout = filepath.Join(t.TempDir(), "layout")
		unnameAfter(t, host, e.dockerName(""))
	}
	t.Run("build", func(t *testing.T) {
		t.Run("images", func(t *testing.T) {
			t.Parallel()
			for _, e := range examples {
				e.build(t)
			}
		})
		t.Run("Dockerfiles", func(t *testing.T) {
			t.Parallel()
			before(t)
			for _, e := range examples {
				e.buildDockerfile(t, host)
			}
		})
	})
	if t.Failed() {
		t.FailNow()
	}
}

// build builds the images.
func (e *example) build(t *testing.T) {
	t.Helper()
	e.out = command{args: buildArgs(filepath.Join(e.dir, e.project), testBase(t), e.layout, append([]string{"--engine", "embedded"}, e.flags...)...)}.succeed(t)
}

// buildDockerfile builds the images of the Dockerfile.
func (e *example) buildDockerfile(t *testing.T, host string) {
	t.Helper()
	for _, image := range e.images {
		dockerfile{context: e.dir, file: filepath.Join(e.project, "Dockerfile"), target: image.target, name: e.dockerName(image.name), args: e.args}.build(t, host)
	}
}

// dockerName is the name of the image of the Dockerfile that an image is compared with.
func (e *example) dockerName(image string) string {
	name := "example-" + strings.ReplaceAll(e.name, "/", "-") + "-"
	if image == "" {
		return name // with which all begin
	}
	return name + image + ":pbrx-go"
}

// compare compares the images with those of the Dockerfile.
func (e *example) compare(t *testing.T, host string) {
	t.Helper()
	t.Run("compare "+e.name, func(t *testing.T) {
		var names []string
		for _, image := range e.images {
			names = append(names, e.dockerName(image.name))
		}
		var pairs []imagePair
		ours, others := readLayout(t, e.layout), savedImages(t, host, names...)
		for n, image := range e.images {
			pairs = append(pairs, imagePair{ours: ours.image(t, image.name+":latest"), other: others[names[n]]})
		}
		checkDifferences(t, filepath.Join(repository(t), "testdata/definitions", e.name, "differences.txt"), pairs...)
	})
}

// run starts an image.
func (e *example) run(t *testing.T, r scriptRun) {
	t.Helper()
	t.Run("run "+strings.Join(r.args[:min(len(r.args), 2)], " "), func(t *testing.T) { r.check(t, e.layout) })
}

// inTag are the arguments of a run of the image with the example's tag.
func (e *example) inTag(args ...string) []string {
	if e.tag == "" {
		return args
	}
	return append([]string{"--tag", e.tag}, args...)
}
