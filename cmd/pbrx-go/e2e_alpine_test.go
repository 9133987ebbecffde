//go:build linux

package main

import (
	"archive/tar"
	"bytes"
	"crypto/tls"
	"io"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// alpineSet is a project's images on Alpine.
type alpineSet struct {
	layout string
	images ociLayout
	out    outcome
}

// onAlpine builds a project on Alpine from the mirror.
func onAlpine(t *testing.T, project string, more ...string) alpineSet {
	t.Helper()
	a := alpine(t)
	layout := filepath.Join(t.TempDir(), "layout")
	out := command{args: buildArgs(project, a.base, layout, append([]string{"--engine", "embedded", "--mirror", a.url}, more...)...)}.succeed(t)
	return alpineSet{layout: layout, images: readLayout(t, layout), out: out}
}

// apkPackages are the names of the packages that an image's database lists, sorted.
func apkPackages(t *testing.T, img ociImage) []string {
	t.Helper()
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^P:(.+)$`).FindAllStringSubmatch(string(img.file(t, "lib/apk/db/installed")), -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return names
}

// below is the image with its base's layer only.
func (i ociImage) below() ociImage {
	i.manifest.Layers = i.manifest.Layers[:1]
	return i
}

// checkAPK compares what apk knows in an image with the base and the packages that are wanted beyond it; asked are
// those that somebody asked for, which is what /etc/apk/world says and an apk of a later day keeps.
func checkAPK(t *testing.T, img ociImage, asked []string, closure ...string) {
	t.Helper()
	want := slices.Concat(apkPackages(t, img.below()), asked, closure)
	slices.Sort(want)
	if got := apkPackages(t, img); !slices.Equal(got, want) {
		t.Errorf("%s has the packages %q, want %q", img.name, got, want)
	}
	world := append(strings.Fields(string(img.below().file(t, "etc/apk/world"))), asked...)
	slices.Sort(world)
	if got := strings.Fields(string(img.file(t, "etc/apk/world"))); !slices.Equal(got, world) {
		t.Errorf("the world of %s is %q, want %q", img.name, got, world)
	}
	for n := 1; n < len(img.manifest.Layers); n++ {
		img.walk(t, n, func(h *tar.Header, r io.Reader) {
			name := cleaned(h.Name)
			if h.Typeflag != tar.TypeDir && strings.HasPrefix(name, "etc/apk/") && name != "etc/apk/world" {
				t.Errorf("%s has another %s than the base", img.name, name)
			}
			content, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(content, []byte(strings.TrimPrefix(alpine(t).url, "http://"))) {
				t.Errorf("%s of %s speaks of the mirror", name, img.name)
			}
		})
	}
	if bytes.Contains(img.rawConfig, []byte(alpine(t).url)) {
		t.Errorf("the configuration of %s speaks of the mirror", img.name)
	}
}

// A C extension is compiled by a compiler for musl against the -dev package; the image has the library, and neither
// compiler nor header.
func TestAlpineExtension(t *testing.T) {
	project := projectCopy(t, "leafcount")
	set := onAlpine(t, project)
	checkPurityOf(t, set.layout, project)
	asked := []string{"dumb-init", "yaml"}
	for _, img := range set.images.images(t) {
		checkAPK(t, img, asked)
		if want := []string{"/usr/bin/dumb-init", "--"}; !slices.Equal(img.config.Config.Entrypoint, want) {
			t.Errorf("Entrypoint of %s is %q, want %q", img.name, img.config.Config.Entrypoint, want)
		}
		tree := treeOf(t, img)
		for name, want := range map[string]bool{"usr/lib/libyaml-0.so.2": true, "usr/lib/libyaml.so": false, "usr/include/yaml.h": false, "usr/bin/gcc": false, "usr/lib/zig/zig": false, "usr/share/musl-dev/stand-in": false} {
			if _, there := tree[name]; there != want {
				t.Errorf("%s in %s: %t, want %t", name, img.name, there, want)
			}
		}
	}
	scriptRun{args: []string{"leafcount"}, stdout: `leafcount 1\.4\.0 with libyaml 0\.\d+\.\d+\nsample\.yaml: 6 leaves\n`}.check(t, set.layout)
	scriptRun{args: []string{"leafcount-report"}, stdout: `document       leaves\n-----------  --------\nsample\.yaml         6\n`}.check(t, set.layout)

	if strings.Contains(set.out.stderr, "[note]") {
		t.Errorf("something was said to have no wheel:\n%s", tail(set.out.stderr))
	}
	again := command{args: buildArgs(project, alpine(t).base, filepath.Join(t.TempDir(), "layout"), "--mirror", alpine(t).url)}.succeed(t)
	if ran := again.ran(t); len(ran) > 0 {
		t.Errorf("the unchanged build ran %q", ran)
	}
	// What is built on these images, by whomever, keeps their packages.
	child := driftwood(t, "sets-up [platform:apk]\nmusl-dev [compile platform:apk]\n")
	before := alpine(t).asked.count(".apk")
	layout := filepath.Join(t.TempDir(), "layout")
	command{args: buildArgs(child, "oci:"+set.layout+":leafcount:latest", layout, "--mirror", alpine(t).url)}.succeed(t)
	img := readLayout(t, layout).image(t, "driftwood:latest")
	for _, name := range append(asked, "sets-up") {
		if got := apkPackages(t, img); !slices.Contains(got, name) {
			t.Errorf("%s lacks %s, it has %q", img.name, name, got)
		}
	}
	checkString(t, "what a package's script wrote", string(img.file(t, "var/lib/sets-up/state")), "done\n")
	// What an earlier build fetched is in the cache.
	fetched := slices.DeleteFunc(alpine(t).asked.all(), func(r string) bool { return !strings.HasSuffix(r, ".apk") })[before:]
	if want := []string{"GET /alpine/v3.20/community/x86_64/sets-up-1-r0.apk"}; !slices.Equal(fetched, want) {
		t.Errorf("fetched %q, want %q", fetched, want)
	}

	// Made a second time, it is the same.
	anew := command{args: buildArgs(project, alpine(t).base, filepath.Join(t.TempDir(), "layout"), "--mirror", alpine(t).url, "--no-cache")}.succeed(t)
	checkString(t, "stdout of a build from nothing", anew.stdout, set.out.stdout)
}

// pbrxExample is the bindep.txt of pbrx's manual.
const pbrxExample = `gcc [compile test platform:rpm platform:apk]
libffi-devel [compile test platform:rpm]
libffi-dev [compile test platform:dpkg platform:apk]
libffi [platform:apk]
libressl-dev [compile test platform:apk]
linux-headers [compile test platform:apk]
make [compile test platform:apk]
musl-dev [compile test platform:apk]
`

// The manual's example works line by line, and so do its slip of the pen, other names of packages, and versions.
func TestAlpineBindep(t *testing.T) {
	project := driftwood(t, pbrxExample+`
git [platform:apline]
bc [platform:alpine]
sets-up [platform:alpine-3.20]
libc-dev [compile platform:apk]
`)
	set := onAlpine(t, project)
	if want := `bindep.txt:10:6: no distribution has the profile "platform:apline", did you mean "platform:alpine"?`; !strings.Contains(set.out.stderr, "warning: "+want+"\n") {
		t.Errorf("stderr lacks the warning %q:\n%s", want, tail(set.out.stderr))
	}
	var installs []string
	for _, s := range set.out.steps(t) {
		if strings.HasPrefix(s.name, "[distro] ") {
			installs = append(installs, s.name)
		}
	}
	slices.Sort(installs)
	if want := []string{
		"[distro] compile packages: bc gcc libc-dev libffi libffi-dev libressl-dev linux-headers make musl-dev sets-up",
		"[distro] package index (apk)",
		"[distro] runtime packages: bc dumb-init libffi sets-up",
	}; !slices.Equal(installs, want) {
		t.Errorf("the steps are %q, want %q", installs, want)
	}
	for _, img := range set.images.images(t) {
		checkAPK(t, img, []string{"bc", "dumb-init", "libffi", "sets-up"})
	}
	scriptRun{args: []string{"driftwood"}, stdout: `driftwood 0\.3 in /usr/local, process \d+: \[\]\n`}.check(t, set.layout)
	scriptRun{args: []string{"driftwood-map"}, stdout: `x  1\n`}.check(t, set.layout)
}

// Wheels for musl are taken where the index has them; what has none is announced before it is compiled.
func TestAlpineWheels(t *testing.T) {
	project := filepath.Join(t.TempDir(), "wheelhouse")
	write(t, filepath.Join(project, "pyproject.toml"), `[build-system]
requires = ["flit_core>=3.4"]
build-backend = "flit_core.buildapi"

[project]
name = "wheelhouse"
version = "1.0"
description = "Imports what is compiled"
dependencies = ["cryptography", "psutil", "lxml", "crcmod==1.7"]

[project.scripts]
wheelhouse = "wheelhouse:main"
`)
	write(t, filepath.Join(project, "wheelhouse.py"), `"""Imports what is compiled."""


def main():
    import crcmod._crcfunext, psutil
    import lxml.etree
    from cryptography.fernet import Fernet

    key = Fernet(Fernet.generate_key())
    print(key.decrypt(key.encrypt(b"sealed")).decode(), psutil.Process().pid > 0, lxml.etree.fromstring("<a/>").tag)
`)
	write(t, filepath.Join(project, "bindep.txt"), "gcc [compile platform:apk]\nmusl-dev [compile platform:apk]\n")
	set := onAlpine(t, project)
	note := regexp.MustCompile(`no wheel of crcmod 1\.7 fits this base \(cp313, musllinux_1_2_x86_64\): it is built from its source`)
	if got := note.FindAllString(set.out.stderr, -1); len(got) < 2 {
		t.Errorf("the note on crcmod is there %d times, want it while the build runs and after it:\n%s", len(got), tail(set.out.stderr))
	}
	if strings.Count(set.out.stderr, `"[note] `) != 1 {
		t.Errorf("there is more than one note:\n%s", set.out.stderr)
	}
	log := set.out.logs(t)
	for _, name := range []string{"cryptography", "psutil", "lxml", "cffi"} {
		if !regexp.MustCompile(`(?m)(Downloading|Using cached|Saved) \S*` + name + `-\S*-musllinux_\S+\.whl`).MatchString(log) {
			t.Errorf("no wheel of %s for musl was taken:\n%s", name, log)
		}
	}
	said, compiled := strings.Index(log, "no wheel of crcmod"), strings.Index(log, "Building wheel")
	if said < 0 || compiled < said {
		t.Errorf("it was said at %d, and compiled at %d:\n%s", said, compiled, log)
	}
	scriptRun{args: []string{"wheelhouse"}, stdout: `sealed True a\n`}.check(t, set.layout)
}

