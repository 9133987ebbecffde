package remote_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/pbrx-go/pbrx-go/builder"
	"github.com/pbrx-go/pbrx-go/builder/engine"
	"github.com/pbrx-go/pbrx-go/builder/engine/enginetest"
	"github.com/pbrx-go/pbrx-go/builder/engine/enginetest/daemons"
	"github.com/pbrx-go/pbrx-go/builder/engine/remote"
	"github.com/pbrx-go/pbrx-go/images/naming"
)

const epoch = 315532800

func solver(t *testing.T, address string, o remote.Options) *engine.Engine {
	t.Helper()
	return &engine.Engine{Client: open(t, address, o), Compression: "zstd", SharedKey: t.Name(), Epoch: strconv.Itoa(epoch)}
}

func TestConformance(t *testing.T) {
	enginetest.Run(t, func(t *testing.T) enginetest.Engine {
		return enginetest.Engine{Solver: solver(t, daemons.Buildkitd(t, daemons.BuildkitdOptions{}), remote.Options{})}
	})
}

// A buildkitd that says it is of another platform: what builder learns of the base, and builds
// for, must be the worker's platform. (Its steps run all the same: nothing emulates, and the base's program is this machine's.)
func TestThePlatformIsTheWorkers(t *testing.T) {
	other := "arm64"
	if runtime.GOARCH == other {
		other = "amd64"
	}
	s := solver(t, daemons.Buildkitd(t, daemons.BuildkitdOptions{Config: "[worker.oci]\nplatforms = [\"linux/" + other + "\"]\n"}), remote.Options{})
	base := t.TempDir()
	for _, dir := range []string{"dev", "etc", "proc", "sys", "tmp", "usr/bin"} {
		if err := os.MkdirAll(filepath.Join(base, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(base, "etc/os-release"), []byte("ID=debian\nVERSION_ID=\"12\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	static(t, "enginetest/testdata/python", filepath.Join(base, "usr/bin/python3"))
	r, err := builder.Probe(t.Context(), s, builder.Options{
		Base: naming.Location{Transport: naming.RootFS, Name: base}, TempDir: t.TempDir(), Memory: filepath.Join(t.TempDir(), "memory.json"),
		Epoch: time.Unix(epoch, 0),
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := "linux/" + other; r.Base.Platform != want {
		t.Errorf("builder takes the base for %s, want %s", r.Base.Platform, want)
	}
	if err := r.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
