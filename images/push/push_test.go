package push_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pbrx-go/pbrx-go/images/push"
)

func TestPush(t *testing.T) {
	t.Parallel()
	s := serve(t, false)
	blobs := store{}
	set := blobs.set(t, s.host+"/team")
	got, err := push.Push(t.Context(), set, blobs.open, quick(t))
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, img := range set {
		for _, tag := range img.Tags {
			want = append(want, img.Name+":"+tag+"@"+img.Descriptor.Digest.String())
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("Push = %q, want %q", got, want)
	}
	s.complete(t, set, blobs)
}

// Everything is there before the first tag, and tags are written in the order of the set.
func TestOrderOfRequests(t *testing.T) {
	t.Parallel()
	s := serve(t, false)
	blobs := store{}
	set := blobs.set(t, s.host)
	if _, err := push.Push(t.Context(), set, blobs.open, quick(t)); err != nil {
		t.Fatal(err)
	}
	var tags, digests []string
	for _, line := range s.diary() {
		switch {
		case strings.HasPrefix(line, "PUT ") && strings.Contains(line, "/manifests/sha256:"):
			digests = append(digests, line)
			fallthrough
		case strings.Contains(line, "/blobs/"):
			if len(tags) > 0 {
				t.Errorf("%s comes after %s", line, tags)
			}
			if len(digests) > 0 && strings.Contains(line, "/blobs/") {
				t.Errorf("%s comes after %s", line, digests)
			}
		case strings.HasPrefix(line, "PUT "):
			tags = append(tags, strings.TrimPrefix(line, "PUT /v2/"))
		}
	}
	if want := []string{"foo-base/manifests/1", "foo-base/manifests/latest", "foo/manifests/1", "foo/manifests/latest"}; !slices.Equal(tags, want) {
		t.Errorf("the tags were written as %q, want %q", tags, want)
	}
	if len(digests) != 2 {
		t.Errorf("manifests by digest: %q, want 2", digests)
	}
}

// A blob travels once; another repository gets it from the first one. What is there is left alone.
func TestBlobsTravelOnce(t *testing.T) {
	t.Parallel()
	s := serve(t, false, apart())
	blobs := store{}
	set := blobs.set(t, s.host)
	set = append(set, push.Image{Name: s.host + "/foo", Tags: []string{"other"}, Descriptor: set[1].Descriptor},
		push.Image{Name: s.host + "/foo", Tags: []string{"third"}, Descriptor: blobs.image(t, "one", "three", "four")})
	if _, err := push.Push(t.Context(), set, blobs.open, quick(t)); err != nil {
		t.Fatal(err)
	}
	// The layers one to four, and three configurations.
	if n := s.count("PATCH", ""); n != 7 {
		t.Errorf("%d blobs were sent, want 7", n)
	}
	for _, l := range []string{"one", "two"} {
		mount := "/v2/foo/blobs/uploads/?from=foo-base&mount=" + strings.ReplaceAll(digest.FromString(l).String(), ":", "%3A")
		if n := s.count("POST", mount); n != 1 {
			t.Errorf("%d mounts of %s, want 1", n, l)
		}
	}
	s.complete(t, set[:1], blobs)
	s.forget()
	if _, err := push.Push(t.Context(), set, blobs.open, quick(t)); err != nil {
		t.Fatal(err)
	}
	if sent, asked := s.count("PATCH", "")+s.count("POST", "")+s.count("PUT", "sha256:"), s.count("HEAD", "/blobs/"); sent+asked != 0 {
		t.Errorf("a second push sent %d and asked for %d blobs", sent, asked)
	}
	// A new image on known layers sends its configuration only.
	s.forget()
	set[1].Descriptor = blobs.image(t, "three", "two", "one")
	if _, err := push.Push(t.Context(), set[:2], blobs.open, quick(t)); err != nil {
		t.Fatal(err)
	}
	if n := s.count("PATCH", ""); n != 1 {
		t.Errorf("%d blobs were sent, want 1", n)
	}
}

// A registry that will not mount gets the blob.
func TestMountRefused(t *testing.T) {
	t.Parallel()
	refused := 0
	s := serve(t, false, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != "POST" || !r.URL.Query().Has("mount") {
			return false
		}
		refused++
		status(http.StatusBadRequest, "UNSUPPORTED", "no mounts here")(w, r)
		return true
	}, apart())
	blobs := store{}
	set := blobs.set(t, s.host)
	if _, err := push.Push(t.Context(), set, blobs.open, quick(t)); err != nil {
		t.Fatal(err)
	}
	s.complete(t, set, blobs)
	if refused == 0 {
		t.Error("nothing was to be mounted")
	}
}