// A service whose version and files come from git, and two clients from PyPI: every script runs.
func TestAlpineServices(t *testing.T) {
	t.Run("lightship", func(t *testing.T) {
		set := onAlpine(t, lightshipRepo(t))
		for _, img := range set.images.images(t) {
			checkAPK(t, img, []string{"bc", "dumb-init"})
		}
		scriptRun{args: []string{"lightship-beacon"}, stdout: `(?s)lightship-beacon 2\.3\.0\n.*`}.check(t, set.layout)
		scriptRun{args: []string{"lightship-keeper"}, stdout: `(?s)lightship-keeper 2\.3\.0\n.*lamps  5\n`}.check(t, set.layout)
		scriptRun{args: []string{"lightship-exit", "9"}, code: 9}.check(t, set.layout)
	})
	t.Run("bindep", func(t *testing.T) {
		set := onAlpine(t, sourceOf(t, "bindep", "2.14.0", t.TempDir()))
		scriptRun{args: []string{"bindep", "--brief", "--file", "-"}, stdin: "busybox [platform:apk]\nno-such-package [platform:alpine]\n",
			stdout: `no-such-package\n`, stderr: `(WARNING: opening from cache .*\n)*`, code: 1}.check(t, set.layout) // apk misses the index, which no image has
	})
	t.Run("python-openstackclient", func(t *testing.T) {
		set := onAlpine(t, sourceOf(t, "python-openstackclient", "8.1.0", t.TempDir()))
		scriptRun{args: []string{"openstack", "--version"}, stdout: `openstack 8\.1\.0\n`}.check(t, set.layout)
		scriptRun{args: []string{"openstack", "module", "list", "-f", "value"}, stdout: `(?s).*\n8\.1\.0\n`}.check(t, set.layout)
	})
}

