package images_test

import (
	"bytes"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/pbrx-go/pbrx-go/bindep"
	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

var update = flag.Bool("update", false, "write the golden files anew")

// bases are what a probe finds in the images that users build on.
func bases(t *testing.T) map[string]images.Base {
	t.Helper()
	distro := func(s string) bindep.Distro {
		d, err := bindep.ParseDistro(s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	return map[string]images.Base{
		"debian-12": {
			Ref: "rootfs:/base.tar", Digest: "sha256:1212121212121212121212121212121212121212121212121212121212121212", Platform: "linux/amd64",
			Distro: distro("debian-12"), DistroName: "debian-12", PackageManager: "apt", Inits: map[string]string{}, Env: []string{},
			Python: images.Python{Executable: "/usr/bin/python3", Version: "3.11.2", Purelib: "/usr/local/lib/python3.11/dist-packages",
				Scripts: "/usr/local/bin", ExternallyManaged: true, Ensurepip: true},
		},
		"alpine-3.20": {
			Ref: "docker://python:alpine", Digest: "sha256:3203203203203203203203203203203203203203203203203203203203203203", Platform: "linux/amd64",
			Distro: distro("alpine-3.20"), DistroName: "alpine-3.20", PackageManager: "apk", Inits: map[string]string{},
			Env: []string{"PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", "PYTHON_VERSION=3.13.1"},
			Python: images.Python{Executable: "/usr/local/bin/python3", Version: "3.13.1", Purelib: "/usr/local/lib/python3.13/site-packages",
				Scripts: "/usr/local/bin", Pip: "24.3.1", Ensurepip: true},
		},
		"rocky-9": {
			Ref: "docker://rockylinux/rockylinux:9", Digest: "sha256:0909090909090909090909090909090909090909090909090909090909090909", Platform: "linux/amd64",
			Distro: distro("rocky-9"), DistroName: "rocky-9", PackageManager: "dnf", Inits: map[string]string{}, Env: []string{},
			Python: images.Python{Executable: "/usr/bin/python3", Version: "3.9.21", Purelib: "/usr/local/lib/python3.9/site-packages",
				Scripts: "/usr/local/bin", Ensurepip: true},
		},
	}
}

// project reads a sample project as if it lay in a repository of its own.
func project(t *testing.T, name string) images.Input {
	t.Helper()
	files := fstest.MapFS{".git/HEAD": {Data: []byte("ref: refs/heads/main\n")}}
	dir := os.DirFS(filepath.Join("../testdata/projects", name))
	err := fs.WalkDir(dir, ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := fs.ReadFile(dir, path)
		files[path] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	p, err := setupcfg.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	b, err := bindep.Parse("bindep.txt", files["bindep.txt"].Data)
	if err != nil {
		t.Fatal(err)
	}
	return images.Input{Project: p, Bindep: b}
}

func TestGoldenPlans(t *testing.T) {
	for _, name := range []string{"leafcount", "lightship"} {
		for distro, base := range bases(t) {
			t.Run(name+"/"+distro, func(t *testing.T) {
				in := project(t, name)
				in.Base = base
				plan, err := images.New(in, images.Options{})
				if err != nil {
					t.Fatal(err)
				}
				got, err := plan.JSON()
				if err != nil {
					t.Fatal(err)
				}
				golden(t, filepath.Join("../testdata/projects", name, "plan-"+distro+".json"), got)
			})
		}
	}
}

// golden compares with a file that -update writes.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	gotLines, wantLines := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
	for n := range max(len(gotLines), len(wantLines)) {
		if n >= len(gotLines) || n >= len(wantLines) || !bytes.Equal(gotLines[n], wantLines[n]) {
			line := func(lines [][]byte) []byte {
				if n < len(lines) {
					return lines[n]
				}
				return []byte("(the end)")
			}
			t.Fatalf("%s:%d: it is now\n%s\nand was\n%s\nif that is right: go test -run %s -update", path, n+1, line(gotLines), line(wantLines), t.Name())
		}
	}
}