func TestIndex(t *testing.T) {
	t.Parallel()
	s := serve(t, false)
	blobs := store{}
	arm, amd := blobs.image(t, "one"), blobs.image(t, "two")
	index := v1.Index{MediaType: v1.MediaTypeImageIndex, Manifests: []v1.Descriptor{arm, amd}}
	index.SchemaVersion = 2
	desc := blobs.json(t, v1.MediaTypeImageIndex, index)
	if _, err := push.Push(t.Context(), []push.Image{{Name: s.host + "/foo", Tags: []string{"1"}, Descriptor: desc}}, blobs.open, quick(t)); err != nil {
		t.Fatal(err)
	}
	for _, d := range []v1.Descriptor{arm, amd, desc} {
		s.get(t, "/v2/foo/manifests/"+d.Digest.String())
	}
	if got := s.tags(t, "foo"); got["1"] != desc.Digest.String() {
		t.Errorf("the tags are %v", got)
	}
}

// What is wrong with the set is told at once, before a registry is asked.
func TestWrongSets(t *testing.T) {
	t.Parallel()
	s := serve(t, false)
	blobs := store{}
	good := blobs.image(t, "one")
	gone := v1.Descriptor{MediaType: v1.MediaTypeImageManifest, Digest: digest.FromString("gone")}
	damaged := blobs.image(t, "two")
	blobs[damaged.Digest] = []byte("{}")
	_, err := push.Push(t.Context(), []push.Image{
		{Name: s.host + "/Foo", Descriptor: good},
		{Name: s.host + "/foo:1", Descriptor: good},
		{Name: s.host + "/foo", Tags: []string{"a b"}, Descriptor: good},
		{Name: s.host + "/gone", Descriptor: gone},
		{Name: s.host + "/damaged", Descriptor: damaged},
		{Name: s.host + "/none"},
	}, blobs.open, quick(t))
	want := strings.Join([]string{
		`pushing HOST/Foo: "HOST/Foo" names no repository: invalid reference format: repository name (Foo) must be lowercase`,
		`pushing HOST/foo:1: "HOST/foo:1" is more than a repository: tags are given apart`,
		`pushing HOST/foo: "a b" is no tag: it takes up to 128 letters, digits, _ . and -, the first one no . or -`,
		"pushing HOST/gone: opening manifest " + gone.Digest.String() + ": blob " + gone.Digest.String() + ": file does not exist",
		"pushing HOST/damaged: manifest " + damaged.Digest.String() + " is damaged: its content has digest " + digest.FromString("{}").String(),
		`pushing HOST/none: manifest "": invalid checksum digest format`,
	}, "\n")
	if want = strings.ReplaceAll(want, "HOST", s.host); err == nil || err.Error() != want {
		t.Errorf("the error is\n%v\nwant\n%s", err, want)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		t.Error("the error does not say that a blob is missing")
	}
	if got := s.diary(); len(got) > 0 {
		t.Errorf("the registry was asked: %q", got)
	}
}

