package push_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pbrx-go/pbrx-go/images/push"
)

// store holds blobs in memory.
type store map[digest.Digest][]byte

func (s store) open(d digest.Digest) (io.ReadCloser, error) {
	data, ok := s[d]
	if !ok {
		return nil, fmt.Errorf("blob %s: %w", d, fs.ErrNotExist)
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

func (s store) put(mediaType, data string) v1.Descriptor {
	d := v1.Descriptor{MediaType: mediaType, Digest: digest.FromString(data), Size: int64(len(data))}
	s[d.Digest] = []byte(data)
	return d
}

func (s store) json(t *testing.T, mediaType string, v any) v1.Descriptor {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return s.put(mediaType, string(data))
}

func (s store) image(t *testing.T, layers ...string) v1.Descriptor {
	t.Helper()
	m := v1.Manifest{MediaType: v1.MediaTypeImageManifest, Config: s.json(t, v1.MediaTypeImageConfig, v1.Image{Author: digest.FromString(strings.Join(layers, " ")).String()})}
	m.SchemaVersion = 2
	for _, l := range layers {
		m.Layers = append(m.Layers, s.put(v1.MediaTypeImageLayerZstd, l))
	}
	return s.json(t, v1.MediaTypeImageManifest, m)
}

// config is an image of the configuration of another one, and no layers.
func (s store) config(t *testing.T, of v1.Descriptor) v1.Descriptor {
	t.Helper()
	var m v1.Manifest
	if err := json.Unmarshal(s[of.Digest], &m); err != nil {
		t.Fatal(err)
	}
	m.Layers = []v1.Descriptor{}
	return s.json(t, v1.MediaTypeImageManifest, m)
}

// set is a base and a script of it under a prefix.
func (s store) set(t *testing.T, prefix string) []push.Image {
	return []push.Image{
		{Name: prefix + "/foo-base", Tags: []string{"1", "latest"}, Descriptor: s.image(t, "one", "two")},
		{Name: prefix + "/foo", Tags: []string{"1", "latest"}, Descriptor: s.image(t, "one", "two", "three")},
	}
}

// server is a registry on loopback that keeps a diary.
type server struct {
	*httptest.Server
	host string
	mu   sync.Mutex
	seen []string
}

// layer is put around a registry; it answers itself and says true, or leaves it to the registry.
type layer func(w http.ResponseWriter, r *http.Request) bool

// serve starts a registry.
func serve(t *testing.T, secure bool, layers ...layer) *server {
	t.Helper()
	s := &server{}
	inner := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.seen = append(s.seen, r.Method+" "+r.URL.RequestURI())
		s.mu.Unlock()
		for _, l := range layers {
			if l(w, r) {
				return
			}
		}
		inner.ServeHTTP(w, r)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	if secure {
		s.StartTLS()
	} else {
		s.Start()
	}
	s.host = s.Listener.Addr().String()
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

// diary are the requests so far, uploads without their random names.
func (s *server) diary() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen)
}

func (s *server) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = nil
}

// count is how many requests have a method and a part of a path.
func (s *server) count(method, part string) int {
	n := 0
	for _, line := range s.diary() {
		if strings.HasPrefix(line, method+" ") && strings.Contains(line, part) {
			n++
		}
	}
	return n
}

// tags are the tags of a repository, and the digest of each.
func (s *server) tags(t *testing.T, repo string) map[string]string {
	t.Helper()
	out := map[string]string{}
	resp, err := s.Client().Get(s.URL + "/v2/" + repo + "/tags/list")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var list struct{ Tags []string }
	if err := json.NewDecoder(resp.Body).Decode(&list); err != nil {
		t.Fatal(err)
	}
	for _, tag := range list.Tags {
		resp, err := s.Client().Head(s.URL + "/v2/" + repo + "/manifests/" + tag)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if !strings.HasPrefix(tag, "sha256:") {
			out[tag] = resp.Header.Get("Docker-Content-Digest")
		}
	}
	return out
}