// A mirror behind TLS that only this host trusts, and behind a proxy with a password.
func TestAlpineSurroundings(t *testing.T) {
	a := alpine(t)
	ca, asked := newAuthority(t, "of the mirror"), &requests{}
	mirror := httptest.NewUnstartedServer(loggedFolder(a.packages, asked))
	mirror.TLS = &tls.Config{Certificates: []tls.Certificate{ca.certificate(t)}}
	mirror.StartTLS()
	t.Cleanup(mirror.Close)
	const password = "mark-of-the-password"
	proxy, tunnels := forwardProxy(t, "keeper", password)
	address := strings.Replace(proxy.URL, "http://", "http://keeper:"+password+"@", 1)
	bundle := filepath.Join(t.TempDir(), "bundle.pem")
	write(t, bundle, string(append(hostBundle(t), ca.pem...)))

	project := driftwood(t, "lamp [platform:apk]\n")
	layout := filepath.Join(t.TempDir(), "layout")
	out := command{args: buildArgs(project, a.base, layout, "--mirror", mirror.URL+"/alpine"), env: []string{"SSL_CERT_FILE=" + bundle, "PIP_CERT", "NO_PROXY", "no_proxy",
		"HTTP_PROXY=" + address, "http_proxy=" + address, "HTTPS_PROXY=" + address, "https_proxy=" + address}}.succeed(t)
	img := readLayout(t, layout).image(t, "driftwood:latest")
	checkAPK(t, img, []string{"dumb-init", "lamp"}, "lamp-wick")
	if asked.count("APKINDEX") == 0 || tunnels.count("CONNECT "+mirror.Listener.Addr().String()) == 0 {
		t.Errorf("the mirror was asked for %q, the proxy for %q", asked.all(), tunnels.all())
	}
	for _, mark := range []string{password, mirror.Listener.Addr().String()} {
		if strings.Contains(out.stderr, password) || bytes.Contains(img.rawConfig, []byte(mark)) {
			t.Errorf("%s is in the configuration or on stderr", mark)
		}
	}
}

