package enginetest

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/images/layout"
	"github.com/pbrx-go/pbrx-go/images/naming"
)

// epoch is the time of everything made.
const epoch = 315532800

// suite is an engine and the base images that all cases share.
type suite struct {
	engine Engine
	// layout is a base as an OCI layout, with a configuration; rootfs is the same files as a tarball.
	layout, rootfs naming.Location
}

// with is the suite on another engine.
func (s *suite) with(engine Engine) *suite {
	other := *s
	other.engine = engine
	return &other
}

func newSuite(t *testing.T, engine Engine) *suite {
	t.Helper()
	dir := t.TempDir()
	python := filepath.Join(dir, "python")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", python, "github.com/pbrx-go/pbrx-go/builder/engine/enginetest/testdata/python")
	cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0") // nothing else is in the base that it could be linked with
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building the Python of the base: %v\n%s", err, out)
	}
	program, err := os.ReadFile(python)
	if err != nil {
		t.Fatal(err)
	}
	tarball := baseTarball(t, program, engine.Stubs)
	s := &suite{
		engine: engine,
		layout: naming.Location{Transport: naming.OCILayout, Name: filepath.Join(dir, "base"), Ref: "tiny-python:1"},
		rootfs: naming.Location{Transport: naming.RootFS, Name: filepath.Join(dir, "base.tar")},
	}
	if err := os.WriteFile(s.rootfs.Name, tarball, 0o644); err != nil {
		t.Fatal(err)
	}
	writeBase(t, s.layout, tarball)
	return s
}

// baseTarball is the base's file system, with or without the files that steps get mounted where there need be none.
func baseTarball(t *testing.T, python []byte, mounted bool) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	add := func(h tar.Header, data []byte) {
		h.Size, h.ModTime = int64(len(data)), time.Unix(epoch, 0)
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range strings.Fields("dev etc proc run sys tmp usr usr/bin usr/lib usr/sbin usr/share " +
		"var var/cache var/cache/apt var/lib var/lib/apt var/lib/apt/lists var/log var/log/apt") {
		add(tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o755}, nil)
	}
	add(tar.Header{Typeflag: tar.TypeReg, Name: "etc/os-release", Mode: 0o644}, []byte("ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n"))
	add(tar.Header{Typeflag: tar.TypeReg, Name: "etc/packages", Mode: 0o644}, []byte("libfoo toolfoo breaks tini git\n"))
	empty := []string{"var/log/dpkg.log", "var/log/alternatives.log", "var/log/bootstrap.log"}
	if mounted {
		empty = append(empty, "etc/hosts", "etc/resolv.conf", "usr/sbin/policy-rc.d")
	}
	for _, name := range empty {
		add(tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644}, nil)
	}
	add(tar.Header{Typeflag: tar.TypeReg, Name: "usr/bin/python3", Mode: 0o755}, python)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// baseConfig is the configuration of the base, with one of everything that images of it keep.
func baseConfig(layer digest.Digest) map[string]any {
	return map[string]any{
		"architecture": runtime.GOARCH, "os": "linux", "created": "2024-01-01T00:00:00Z",
		"config": map[string]any{
			"Env": []string{"PATH=/usr/bin:/bin", "LANG=C.UTF-8"}, "Cmd": []string{"python3"}, "WorkingDir": "/usr", "User": "1000",
			"Labels":      map[string]string{"org.example.kept": "yes", v1.AnnotationTitle: "tiny-python"},
			"Healthcheck": map[string]any{"Test": []string{"CMD", "python3"}},
		},
		"rootfs":  map[string]any{"type": "layers", "diff_ids": []string{layer.String()}},
		"history": []any{map[string]any{"created_by": "somebody"}},
	}
}

func writeBase(t *testing.T, at naming.Location, tarball []byte) {
	t.Helper()
	w, err := layout.NewWriter(at.Name, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	add := func(mediaType string, data []byte) v1.Descriptor {
		d := v1.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(data), Size: int64(len(data))}
		if err := content.WriteBlob(t.Context(), w.Store(), d.Digest.String(), bytes.NewReader(data), d); err != nil {
			t.Fatal(err)
		}
		return d
	}
	addJSON := func(mediaType string, v any) v1.Descriptor {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return add(mediaType, data)
	}
	manifest := addJSON(v1.MediaTypeImageManifest, v1.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2},
		MediaType: v1.MediaTypeImageManifest,
		Config:    addJSON(v1.MediaTypeImageConfig, baseConfig(digest.FromBytes(tarball))),
		Layers:    []v1.Descriptor{add(v1.MediaTypeImageLayer, tarball)},
	})
	if err := w.Commit([]layout.Named{{Descriptor: manifest, Name: at.Ref, FullName: "docker.io/library/" + at.Ref}}); err != nil {
		t.Fatal(err)
	}
}

// project writes the project that the cases build, with some of its files changed, and returns its folder.
func (s *suite) project(t *testing.T, changed map[string]string) string {
	t.Helper()
	files := map[string]string{
		"pyproject.toml": `[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "tiny"
version = "1.0"
dependencies = ["alpha"]

[project.optional-dependencies]
tiny-base = ["beta"]
hello = ["gamma"]

[project.scripts]
hello = "tiny:main"
plain = "tiny:main"
`,
		"METADATA": `Metadata-Version: 2.1
Name: tiny
Version: 1.0
Requires-Dist: alpha
Provides-Extra: tiny-base
Requires-Dist: beta; extra == "tiny-base"
Provides-Extra: hello
Requires-Dist: gamma; extra == "hello"
`,
		"entry_points.txt": "[console_scripts]\nhello = tiny:main\nplain = tiny:main\n",
		"bindep.txt":       "libfoo\ntoolfoo [compile]\n",
		"tiny.py":          "hello\n",
	}
	maps.Copy(files, changed)
	dir := t.TempDir()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(files[name]), fs.FileMode(0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// noMirror leaves the base's package sources alone.
func noMirror(images.Base) (string, error) { return "", nil }
