package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	buildkit "github.com/moby/buildkit/client"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/session/secrets/secretsprovider"
	"github.com/moby/buildkit/util/entitlements"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/tonistiigi/fsutil"

	dockerengine "github.com/pbrx-go/pbrx-go/builder/engine/docker"
)

// dockerfileBase is the name of the tests' base in Docker, for FROM.
const dockerfileBase = "debian-python:bookworm"

// dockerfile is a Dockerfile that Docker Engine builds as docker build does, with the frontend that is in it.
type dockerfile struct {
	// context is the folder that COPY takes from, file the Dockerfile below it.
	context, file string
	// target is the stage that is built, the last one where it is empty.
	target string
	// name is given to the image.
	name string
	args map[string]string
}

// build builds the image. Its steps have the host's network. Those that ask for it have pip's configuration of this machine as
// the secret pip, and the certificates it trusts as the secret ca, which pip's configuration names.
func (d dockerfile) build(t *testing.T, host string) {
	t.Helper()
	engine, err := dockerengine.Open(t.Context(), dockerengine.Endpoint{Host: host})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	context, err := fsutil.NewFS(d.context)
	if err != nil {
		t.Fatal(err)
	}
	attrs := map[string]string{"filename": d.file, "force-network-mode": "host"}
	if d.target != "" {
		attrs["target"] = d.target
	}
	for name, value := range d.args {
		attrs["build-arg:"+name] = value
	}
	status := make(chan *buildkit.SolveStatus)
	said := make(chan string)
	go func() { said <- readStatus(status) }()
	_, err = engine.Client().Solve(t.Context(), nil, buildkit.SolveOpt{
		Frontend:            "dockerfile.v0",
		FrontendAttrs:       attrs,
		LocalMounts:         map[string]fsutil.FS{"context": context, "dockerfile": context},
		AllowedEntitlements: []string{entitlements.EntitlementNetworkHost.String()},
		Exports:             []buildkit.ExportEntry{{Type: "moby", Attrs: map[string]string{"name": d.name}}},
		Session:             []session.Attachable{secretsprovider.FromMap(pipSecrets(t))},
	}, status)
	if text := <-said; err != nil {
		t.Fatalf("building %s: %v\n%s", d.file, err, tail(text))
	}
}

// readStatus is what the steps of a build said.
func readStatus(status <-chan *buildkit.SolveStatus) string {
	var text strings.Builder
	for s := range status {
		for _, l := range s.Logs {
			text.Write(l.Data)
		}
	}
	return text.String()
}

// pipSecrets are what a step with pip needs to reach the package index as this machine does.
func pipSecrets(t *testing.T) map[string][]byte {
	t.Helper()
	python, err := pip()
	if err != nil {
		t.Fatal(err)
	}
	text := "[global]\ndisable-pip-version-check = true\ncert = /run/secrets/ca\n"
	for _, key := range []string{"index-url", "extra-index-url", "trusted-host", "proxy"} {
		for _, section := range []string{"global.", ":env:."} {
			if value, err := exec.Command(python, "-m", "pip", "config", "get", section+key).Output(); err == nil {
				text += key + " = " + strings.ReplaceAll(strings.TrimSpace(string(value)), "\n", "\n  ") + "\n"
				break
			}
		}
	}
	return map[string][]byte{"pip": []byte(text), "ca": hostBundle(t)}
}

var dockerfileBases struct {
	once sync.Once
	err  error
}

// dockerfileHost is a Docker Engine in which Dockerfiles find the tests' base.
func dockerfileHost(t *testing.T) string {
	t.Helper()
	host, base := dockerHost(t), testBase(t)
	dockerfileBases.once.Do(func() {
		// What an official image has in its configuration.
		path := "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
		out, err := exec.Command("docker", "--host", host, "import", "--change", path, strings.TrimPrefix(base, "rootfs:"), dockerfileBase).CombinedOutput()
		if err != nil {
			dockerfileBases.err = fmt.Errorf("docker import: %w: %s", err, out)
		}
	})
	if err := dockerfileBases.err; err != nil {
		t.Fatal(err)
	}
	return host
}

// savedImages are images of a Docker Engine, read from what docker save writes.
func savedImages(t *testing.T, host string, names ...string) map[string]ociImage {
	t.Helper()
	archive := filepath.Join(t.TempDir(), "images.tar")
	docker(t, host, append([]string{"save", "--output", archive}, names...)...)
	dir := unpack(t, archive)
	if err := os.Remove(archive); err != nil {
		t.Fatal(err)
	}
	return readSaved(t, dir)
}

// readSaved reads the images of an archive that was unpacked into a folder.
func readSaved(t *testing.T, dir string) map[string]ociImage {
	t.Helper()
	var saved []savedImage
	if err := json.Unmarshal([]byte(readFile(t, filepath.Join(dir, "manifest.json"))), &saved); err != nil {
		t.Fatal(err)
	}
	images := map[string]ociImage{}
	for _, s := range saved {
		images[s.RepoTags[0]] = s.read(t, dir)
	}
	return images
}

// savedImage is an image in an archive of docker save.
type savedImage struct {
	Config           string
	RepoTags, Layers []string
}

// read makes a layout of the folder into which the archive was unpacked, as far as its layers go.
func (s savedImage) read(t *testing.T, dir string) ociImage {
	t.Helper()
	img := ociImage{layout: ociLayout{dir: dir}, name: s.RepoTags[0], rawConfig: []byte(readFile(t, filepath.Join(dir, s.Config)))}
	if err := json.Unmarshal(img.rawConfig, &img.config); err != nil {
		t.Fatal(err)
	}
	for n, layer := range s.Layers {
		d := v1.Descriptor{MediaType: v1.MediaTypeImageLayer, Digest: img.config.RootFS.DiffIDs[n]}
		img.manifest.Layers = append(img.manifest.Layers, d)
		putBlob(t, filepath.Join(dir, layer), img.layout.path(d.Digest))
	}
	return img
}

// putBlob moves a file to where a layout has it, unless it is there: images share layers.
func putBlob(t *testing.T, from, to string) {
	t.Helper()
	if exists(to) {
		return
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}
