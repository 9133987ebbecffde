package origins_test

import (
	"context"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pbrx-go/pbrx-go/builder/host"
	"github.com/pbrx-go/pbrx-go/builder/origins"
)

// gitServer serves the folder of a repository over TLS to whoever knows the password, and counts.
func gitServer(t *testing.T, r repository) (s *httptest.Server, asked *atomic.Int32, trusted func(*origins.Options)) {
	t.Helper()
	asked = new(atomic.Int32)
	backend := &cgi.Handler{Path: r.git("--exec-path") + "/git-http-backend", Env: []string{"GIT_PROJECT_ROOT=" + filepath.Dir(r.dir), "GIT_HTTP_EXPORT_ALL=1"}}
	s = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		asked.Add(1)
		if _, password, _ := req.BasicAuth(); password != "hunter2" {
			w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		backend.ServeHTTP(w, req)
	}))
	t.Cleanup(s.Close)
	dir := t.TempDir()
	write(t, dir, map[string]string{"netrc": "machine 127.0.0.1 login keeper password hunter2\n",
		"ca.pem": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))})
	return s, asked, func(o *origins.Options) {
		o.Env["SSL_CERT_FILE"], o.Env["NETRC"], o.Env["no_proxy"] = filepath.Join(dir, "ca.pem"), filepath.Join(dir, "netrc"), "127.0.0.1"
	}
}

// A second run asks no server and makes nothing; no argument of git has a password.
func TestGitServer(t *testing.T) {
	r, commit := nova(t)
	s, asked, trusted := gitServer(t, r)
	real, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	watch := t.TempDir()
	write(t, watch, map[string]string{"git": "#!/bin/sh\nprintf '%s\\n' \"$@\" >>" + watch + "/argv\nexec " + real + " \"$@\"\n"})
	if err := os.Chmod(filepath.Join(watch, "git"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", watch+":"+os.Getenv("PATH"))
	state, dir := t.TempDir(), t.TempDir()
	p := project(gitOrigin(s.URL+"/upstream", "main", ""))
	first, err := fetcher(t, state, dir, trusted).Checkout(context.Background(), p)
	if err != nil || first.Commit != commit || asked.Load() == 0 {
		t.Fatalf("%+v, %v", first, err)
	}
	argv, err := os.ReadFile(filepath.Join(watch, "argv"))
	if err != nil || strings.Contains(string(argv), "hunter2") || !strings.Contains(string(argv), "\nfetch\n") {
		t.Errorf("%v: git was called with\n%s", err, argv)
	}
	before := asked.Load()
	again, err := fetcher(t, state, dir, trusted).Checkout(context.Background(), p)
	if err != nil || again != first || asked.Load() != before {
		t.Errorf("%+v, %v, asked %d times more", again, err, asked.Load()-before)
	}
	_, err = fetcher(t, t.TempDir(), dir).Checkout(context.Background(), project(gitOrigin("https://127.0.0.1:1/x", "main", "")))
	var far *host.FetchError
	if !errors.As(err, &far) || !strings.HasPrefix(err.Error(), "pbrx-go.toml:11:7: fetching https://127.0.0.1:1/x: git says: unable to access 'https://127.0.0.1:1/x/'") {
		t.Errorf("%T: %v", err, err)
	}
}

// Many may ask for the same at once.
func TestManyAtOnce(t *testing.T) {
	r, commit := nova(t)
	state, dir := t.TempDir(), t.TempDir()
	fetchers := []*origins.Fetcher{fetcher(t, state, dir), fetcher(t, state, dir)}
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			if n%2 == 0 {
				if c, err := fetchers[n/2%2].Checkout(context.Background(), project(gitOrigin(r.url(), "main", ""))); err != nil || c.Commit != commit {
					t.Errorf("%+v, %v", c, err)
				}
				return
			}
			if c, err := fetchers[n/2%2].Fetch(context.Background(), gitOrigin(r.url(), "main", "nova"), "amd64"); err != nil || c.Pin != commit+":nova" {
				t.Errorf("%+v, %v", c, err)
			}
		})
	}
	all.Wait()
}

// What is interrupted leaves nothing that a later run would take for whole.
func TestInterrupted(t *testing.T) {
	r, commit := nova(t)
	state, dir := t.TempDir(), t.TempDir()
	ctx, cancel := context.WithCancelCause(context.Background())
	stop := errors.New("stopped by the test")
	f := fetcher(t, state, dir, func(o *origins.Options) {
		o.Note = func(line string) {
			if strings.HasPrefix(line, "checking out") {
				cancel(stop)
			}
		}
	})
	p := project(gitOrigin(r.url(), "main", ""))
	if _, err := f.Checkout(ctx, p); !errors.Is(err, stop) {
		t.Fatalf("%v", err)
	}
	if c, err := fetcher(t, state, dir).Checkout(context.Background(), p); err != nil || c.Commit != commit {
		t.Errorf("%+v, %v", c, err)
	}
}
