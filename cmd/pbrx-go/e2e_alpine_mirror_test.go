//go:build linux

package main

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/pbrx-go/pbrx-go/builder/engine/enginetest/distrorepo"
)

// Alpine's mirrors cannot be reached where the tests run. So one is made here: real packages, signed and
// indexed, which the real apk of a real Alpine installs. Some of what is in them stands in for what is not to be had:
//
//	gcc                  zig (from PyPI), which compiles for musl, under gcc's name
//	yaml, yaml-dev       libyaml, from the sources that ruamel.yaml.clib brings, compiled for musl
//	dumb-init            Yelp's, from its release on PyPI, compiled for musl
//	git                  that of this machine, with the libraries it needs
//	bc                   the one that busybox has in it
//	make, linux-headers, a file that says so
//	libressl-dev, libffi …
type alpineMirror struct {
	// base is the --base of an Alpine that trusts the mirror's packages; plain that of one that does not.
	base, plain string
	// url is the mirror's address, for --mirror, and packages the folder that is served.
	url, packages string
	asked         *requests
}

var theAlpineMirror = struct {
	once   sync.Once
	mirror alpineMirror
	err    error
}{}

// alpine is the mirror that all tests share, and its base.
func alpine(t *testing.T) alpineMirror {
	t.Helper()
	rootfs := given(t, "PBRX_GO_TEST_ALPINE")
	m := &theAlpineMirror
	m.once.Do(func() { m.mirror, m.err = makeAlpine(t, rootfs, filepath.Join(workDir, "alpine")) })
	if m.err != nil {
		t.Fatalf("making a mirror of Alpine: %v", m.err)
	}
	return m.mirror
}

func makeAlpine(t *testing.T, rootfs, dir string) (m alpineMirror, err error) {
	root := filepath.Join(dir, "root")
	if err := os.MkdirAll(root, 0o755); err != nil {
		return m, err
	}
	if err := outputless("tar", "-C", root, "-xf", rootfs); err != nil {
		return m, err
	}
	key, err := distrorepo.NewKey("mirror@example.org-1")
	if err != nil {
		return m, err
	}
	packages, err := alpinePackages(t, dir)
	if err != nil {
		return m, err
	}
	m.packages = filepath.Join(dir, "www")
	for repository, content := range packages {
		if err := distrorepo.APKs(root, filepath.Join(m.packages, "alpine/v3.20", repository), key, content); err != nil {
			return m, err
		}
	}
	public, err := key.Public()
	if err != nil {
		return m, err
	}
	if err := os.WriteFile(filepath.Join(root, "etc/apk/keys", key.Name), public, 0o644); err != nil {
		return m, err
	}
	trusting := filepath.Join(dir, "base.tar")
	if err := outputless("tar", "-C", root, "--sort=name", "-cf", trusting, "."); err != nil {
		return m, err
	}
	m.base, m.plain, m.asked = "rootfs:"+trusting, "rootfs:"+rootfs, &requests{}
	m.url = "http://" + serveFolder(m.packages, m.asked).Listener.Addr().String() + "/alpine"
	return m, nil
}

// serveFolder serves a folder on loopback for as long as the tests run.
func serveFolder(dir string, asked *requests) *httptest.Server {
	return httptest.NewServer(loggedFolder(dir, asked))
}

func loggedFolder(dir string, asked *requests) http.Handler {
	files := http.FileServer(http.Dir(dir))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.add(r.Method + " " + r.URL.Path)
		files.ServeHTTP(w, r)
	})
}

func outputless(argv ...string) error {
	if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(argv, " "), err, out)
	}
	return nil
}

