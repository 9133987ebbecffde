package origins_test

import (
	"context"
	"crypto/sha256"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pbrx-go/pbrx-go/builder/host"
	"github.com/pbrx-go/pbrx-go/builder/origins"
	"github.com/pbrx-go/pbrx-go/images/definition"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// server answers over TLS and remembers what it was asked for.
type server struct {
	*httptest.Server
	mu    sync.Mutex
	files map[string][]byte
	asked []string
}

func newServer(t *testing.T) *server {
	s := &server{files: map[string][]byte{}}
	s.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		login, password, _ := r.BasicAuth()
		s.asked = append(s.asked, strings.TrimSpace(r.URL.Path+" "+login+password))
		data, ok := s.files[r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = w.Write(data)
	}))
	t.Cleanup(s.Close)
	return s
}

// log is what was asked since the last time.
func (s *server) log() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.asked
	s.asked = nil
	return out
}

// serve puts a file there and returns its digest.
func (s *server) serve(path string, data []byte) string {
	s.files[path] = data
	return fmt.Sprintf("%x", sha256.Sum256(data))
}

// trusted is a host that knows the server and has a netrc.
func (s *server) trusted(t *testing.T) func(*origins.Options) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"netrc": "machine 127.0.0.1 login keeper password hunter2\n",
		"ca.pem": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))})
	return func(o *origins.Options) {
		o.Env["SSL_CERT_FILE"], o.Env["NETRC"], o.Env["no_proxy"] = filepath.Join(dir, "ca.pem"), filepath.Join(dir, "netrc"), "127.0.0.1"
		o.HostRoot = dir
	}
}

// urlOrigin is one at lines 10 to 14 of the definition, with digests by architecture.
func urlOrigin(address, part string, sums ...string) definition.Origin {
	o := definition.Origin{Kind: definition.URL, Where: text(address, 11), At: text("", 10).At, SHA256: map[string]definition.Text{}}
	for i := 0; i < len(sums); i += 2 {
		o.SHA256[sums[i]] = text(sums[i+1], 14)
	}
	if part != "" {
		o.Part = text(part, 13)
	}
	return o
}

// A download is kept by its digest, and a second run asks nobody.
func TestDownload(t *testing.T) {
	s := newServer(t)
	sum := s.serve("/pool/tool_1.0_amd64.deb", []byte("package\n"))
	state, dir := filepath.Join(t.TempDir(), "new", "state"), t.TempDir()
	o := urlOrigin(s.URL+"/pool/tool_1.0_amd64.deb?token=x#frag", "", "amd64", sum)
	for n, want := range [][]string{{"/pool/tool_1.0_amd64.deb keeperhunter2"}, nil} {
		c, err := fetcher(t, state, dir, s.trusted(t)).Fetch(context.Background(), o, "amd64")
		if err != nil {
			t.Fatal(err)
		}
		data, err := c.Bytes()
		if got := shown(t, c); got != "-rw-r--r-- content package\n" || err != nil || string(data) != "package\n" || c.Pin != "sha256:"+sum || c.Base != "tool_1.0_amd64.deb" {
			t.Errorf("%+v, %v\n%s", c, err, got)
		}
		if got := s.log(); !slices.Equal(got, want) {
			t.Errorf("run %d asked for %q, want %q", n+1, got, want)
		}
	}
	if info, err := os.Stat(state); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("others may look into what is kept: %v, %v", info.Mode(), err)
	}
	local := t.TempDir()
	write(t, local, map[string]string{"x": "package\n"})
	if c, err := fetcher(t, t.TempDir(), dir).Fetch(context.Background(), urlOrigin("file://"+local+"/x", "", "", sum), "arm64"); err != nil || c.Pin != "sha256:"+sum {
		t.Errorf("%+v, %v", c, err)
	}
}

// What is wrong with a download is said where it is written, and nothing of it is kept.
func TestRefusedDownloads(t *testing.T) {
	s := newServer(t)
	sum := s.serve("/x", []byte("new"))
	other := strings.Repeat("74f2", 16)
	state, dir := t.TempDir(), t.TempDir()
	f := fetcher(t, state, dir, s.trusted(t))
	for _, c := range []struct {
		o    definition.Origin
		arch string
		want string
	}{
		{urlOrigin(s.URL+"/x", "", "", other), "amd64", "pbrx-go.toml:14:7: downloaded " + sum + " but sha256 says " + other + "; the file at the URL has changed"},
		{urlOrigin(s.URL+"/x", ""), "amd64", `pbrx-go.toml:11:7: url without sha256; add sha256 = "…", 64 hexadecimal digits`},
		{urlOrigin(s.URL+"/x", "", "amd64", sum), "arm64", `pbrx-go.toml:11:7: no sha256 for arm64; add it, or arch = ["amd64"] to leave the file out there`},
		{urlOrigin(s.URL+"/x", "", "", "../../x"), "arm64", `pbrx-go.toml:14:7: "../../x" is no sha256, write the 64 digits that sha256sum prints`},
		{urlOrigin("https://me:hunter2@host.example/x", "", "", sum), "amd64", `pbrx-go.toml:11:7: the URL has credentials, leave them out: they are taken from netrc`},
		{urlOrigin("ftp://host.example/x", "", "", sum), "amd64", `pbrx-go.toml:11:7: "ftp://host.example/x" is not downloaded, write an https, http or file URL`},
		{urlOrigin("file:///nowhere/x", "", "", sum), "amd64", `pbrx-go.toml:11:7: /nowhere/x does not exist, correct the path`},
		{urlOrigin("file:///dev/null", "", "", sum), "amd64", `pbrx-go.toml:11:7: /dev/null is no file, correct the path`},
		{urlOrigin("file:///tmp", "", "", sum), "amd64", `pbrx-go.toml:11:7: /tmp is no file, correct the path`},
		{urlOrigin(s.URL+"/gone?token=hunter2", "", "", sum), "amd64", "pbrx-go.toml:11:7: fetching " + s.URL + "/gone: it answered 404 Not Found: correct the address"},
		{urlOrigin(s.URL+"/x", ".", "", sum), "amd64", "pbrx-go.toml:11:7: x: it is no archive, name another file"},
	} {
		_, err := f.Fetch(context.Background(), c.o, c.arch)
		refused(t, err, dir, c.want)
		var changed *origins.ChangedError
		var wrong setupcfg.ErrorList
		var far *host.FetchError
		if errors.As(err, &changed) != strings.Contains(c.want, "but sha256") || errors.As(err, &far) != strings.Contains(c.want, "fetching") || !errors.As(err, &changed) && !errors.As(err, &far) && !errors.As(err, &wrong) {
			t.Errorf("%T is not the class of %v", err, err)
		}
	}
}

// Where nothing can be kept it is said what that was for.
func TestNoState(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"file": "x"})
	_, err := fetcher(t, filepath.Join(dir, "file", "state"), dir).Fetch(context.Background(), urlOrigin("file://"+dir+"/file", "", "", strings.Repeat("0", 64)), "amd64")
	refused(t, err, dir, "making a folder for what a definition names: mkdir DIR/file: not a directory: set PBRX_GO_STATE to one that can be written")
}
