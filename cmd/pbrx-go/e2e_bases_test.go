package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// An image of one project is the base of the next: its layers and history are kept, and its
// init and environment go on working.
func TestLayoutAsBase(t *testing.T) {
	leafcount.build(t)
	layout := filepath.Join(t.TempDir(), "layout")
	base := "oci:" + leafcount.layout + ":leafcount-base:latest"
	command{args: buildArgs(lightshipRepo(t), base, layout)}.succeed(t)

	l := readLayout(t, layout)
	checkBlobs(t, l)
	below := readLayout(t, leafcount.layout).image(t, "leafcount-base:latest")
	for _, img := range l.images(t) {
		if got := img.layerDigests(); len(got) <= len(below.layerDigests()) || !slices.Equal(got[:len(below.layerDigests())], below.layerDigests()) {
			t.Errorf("%s has the layers %q, which do not go on those of its base %q", img.name, got, below.layerDigests())
		}
		for n, h := range below.config.History {
			if img.config.History[n].CreatedBy != h.CreatedBy {
				t.Errorf("history %d of %s is %q, want %q", n, img.name, img.config.History[n].CreatedBy, h.CreatedBy)
			}
		}
		if want := []string{"/usr/bin/dumb-init", "--"}; !slices.Equal(img.config.Config.Entrypoint, want) {
			t.Errorf("Entrypoint of %s is %q, want %q", img.name, img.config.Config.Entrypoint, want)
		}
		if want := "PATH=/opt/lightship/bin:/opt/leafcount/bin:"; !slices.ContainsFunc(img.config.Config.Env, func(e string) bool { return strings.HasPrefix(e, want) }) {
			t.Errorf("Env of %s is %q, want %s", img.name, img.config.Config.Env, want)
		}
	}
	scriptRun{args: []string{"lightship-keeper"}, stdout: `(?s)lightship-keeper 2\.3\.0\n.*lamps  5\n`}.check(t, layout)
}

// A base whose Python may be installed into, without init and without distro packages.
func TestAlpineBase(t *testing.T) {
	base := "rootfs:" + given(t, "PBRX_GO_TEST_ALPINE")
	project, layout := driftwood(t, ""), filepath.Join(t.TempDir(), "layout")
	build := command{args: buildArgs(project, base, layout, "--init-path", "none")}
	build.succeed(t)

	l := readLayout(t, layout)
	if want := []string{"driftwood-base:latest", "driftwood:latest", "driftwood-map:latest"}; !slices.Equal(l.names(), want) {
		t.Fatalf("the layout has %q, want %q", l.names(), want)
	}
	checkBlobs(t, l)
	for n, want := range [][]string{{"dependencies", "project"}, {"dependencies", "project"}, {"dependencies", "project", "extra"}} {
		img := l.images(t)[n]
		contents := contentsOf(img)[len(img.config.History)-len(want):]
		if !slices.Equal(contents, want) || img.config.Config.Entrypoint != nil {
			t.Errorf("%s has the layers %q and the entrypoint %q, want %q and none", img.name, contents, img.config.Config.Entrypoint, want)
		}
	}
	all := l.image(t, "driftwood-map:latest")
	for layer := 1; layer < len(all.manifest.Layers); layer++ {
		for _, e := range all.layer(t, layer) {
			if !e.FileInfo().IsDir() {
				checkEntry(t, "installed", e, nil)
				if !strings.HasPrefix(e.path, "usr/local/lib/") && !strings.HasPrefix(e.path, "usr/local/bin/") {
					t.Errorf("%s is not installed where the base's Python is", e.path)
				}
			}
		}
	}
	// The first to run is the image that adds nothing to the base image: its layers are also steps of the build.
	scriptRun{args: []string{"driftwood", "a b", ""}, stdout: `driftwood 0\.3 in /usr/local, process 1: \['a b', ''\]\n`}.check(t, layout)
	scriptRun{args: []string{"driftwood-map"}, stdout: `x  1\n`}.check(t, layout)
	if ran := build.succeed(t).ran(t); len(ran) > 0 {
		t.Errorf("the unchanged build ran %q", ran)
	}
}

// driftwood is a project in pure Python that asks for these distro packages, in a folder of the test's own.
func driftwood(t *testing.T, bindep string) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "driftwood")
	if bindep != "" {
		write(t, filepath.Join(dir, "bindep.txt"), bindep)
	}
	if strings.Contains(bindep, "[compile") {
		write(t, filepath.Join(dir, "knot.c"), "int knot;\n") // or nothing that is there to compile with would be installed
	}
	for name, text := range map[string]string{
		"pyproject.toml": `[build-system]
requires = ["flit_core>=3.4"]
build-backend = "flit_core.buildapi"

[project]
name = "driftwood"
version = "0.3"
description = "Tells where it floats"
dependencies = ["packaging"]

[project.optional-dependencies]
driftwood-map = ["tabulate"]

[project.scripts]
driftwood = "driftwood:tell"
driftwood-map = "driftwood:draw"
`,
		"driftwood.py": `"""Tells where it floats."""
import os
import sys

import packaging.version


def tell():
    print("driftwood %s in %s, process %d: %s" % (packaging.version.Version("0.3"), sys.prefix, os.getpid(), sys.argv[1:]))


def draw():
    import tabulate

    print(tabulate.tabulate([["x", 1]], tablefmt="plain"))
`,
	} {
		write(t, filepath.Join(dir, name), text)
	}
	return dir
}
