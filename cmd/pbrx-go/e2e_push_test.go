package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	container "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Limits of time are tested where they can be set, in images/push: a registry that stalls, and how long waits get.

// pushed is a set that is called as a registry wants it, in every form in which it may lie around.
type pushed struct {
	registry     *testRegistry
	host         string
	project, dir string
	prefix       string
}

// digests are such as are written in messages.
var digests = regexp.MustCompile(`\b([0-9a-f]{64}|[0-9a-f]{12})\b`)

// newPushed builds the set with --push and everything else, and checks what the registry has then.
func newPushed(t *testing.T) pushed {
	t.Helper()
	pebbles.build(t)
	p := pushed{registry: newRegistry(t, registryKind{tls: true, locked: true}), host: dockerHost(t), project: pebble(t), dir: t.TempDir()}
	p.prefix = p.registry.host + "/team"
	unnameAfter(t, p.host, p.registry.host)
	c := outputsOf("embedded", p.project, p.prefix, "oci:"+p.dir+"/layout", "oci-archive:"+p.dir+"/oci.tar", "docker-archive:"+p.dir+"/docker.tar", "docker-daemon:")
	c.args = append(c.args, "--push", "--tag", "0.5", "--tag", "stable")
	c.env = append(p.registry.env(t, registryPassword), "DOCKER_HOST="+p.host)
	out := c.succeed(t)
	checkSecret(t, out)
	p.checkPushed(t, out.stdout)
	checkNames(t, references(t, p.dir+"/layout"), strings.Fields(out.stdout)...)
	return p
}

// command is push-images by somebody with a password.
func (p pushed) command(t *testing.T, password string, args ...string) command {
	t.Helper()
	c := command{args: append([]string{"push-images", p.project, "--prefix", p.prefix, "--tag", "0.5", "--tag", "stable"}, args...)}
	c.env = append(p.registry.env(t, password), "DOCKER_HOST="+p.host, "BUILDKIT_HOST")
	return c
}

// tags are those of the whole set that the registry has.
func (p pushed) tags(t *testing.T) []string {
	t.Helper()
	return slices.Concat(p.registry.has(t, "team/pebble-base"), p.registry.has(t, "team/pebble"), p.registry.has(t, "team/pebble-skip"))
}

// checkPushed compares what was printed with what the registry has, and the images with those that were built.
func (p pushed) checkPushed(t *testing.T, stdout string) {
	t.Helper()
	checkNames(t, p.tags(t), strings.Fields(strings.ReplaceAll(stdout, p.registry.host+"/", ""))...)
	names := []string{"pebble-base", "pebble", "pebble-skip"}
	if len(strings.Fields(stdout)) != 2*len(names) {
		t.Errorf("stdout is %q", stdout)
	}
	built := readLayout(t, p.dir+"/layout")
	for _, n := range names {
		want := built.image(t, p.prefix+"/"+n+":stable")
		ref, err := name.ParseReference(want.name)
		if err != nil {
			t.Fatal(err)
		}
		img, err := remote.Image(ref, p.registry.options()...)
		if err != nil {
			t.Fatal(err)
		}
		config, err := img.RawConfigFile() // is compared with its digest on the way
		if err != nil || string(config) != string(want.rawConfig) {
			t.Errorf("the configuration of %s is %s (%v), want %s", want.name, config, err, want.rawConfig)
		}
		if n == "pebble" { // has all layers
			checkLayers(t, img)
		}
	}
}

// checkLayers reads all layers and compares them with their digests.
func checkLayers(t *testing.T, img container.Image) {
	t.Helper()
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range layers {
		r, err := l.Compressed() // compares when the end is reached
		if err == nil {
			_, err = io.Copy(io.Discard, r)
		}
		if err != nil {
			t.Error(err)
		}
	}
}

