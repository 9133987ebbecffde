package host_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/pbrx-go/pbrx-go/builder/host"
)

// A download that would fill the disk is given up before it does.
func TestDownloadLimit(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1099511627776")
	}))
	defer server.Close()
	remote, err := host.NewRemote(map[string]string{"no_proxy": "127.0.0.1"}, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "x"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	address, err := url.Parse(server.URL + "/x")
	if err != nil {
		t.Fatal(err)
	}
	err = remote.Download(t.Context(), address, file)
	if want := "fetching " + server.URL + "/x: it has more than 16 GB: name another file"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}
