package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"
)

// zuul is a definition beside a project, as Zuul's would be: several scripts, assets that another image builds, a program
// that is downloaded.
func newZuul(t *testing.T) string {
	t.Helper()
	dir := definitionCopy(t, "zuul")
	sum := writeClient(t, filepath.Join(dir, "oc.tar.gz"))
	server := serveFolder(dir, &requests{})
	t.Cleanup(server.Close)
	definition := filepath.Join(dir, "pbrx-go.toml")
	edit(t, definition, "https://mirror.example.org/clients", server.URL)
	edit(t, definition, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", sum)
	edit(t, definition, "docker://python:3.13-slim-bookworm", testBase(t)) // where no registry can be reached
	return dir
}

// writeClient writes an archive with a program in it and returns its digest.
func writeClient(t *testing.T, file string) string {
	t.Helper()
	const program = "#!/bin/sh\necho \"oc $1 4.11.20\"\n"
	var data bytes.Buffer
	z := gzip.NewWriter(&data)
	w := tar.NewWriter(z)
	if err := w.WriteHeader(&tar.Header{Name: "oc", Typeflag: tar.TypeReg, Mode: 0o755, Size: int64(len(program)), ModTime: epoch}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(program)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []interface{ Close() error }{w, z} {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(file, data.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data.Bytes())
	return hex.EncodeToString(sum[:])
}

func TestDefinitionsZuul(t *testing.T) {
	host := dockerfileHost(t)
	e := example{dir: newZuul(t), name: "zuul", project: ".",
		images: []exampleImage{{name: "gatekeeper", target: "gatekeeper"}, {name: "gatekeeper-executor", target: "gatekeeper-executor"}, {name: "gatekeeper-scheduler", target: "gatekeeper-scheduler"}, {name: "gatekeeper-web", target: "gatekeeper-web"}}}
	makeAll(t, host, func(*testing.T) {}, &e)
	e.compare(t, host)
	for _, r := range []scriptRun{
		{args: []string{"gatekeeper-base", "gatekeeper-scheduler", "-f"}, stdout: `scheduler of gatekeeper 10001 10001\n`},
		{args: []string{"gatekeeper"}, stdout: `gatekeeper at your service\n`},
		{args: []string{"gatekeeper", "--version"}, stdout: `gatekeeper 14\.3\n`},
		{args: []string{"gatekeeper-scheduler"}, stdout: `scheduler of gatekeeper 10001 10001\n`},
		{args: []string{"gatekeeper-executor"}, stdout: `-  -----\n8  ready\n9  ready\n-  -----\noc version 4\.11\.20\n`},
		{args: []string{"gatekeeper-web"}, stdout: `<title>Gatekeeper</title>\n`},
	} {
		e.run(t, r)
	}
}
