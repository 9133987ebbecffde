//go:build linux

package main

import (
	"archive/tar"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pbrx-go/pbrx-go/builder/engine/enginetest/distrorepo"
)

// No registry has a Rocky Linux for these tests, so the base is a stand-in (distrorepo.RPMRoot): a real dnf and a real
// rpm under the name of Rocky Linux 9, with its repositories. The packages are made here, too.

// rpmPackages are those of the mirror, by repository.
func rpmPackages() map[string][]distrorepo.Package {
	file := func(path, text string) distrorepo.File { return distrorepo.File{Path: path, Text: text, Mode: 0o755} }
	return map[string][]distrorepo.Package{
		"BaseOS": {
			{Name: "lamp", Version: "1.5", Depends: []string{"lamp-libs>=1.4", "libwick.so.2()(64bit)"}, Files: []distrorepo.File{file("/usr/bin/lamp", "#!/bin/sh\ncat /usr/share/lamp/light\n")}},
			{Name: "lamp-libs", Version: "1.3", Files: []distrorepo.File{file("/usr/share/lamp/light", "too dim\n")}},
			{Name: "wick", Version: "2", Provides: []string{"libwick.so.2()(64bit)"}, PostInstall: "touch /var/lib/wick-is-in\n"},
			{Name: "dark", Version: "1", Conflicts: []string{"lamp"}},
			{Name: "imitation", Version: "1", Files: []distrorepo.File{file("/usr/bin/lamp", "#!/bin/sh\n")}},
		},
		"AppStream": {
			{Name: "lamp-libs", Version: "1.5", Files: []distrorepo.File{file("/usr/share/lamp/light", "bright\n")}},
			{Name: "lamp-devel", Version: "1.5", Depends: []string{"lamp-libs=1.5"}, Files: []distrorepo.File{file("/usr/include/lamp.h", "int lamp(void);\n")}},
			{Name: "candle", Version: "3", Provides: []string{"light-source"}, Files: []distrorepo.File{file("/usr/bin/candle", "#!/bin/sh\n")}},
			{Name: "tini", Version: "0.19.0", Files: []distrorepo.File{file("/usr/bin/tini", "#!/bin/sh\nshift\nexec \"$@\"\n")}}, // it reaps nothing
		},
	}
}

// lamplighter is a project that is built with a header and run with a program. It tells what rpm knows.
func lamplighter() map[string]string {
	return map[string]string{
		"pyproject.toml": "[build-system]\nrequires = [\"setuptools>=64\"]\nbuild-backend = \"setuptools.build_meta\"\n\n[project]\nname = \"lamplighter\"\nversion = \"1.0\"\n\n" +
			"[project.scripts]\nlamplighter = \"lamplighter:main\"\n\n[tool.setuptools]\npy-modules = [\"lamplighter\"]\n",
		"setup.py": "import os\nfrom setuptools import setup\n\nassert os.path.exists(\"/usr/include/lamp.h\"), \"no lamp.h\"\nsetup()\n",
		"lamplighter.py": "import os, subprocess\n\n\ndef main():\n    run = lambda *argv: subprocess.run(argv, stdout=subprocess.PIPE, check=True, text=True).stdout\n" +
			"    print(*sorted(run(\"rpm\", \"-qa\", \"--queryformat\", \"%{name}-%{version} \").split()))\n" +
			"    print(run(\"lamp\").strip(), os.path.exists(\"/usr/include/lamp.h\"))\n",
		"bindep.txt": "lamp-devel [compile platform:rpm]\nlamp [platform:rpm]\nlight-source [platform:redhat platform:rpm]\nlampo [platform:dpkg]\n",
	}
}

// rocky is a base with dnf and a mirror of its packages.
type rocky struct {
	base, mirror, dir string
	asked             *requests
}