// A broken push says what is there, and the next one completes it.
func TestBrokenPushIsCompleted(t *testing.T) {
	for _, c := range []struct {
		name  string
		layer layer
		want  string
	}{
		{"third tag", times(3, "PUT", "/foo/manifests/1", status(500, "UNKNOWN", "disk full")),
			"pushing HOST/foo:1: writing the tag: PUT http://HOST/v2/foo/manifests/1: 500 Internal Server Error: UNKNOWN: disk full (tried 3 times): 2 of 4 tags were written " +
				"(HOST/foo-base:1, HOST/foo-base:latest), not written: HOST/foo:1, HOST/foo:latest; run it again to complete it"},
		{"first tag", times(1, "PUT", "/foo-base/manifests/1", status(403, "DENIED", "immutable")),
			"pushing HOST/foo-base:1: writing the tag: PUT http://HOST/v2/foo-base/manifests/1: 403 Forbidden: DENIED: immutable (HOST was asked with no credentials, " +
				"as docker's configuration has none for it: use `docker login HOST`, and mind that the repository may have to be made first): no tag was written; run it again to complete it"},
		{"last tag lost", times(3, "PUT", "/foo/manifests/latest", cut(10)),
			"pushing HOST/foo:latest: writing the tag: PUT http://HOST/v2/foo/manifests/latest: EOF (tried 3 times): 3 of 4 tags were written " +
				"(HOST/foo-base:1, HOST/foo-base:latest, HOST/foo:1), not written: HOST/foo:latest (perhaps: its answer was lost); run it again to complete it"},
		{"manifest", times(3, "PUT", "/foo/manifests/sha256:", status(503, "UNAVAILABLE", "later")),
			"pushing HOST/foo: writing manifest DIGEST: PUT http://HOST/v2/foo/manifests/sha256:FULL: 503 Service Unavailable: UNAVAILABLE: later (tried 3 times): no tag was written; run it again to complete it"},
		{"login", always("HEAD", "/foo/manifests/", status(401, "UNAUTHORIZED", "no")),
			"pushing HOST/foo: asking for manifest DIGEST: HEAD http://HOST/v2/foo/manifests/sha256:FULL: 401 Unauthorized (HOST was asked with no credentials, " +
				"as docker's configuration has none for it: use `docker login HOST`): no tag was written; run it again to complete it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			broken := true
			s := serve(t, false, func(w http.ResponseWriter, r *http.Request) bool { return broken && c.layer(w, r) })
			blobs := store{}
			set := blobs.set(t, s.host)
			done, err := push.Push(t.Context(), set, blobs.open, quick(t))
			full := set[1].Descriptor.Digest.Encoded()
			want := strings.NewReplacer("HOST", s.host, "DIGEST", full[:12], "FULL", full).Replace(c.want)
			var e *push.Error
			if !errors.As(err, &e) {
				t.Fatalf("the error is %v", err)
			}
			if err.Error() != want {
				t.Errorf("the error is\n%v\nwant\n%s", err, want)
			}
			if len(done) != len(e.Tagged) || len(e.Tagged)+len(e.Untagged) != 4 {
				t.Errorf("done: %q, tagged: %q, untagged: %q", done, e.Tagged, e.Untagged)
			}
			if len(s.tags(t, "foo-base"))+len(s.tags(t, "foo")) != len(e.Tagged) {
				t.Errorf("the registry has other tags than %q", e.Tagged)
			}
			broken = false
			if _, err := push.Push(t.Context(), set, blobs.open, quick(t)); err != nil {
				t.Fatal(err)
			}
			s.complete(t, set, blobs)
		})
	}
}

// What fails for a moment is tried again.
func TestTriedAgain(t *testing.T) {
	const two = 2
	for name, l := range map[string]layer{
		"ping 503":           times(two, "GET", "/v2/", status(503, "UNAVAILABLE", "starting")),
		"ping cut":           times(two, "GET", "/v2/", cut(0)),
		"HEAD 500":           times(two, "HEAD", "/blobs/", status(500, "", "")),
		"HEAD manifest 502":  times(two, "HEAD", "/manifests/", status(502, "", "")),
		"POST 429":           times(two, "POST", "/uploads/", status(429, "TOOMANYREQUESTS", "slowly")),
		"PATCH 500":          times(two, "PATCH", "", status(500, "UNKNOWN", "oops")),
		"PATCH cut":          times(two, "PATCH", "", cut(1000)),
		"PATCH forgotten":    times(two, "PATCH", "", status(404, "BLOB_UPLOAD_UNKNOWN", "restarted")),
		"PATCH stalls":       times(1, "PATCH", "", stall(0)),
		"PATCH stalls later": times(1, "PATCH", "", stall(100_000)),
		"PUT blob stalls":    times(1, "PUT", "/uploads/", stall(0)),
		"PUT manifest cut":   times(two, "PUT", "/manifests/sha256:", cut(1)),
		"tag 504":            times(two, "PUT", "/manifests/latest", status(504, "", "")),
		"tag stalls":         times(1, "PUT", "/manifests/latest", stall(10)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, false, l)
			blobs := store{}
			layer := strings.Repeat("0123456789abcdef", 1<<12)
			if name == "PATCH stalls later" {
				layer = strings.Repeat(layer, 1<<8) // more than sockets buffer
			}
			set := []push.Image{{Name: s.host + "/foo", Tags: []string{"1", "latest"}, Descriptor: blobs.image(t, layer)}}
			if _, err := push.Push(t.Context(), set, blobs.open, quick(t)); err != nil {
				t.Fatal(err)
			}
			s.complete(t, set, blobs)
		})
	}
}

