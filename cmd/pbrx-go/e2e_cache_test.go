package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pbrx-go/pbrx-go/builder/engine/enginetest/daemons"
)

// A team's builders share a layer cache: what one of them did, the others fetch.

// changedSource is what runs of leafcount when one of its source files has changed.
var changedSource = []string{"[project] install", "[project] wheel"}

// changeSource changes one source file of leafcount.
func changeSource(t *testing.T, project string) {
	t.Helper()
	edit(t, filepath.Join(project, "src/leafcount/cli.py"), `"document"`, `"paper"`)
}

// checkRan compares the steps that ran, and the summary with them.
func checkRan(t *testing.T, what string, out outcome, want []string) {
	t.Helper()
	if got := out.ran(t); !slices.Equal(got, want) {
		t.Errorf("%s ran %q, want %q; of caches it said:", what, got, want)
		for line := range strings.Lines(out.stderr) {
			if strings.Contains(line, "cache manifest from") {
				t.Log(line)
			}
		}
	}
	if len(out.steps(t)) < 8 {
		t.Errorf("%s knows only the steps %q", what, names(out.steps(t)))
	}
	checkSummary(t, out)
}

// farmConfig is what docs/farm.md has in buildkitd.toml beside the registry.
const farmConfig = `
[worker.oci]
  gc = true
  maxUsedSpace = "60%"
  minFreeSpace = "20GB"
`

// TestFarm is docs/farm.md: two builders behind mutual TLS, and a registry with a password for their cache. The commands
// there are those of this test, but for the names of the hosts, and for buildkitd, which daemons.Buildkitd starts with
// the same flags and configuration.
func TestFarm(t *testing.T) {
	leafcount.build(t)
	registry, ca := newRegistry(t, registryKind{tls: true, locked: true}), daemons.NewCA(t)
	client := ca.Client(t)
	builder := func() string {
		return daemons.Buildkitd(t, daemons.BuildkitdOptions{TLSDir: ca.Server(t, "127.0.0.1"), Config: registryConfig(registry) + farmConfig})
	}
	cache := "docker://" + registry.host + "/cache/leafcount"
	build := func(engine, project, layout string, more ...string) outcome {
		t.Helper()
		c := command{args: buildArgs(project, testBase(t), layout, append(more, "--engine", engine, "--engine-tls", client, "--cache-from", cache)...)}
		c.env = registry.env(t, registryPassword)
		out := c.succeed(t)
		checkSecret(t, out)
		return out
	}
	dir, project := t.TempDir(), projectCopy(t, "leafcount")

	one := build(builder(), project, dir+"/one", "--cache-to", cache) // on the main branch; there is no cache yet
	if got, all := one.ran(t), names(one.steps(t)); !slices.Equal(got, all) {
		t.Errorf("on the first builder ran %q of %q", got, all)
	}
	if strings.Contains(one.stderr, "error: ") || registry.seen.count("PUT /v2/cache/leafcount/manifests/latest") == 0 {
		t.Errorf("the cache was not written:\n%s", tail(one.stderr))
	}
	sent := registry.seen.count("PUT ")

	second := builder()
	two := build(second, project, dir+"/two")
	checkRan(t, "on the second builder", two, []string{})
	checkString(t, "stdout of the second builder", two.stdout, one.stdout)
	checkString(t, "index.json of the second builder", readIndex(t, dir+"/two"), readIndex(t, dir+"/one"))
	checkBlobs(t, readLayout(t, dir+"/two"))

	changeSource(t, project)
	checkRan(t, "a change on the second builder", build(second, project, dir+"/two"), changedSource)
	third := command{args: buildArgs(project, testBase(t), dir+"/three")} // as jobs are told of it
	third.env = append(registry.env(t, registryPassword), "PBRX_GO_ENGINE="+builder(), "PBRX_GO_ENGINE_TLS="+client, "PBRX_GO_CACHE_FROM="+cache)
	checkRan(t, "a change on a third builder", third.succeed(t), changedSource)
	if got := registry.seen.count("PUT "); got != sent {
		t.Errorf("builds that only read the cache sent %d requests more", got-sent)
	}

	denied := command{args: buildArgs(project, testBase(t), dir+"/four", "--engine", second, "--cache-from", cache), env: registry.env(t, registryPassword)}.run(t)
	if denied.code != 3 || denied.stdout != "" {
		t.Errorf("without a certificate: status %d, %s", denied.code, errorLines(denied))
	}
}