// alpinePackages are the packages of the mirror, by repository.
func alpinePackages(t *testing.T, dir string) (map[string][]distrorepo.Package, error) {
	zig, err := makeZig(t, dir)
	if err != nil {
		return nil, err
	}
	yaml := sourceOf(t, "ruamel.yaml.clib", "0.2.15", dir)
	library := filepath.Join(dir, "libyaml-0.so.2")
	cc := []string{"-shared", "-fPIC", "-O2", "-s", "-Wl,-soname,libyaml-0.so.2", "-DHAVE_CONFIG_H", "-I" + yaml, "-o", library}
	for _, name := range []string{"api", "dumper", "emitter", "loader", "parser", "reader", "scanner", "writer"} {
		cc = append(cc, filepath.Join(yaml, name+".c"))
	}
	if err := zig.compile(cc...); err != nil {
		return nil, err
	}
	init := filepath.Join(dir, "dumb-init")
	if err := zig.compile("-O2", "-s", "-o", init, filepath.Join(sourceOf(t, "dumb-init", "1.2.5.post1", dir), "dumb-init.c")); err != nil {
		return nil, err
	}
	git, err := gitFiles(dir)
	if err != nil {
		return nil, err
	}
	standIn := func(name string) []distrorepo.File {
		return []distrorepo.File{{Path: "/usr/share/" + name + "/stand-in", Text: "This stands in for Alpine's " + name + ".\n"}}
	}
	const musl = "so:libc.musl-x86_64.so.1"
	return map[string][]distrorepo.Package{
		"main": {
			{Name: "gcc", Version: "13.2.1", Provides: []string{"cmd:gcc=13.2.1-r0", "cmd:cc=13.2.1-r0"}, Files: zig.files()},
			{Name: "musl-dev", Version: "1.2.5", Depends: []string{"musl"}, Provides: []string{"libc-dev=1.2.5-r0"}, Files: standIn("musl-dev")},
			{Name: "yaml", Version: "0.2.5", Depends: []string{musl}, Provides: []string{"so:libyaml-0.so.2=2.0.9"},
				Files: []distrorepo.File{{Path: "/usr/lib/libyaml-0.so.2", Source: library, Mode: 0o755}}},
			{Name: "yaml-dev", Version: "0.2.5", Depends: []string{"yaml=0.2.5-r0"}, Provides: []string{"pc:yaml-0.1=0.2.5"},
				Files: []distrorepo.File{{Path: "/usr/include/yaml.h", Source: filepath.Join(yaml, "yaml.h"), Mode: 0o644}, {Path: "/usr/lib/libyaml.so", Link: "libyaml-0.so.2"}}},
			{Name: "libffi", Version: "3.4.6", Provides: []string{"so:libffi.so.8=8.1.4"}, Files: standIn("libffi")},
			{Name: "libffi-dev", Version: "3.4.6", Depends: []string{"libffi=3.4.6-r0", "linux-headers"}, Files: standIn("libffi-dev")},
			{Name: "linux-headers", Version: "6.6", Files: standIn("linux-headers")},
			{Name: "make", Version: "4.4.1", Files: standIn("make")},
			{Name: "git", Version: "2.45.2", Provides: []string{"cmd:git=2.45.2-r0"}, Files: git},
			{Name: "bc", Version: "1.07.1", Depends: []string{"busybox"}, Files: []distrorepo.File{{Path: "/usr/bin/bc", Text: "#!/bin/sh\nexec busybox bc \"$@\"\n", Mode: 0o755}}},
		},
		"community": {
			{Name: "dumb-init", Version: "1.2.5", Depends: []string{musl}, Provides: []string{"cmd:dumb-init=1.2.5-r0"},
				Files: []distrorepo.File{{Path: "/usr/bin/dumb-init", Source: init, Mode: 0o755}}},
			{Name: "libressl-dev", Version: "3.8.4", Files: standIn("libressl-dev")},
			{Name: "needs-nothing-there", Version: "1", Depends: []string{"so:libnowhere.so.1"}},
			{Name: "not-with-yaml", Version: "1", Depends: []string{"!yaml"}, Files: standIn("not-with-yaml")},
			{Name: "fails-to-set-up", Version: "1", Files: standIn("fails-to-set-up"), PostInstall: "#!/bin/sh\necho the moon is in the way >&2\nexit 3\n"},
			{Name: "sets-up", Version: "1", Files: standIn("sets-up"), PostInstall: "#!/bin/sh\nmkdir -p /var/lib/sets-up && echo done >/var/lib/sets-up/state\n"},
			{Name: "lamp", Version: "1", Depends: []string{"lamp-wick>=2"}, Files: standIn("lamp")},
			{Name: "lamp-wick", Version: "2.1", Files: standIn("lamp-wick")},
			{Name: "lamp-oil", Version: "1", Provides: []string{"lamp-fuel"}, Files: standIn("lamp-oil")},
			{Name: "lamp-gas", Version: "1", Provides: []string{"lamp-fuel"}, Files: standIn("lamp-gas")},
		},
	}, nil
}

// zigCompiler is a folder with zig and what of its library it takes to compile C for musl.
type zigCompiler struct{ dir, cache string }

