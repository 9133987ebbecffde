package docker

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/docker/docker/api/types/image"

	solver "github.com/pbrx-go/pbrx-go/builder/engine"
	"github.com/pbrx-go/pbrx-go/builder/engine/enginetest"
	"github.com/pbrx-go/pbrx-go/builder/engine/enginetest/daemons"
)

// An engine may be told that builds have no host network. They have its own then.
func TestHostNetworkRefused(t *testing.T) {
	config := map[string]any{"builder": map[string]any{"entitlements": map[string]any{"network-host": false}}}
	enginetest.Smoke(t, openEngine(t, daemons.DockerOptions{Config: config}))
}

// Whole builds on a Docker Engine of their own, whose BuildKit has no Merge; nothing is left of any of them
// but what was named, and the suite names nothing in Docker.
func TestConformance(t *testing.T) {
	enginetest.Run(t, func(t *testing.T) enginetest.Engine { return openEngine(t, daemons.DockerOptions{}) })
}

// openEngine starts a Docker Engine for the suite.
func openEngine(t *testing.T, options daemons.DockerOptions) enginetest.Engine {
	t.Helper()
	d, err := Open(t.Context(), Endpoint{Host: daemons.Docker(t, options), Source: "the test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return enginetest.Engine{
		Solver: &solver.Engine{Client: d.Client(), Compression: "zstd", SharedKey: t.Name(), Epoch: strconv.Itoa(315532800)},
		Docker: d, Keeps: !d.Containerd(), Mergeless: !d.Containerd(), Stubs: !d.Containerd(),
		Left: func(t *testing.T) []string { return allImages(t, d) },
	}
}

// allImages are all images that the engine has, also those without a name.
func allImages(t *testing.T, d *Daemon) []string {
	t.Helper()
	list, err := d.api.ImageList(t.Context(), image.ListOptions{All: true})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, img := range list {
		all = append(all, fmt.Sprintf("%s %q", img.ID, img.RepoTags))
	}
	return all
}