// slowly is a body of which one MB is read each 75 ms.
type slowly struct {
	io.ReadCloser
	left int
}

func (s *slowly) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p[:min(len(p), 1<<16)])
	if s.left -= n; s.left < 0 {
		s.left += 1 << 20
		time.Sleep(75 * time.Millisecond)
	}
	return n, err
}

// An upload that takes longer than the limit but moves is left alone.
func TestSlowIsNotStalled(t *testing.T) {
	t.Parallel()
	s := serve(t, false, func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPatch {
			r.Body = &slowly{ReadCloser: r.Body, left: 1 << 20}
		}
		return false
	})
	blobs := store{}
	desc := blobs.image(t, strings.Repeat("0123456789abcdef", 24<<16))
	o := quick(t)
	o.Tries = 1
	// The registry below takes one upload at a time: the configuration must not wait for the layer.
	if _, err := push.Push(t.Context(), []push.Image{{Name: s.host + "/foo", Descriptor: blobs.config(t, desc)}}, blobs.open, o); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if _, err := push.Push(t.Context(), []push.Image{{Name: s.host + "/foo", Tags: []string{"1"}, Descriptor: desc}}, blobs.open, o); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took < 2*o.Stall {
		t.Errorf("it took %s only: this tests nothing", took)
	}
}

// What stays broken is given up within the limits, with the number of tries.
func TestGivenUp(t *testing.T) {
	html := func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(502)
		fmt.Fprint(w, "<html>\n  <h1>Bad\nGateway</h1>"+strings.Repeat(" nginx", 100))
	}
	for _, c := range []struct {
		name, method, part string
		do                 func(http.ResponseWriter, *http.Request)
		want               string
		requests           int
	}{
		{"silent registry", "GET", "/v2/", stall(0), "connecting to HOST: GET https://HOST/v2/: nothing moved for 800ms (tried 2 times)", 0},
		{"silent upload", "PATCH", "", stall(0), "sending blob DIGEST (3 bytes): PATCH http://HOST/v2/foo/blobs/uploads/ID: nothing moved for 800ms (tried 2 times)", 2},
		{"no words", "POST", "", status(500, "", ""), "sending blob DIGEST (3 bytes): POST http://HOST/v2/foo/blobs/uploads/: 500 Internal Server Error (tried 2 times)", 2},
		{"a page", "POST", "", html, "sending blob DIGEST (3 bytes): POST http://HOST/v2/foo/blobs/uploads/: 502 Bad Gateway: " +
			"<html> <h1>Bad Gateway</h1>" + strings.Repeat(" nginx", 28) + " ngin… (tried 2 times)", 2},
		{"read only", "POST", "", status(501, "UNSUPPORTED", "read only"), "sending blob DIGEST (3 bytes): POST http://HOST/v2/foo/blobs/uploads/: 501 Not Implemented: UNSUPPORTED: read only", 1},
		{"too big", "PATCH", "", status(413, "SIZE", "too big"), "sending blob DIGEST (3 bytes): PATCH http://HOST/v2/foo/blobs/uploads/ID: 413 Request Entity Too Large: SIZE: too big", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			blobs := store{}
			desc := blobs.image(t, "one")
			broken := false
			l := always(c.method, c.part, c.do)
			s := serve(t, false, func(w http.ResponseWriter, r *http.Request) bool { return broken && l(w, r) })
			set := []push.Image{{Name: s.host + "/foo", Descriptor: blobs.config(t, desc)}}
			if _, err := push.Push(t.Context(), set, blobs.open, quick(t)); err != nil {
				t.Fatal(err)
			}
			// The configuration is there now; of the image one blob is missing.
			broken = true
			s.forget()
			o := quick(t)
			o.Tries = 2
			_, err := push.Push(t.Context(), []push.Image{{Name: s.host + "/foo", Tags: []string{"1"}, Descriptor: desc}}, blobs.open, o)
			want := strings.NewReplacer("HOST", s.host, "DIGEST", digest.FromString("one").Encoded()[:12]).Replace(c.want)
			got := regexp.MustCompile(`uploads/[0-9]+`).ReplaceAllString(fmt.Sprint(err), "uploads/ID")
			if got != "pushing "+s.host+"/foo: "+want+": no tag was written; run it again to complete it" {
				t.Errorf("the error is\n%s\nwant\n%s", got, want)
			}
			if n := s.count(c.method, c.part); c.requests != 0 && n != c.requests {
				t.Errorf("%d requests, want %d", n, c.requests)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	s := serve(t, false, times(1, "POST", "", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "1")
		status(429, "TOOMANYREQUESTS", "slowly")(w, r)
	}), times(1, "PUT", "/manifests/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "3600")
		status(503, "UNAVAILABLE", "tomorrow")(w, r)
	}))
	blobs := store{}
	set := []push.Image{{Name: s.host + "/foo", Tags: []string{"1"}, Descriptor: blobs.image(t, "one")}}
	o := quick(t)
	var waits []string
	o.Log = func(line string) {
		if _, wait, ok := strings.Cut(line, "trying again in "); ok {
			waits = append(waits, wait)
		}
	}
	o.MaxWait = 1100 * time.Millisecond
	if _, err := push.Push(t.Context(), set, blobs.open, o); err != nil {
		t.Fatal(err)
	}
	if want := []string{"1s", "1.1s"}; !slices.Equal(waits, want) {
		t.Errorf("the waits were %q, want %q", waits, want)
	}
}