// What was built is pushed from wherever it lies, with credentials from docker's configuration or a helper.
func TestPushImages(t *testing.T) {
	p := newPushed(t)
	for _, from := range []string{"oci:" + p.dir + "/layout", "oci-archive:" + p.dir + "/oci.tar", "docker-archive:" + p.dir + "/docker.tar", "docker-daemon:"} {
		out := p.command(t, registryPassword, "--output", from).succeed(t)
		checkSecret(t, out)
		p.checkPushed(t, out.stdout)
		if strings.HasPrefix(from, "oci:") {
			checkString(t, "what is said of a set that is there", regexp.MustCompile(`(?m)^\S+:\S+ written\n`).ReplaceAllString(out.stderr, ""), "")
		}
	}

	bin := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\n[ \"$1\" = get ] || exit 1\nread -r host\nprintf '{\"ServerURL\":\"%%s\",\"Username\":\"%s\",\"Secret\":\"%s\"}' \"$host\"\n", registryUser, registryPassword)
	write(t, bin+"/docker-credential-e2e", script)
	if err := os.Chmod(bin+"/docker-credential-e2e", 0o755); err != nil {
		t.Fatal(err)
	}
	helped := p.command(t, "", "--output", "oci:"+p.dir+"/layout")
	write(t, bin+"/config.json", asJSON(t, map[string]any{"credHelpers": map[string]string{p.registry.host: "e2e"}}))
	helped.env = append(helped.env, "DOCKER_CONFIG="+bin, "PATH="+bin+":"+os.Getenv("PATH"))
	out := helped.succeed(t)
	checkSecret(t, out)
	p.checkPushed(t, out.stdout)

	const names = ", which has: REGISTRY/team/pebble-base:0.5, REGISTRY/team/pebble-base:stable, REGISTRY/team/pebble:0.5, REGISTRY/team/pebble:stable, " +
		"REGISTRY/team/pebble-skip:0.5, REGISTRY/team/pebble-skip:stable: file does not exist: build it first with `pbrx-go build-images` and the same --prefix and --tag"
	const unauthorized = "pushing REGISTRY/team/NAME: asking for manifest DIGEST: HEAD https://REGISTRY/v2/team/NAME/manifests/sha256:DIGEST: 401 Unauthorized"
	const nothing = ": no tag was written; run it again to complete it"
	layout := "oci:" + p.dir + "/layout"
	stranger := p.command(t, registryPassword, "--output", layout)
	stranger.env = append(stranger.env, "XDG_CONFIG_HOME=/nowhere")
	for _, c := range []struct {
		what string
		c    command
		code int
		says string
	}{
		{"no prefix", command{args: []string{"push-images", p.project}}, 2, "push-images: say which registry with --prefix, as in --prefix registry.example.org/team"},
		{"no prefix for --push", outputsOf("embedded", p.project, "", "docker://"), 2, "--output docker://: say which registry with --prefix, as in --prefix registry.example.org/team"},
		{"no such tag", p.command(t, registryPassword, "--output", layout, "--tag", "0.6"), 2, `no image "REGISTRY/team/pebble-base:0.6" in the OCI layout DIR/layout` + names},
		{"no such tag in an archive", p.command(t, registryPassword, "--output", "oci-archive:"+p.dir+"/oci.tar", "--tag", "0.6"), 2, `no image "REGISTRY/team/pebble-base:0.6" in the archive DIR/oci.tar` + names},
		{"a wrong password", p.command(t, "wr0ng-password", "--output", layout), 3,
			unauthorized + " (REGISTRY does not accept the credentials from docker's configuration: use `docker login REGISTRY` anew)" + nothing},
		{"no password", p.command(t, "", "--output", layout), 3,
			unauthorized + " (REGISTRY was asked with no credentials, as docker's configuration has none for it: use `docker login REGISTRY`)" + nothing},
		{"an unknown CA", stranger, 3, "pushing REGISTRY/team/NAME: connecting to REGISTRY: GET https://REGISTRY/v2/: tls: failed to verify certificate: " +
			"x509: certificate signed by unknown authority (if it is to be trusted, put its CA into /nowhere/containers/certs.d/REGISTRY/ca.crt)" + nothing},
	} {
		out := c.c.run(t)
		checkSecret(t, out)
		said := strings.NewReplacer(p.registry.host, "REGISTRY", p.dir, "DIR").Replace(errorLines(out))
		if c.code == 3 { // several are asked at a time, and one of them is named
			said = digests.ReplaceAllString(regexp.MustCompile(`/pebble[a-z-]*`).ReplaceAllString(said, "/NAME"), "DIGEST")
		}
		checkString(t, c.what, said, c.says)
		if out.code != c.code || out.stdout != "" {
			t.Errorf("%s: status %d, stdout %q", c.what, out.code, out.stdout)
		}
	}
}

