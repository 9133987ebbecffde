package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// surroundings are a host whose every way out of a build is particular, and leaves a mark where
// it should not be.
type surroundings struct {
	proxy, mirror, index *requests
	env                  []string // everything
	lasting              []string // what decides what is built: constraints and local wheels
	flags                []string
	lantern, buoy        string // requirements: one only the index has, one only the folder of wheels
	marks                map[string]string
	passwords            []string
}

const hostConstraint = "packaging==24.1"

func newSurroundings(t *testing.T) *surroundings {
	t.Helper()
	dir := t.TempDir()
	ca := newAuthority(t, "mark-of-the-authority")
	bundle := append(hostBundle(t), ca.pem...)
	s := &surroundings{marks: map[string]string{}, passwords: []string{"mark-of-proxy-password", "mark-of-netrc-password"}}

	proxy, seen := forwardProxy(t, "mark-of-proxy-user", s.passwords[0])
	s.proxy = seen
	proxyURL := strings.Replace(proxy.URL, "http://", "http://mark-of-proxy-user:"+s.passwords[0]+"@", 1)

	lantern, version, content := pureWheel(t, "pbrx-go-e2e-lantern")
	s.lantern = "pbrx-go-e2e-lantern==" + version
	index, seen := packageIndex(t, "mark-of-index", "keeper", s.passwords[1], ca, lantern, content)
	s.index = seen

	mirror, seen := mirrorOf(t, "mark-of-mirror", baseMirrors(t))
	s.mirror = seen
	s.flags = []string{"--mirror", mirror.URL + "/mark-of-mirror/debian"}

	buoy, version, content := pureWheel(t, "pbrx-go-e2e-buoy")
	s.buoy = "pbrx-go-e2e-buoy==" + version
	write(t, filepath.Join(dir, "mark-of-find-links", buoy), string(content))
	write(t, filepath.Join(dir, "bundle.pem"), string(bundle))
	write(t, filepath.Join(dir, "netrc"), "machine 127.0.0.1 login keeper password "+s.passwords[1]+"\n")
	write(t, filepath.Join(dir, "pip.conf"), "# mark-of-pip-conf\n[global]\nextra-index-url = "+index.URL+"/mark-of-index/simple/\n")
	write(t, filepath.Join(dir, "constraints.txt"), "# mark-of-constraints\n"+hostConstraint+"\n")

	s.lasting = []string{
		"PIP_CONSTRAINT=" + filepath.Join(dir, "constraints.txt"),
		"PIP_FIND_LINKS=" + filepath.Join(dir, "mark-of-find-links"),
	}
	s.env = append(slices.Clone(s.lasting), "PIP_CERT", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy",
		"SSL_CERT_FILE="+filepath.Join(dir, "bundle.pem"),
		"NETRC="+filepath.Join(dir, "netrc"),
		"PIP_CONFIG_FILE="+filepath.Join(dir, "pip.conf"),
		"PIP_TIMEOUT=97",
		"HTTP_PROXY="+proxyURL, "http_proxy="+proxyURL, "HTTPS_PROXY="+proxyURL, "https_proxy="+proxyURL)

	for what, address := range map[string]string{"the proxy": proxy.URL, "the index": index.URL, "the mirror": mirror.URL} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		s.marks["the address of "+what] = u.Host
	}
	pemLines := strings.Split(string(ca.pem), "\n")
	s.marks["the authority's certificate"] = pemLines[2]
	s.marks["the authority's certificate, binary"] = string(ca.cert.Raw[40:72])
	s.marks["something of ours"] = "mark-of-"
	s.marks["the folder with the host's files"] = dir
	return s
}

func TestHostSurroundings(t *testing.T) {
	base := testBase(t)
	s := newSurroundings(t)
	project := projectCopy(t, "leafcount")
	edit(t, filepath.Join(project, "pyproject.toml"), `"packaging>=21"`, `"packaging>=21", "`+s.lantern+`", "`+s.buoy+`"`)
	layout, state := filepath.Join(t.TempDir(), "layout"), filepath.Join(t.TempDir(), "state")
	build := command{state: state, env: s.env, args: buildArgs(project, base, layout, s.flags...)}

	first := build.succeed(t)
	t.Logf("requests: proxy %d, mirror %d, index %d", len(s.proxy.all()), len(s.mirror.all()), len(s.index.all()))
	s.checkUsed(t)
	img := readLayout(t, layout).image(t, "leafcount:latest")
	for _, want := range []string{"packaging-24.1.dist-info", "pbrx_go_e2e_lantern-0.1+e2e.dist-info", "pbrx_go_e2e_buoy-0.1+e2e.dist-info"} {
		if !hasPath(t, img, want) {
			t.Errorf("the image has no %s", want)
		}
	}
	s.checkUnmarked(t, layout)
	logs := first.logs(t)
	if !strings.Contains(logs, "Successfully installed") {
		t.Errorf("pip says nothing of its success:\n%s", logs)
	}
	for _, password := range s.passwords {
		for what, text := range map[string]string{"stdout": first.stdout, "stderr": first.stderr, "the output of the steps": logs, "the engine's log": readFile(t, filepath.Join(state, "engine.log"))} {
			if strings.Contains(text, password) {
				t.Errorf("%s holds %s", what, password)
			}
		}
	}

	before := s.total()
	if out := build.succeed(t); len(out.ran(t)) > 0 || s.total() != before {
		t.Errorf("the unchanged build ran %q and made %d requests", out.ran(t), s.total()-before)
	}
	edit(t, filepath.Join(project, "src/leafcount/cli.py"), `"document"`, `"paper"`)
	lookups := s.index.count("/simple/setuptools/")
	build.succeed(t)
	if got := s.index.count("/simple/setuptools/") - lookups; got != 1 {
		t.Errorf("after a change the build requirement was looked up %d times, want once", got)
	}

	// How the host reaches the world is no part of what was built.
	before = s.total()
	again := command{state: state, env: append(slices.Clone(s.lasting), "PIP_CONFIG_FILE="+os.DevNull), args: buildArgs(project, base, layout)}.succeed(t)
	if ran := again.ran(t); len(ran) > 0 || s.total() != before {
		t.Errorf("with another way out ran %q and %d requests were made", ran, s.total()-before)
	}
}

