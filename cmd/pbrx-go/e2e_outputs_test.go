package main

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// Images are the same wherever they go, and each destination holds what somebody else finds in it:
// the archives are read by tar, and Docker is asked by its own client.

// All destinations at once, from an engine that hands blobs over and from one that keeps images to itself.
func TestOutputs(t *testing.T) {
	host, project := dockerHost(t), pebble(t)
	for _, engine := range []string{"embedded", "docker"} {
		t.Run(engine, func(t *testing.T) {
			prefix := "outputs-" + engine
			unnameAfter(t, host, prefix+"/")
			dir := t.TempDir()
			build := outputsOf(engine, project, prefix, "oci:"+dir+"/layout", "oci-archive:"+dir+"/oci.tar", "docker-archive:"+dir+"/docker.tar", "docker-daemon:")
			build.args = append(build.args, "--tag", "0.5", "--tag", "stable")
			tmp := filepath.Join(t.TempDir(), "tmp")
			write(t, filepath.Join(tmp, "mine"), "")
			build.env = []string{"DOCKER_HOST=" + host, "TMPDIR=" + tmp}
			out := build.succeed(t)

			l := readLayout(t, dir+"/layout")
			checkBlobs(t, l)
			checkNames(t, l.names(), prefix+"/pebble-base:0.5", prefix+"/pebble-base:stable", prefix+"/pebble:0.5", prefix+"/pebble:stable",
				prefix+"/pebble-skip:0.5", prefix+"/pebble-skip:stable")
			checkString(t, "stdout", out.stdout, strings.Join(references(t, l.dir), "\n")+"\n")

			archived := readLayout(t, unpack(t, dir+"/oci.tar"))
			checkBlobs(t, archived)
			checkNames(t, references(t, archived.dir), references(t, l.dir)...)
			checkDockerArchive(t, dir+"/docker.tar", l)
			checkInDocker(t, host, l)
			checkString(t, "the script in Docker", runInDocker(t, host, prefix+"/pebble:stable"), "pebble rolls []\n")

			checkNames(t, filesIn(t, dir), "docker.tar", "layout", "oci.tar")
			checkNames(t, filesIn(t, tmp), "mine")
		})
	}
}

// Where nothing holds a manifest, an image is known by its ID. A docker-archive loads, and its images run.
func TestOutputsWithoutManifest(t *testing.T) {
	host, project := dockerHost(t), pebble(t)
	for _, c := range []struct{ engine, output string }{{"docker", "docker-daemon:"}, {"docker", "docker-archive:"}, {"embedded", "docker-archive:"}} {
		t.Run(c.engine+" to "+c.output, func(t *testing.T) {
			prefix := "ids-" + c.engine
			unnameAfter(t, host, prefix+"/")
			before := dockerImages(t, host)
			output, file := c.output, filepath.Join(t.TempDir(), "docker.tar")
			if output == "docker-archive:" {
				output += file
			}
			build := outputsOf(c.engine, project, prefix, output)
			build.env = []string{"DOCKER_HOST=" + host}
			text := build.succeed(t).stdout
			var doc document
			build.args = append(build.args, "--format", "json")
			if err := json.Unmarshal([]byte(build.succeed(t).stdout), &doc); err != nil {
				t.Fatal(err)
			}
			if c.output == "docker-archive:" {
				if got := dockerImages(t, host); !slices.Equal(got, before) {
					t.Errorf("Docker has %q, before it had %q", got, before)
				}
				loadIntoDocker(t, host, file)
			}
			want := ""
			for _, img := range doc.Images {
				found := inDocker(t, host, img.Name+":latest")
				checkString(t, "the digest", img.DigestKind+" "+img.Digest, "config "+found.ID)
				checkString(t, "the compression", img.Compression, "uncompressed")
				if len(img.Layers) != len(found.RootFS.Layers) {
					t.Errorf("%s has %d layers, and %d in Docker", img.Name, len(img.Layers), len(found.RootFS.Layers))
				}
				want += img.Name + ":latest " + found.ID + "\n"
			}
			checkString(t, "stdout", text, want)
			checkString(t, "the images", want[:strings.Index(want, " ")], prefix+"/pebble-base:latest")
			checkString(t, "the script in Docker", runInDocker(t, host, prefix+"/pebble-skip:latest"), "pebble skips\n")
		})
	}
}