// complete makes sure that the whole set can be read from the registry.
func (s *server) complete(t *testing.T, set []push.Image, blobs store) {
	t.Helper()
	for _, img := range set {
		repo := img.Name[strings.Index(img.Name, "/")+1:]
		want := map[string]string{}
		for _, tag := range img.Tags {
			want[tag] = img.Descriptor.Digest.String()
		}
		if got := s.tags(t, repo); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s has tags %v, want %v", repo, got, want)
		}
		raw, resp := s.get(t, "/v2/"+repo+"/manifests/"+img.Descriptor.Digest.String())
		if resp.Header.Get("Content-Type") != img.Descriptor.MediaType {
			t.Errorf("%s has type %s", repo, resp.Header.Get("Content-Type"))
		}
		var m v1.Manifest
		if err := json.Unmarshal(raw, &m); err != nil {
			t.Fatal(err)
		}
		for _, d := range append(m.Layers, m.Config) {
			if got, _ := s.get(t, "/v2/"+repo+"/blobs/"+d.Digest.String()); !bytes.Equal(got, blobs[d.Digest]) {
				t.Errorf("%s has another blob %s", repo, d.Digest)
			}
		}
	}
}

func (s *server) get(t *testing.T, path string) ([]byte, *http.Response) {
	t.Helper()
	resp, err := s.Client().Get(s.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("GET %s: %s, %v", path, resp.Status, err)
	}
	return data, resp
}

// quick are limits that a test can wait for.
func quick(t *testing.T) push.Options {
	return push.Options{Tries: 3, Wait: time.Millisecond, Stall: 800 * time.Millisecond, CertsDirs: []string{},
		Keychain: authn.NewMultiKeychain(), Log: func(line string) { t.Log(line) }}
}

// asUser is quick, with what docker's configuration says.
func asUser(t *testing.T) push.Options {
	o := quick(t)
	o.Keychain = nil
	return o
}

// alone keeps the machine's own credentials out of a test.
func alone(t *testing.T, config string) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	t.Setenv("DOCKER_CONFIG", dir)
	t.Setenv("DOCKER_AUTH_CONFIG", "")
	t.Setenv("REGISTRY_AUTH_FILE", "")
	t.Setenv("XDG_RUNTIME_DIR", dir)
	if config != "" {
		write(t, dir+"/config.json", config, 0o600)
	}
	return dir
}

// matches says whether a request has a method and a part of a path.
func matches(r *http.Request, method, part string) bool {
	return r.Method == method && strings.Contains(r.URL.Path, part)
}

// times lets the first n matching requests be answered by do.
func times(n int, method, part string, do func(http.ResponseWriter, *http.Request)) layer {
	var mu sync.Mutex
	return func(w http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		hit := n > 0 && matches(r, method, part)
		if hit {
			n--
		}
		mu.Unlock()
		if hit {
			do(w, r)
		}
		return hit
	}
}

// always is times without an end.
func always(method, part string, do func(http.ResponseWriter, *http.Request)) layer {
	return times(1<<30, method, part, do)
}

// apart makes a registry keep the blobs of its repositories apart, and mount them: the one
// underneath has them all in one pot.
func apart() layer {
	var mu sync.Mutex
	has := map[string]bool{}
	return func(w http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		repo, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v2/"), "/blobs/")
		q := r.URL.Query()
		switch {
		case r.Method == http.MethodPut && strings.HasPrefix(rest, "uploads/"):
			has[repo+"@"+q.Get("digest")] = true
		case r.Method == http.MethodPost && has[q.Get("from")+"@"+q.Get("mount")]:
			has[repo+"@"+q.Get("mount")] = true
			w.WriteHeader(http.StatusCreated)
			return true
		case r.Method == http.MethodHead && rest != "" && !has[repo+"@"+rest]:
			w.WriteHeader(http.StatusNotFound)
			return true
		}
		return false
	}
}

// status answers with an error as registries word it.
func status(code int, name, message string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		fmt.Fprintf(w, `{"errors":[{"code":%q,"message":%q}]}`, name, message)
	}
}

// cut reads a part of the request and breaks the connection.
func cut(after int64) func(http.ResponseWriter, *http.Request) {
	return func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.CopyN(io.Discard, r.Body, after)
		panic(http.ErrAbortHandler)
	}
}

// stall reads a part of the request and then does nothing until the client is gone.
func stall(after int64) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.CopyN(io.Discard, r.Body, after)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		time.AfterFunc(5*time.Second, func() { conn.Close() })
	}
}

func wantPushError(t *testing.T, err error, want string) *push.Error {
	t.Helper()
	var e *push.Error
	if !errors.As(err, &e) {
		t.Fatalf("the error is %v (%T), want a *push.Error", err, err)
	}
	if err.Error() != want {
		t.Errorf("the error is\n%v\nwant\n%s", err, want)
	}
	return e
}