// The same between two machines that have no builder but the embedded one, with a cache in a folder, and in a registry in plain HTTP.
func TestEmbeddedLayerCache(t *testing.T) {
	leafcount.build(t)
	dir := t.TempDir()
	caches := []string{"oci:" + dir + "/cache", "docker://" + newRegistry(t, registryKind{}).host + "/cache:leafcount"}
	c := command{args: buildArgs(leafcount.project, testBase(t), dir+"/first", "--cache-to", caches[0], "--cache-to", caches[1])}
	checkRan(t, "what was built before", c.succeed(t), []string{})

	project := projectCopy(t, "leafcount")
	for n, cache := range caches {
		c := command{state: filepath.Join(t.TempDir(), "state"), args: buildArgs(project, testBase(t), dir+"/second", "--cache-from", cache)}
		if n == 0 {
			out := c.succeed(t)
			checkRan(t, "with "+cache, out, []string{})
			checkString(t, "stdout", out.stdout, leafcount.out.stdout)
			changeSource(t, project)
			continue
		}
		checkRan(t, "a change with "+cache, c.succeed(t), changedSource)
	}
}

// A cache that is not there is none; one that cannot be written, or by this engine, is said, and what then is of the build.
func TestLayerCacheThatIsNot(t *testing.T) {
	pebbles.build(t)
	host, project, registry := dockerHost(t), pebble(t), newRegistry(t, registryKind{locked: true})
	dir := t.TempDir()
	build := func(engine, flag, cache string) outcome {
		c := outputsOf(engine, project, "cached", "oci:"+dir+"/layout")
		c.args = append(c.args, flag, cache)
		c.env = append(registry.env(t, ""), "DOCKER_HOST="+host)
		return c.run(t)
	}
	for _, cache := range []string{"oci:" + dir + "/none", "docker://" + registry.host + "/cache:none", "docker://127.0.0.1:" + deadPort(t) + "/cache:none"} {
		if out := build("embedded", "--cache-from", cache); out.code != 0 || strings.Contains(out.stderr, "error: ") {
			t.Errorf("--cache-from %s: status %d\n%s", cache, out.code, tail(out.stderr))
		}
	}

	checkNames(t, filesIn(t, dir), "layout")
	write(t, dir+"/file", "")
	const engines = ": use --engine embedded, a buildkitd, or a Docker Engine with the containerd image store"
	for _, c := range []struct {
		engine, flag, cache string
		code                int
		says                string
	}{
		{"docker", "--cache-to", "docker://registry.example.org/cache", 3, "opening the engine docker: it cannot write the layer cache docker://registry.example.org/cache" + engines},
		{"docker", "--cache-to", "oci:/nowhere", 3, "opening the engine docker: it cannot write the layer cache oci:/nowhere" + engines},
		{"docker", "--cache-from", "oci:/nowhere", 3, "opening the engine docker: it cannot read the layer cache oci:/nowhere" + engines},
		{"embedded", "--cache-to", "docker-daemon:cache", 2, "--cache-to docker-daemon:cache: layer caches are in a registry (docker://NAME) or a folder (oci:DIR)"},
		{"embedded", "--cache-to", "docker://" + registry.host + "/cache:pebble", 3, "exporting the layer cache (the images are done): asking the engine: failed to solve: error writing layer blob: " +
			"unexpected status from HEAD request to http://REGISTRY/v2/cache/blobs/DIGEST: 401 Unauthorized: mend --cache-to, or run again"},
		{"embedded", "--cache-to", "oci:" + dir + "/file", 3, "exporting the layer cache (the images are done): asking the engine: mkdir DIR/file: not a directory: mend --cache-to, or run again"},
	} {
		t.Run(fmt.Sprint(c.engine, " ", c.flag, " ", c.cache), func(t *testing.T) {
			before := dockerImages(t, host)
			if err := os.RemoveAll(dir + "/layout"); err != nil {
				t.Fatal(err)
			}
			out := build(c.engine, c.flag, c.cache)
			said := regexp.MustCompile(`sha256:[0-9a-f]{64}`).ReplaceAllString(errorLines(out), "DIGEST")
			checkString(t, "what it says", strings.NewReplacer(registry.host, "REGISTRY", dir, "DIR").Replace(said), c.says)
			if out.code != c.code || out.stdout != "" {
				t.Errorf("status %d, stdout %q", out.code, out.stdout)
			}
			checkNames(t, dockerImages(t, host), before...)
		})
	}
}