// A build or a delivery that fails, or is interrupted, gives no name, keeps no image, and leaves no file.
func TestNothingHalfDelivered(t *testing.T) {
	host := dockerHost(t)
	good, bad, slow := pebble(t), pebbleWith(t, `raise SystemExit("it does not roll")`), pebbleWith(t, `print("it is rolling", flush=True); time.sleep(600)`)
	for _, engine := range []string{"embedded", "docker"} {
		for _, c := range []struct {
			name, project string
			outputs       []string
			interrupt     bool
			code          int
			says          string
		}{
			{name: "a build that fails", project: bad, outputs: []string{"docker-daemon:", "oci-archive:DIR/oci.tar"}, code: 1,
				says: "building [project] wheel: building the wheel: Backend subprocess exited when trying to invoke build_wheel"},
			{name: "a folder that is not there", project: good, outputs: []string{"docker-daemon:", "docker-archive:DIR/none/docker.tar", "oci:DIR/layout"}, code: 3,
				says: "writing docker-archive:DIR/none/docker.tar: open DIR/none/.docker.tar.TEMP: no such file or directory: nothing was named"},
			{name: "a place that is taken", project: good, outputs: []string{"oci-archive:DIR/taken"}, code: 3,
				says: "writing oci-archive:DIR/taken: rename DIR/.taken.TEMP DIR/taken: file exists: nothing was named"},
			{name: "an interrupt", project: slow, outputs: []string{"docker-daemon:", "oci-archive:DIR/oci.tar"}, interrupt: true, code: 130,
				says: "interrupted: nothing was named"},
		} {
			t.Run(engine+", "+c.name, func(t *testing.T) {
				dir := t.TempDir()
				write(t, dir+"/taken/by a file", "")
				write(t, dir+"/tmp/mine", "")
				for n := range c.outputs {
					c.outputs[n] = strings.Replace(c.outputs[n], "DIR", dir, 1)
				}
				before := dockerImages(t, host)
				build := outputsOf(engine, c.project, "half-"+engine, c.outputs...)
				build.args = append(build.args, "--progress", "plain")
				build.env = []string{"DOCKER_HOST=" + host, "TMPDIR=" + dir + "/tmp"}
				var out outcome
				if c.interrupt {
					out = build.interruptedAt(t, "it is rolling")
				} else {
					out = build.run(t)
				}
				said := regexp.MustCompile(`\.(docker\.tar|taken)\.\d+`).ReplaceAllString(errorLines(out), ".$1.TEMP")
				checkString(t, "what it says", strings.ReplaceAll(said, dir, "DIR"), c.says)
				if out.code != c.code || out.stdout != "" {
					t.Errorf("status %d, want %d; stdout %q", out.code, c.code, out.stdout)
				}
				if got := dockerImages(t, host); !slices.Equal(got, before) {
					t.Errorf("Docker has %q, before it had %q", got, before)
				}
				checkNames(t, filesBelow(t, dir), "taken/by a file", "tmp/mine")
			})
		}
	}
}

// interruptedAt is what becomes of a command that gets SIGINT when its stderr holds a text.
func (c command) interruptedAt(t *testing.T, text string) outcome {
	t.Helper()
	name := filepath.Join(t.TempDir(), "stderr")
	stderr, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer stderr.Close()
	cmd := c.cmd(t)
	var stdout bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }() // in vain, unless the test has failed
	await(t, "it to say "+text, func() bool { return strings.Contains(readFile(t, name), text) })
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // its status is compared
	return outcome{stdout: stdout.String(), stderr: readFile(t, name), code: cmd.ProcessState.ExitCode()}
}

// errorLines is what a command says last, without the word error.
func errorLines(out outcome) string {
	var lines []string
	for line := range strings.Lines(out.stderr) {
		if text, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "error: "); ok {
			lines = append(lines, text)
		}
	}
	return strings.Join(lines, "\n")
}

// outputsOf is a build of a project without bindep.txt.
func outputsOf(engine, project, prefix string, outputs ...string) command {
	args := []string{"build-images", project, "--base", os.Getenv("PBRX_GO_TEST_BASE"), "--engine", engine, "--init-path", "none", "--prefix", prefix, "--progress", "rawjson"}
	for _, output := range outputs {
		args = append(args, "--output", output)
	}
	return command{args: args}
}

// pebble is a project in pure Python with two scripts and no dependency.
func pebble(t *testing.T) string {
	t.Helper()
	testBase(t)
	dir := filepath.Join(t.TempDir(), "pebble")
	write(t, filepath.Join(dir, "pyproject.toml"), `[build-system]
requires = ["flit_core>=3.4"]
build-backend = "flit_core.buildapi"

[project]
name = "pebble"
version = "0.5"
description = "Rolls"

[project.scripts]
pebble = "pebble:roll"
pebble-skip = "pebble:skip"
`)
	write(t, filepath.Join(dir, "pebble.py"), `"""Rolls."""
import sys


def roll():
    print("pebble rolls", sys.argv[1:])


def skip():
    print("pebble skips")
`)
	return dir
}

// pebbleWith is pebble with a build backend of its own, which does something instead of building.
func pebbleWith(t *testing.T, instead string) string {
	t.Helper()
	dir := pebble(t)
	edit(t, filepath.Join(dir, "pyproject.toml"), `requires = ["flit_core>=3.4"]
build-backend = "flit_core.buildapi"`, `requires = []
build-backend = "backend"
backend-path = ["."]`)
	write(t, filepath.Join(dir, "backend.py"), "import time\n\n\ndef build_wheel(*args):\n    "+instead+"\n")
	return dir
}

