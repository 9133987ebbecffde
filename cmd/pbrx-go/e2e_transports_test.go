package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// rolled is pebble, built once into everything that can be a base: the tests of bases and of registries begin with it.
type rolled struct {
	once sync.Once
	// dir holds layout, oci.tar and docker.tar; base is the name of the base image there and in Docker.
	dir, base string
	out       outcome
}

var pebbles = rolled{base: "pebbles/pebble-base:0.5"}

func (r *rolled) build(t *testing.T) {
	t.Helper()
	host, project := dockerHost(t), pebble(t)
	r.once.Do(func() {
		dir := filepath.Join(workDir, "pebbles")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		build := outputsOf("embedded", project, "pebbles", "oci:"+dir+"/layout", "oci-archive:"+dir+"/oci.tar", "docker-archive:"+dir+"/docker.tar", "docker-daemon:")
		build.args = append(build.args, "--tag", "0.5", "--tag", "stable")
		build.env = []string{"DOCKER_HOST=" + host}
		r.out = build.succeed(t)
		r.dir = dir
	})
	if r.dir == "" {
		t.Fatal("pebble was not built; see the test that came first")
	}
}

// image is the base image as the layout has it.
func (r *rolled) image(t *testing.T) ociImage {
	t.Helper()
	return readLayout(t, r.dir+"/layout").image(t, r.base)
}

// shell is a project that is built on top of pebble.
func shell(t *testing.T) string {
	t.Helper()
	dir := pebble(t)
	edit(t, filepath.Join(dir, "pyproject.toml"), "pebble", "shell")
	if err := os.Rename(dir+"/pebble.py", dir+"/shell.py"); err != nil {
		t.Fatal(err)
	}
	edit(t, dir+"/shell.py", "pebble", "shell")
	return dir
}

// What was delivered is a base again, wherever it lies and whichever engine builds, and is there once
// as before when the build has ended.
func TestDeliveredBases(t *testing.T) {
	pebbles.build(t)
	host, project, bad := dockerHost(t), shell(t), pebbleWith(t, `raise SystemExit("it does not roll")`)
	below := pebbles.image(t)
	for _, engine := range []string{"embedded", "docker"} {
		for _, base := range []string{"docker-daemon:", "docker-archive:" + pebbles.dir + "/docker.tar:", "oci-archive:" + pebbles.dir + "/oci.tar:"} {
			base += pebbles.base
			t.Run(engine+" on "+base[:strings.Index(base, ":")], func(t *testing.T) {
				unnameAfter(t, host, "shells/")
				before := dockerImages(t, host)
				build := outputsOf(engine, project, "shells", "docker-daemon:")
				build.env = []string{"DOCKER_HOST=" + host}
				build.args = append(build.args, "--base", base)
				build.succeed(t)

				var added []string
				for _, img := range dockerImages(t, host) {
					if id, names, _ := strings.Cut(img, " "); !slices.Contains(before, img) {
						added = append(added, names)
						checkOnTop(t, inDocker(t, host, id).RootFS.Layers, below.config)
					}
				}
				checkNames(t, added, "shells/shell-base:latest", "shells/shell:latest", "shells/shell-skip:latest")
				checkString(t, "the script in Docker", runInDocker(t, host, "shells/shell:latest"), "shell rolls []\n")
				found := inDocker(t, host, "shells/shell:latest")
				if i := slices.IndexFunc(found.Config.Env, func(e string) bool { return strings.HasPrefix(e, "PATH=/opt/shell/bin:/opt/pebble/bin:") }); i < 0 {
					t.Errorf("the environment is %q, which does not find both projects", found.Config.Env)
				}

				before = dockerImages(t, host)
				failing := outputsOf(engine, bad, "shells", "docker-daemon:")
				failing.env, failing.args = build.env, append(failing.args, "--base", base)
				if out := failing.run(t); out.code != 1 {
					t.Errorf("status %d of a build that fails: %s", out.code, errorLines(out))
				}
				checkNames(t, dockerImages(t, host), before...)
			})
		}
	}
}

// checkOnTop wants all layers of an image to be those of another one, and more.
func checkOnTop(t *testing.T, layers []string, below v1.Image) {
	t.Helper()
	for n, want := range below.RootFS.DiffIDs {
		if n >= len(layers)-1 || layers[n] != want.String() {
			t.Errorf("the layers are %q, which do not go on those of the base, %q", layers, below.RootFS.DiffIDs)
			return
		}
	}
}

// A base that is not there is one line on every engine, and no image is left of the search.
func TestDeliveredBasesThatAreNot(t *testing.T) {
	pebbles.build(t)
	host, project := dockerHost(t), pebble(t)
	before := dockerImages(t, host)
	const names = ", which has: pebbles/pebble-base:0.5, pebbles/pebble-base:stable, pebbles/pebble:0.5, pebbles/pebble:stable, pebbles/pebble-skip:0.5, pebbles/pebble-skip:stable: file does not exist"
	words := regexp.MustCompile(`(Error response from daemon: ).*(: name another)`) // each release has its own
	for _, engine := range []string{"embedded", "docker"} {
		daemon := "saving docker.io/no/such:here from Docker: Error response from daemon: WORDS"
		if engine == "docker" {
			daemon = "looking at the image docker.io/no/such:here in Docker: Error response from daemon: WORDS"
		}
		for base, why := range map[string]string{
			"docker-daemon:no/such:here":              daemon,
			"docker-archive:DIR/none.tar":             "open DIR/none.tar: no such file or directory",
			"docker-archive:DIR/docker.tar:no/such:1": `no image "no/such:1" in the archive DIR/docker.tar` + names,
			"docker-archive:DIR/layout/index.json":    "unpacking an image archive: it is no tar, neither plain nor compressed with gzip, zstd or xz",
			"docker-archive:DIR/docker.tar":           "the archive DIR/docker.tar has 6 images: name one, as in docker-archive:DIR/docker.tar:pebbles/pebble-base:0.5",
			"oci-archive:DIR/none.tar":                "open DIR/none.tar: no such file or directory",
			"oci-archive:DIR/oci.tar:no/such:1":       `no image "no/such:1" in the archive DIR/oci.tar` + names,
			"oci:DIR/layout:no/such:1":                `no image "no/such:1" in the OCI layout DIR/layout` + names,
		} {
			build := outputsOf(engine, project, "shells", "docker-daemon:")
			build.args = append(build.args, "--base", strings.Replace(base, "DIR", pebbles.dir, 1))
			build.env = []string{"DOCKER_HOST=" + host}
			out := build.run(t)
			if out.code != 3 || out.stdout != "" {
				t.Errorf("%s on %s: status %d, stdout %q", base, engine, out.code, out.stdout)
			}
			said := words.ReplaceAllString(strings.ReplaceAll(errorLines(out), pebbles.dir, "DIR"), "${1}WORDS$2")
			checkString(t, engine, said, "reading the base image "+base+": "+why+remedies)
		}
	}
	checkNames(t, dockerImages(t, host), before...)
}