// An end from outside ends everything, and no tag follows.
func TestCancel(t *testing.T) {
	for _, c := range []struct{ name, method, part, want string }{
		{"while sending", "PATCH", "", "pushing HOST/foo-base: interrupted: no tag was written; run it again to complete it"},
		{"before a tag", "PUT", "/foo/manifests/1", "pushing HOST/foo:1: interrupted: 2 of 4 tags were written (HOST/foo-base:1, HOST/foo-base:latest), " +
			"not written: HOST/foo:1 (perhaps: its answer was lost), HOST/foo:latest; run it again to complete it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancelCause(t.Context())
			interrupted := errors.New("interrupted")
			s := serve(t, false, times(1, c.method, c.part, func(w http.ResponseWriter, r *http.Request) {
				cancel(interrupted)
				stall(0)(w, r)
			}))
			blobs := store{}
			set := blobs.set(t, s.host)
			o := quick(t)
			o.Stall = time.Minute
			start := time.Now()
			_, err := push.Push(ctx, set, blobs.open, o)
			wantPushError(t, err, strings.ReplaceAll(c.want, "HOST", s.host))
			if !errors.Is(err, interrupted) {
				t.Error("the cause is lost")
			}
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("it took %s", took)
			}
			if n := s.count("PUT", "/foo/manifests/latest"); n > 0 {
				t.Error("a tag was written after the end")
			}
		})
	}
}

// Damage of what is sent is told as such, and not tried again.
func TestDamagedBlob(t *testing.T) {
	for _, c := range []struct{ name, content, want string }{
		{"content", "eno", "blob %s is damaged: its content has digest " + digest.FromString("eno").String()},
		{"short", "on", "blob %s is damaged: its size is not 3"},
		{"long", "onel", "blob %s is damaged: its size is not 3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, false)
			blobs := store{}
			set := []push.Image{{Name: s.host + "/foo", Tags: []string{"1"}, Descriptor: blobs.image(t, "one")}}
			blobs[digest.FromString("one")] = []byte(c.content)
			o := quick(t)
			o.Log = func(line string) {
				if strings.Contains(line, "trying again") {
					t.Error(line)
				}
			}
			_, err := push.Push(t.Context(), set, blobs.open, o)
			d := digest.FromString("one")
			wantPushError(t, err, "pushing "+s.host+"/foo: sending blob "+d.Encoded()[:12]+" (3 bytes): "+fmt.Sprintf(c.want, d)+": no tag was written; run it again to complete it")
		})
	}
}