// What apk refuses names the lines of bindep.txt that it is about.
func TestAlpineFailures(t *testing.T) {
	a := alpine(t)
	work := t.TempDir()
	unsigned := strings.NewReplacer("127.0.0.1:PORT", strings.TrimSuffix(strings.TrimPrefix(a.url, "http://"), "/alpine"))
	const (
		first  = "# One that is there.\nyaml\n"
		index  = "fetching the package index of alpine-3.20.3: building [distro] package index (apk): updating and opening http://127.0.0.1:PORT/alpine/v3.20/"
		remedy = ": name a mirror that answers with --mirror URL (auto takes the host's); where nothing but the init is to be installed, --init-path none does without"
	)
	for name, f := range map[string]failure{
		"packages that are not there": {code: 1, project: first + "no-such-package\nnor-this-one [compile]\n", errors: []string{
			`bindep.txt:3:1: alpine-3.20.3 has no package "no-such-package": correct the name, or limit the line to the platforms that have it, as in [platform:…]`,
			`bindep.txt:4:1: alpine-3.20.3 has no package "nor-this-one": correct the name, or limit the line to the platforms that have it, as in [platform:…]`}},
		"packages that cannot be together": {code: 1, project: first + "bc\nnot-with-yaml [compile]\n", errors: []string{
			"building [distro] compile packages: bc not-with-yaml yaml: unable to select packages: yaml-0.2.5-r0: breaks: not-with-yaml-1-r0[!yaml] satisfies: world[yaml]: asked for by bindep.txt:2:1, bindep.txt:4:1"},
			log: []string{"ERROR: unable to select packages:"}},
		"a package that lacks another": {code: 1, project: first + "needs-nothing-there [compile]\n", errors: []string{
			"building [distro] compile packages: needs-nothing-there yaml: unable to select packages: so:libnowhere.so.1 (no such package): required by: needs-nothing-there-1-r0[so:libnowhere.so.1]: asked for by bindep.txt:3:1"},
			log: []string{"so:libnowhere.so.1 (no such package)"}},
		"a name that two packages have": {code: 1, project: first + "lamp-fuel [compile]\n", errors: []string{
			"building [distro] compile packages: lamp-fuel yaml: unable to select packages: lamp-fuel (virtual): note: please select one of the 'provided by' packages explicitly provided by: lamp-gas lamp-oil required by: world[lamp-fuel]: asked for by bindep.txt:3:1"},
			log: []string{"lamp-fuel (virtual):"}},
		"a package whose script fails": {code: 1, project: first + "fails-to-set-up [compile]\n", errors: []string{
			"building [distro] compile packages: fails-to-set-up yaml: fails-to-set-up-1-r0.post-install: script exited with error 3: asked for by bindep.txt:3:1"},
			log: []string{"the moon is in the way"}},
		"a mirror that the base does not trust": {code: 3, project: first, base: a.plain, errors: []string{
			index + "main: UNTRUSTED signature; updating and opening http://127.0.0.1:PORT/alpine/v3.20/community: UNTRUSTED signature" + remedy},
			log: []string{"UNTRUSTED signature"}},
		"a mirror that is down": {code: 3, project: first, args: []string{"--refresh=distro", "--mirror", "http://127.0.0.1:" + deadPort(t) + "/alpine"}, errors: []string{
			index + "main: could not connect to server (check repositories file); updating and opening http://127.0.0.1:PORT/alpine/v3.20/community: could not connect to server (check repositories file)" +
				": the network or a disk failed meanwhile: mend that, or run again" + remedy},
			log: []string{"could not connect to server"}},
	} {
		t.Run(name, func(t *testing.T) {
			f.project = driftwood(t, f.project)
			if len(f.args) == 0 {
				f.args = []string{"--mirror", a.url}
			}
			for n := range f.errors {
				f.errors[n] = masked(unsigned.Replace(f.errors[n]), work)
			}
			f.check(t, a.base, work)
		})
	}
}
