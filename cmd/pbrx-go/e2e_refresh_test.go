//go:build linux

package main

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pbrx-go/pbrx-go/builder/engine/enginetest/distrorepo"
)

// movingWorld is an Alpine whose mirror, and a package index, get new versions while nobody looks.
type movingWorld struct {
	base, mirror, www, root string
	key                     *distrorepo.Key
	index                   *pypi
}

func newMovingWorld(t *testing.T) *movingWorld {
	t.Helper()
	rootfs, dir := given(t, "PBRX_GO_TEST_ALPINE"), t.TempDir()
	w := &movingWorld{root: filepath.Join(dir, "root"), www: filepath.Join(dir, "www"), base: "rootfs:" + filepath.Join(dir, "base.tar")}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.MkdirAll(w.root, 0o755))
	must(outputless("tar", "-C", w.root, "-xf", rootfs))
	var err error
	w.key, err = distrorepo.NewKey("refresh@example.org-1")
	must(err)
	public, err := w.key.Public()
	must(err)
	must(os.WriteFile(filepath.Join(w.root, "etc/apk/keys", w.key.Name), public, 0o644))
	must(outputless("tar", "-C", w.root, "--sort=name", "-cf", strings.TrimPrefix(w.base, "rootfs:"), "."))
	server := httptest.NewServer(loggedFolder(w.www, &requests{}))
	t.Cleanup(server.Close)
	w.mirror = server.URL + "/alpine"
	tools, err := toolWheels()
	must(err)
	w.index = newPyPI(t, map[string]*room{"tools": {files: tools}, "alpha": {files: map[string][]byte{}}})
	file, content := smallWheel(t, "pbrx-go-e2e-anchor", "1.0", "")
	w.index.rooms["alpha"].files[file] = content
	w.release(t, "1.0")
	return w
}

// release publishes a version of a distro package and of a distribution.
func (w *movingWorld) release(t *testing.T, version string) {
	t.Helper()
	for _, repository := range []string{"main", "community"} {
		lamp := distrorepo.Package{Name: "lamp-" + repository, Version: version, Files: []distrorepo.File{{Path: "/usr/share/lamp-" + repository, Text: version + "\n"}}}
		if err := distrorepo.APKs(w.root, filepath.Join(w.www, "alpine/v3.20", repository), w.key, []distrorepo.Package{lamp}); err != nil {
			t.Fatal(err)
		}
	}
	file, content := smallWheel(t, "pbrx-go-e2e-alpha", version, version)
	w.index.rooms["alpha"].files[file] = content
}

// build builds and says which versions the image has, and which steps ran.
func (w *movingWorld) build(t *testing.T, project string, flags ...string) (lamp, alpha string, ran []string, out outcome) {
	t.Helper()
	layout := filepath.Join(t.TempDir(), "layout")
	at := address(w.index.open, "", "127.0.0.1")
	env := []string{"PIP_CONFIG_FILE=" + os.DevNull, "PIP_FIND_LINKS", "PIP_CERT", "PIP_INDEX_URL=" + at + "/alpha/simple", "PIP_EXTRA_INDEX_URL=" + at + "/tools/simple", "HTTP_PROXY", "http_proxy"}
	args := buildArgs(project, w.base, layout, append([]string{"--engine", "embedded", "--init-path", "none", "--mirror", w.mirror}, flags...)...)
	out = command{env: env, args: args}.succeed(t)
	img := readLayout(t, layout).image(t, "strongbox:latest")
	return strings.TrimSpace(string(img.file(t, "usr/share/lamp-main"))), moduleText(t, img, "pbrx_go_e2e_alpha"), out.ran(t), out
}

// What was answered once is taken again, and its age said, until somebody asks anew; then the new answer counts for all that follow.
func TestRefresh(t *testing.T) {
	w := newMovingWorld(t)
	project := strongbox(t, "alpha")
	write(t, filepath.Join(project, "bindep.txt"), "lamp-main\n")
	if lamp, alpha, _, out := w.build(t, project); lamp != "1.0" || alpha != "1.0" || strings.Contains(out.stderr, "asks again") {
		t.Fatalf("lamp %s, alpha %s: %s", lamp, alpha, tail(out.stderr))
	}
	w.release(t, "2.0")
	for _, c := range []struct {
		flags       []string
		lamp, alpha string
		ran         []string
		ages        []string
	}{
		{nil, "1.0", "1.0", []string{}, []string{"package index of alpine-3.20.3", "pip and build", "versions of the dependencies"}},
		{[]string{"--refresh=distro"}, "2.0", "1.0", []string{"[distro] package index (apk)", "[distro] runtime packages: lamp-main", "[project] wheel"}, []string{"pip and build", "versions of the dependencies"}},
		{[]string{"--refresh=python"}, "2.0", "2.0", []string{"[dependencies] install pbrx-go-e2e-alpha", "[dependencies] resolve", "[dependencies] wheels: pbrx-go-e2e-alpha", "[python] tools: pip, build"}, []string{"package index of alpine-3.20.3"}},
		{[]string{"--pull"}, "2.0", "2.0", []string{"[base] facts of the base image"}, []string{"package index of alpine-3.20.3", "pip and build", "versions of the dependencies"}},
		{nil, "2.0", "2.0", []string{}, []string{"package index of alpine-3.20.3", "pip and build", "versions of the dependencies"}},
	} {
		lamp, alpha, ran, out := w.build(t, project, c.flags...)
		for n, name := range ran { // the same step twice, under the name of whichever was first
			ran[n] = strings.Replace(name, "] compile packages", "] runtime packages", 1)
		}
		slices.Sort(ran)
		var ages []string
		for _, m := range regexp.MustCompile("(?m)^(.*): .* old; `--refresh=(?:distro|python)` asks again$").FindAllStringSubmatch(out.stderr, -1) {
			ages = append(ages, m[1])
		}
		if lamp != c.lamp || alpha != c.alpha || !slices.Equal(ran, c.ran) || !slices.Equal(ages, c.ages) {
			t.Errorf("%q: lamp %s, alpha %s, want %s and %s\nran  %q\nwant %q\nages %q\nwant %q", c.flags, lamp, alpha, c.lamp, c.alpha, ran, c.ran, ages, c.ages)
		}
	}
}

// Which mirror is used is no part of what is built. Package managers find nothing in an index from another mirror than theirs, so steps that need one
// fetch it again.
func TestAnotherMirror(t *testing.T) {
	w := newMovingWorld(t)
	project := strongbox(t, "alpha")
	write(t, filepath.Join(project, "bindep.txt"), "lamp-main\n")
	w.build(t, project)
	server := httptest.NewServer(loggedFolder(w.www, &requests{}))
	t.Cleanup(server.Close)
	w.mirror = server.URL + "/alpine"
	for _, c := range []struct {
		bindep string
		ran    []string
	}{
		{"lamp-main\n", []string{}},
		{"lamp-main\nlamp-community\n", []string{"[distro] runtime packages: lamp-community lamp-main", "[project] wheel"}},
	} {
		write(t, filepath.Join(project, "bindep.txt"), c.bindep)
		_, _, ran, _ := w.build(t, project)
		for n, name := range ran { // the same step twice, under the name of whichever was first
			ran[n] = strings.Replace(name, "] compile packages", "] runtime packages", 1)
		}
		if slices.Sort(ran); !slices.Equal(ran, c.ran) {
			t.Errorf("with %q these ran: %q, want %q", c.bindep, ran, c.ran)
		}
	}
}