// unpack reads an archive in which nothing may be twice into a folder.
func unpack(t *testing.T, file string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	seen := map[string]bool{}
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return dir
		}
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if h.Typeflag == tar.TypeDir {
			continue
		}
		name := filepath.Join(dir, filepath.Clean("/"+h.Name))
		if h.Typeflag != tar.TypeReg || seen[name] {
			t.Fatalf("%s has %s twice, or as something else than a file", file, h.Name)
		}
		seen[name] = true
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		to, err := os.Create(name)
		if err == nil {
			_, err = io.Copy(to, r)
		}
		if err := errors.Join(err, to.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

// checkDockerArchive compares a docker-archive with a layout: names, configurations, layers.
func checkDockerArchive(t *testing.T, file string, l ociLayout) {
	t.Helper()
	dir := unpack(t, file)
	var images []struct {
		Config           string
		RepoTags, Layers []string
	}
	if err := json.Unmarshal([]byte(readFile(t, dir+"/manifest.json")), &images); err != nil {
		t.Fatal(err)
	}
	var names []string
	layers := map[string]bool{}
	for _, img := range images {
		names = append(names, img.RepoTags...)
		want := l.image(t, img.RepoTags[0])
		if got := readFile(t, filepath.Join(dir, img.Config)); got != string(want.rawConfig) {
			t.Errorf("the configuration of %s in %s is\n%s, want\n%s", want.name, file, got, want.rawConfig)
		}
		if len(img.Layers) != len(want.config.RootFS.DiffIDs) {
			t.Fatalf("%s has the layers %q, want %q", want.name, img.Layers, want.config.RootFS.DiffIDs)
		}
		for n, layer := range img.Layers {
			if layers[layer] {
				continue
			}
			layers[layer] = true
			f, err := os.Open(filepath.Join(dir, layer))
			if err != nil {
				t.Fatal(err)
			}
			got, err := digest.FromReader(f)
			if err := errors.Join(err, f.Close()); err != nil || got != want.config.RootFS.DiffIDs[n] {
				t.Errorf("layer %d of %s is %s (%v), want %s", n, want.name, got, err, want.config.RootFS.DiffIDs[n])
			}
		}
	}
	checkNames(t, names, l.names()...)
	if len(layers) > 3 { // base, dependencies, project: shared by all
		t.Errorf("%d layers in all", len(layers))
	}
}

// checkInDocker compares what Docker has under the names of a layout with the layout.
func checkInDocker(t *testing.T, host string, l ociLayout) {
	t.Helper()
	for _, want := range l.images(t) {
		got := inDocker(t, host, want.name)
		checkString(t, "the ID of "+want.name, got.ID, string(want.manifest.Config.Digest))
		config := v1.ImageConfig{Env: got.Config.Env, Entrypoint: got.Config.Entrypoint, Cmd: got.Config.Cmd, WorkingDir: got.Config.WorkingDir, User: got.Config.User, Labels: got.Config.Labels}
		checkString(t, "the configuration of "+want.name, asJSON(t, config), asJSON(t, want.config.Config))
		checkString(t, "the layers of "+want.name, asJSON(t, got.RootFS.Layers), asJSON(t, want.config.RootFS.DiffIDs))
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// checkNames compares two lists, the order of which says nothing.
func checkNames(t *testing.T, got []string, want ...string) {
	t.Helper()
	if got, want := slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want)); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// filesIn are the names of what lies in a folder.
func filesIn(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// dockerAPI is Docker's own client.
func dockerAPI(t *testing.T, host string) *client.Client {
	t.Helper()
	c, err := client.NewClientWithOpts(client.WithHost(host), client.WithAPIVersionNegotiation())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// dockerImages are all images of a Docker Engine, also those that have no name: ID and names.
func dockerImages(t *testing.T, host string) []string {
	t.Helper()
	found, err := dockerAPI(t, host).ImageList(t.Context(), image.ListOptions{All: true})
	if err != nil {
		t.Fatal(err)
	}
	all := []string{}
	for _, img := range found {
		names := slices.Sorted(slices.Values(img.RepoTags))
		all = append(all, img.ID+" "+strings.Join(names, " "))
	}
	slices.Sort(all)
	return all
}

func inDocker(t *testing.T, host, name string) image.InspectResponse {
	t.Helper()
	found, err := dockerAPI(t, host).ImageInspect(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func loadIntoDocker(t *testing.T, host, file string) {
	t.Helper()
	docker(t, host, "load", "--quiet", "--input", file)
}

// runInDocker runs an image's command with docker itself.
func runInDocker(t *testing.T, host, image string) string {
	t.Helper()
	return docker(t, host, "run", "--rm", "--network", "none", image)
}

// docker runs docker's command and returns what it printed.
func docker(t *testing.T, host string, args ...string) string {
	t.Helper()
	cmd := exec.Command("docker", append([]string{"--host", host}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("docker %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return string(out)
}

// unnameAfter takes away, when the test has ended, the names in Docker that begin so, with the images that have
// no other: what comes later counts images.
func unnameAfter(t *testing.T, host, prefix string) {
	t.Helper()
	c := dockerAPI(t, host)
	t.Cleanup(func() {
		found, err := c.ImageList(context.Background(), image.ListOptions{})
		if err != nil {
			t.Error(err)
		}
		for _, img := range found {
			for _, name := range img.RepoTags {
				if strings.HasPrefix(name, prefix) {
					docker(t, host, "rmi", name)
				}
			}
		}
	})
}