func makeZig(t *testing.T, dir string) (z zigCompiler, err error) {
	python, err := pip()
	if err != nil {
		return z, err
	}
	wheels, all := filepath.Join(dir, "wheels"), filepath.Join(dir, "ziglang")
	if err := outputless(python, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", wheels, "ziglang==0.17.1"); err != nil {
		return z, err
	}
	found, err := filepath.Glob(filepath.Join(wheels, "ziglang-*.whl"))
	if err != nil {
		return z, err
	}
	if len(found) != 1 {
		return z, fmt.Errorf("pip fetched %q", found)
	}
	if err := outputless(python, "-m", "zipfile", "-e", found[0], all); err != nil {
		return z, err
	}
	z = zigCompiler{dir: filepath.Join(dir, "zig"), cache: filepath.Join(dir, "zig-cache")}
	if err := os.MkdirAll(filepath.Join(z.dir, "lib/libc/include"), 0o755); err != nil {
		return z, err
	}
	parts := []string{"zig", "lib/std", "lib/include", "lib/c", "lib/c.zig", "lib/compiler", "lib/compiler_rt", "lib/compiler_rt.zig", "lib/ubsan_rt.zig", "lib/zig.h", "lib/libc/musl",
		"lib/libc/include/generic-musl", "lib/libc/include/x86_64-linux-musl", "lib/libc/include/x86-linux-musl", "lib/libc/include/x86-linux-any", "lib/libc/include/any-linux-any"}
	for _, part := range parts {
		if err := os.Rename(filepath.Join(all, "ziglang", part), filepath.Join(z.dir, part)); err != nil && !os.IsNotExist(err) { // not all releases have all
			return z, err
		}
	}
	if err := os.RemoveAll(all); err != nil {
		return z, err
	}
	return z, os.Chmod(filepath.Join(z.dir, "zig"), 0o755)
}

// target are the arguments that make it a compiler for Alpine.
func (z zigCompiler) target() []string {
	return []string{"cc", "-target", "x86_64-linux-musl", "-dynamic"}
}

func (z zigCompiler) compile(args ...string) error {
	cmd := exec.Command(filepath.Join(z.dir, "zig"), append(z.target(), args...)...)
	cmd.Env = append(os.Environ(), "ZIG_GLOBAL_CACHE_DIR="+z.cache)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("zig %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

func (z zigCompiler) files() []distrorepo.File {
	// Told what it compiles for, it looks nowhere by itself.
	const system = " -idirafter /usr/include -L/usr/lib"
	compiler := "#!/bin/sh\nZIG_GLOBAL_CACHE_DIR=/usr/lib/zig-cache exec /usr/lib/zig/zig " + strings.Join(z.target(), " ") + system + ` "$@"` + "\n"
	return []distrorepo.File{
		{Path: "/usr/lib/zig", Source: z.dir},
		{Path: "/usr/lib/zig-cache", Source: z.cache}, // what it made of its runtime library here, it need not make there
		{Path: "/usr/bin/gcc", Text: compiler, Mode: 0o755},
		{Path: "/usr/bin/cc", Link: "gcc"},
	}
}

// gitFiles are the git of this machine with the libraries and the loader that it runs by.
func gitFiles(dir string) ([]distrorepo.File, error) {
	git, err := exec.LookPath("git")
	if err != nil {
		return nil, err
	}
	if git, err = filepath.EvalSymlinks(git); err != nil {
		return nil, err
	}
	out, err := exec.Command("ldd", git).Output()
	if err != nil {
		return nil, fmt.Errorf("ldd %s: %w", git, err)
	}
	const home = "/usr/lib/git-of-the-test/"
	wrapper := "#!/bin/sh\nexec " + home + "ld.so --library-path " + home + " --argv0 git " + home + `git --exec-path=` + home + `bin "$@"` + "\n"
	files := []distrorepo.File{
		{Path: home + "git", Source: git, Mode: 0o755},
		{Path: home + "bin/git", Text: wrapper, Mode: 0o755},
		{Path: "/usr/bin/git", Text: wrapper, Mode: 0o755},
	}
	for _, m := range regexp.MustCompile(`(?m)^\s*(?:(\S+) => )?(/\S+) \(0x`).FindAllStringSubmatch(string(out), -1) {
		name, mode := m[1], fs.FileMode(0o644)
		if name == "" {
			name, mode = "ld.so", 0o755
		}
		source, err := filepath.EvalSymlinks(m[2])
		if err != nil {
			return nil, err
		}
		files = append(files, distrorepo.File{Path: home + name, Source: source, Mode: mode})
	}
	return files, nil
}
