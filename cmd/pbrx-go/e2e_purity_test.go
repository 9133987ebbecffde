package main

import (
	"archive/tar"
	"bytes"
	little "encoding/binary"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// An image holds what it runs, and nothing that was only needed to make it.

func TestLeafcountPurity(t *testing.T) {
	leafcount.build(t)
	checkPurity(t, leafcount.layout, leafcount.project, wantPackages{
		init:    "dumb-init",
		runtime: []string{"libyaml-0-2"},
		absent:  []string{"gcc", "libc6-dev", "python3-dev", "libyaml-dev", "yamllint", "cpp", "binutils"},
	})
}

func TestLightshipPurity(t *testing.T) {
	lightship.build(t)
	checkPurity(t, lightship.layout, lightship.project, wantPackages{
		init:    "dumb-init",
		runtime: []string{"bc"},
		absent:  []string{"git", "make", "figlet"},
	})
}

// wantPackages are the distro packages that an image has beyond the base, and their closure.
type wantPackages struct {
	init    string
	runtime []string
	// absent are packages that the build used, or that bindep.txt names for something else.
	absent []string
}

// epoch is the time of everything that is made: SOURCE_DATE_EPOCH's default.
var epoch = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// checkPurity looks at every file of every layer that a build put on the base.
func checkPurity(t *testing.T, layout, project string, packages wantPackages) {
	t.Helper()
	checkPurityOf(t, layout, project)
	l := readLayout(t, layout)
	checkPackages(t, l.image(t, l.names()[0]), packages)
}

// checkPurityOf is checkPurity but for what the distribution calls its packages.
func checkPurityOf(t *testing.T, layout, project string) {
	t.Helper()
	l := readLayout(t, layout)
	sources := sourceFiles(t, project)
	seen := map[string]bool{}
	base := map[string]time.Time{}
	l.images(t)[0].walk(t, 0, func(h *tar.Header, _ io.Reader) { base[strings.Trim(path.Clean(h.Name), "/")] = h.ModTime })
	for _, img := range l.images(t) {
		for n := 1; n < len(img.manifest.Layers); n++ {
			d := img.manifest.Layers[n].Digest.String()
			if seen[d] {
				continue
			}
			seen[d] = true
			content := strings.TrimPrefix(img.config.History[n].CreatedBy, "pbrx-go: ")
			for _, e := range img.layer(t, n) {
				if e.FileInfo().IsDir() && e.ModTime.Equal(base[e.path]) {
					e.ModTime = epoch // the base's folder, there because of what lies in it
				}
				checkEntry(t, content, e, sources)
			}
		}
	}
}

// unwanted are paths that no layer of ours may have.
func unwanted() []*regexp.Regexp {
	var all []*regexp.Regexp
	for _, p := range []string{
		`\.whl$`, `\.tar\.gz$`, `\.egg-info(/|$)`, `\.deb$`, `\.apk$`,
		`(^|/)\.cache(/|$)`, `(^|/)pip-cache(/|$)`,
		`^(tmp|var/tmp|root|home|src|out|run|proc|sys|dev|build)(/|$)`,
		`^var/lib/apt(/|$)`, `^var/cache(/|$)`, `^var/log(/|$)`, `^var/lib/dpkg/(lock|triggers/Lock|.*-old$)`,
		`^etc/(resolv\.conf|hostname|hosts|mtab|\.pwd\.lock|.*-)$`, `^usr/sbin/policy-rc\.d$`,
		`(^|/)\.git(/|$)`, `(^|/)direct_url\.json$`, `(^|/)\.dockerenv$`, `(^|/)\.wh\.`,
	} {
		all = append(all, regexp.MustCompile(p))
	}
	return all
}

func checkEntry(t *testing.T, content string, e tarEntry, sources map[string]string) {
	t.Helper()
	for _, re := range unwanted() {
		if re.MatchString(e.path) {
			t.Errorf("layer %q has %s (%s)", content, e.path, re)
		}
	}
	fromPackage := content == "distro packages for run time" && !e.FileInfo().IsDir()
	if !e.ModTime.Equal(epoch) && (!fromPackage || e.ModTime.After(time.Now().Add(-time.Hour))) {
		t.Errorf("layer %q: %s is of %s", content, e.path, e.ModTime.UTC())
	}
	if strings.HasSuffix(e.path, ".pyc") && (len(e.content) < 16 || little.LittleEndian.Uint32(e.content[4:8]) != 1) {
		t.Errorf("layer %q: %s is not compiled with an unchecked hash", content, e.path)
	}
	// What is installed comes out of the wheel: below site-packages. A file of the project's elsewhere is its source.
	if name, ok := sources[string(e.content)]; ok && !strings.Contains(e.path, "/site-packages/") {
		t.Errorf("layer %q: %s is the project's %s", content, e.path, name)
	}
	for _, trace := range []string{"/tmp/pbrx", "/tmp/pip-", "/tmp/wheels"} {
		if bytes.Contains(e.content, []byte(trace)) {
			t.Errorf("layer %q: %s speaks of %s", content, e.path, trace)
		}
	}
}

// sourceFiles are the project's files by content; very short ones are no evidence.
func sourceFiles(t *testing.T, project string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(project, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if len(data) > 20 {
			files[string(data)] = path
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// checkPackages compares the installed packages with base, runtime set and init and what
// these depend on.
func checkPackages(t *testing.T, img ociImage, want wantPackages) {
	t.Helper()
	status := "var/lib/dpkg/status"
	have := installed(string(img.file(t, status)))
	onlyBase := img
	onlyBase.manifest.Layers = img.manifest.Layers[:1]
	base := installed(string(onlyBase.file(t, status)))
	if len(base) < 50 {
		t.Fatalf("the base has %d packages", len(base))
	}
	allowed := closure(have, base, append(slices.Clone(want.runtime), want.init))
	for name := range have {
		if !allowed[name] {
			t.Errorf("the package %s is neither of the base nor needed at run time", name)
		}
	}
	for _, name := range append(slices.Collect(maps.Keys(base)), append(want.runtime, want.init)...) {
		if _, ok := have[name]; !ok {
			t.Errorf("the package %s is missing", name)
		}
	}
	for _, name := range want.absent {
		if _, ok := have[name]; ok {
			t.Errorf("the package %s is installed", name)
		}
	}
}

// pkg is one installed package of a dpkg status file.
type pkg struct {
	depends  []string // every alternative of Depends and Pre-Depends
	provides []string
}

func installed(status string) map[string]pkg {
	packages := map[string]pkg{}
	name := regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]+`)
	for stanza := range strings.SplitSeq(status, "\n\n") {
		fields := map[string]string{}
		for line := range strings.Lines(stanza) {
			if key, value, ok := strings.Cut(line, ":"); ok && line[0] != ' ' {
				fields[key] = strings.TrimSpace(value)
			}
		}
		if fields["Status"] != "install ok installed" {
			continue
		}
		var p pkg
		for _, d := range regexp.MustCompile(`[,|]`).Split(fields["Depends"]+","+fields["Pre-Depends"], -1) {
			p.depends = append(p.depends, name.FindString(strings.TrimSpace(d)))
		}
		for d := range strings.SplitSeq(fields["Provides"], ",") {
			p.provides = append(p.provides, name.FindString(strings.TrimSpace(d)))
		}
		packages[fields["Package"]] = p
	}
	return packages
}

// closure is the base and everything that the wanted packages reach by their dependencies.
func closure(have, base map[string]pkg, wanted []string) map[string]bool {
	providers := map[string][]string{}
	for name, p := range have {
		providers[name] = append(providers[name], name)
		for _, provided := range p.provides {
			providers[provided] = append(providers[provided], name)
		}
	}
	reached := map[string]bool{}
	for name := range base {
		reached[name] = true
	}
	pending := wanted
	for len(pending) > 0 {
		var next []string
		for _, want := range pending {
			for _, name := range providers[want] {
				if !reached[name] {
					reached[name] = true
					next = append(next, have[name].depends...)
				}
			}
		}
		pending = next
	}
	return reached
}
