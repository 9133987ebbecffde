package push

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// answers is a transport that answers 200 and notes where to.
type answers struct{ urls []string }

func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	a.urls = append(a.urls, r.URL.String())
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader("")), Request: r}, nil
}

// Other machines are spoken to by TLS only, whatever the registry client guesses from their addresses.
func TestSchemes(t *testing.T) {
	for _, c := range []struct{ registry, url, want string }{
		{"registry.example.org", "https://registry.example.org/v2/", "https://registry.example.org/v2/"},
		{"192.168.1.1:5000", "http://192.168.1.1:5000/v2/", "https://192.168.1.1:5000/v2/"},
		{"10.0.0.1", "http://10.0.0.1/v2/", "https://10.0.0.1/v2/"},
		{"registry.localhost:5000", "http://registry.localhost:5000/v2/", "https://registry.localhost:5000/v2/"},
		{"localhost:5000", "http://localhost:5000/v2/", "https://localhost:5000/v2/"},
		{"[::1]:5000", "http://[::1]:5000/v2/", "https://[::1]:5000/v2/"},
		{"registry.example.org", "https://storage.example.com/x", "https://storage.example.com/x"},
		{"registry.example.org", "http://storage.example.com/x", ""},
		{"localhost:5000", "http://127.0.0.1:9000/x", "http://127.0.0.1:9000/x"},
	} {
		inner := &answers{}
		req, err := http.NewRequest(http.MethodGet, c.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = (&schemes{inner: inner, registry: c.registry}).RoundTrip(req)
		if got := strings.Join(inner.urls, " "); got != c.want {
			t.Errorf("%s, with %s as the registry, went to %q, want %q", c.url, c.registry, got, c.want)
		}
		var plain errPlain
		if (c.want == "") != errors.As(err, &plain) {
			t.Errorf("%s: %v", c.url, err)
		}
		if err != nil && (temporary(err) || err.Error() != "storage.example.com is to be reached by plain HTTP, which is spoken to this machine only") {
			t.Errorf("%s: %v", c.url, err)
		}
	}
}

// A registry elsewhere that has no TLS is not tried again, and not spoken to in the open.
func TestPlainElsewhere(t *testing.T) {
	r := &repository{host: "registry.example.org"}
	err := plainly(&url.Error{Op: "Get", URL: "https://registry.example.org/v2/?secret=1", Err: http.ErrSchemeMismatch})
	const want = "GET https://registry.example.org/v2/: http: server gave HTTP response to HTTPS client (plain HTTP is spoken to this machine only: registry.example.org needs a certificate)"
	if got := r.explain(err); temporary(err) || got.Error() != want {
		t.Errorf("the error is\n%v\nwant\n%s", got, want)
	}
}

func TestIsLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "127.0.0.1": true, "127.9.9.9": true, "::1": true,
		"registry.localhost": false, "localhost.example.org": false, "128.0.0.1": false, "10.0.0.1": false, "::2": false,
	} {
		if isLoopback(host) != want {
			t.Errorf("isLoopback(%q) = %v", host, !want)
		}
	}
}

// localhost is a registry, a bare name is Docker Hub's, and docker's words for it are used.
func TestRepositories(t *testing.T) {
	for _, c := range []struct{ image, host, registry, repo string }{
		{"foo", "docker.io", "index.docker.io", "library/foo"},
		{"team/foo", "docker.io", "index.docker.io", "team/foo"},
		{"localhost/foo", "localhost", "localhost", "foo"},
		{"localhost:5000/team/foo", "localhost:5000", "localhost:5000", "team/foo"},
		{"registry.example.org/foo", "registry.example.org", "registry.example.org", "foo"},
		{"registry:5000/foo", "registry:5000", "registry:5000", "foo"},
	} {
		r, err := newRepository(c.image)
		if err != nil || r.host != c.host || r.RegistryStr() != c.registry || r.RepositoryStr() != c.repo {
			t.Errorf("newRepository(%s) = %+v, %v", c.image, r, err)
		}
	}
}

func TestRetryAfterForms(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"": 0, "nonsense": 0, "-3": 0, "2": 2 * time.Second, "99999999999999": 1 << 20 * time.Second,
		"Mon, 02 Jan 2006 15:04:05 GMT": 0,
	} {
		h := &hint{}
		noteRetryAfter(context.WithValue(t.Context(), hintKey{}, h), &http.Response{StatusCode: 429, Header: http.Header{"Retry-After": {value}}})
		if h.wait() != want {
			t.Errorf("Retry-After %q: %s, want %s", value, h.wait(), want)
		}
	}
	h := &hint{}
	at := time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)
	noteRetryAfter(context.WithValue(t.Context(), hintKey{}, h), &http.Response{StatusCode: 503, Header: http.Header{"Retry-After": {at}}})
	if h.wait() < 59*time.Minute || h.wait() > time.Hour {
		t.Errorf("Retry-After %q: %s", at, h.wait())
	}
}