// A registry that fails in the middle: nothing is tagged before everything is there, what was tagged is said, and
// another push completes it.
func TestPushBrokenOff(t *testing.T) {
	p := newPushed(t)
	layout := "oci:" + p.dir + "/layout"
	const denied = "403 Forbidden: DENIED: the disk is full (REGISTRY was asked with no credentials, as docker's configuration has none for it: " +
		"use `docker login REGISTRY`, and mind that the repository may have to be made first)"
	manifest := regexp.MustCompile(`^PUT /v2/team/([a-z-]+)/manifests/(\S+)$`)
	for _, c := range []struct {
		what    string
		refuses string // of requests, matched
		says    string
		tagged  []string
	}{
		{what: "manifests", refuses: `^PUT /v2/team/pebble-skip/manifests/sha256:`,
			says: "pushing REGISTRY/team/pebble-skip: writing manifest DIGEST: PUT http://REGISTRY/v2/team/pebble-skip/manifests/sha256:DIGEST: " + denied +
				": no tag was written; run it again to complete it"},
		{what: "tags", refuses: `^PUT /v2/team/pebble/manifests/stable$`,
			says: "pushing REGISTRY/team/pebble:stable: writing the tag: PUT http://REGISTRY/v2/team/pebble/manifests/stable: " + denied +
				": 3 of 6 tags were written (REGISTRY/team/pebble-base:0.5, REGISTRY/team/pebble-base:stable, REGISTRY/team/pebble:0.5), " +
				"not written: REGISTRY/team/pebble:stable, REGISTRY/team/pebble-skip:0.5, REGISTRY/team/pebble-skip:stable; run it again to complete it",
			tagged: []string{"team/pebble-base:0.5", "team/pebble-base:stable", "team/pebble:0.5"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			p := p
			p.registry = newRegistry(t, registryKind{})
			p.rename(t)
			refuses := regexp.MustCompile(c.refuses)
			p.registry.breaks(func(w http.ResponseWriter, r *http.Request) bool {
				if !refuses.MatchString(r.Method + " " + r.URL.Path) {
					return false
				}
				w.WriteHeader(http.StatusForbidden)
				fmt.Fprintln(w, `{"errors":[{"code":"DENIED","message":"the disk is full"}]}`)
				return true
			})
			out := p.command(t, "", "--output", layout).run(t)
			said := digests.ReplaceAllString(errorLines(out), "DIGEST")
			checkString(t, "what it says", strings.ReplaceAll(said, p.registry.host, "REGISTRY"), c.says)
			if out.code != 3 || out.stdout != "" {
				t.Errorf("status %d, stdout %q", out.code, out.stdout)
			}
			var tagged []string
			for _, ref := range p.tags(t) {
				tag, _, _ := strings.Cut(ref, "@")
				tagged = append(tagged, tag)
			}
			checkNames(t, tagged, c.tagged...)

			failures := 2
			p.registry.breaks(func(w http.ResponseWriter, r *http.Request) bool {
				if failures == 0 || r.Method != http.MethodPut {
					return false
				}
				failures--
				w.WriteHeader(http.StatusServiceUnavailable)
				return true
			})
			p.checkPushed(t, p.command(t, "", "--output", layout).succeed(t).stdout)
			byTag, byDigest := -1, -1
			for n, request := range p.registry.seen.all() {
				if m := manifest.FindStringSubmatch(request); m != nil && strings.HasPrefix(m[2], "sha256:") {
					byDigest = n
				} else if m != nil && byTag < 0 {
					byTag = n
				}
			}
			if byDigest < 0 || byTag < byDigest {
				t.Errorf("the first tag was request %d, the last manifest %d", byTag, byDigest)
			}
		})
	}
}

// rename gives the images of the layout the names of another registry.
func (p *pushed) rename(t *testing.T) {
	t.Helper()
	old := p.prefix
	p.prefix = p.registry.host + "/team"
	index := filepath.Join(p.dir, "layout/index.json")
	edit(t, index, old, p.prefix)
	t.Cleanup(func() { edit(t, index, p.prefix, old) })
}
