package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/pbrx-go/pbrx-go/builder/engine/enginetest/distrorepo"
)

// newNodepool is a release of nodepool with a definition beside it, and with what that names. It returns the address of a
// repository of packages, too.
func newNodepool(t *testing.T) (dir, vhdUtil string) {
	t.Helper()
	dir, source := definitionCopy(t, "nodepool"), sourceOf(t, "nodepool", "11.0.0", t.TempDir())
	if err := os.Remove(filepath.Join(source, "Dockerfile")); err != nil { // its own; the one to compare with takes the place
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(source, "tools")); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, os.DirFS(source)); err != nil {
		t.Fatal(err)
	}
	beginRepository(t, filepath.Join(dir, "repositories/dnf-plugins-core"), "master", "4.4.4")
	vhdUtil = aptRepository(t, "focal", filepath.Join(dir, "tools/openstack-ci-core-ppa.asc"),
		distrorepo.Package{Name: "vhd-util", Version: "1.0", Files: []distrorepo.File{{Path: "/usr/bin/vhd-util", Text: "#!/bin/sh\necho vhd-util\n", Mode: 0o755}}},
		distrorepo.Package{Name: "containers-config", Version: "0.50", Files: []distrorepo.File{{Path: "/etc/containers/containers.conf", Text: "[engine]\n"}}})
	edit(t, filepath.Join(dir, "pbrx-go.toml"), "https://vhd-util.example.org/ubuntu", vhdUtil)
	return dir, vhdUtil
}

func TestDefinitionsNodepool(t *testing.T) {
	host := dockerfileHost(t)
	dir, vhdUtil := newNodepool(t)
	e := example{dir: dir, name: "nodepool", project: ".", args: map[string]string{"VHD_UTIL": vhdUtil},
		images: []exampleImage{{name: "nodepool", target: "nodepool"}, {name: "nodepool-builder", target: "nodepool-builder"}, {name: "nodepool-launcher", target: "nodepool-launcher"}}}
	makeAll(t, host, func(*testing.T) {}, &e)
	e.compare(t, host)
	const warns = `(?s).*` // of pkg_resources
	for _, r := range []scriptRun{
		{args: []string{"nodepool", "--version"}, stdout: `Nodepool version: 11\.0\.0\n`, stderr: warns},
		{args: []string{"nodepool-launcher", "--help"}, stdout: `(?s)usage: nodepool-launcher .*`, stderr: warns},
		{args: []string{"nodepool-base", "python3", "-c", "import nodepool; print(nodepool.__name__)"}, stdout: `nodepool\n`, stderr: warns},
		{args: []string{"nodepool-builder", "--help"}, stdout: `(?s)usage: nodepool-builder .*`, stderr: warns},
	} {
		e.run(t, r)
	}
}