func makeRocky(t *testing.T) rocky {
	t.Helper()
	tarball, ok := strings.CutPrefix(testBase(t), "rootfs:")
	if !ok || os.Geteuid() != 0 {
		t.Skip("e2e: a base of rpm is made of a root file system (PBRX_GO_TEST_BASE=rootfs:FILE), by root")
	}
	started, dir := time.Now(), t.TempDir()
	root, www := filepath.Join(dir, "root"), filepath.Join(dir, "www")
	key, err := distrorepo.NewRPMKey()
	if err != nil {
		t.Fatal(err)
	}
	if err := distrorepo.RPMRoot(tarball, root, key); err != nil {
		t.Fatal(err)
	}
	for repository, packages := range rpmPackages() {
		if err := distrorepo.RPMs(root, filepath.Join(www, "rocky/9", repository, "x86_64/os"), key, packages); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%.1fs: a base with dnf and its packages", time.Since(started).Seconds())
	asked, files := &requests{}, http.FileServer(http.Dir(www))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.add(r.URL.Path)
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return rocky{base: "rootfs:" + root, mirror: server.URL + "/rocky", dir: dir, asked: asked}
}

func TestDnf(t *testing.T) {
	r := makeRocky(t)
	project := filepath.Join(r.dir, "lamplighter")
	for name, text := range lamplighter() {
		write(t, filepath.Join(project, name), text)
	}
	first, second := filepath.Join(r.dir, "first"), filepath.Join(r.dir, "second")
	build := func(layout, mirror string, more ...string) command {
		return command{args: buildArgs(project, r.base, layout, append([]string{"--mirror", mirror, "--engine", "embedded"}, more...)...)}
	}
	build(first, r.mirror).succeed(t)
	checkDnfLayer(t, readLayout(t, first))
	scriptRun{args: []string{"lamplighter"}, stdout: `candle-3 glibc-2\.34 gpg-pubkey-\w+ lamp-1\.5 lamp-libs-1\.5 rocky-release-9\.4 tini-0\.19\.0 wick-2\nbright False\n`}.check(t, first)

	const nobody = "http://127.0.0.1:9"
	for name, c := range map[string]struct {
		bindep, mirror, want string
		code                 int
	}{
		"a package that is not there": {"lamp-oil [platform:rpm]\n", r.mirror,
			`bindep.txt:5:1: rocky-9.4 has no package "lamp-oil": correct the name, or limit the line to the platforms that have it, as in [platform:…]`, 1},
		"packages that exclude each other": {"dark [platform:rpm]\n", r.mirror,
			"Problem: package dark-1-0.x86_64 conflicts with lamp provided by lamp-1.5-0.x86_64 - conflicting requests: asked for by bindep.txt:2:1, bindep.txt:5:1", 1},
		"packages with the same file": {"imitation [platform:rpm]\n", r.mirror,
			"Transaction test error: file /usr/bin/lamp conflicts between attempted installs of imitation-1-0.x86_64 and lamp-1.5-0.x86_64: asked for by bindep.txt:2:1, bindep.txt:5:1", 1},
		"a mirror that does not answer": {"wick [platform:rpm]\n", nobody,
			"Curl error (7): Couldn't connect to server for " + nobody + "/9/BaseOS/x86_64/os/repodata/repomd.xml", 3},
		"a mirror without the repositories": {"wick [platform:rpm]\n", r.mirror + "/nothing",
			"Status code: 404 for " + r.mirror + "/nothing/9/BaseOS/x86_64/os/repodata/repomd.xml", 3},
	} {
		t.Run(name, func(t *testing.T) {
			write(t, filepath.Join(project, "bindep.txt"), lamplighter()["bindep.txt"]+c.bindep)
			before := r.asked.count(".rpm")
			out := build(filepath.Join(t.TempDir(), "none"), c.mirror).run(t)
			_, said, _ := strings.Cut("\n"+tail(out.stderr), "\nerror: ")
			if out.code != c.code || !strings.Contains(said, c.want) {
				t.Errorf("status %d, want %d, and it says\n%s\nwant in it\n%s", out.code, c.code, said, c.want)
			}
			if n, more := r.asked.count(".rpm")-before, strings.Count(c.bindep, "imitation"); n > 2*more {
				t.Errorf("%d packages were fetched, though there is a cache that all but %d are in", n, more)
			}
		})
	}

	write(t, filepath.Join(project, "bindep.txt"), lamplighter()["bindep.txt"])
	build(second, r.mirror, "--no-cache").succeed(t)
	if got, want := readLayout(t, second).image(t, "lamplighter:latest").layerDigests(), readLayout(t, first).image(t, "lamplighter:latest").layerDigests(); !slices.Equal(got, want) {
		t.Errorf("made anew, the layers are %q, and were %q", got, want)
	}
}

// checkDnfLayer compares what dnf put on the base with what is in its packages.
func checkDnfLayer(t *testing.T, l ociLayout) {
	t.Helper()
	img := l.image(t, "lamplighter:latest")
	if want := []string{"/usr/bin/tini", "--"}; !slices.Equal(img.config.Config.Entrypoint, want) {
		t.Errorf("Entrypoint is %q, want %q", img.config.Config.Entrypoint, want)
	}
	base := map[string]time.Time{}
	img.walk(t, 0, func(h *tar.Header, _ io.Reader) { base[strings.Trim(path.Clean(h.Name), "/")] = h.ModTime })
	var found []string
	for _, e := range img.layer(t, 1) {
		if e.FileInfo().IsDir() && e.ModTime.Equal(base[e.path]) {
			e.ModTime = epoch // the base's folder, there because of what lies in it
		}
		checkEntry(t, "distro packages for run time", e, nil)
		if !e.FileInfo().IsDir() {
			found = append(found, e.path)
		}
	}
	slices.Sort(found)
	want := []string{"usr/bin/candle", "usr/bin/lamp", "usr/bin/tini", "usr/share/lamp/light",
		"var/lib/rpm/rpmdb.sqlite", "var/lib/rpm/rpmdb.sqlite-shm", "var/lib/rpm/rpmdb.sqlite-wal", "var/lib/wick-is-in"}
	if !slices.Equal(found, want) {
		t.Errorf("the layer of distro packages has\n%q, want\n%q", found, want)
	}
}