func (s *surroundings) total() int {
	return len(s.proxy.all()) + len(s.mirror.all()) + len(s.index.all())
}

// checkUsed makes sure that the build went where the host says, and nowhere past it.
func (s *surroundings) checkUsed(t *testing.T) {
	t.Helper()
	for _, c := range []struct {
		what string
		seen *requests
		text string
	}{
		{"the proxy (mirror)", s.proxy, "GET " + s.marks["the address of the mirror"]},
		{"the proxy (own index)", s.proxy, "CONNECT " + s.marks["the address of the index"]},
		{"the mirror (lists)", s.mirror, "GET /mark-of-mirror/debian/dists/"},
		{"the mirror (packages)", s.mirror, "GET /mark-of-mirror/debian/pool/main/liby/libyaml/"},
		{"the index (looked up)", s.index, "/mark-of-index/simple/pbrx-go-e2e-lantern/"},
		{"the index (fetched)", s.index, "/mark-of-index/files/pbrx_go_e2e_lantern-0.1+e2e-py3-none-any.whl"},
	} {
		if c.seen.count(c.text) == 0 {
			t.Errorf("%s was not asked for %q, only for %q", c.what, c.text, c.seen.all())
		}
	}
	if !slices.ContainsFunc(s.proxy.all(), func(r string) bool { return strings.HasPrefix(r, "CONNECT ") && !strings.Contains(r, " 127.0.0.1:") }) {
		t.Errorf("the proxy was not asked for the host's package index, only for %q", s.proxy.all())
	}
	for _, r := range s.proxy.all() {
		for _, host := range baseHosts(t) {
			if strings.HasSuffix(r, " "+host) {
				t.Errorf("the base's own mirror was asked: %s", r)
			}
		}
	}
}

// checkUnmarked searches all that the build made for the bytes of what it was given.
func (s *surroundings) checkUnmarked(t *testing.T, layout string) {
	t.Helper()
	l := readLayout(t, layout)
	search := func(where string, data []byte) {
		for what, mark := range s.marks {
			if bytes.Contains(data, []byte(mark)) {
				t.Errorf("%s holds %s (%q)", where, what, mark)
			}
		}
	}
	search("index.json", []byte(readIndex(t, layout)))
	for _, img := range l.images(t) {
		search("the manifest of "+img.name, l.blob(t, img.descriptor))
		search("the configuration of "+img.name, img.rawConfig)
		for n := 1; n < len(img.manifest.Layers); n++ {
			f, err := os.Open(l.path(img.manifest.Layers[n].Digest))
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(uncompressed(t, img.manifest.Layers[n].MediaType, f))
			f.Close()
			if err != nil || len(data) < 1024 {
				t.Fatalf("reading a layer: %d bytes, %v", len(data), err)
			}
			search(img.config.History[n].CreatedBy+" of "+img.name, data)
		}
	}
}

// hostBundle is the bundle of certificates that this machine trusts.
func hostBundle(t *testing.T) []byte {
	t.Helper()
	for _, name := range []string{os.Getenv("SSL_CERT_FILE"), "/etc/ssl/certs/ca-certificates.crt"} {
		if data, err := os.ReadFile(name); err == nil {
			return data
		}
	}
	t.Fatal("this machine has no bundle of certificates")
	return nil
}

// baseMirrors are the mirrors in the sources of the base, by the last folder of their address.
func baseMirrors(t *testing.T) map[string]string {
	t.Helper()
	mirrors := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^deb (?:\[[^]]*\] )?(\S+?)/? `).FindAllStringSubmatch(baseSources(t), -1) {
		mirrors[path.Base(m[1])] = m[1]
	}
	if mirrors["debian"] == "" {
		t.Fatalf("the base's sources are %q", mirrors)
	}
	return mirrors
}

func baseHosts(t *testing.T) []string {
	t.Helper()
	var hosts []string
	for _, address := range baseMirrors(t) {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		hosts = append(hosts, u.Host)
	}
	return hosts
}

// baseSources are the package sources in the test's base, which is a tarball.
func baseSources(t *testing.T) string {
	t.Helper()
	f, err := os.Open(strings.TrimPrefix(testBase(t), "rootfs:"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sources := ""
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return sources
		}
		if err != nil {
			t.Fatalf("looking for the package sources in the base: %v", err)
		}
		name := strings.Trim(path.Clean(h.Name), "/")
		if name == "etc/apt/sources.list" || path.Dir(name) == "etc/apt/sources.list.d" && path.Ext(name) == ".list" {
			data, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			sources += string(data) + "\n"
		}
	}
}

func hasPath(t *testing.T, img ociImage, part string) bool {
	t.Helper()
	for n := 1; n < len(img.manifest.Layers); n++ {
		if slices.ContainsFunc(img.layer(t, n), func(e tarEntry) bool { return strings.Contains(e.path, part) }) {
			return true
		}
	}
	return false
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
