package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// room is one package index of a server: ROOM/simple/ is PEP 503 and PEP 691, ROOM/links/ a page for find-links.
type room struct {
	// user and password let in; empty lets everybody in.
	user, password string
	// certificate: only who shows a certificate of the server's authority is let in.
	certificate bool
	// files are wheels and source distributions by their names.
	files map[string][]byte
}

// pypi is a server of rooms on loopback, over TLS with an authority of its own, and without.
type pypi struct {
	ca           authority
	secure, open *httptest.Server
	rooms        map[string]*room
	// seen has "ROOM let in PATH" and "ROOM refused PATH".
	seen *requests
}

func newPyPI(t *testing.T, rooms map[string]*room) *pypi {
	t.Helper()
	p := &pypi{ca: newAuthority(t, "e2e package index"), rooms: rooms, seen: &requests{}}
	pool := x509.NewCertPool()
	pool.AddCert(p.ca.cert)
	p.secure = httptest.NewUnstartedServer(p)
	p.secure.TLS = &tls.Config{Certificates: []tls.Certificate{p.ca.issue(t, x509.ExtKeyUsageServerAuth)}, ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: pool}
	p.secure.Config.ErrorLog = log.New(io.Discard, "", 0) // clients that hang up are no news
	p.secure.StartTLS()
	t.Cleanup(p.secure.Close)
	p.open = httptest.NewServer(p)
	t.Cleanup(p.open.Close)
	return p
}

// address is that of a server under a name of loopback, with credentials ("user:password@") in front.
func address(server *httptest.Server, credentials, name string) string {
	scheme, _, _ := strings.Cut(server.URL, "://")
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	return scheme + "://" + credentials + name + ":" + port
}

func (p *pypi) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	room := p.rooms[parts[0]]
	if room == nil || len(parts) < 2 {
		http.NotFound(w, r)
		return
	}
	user, password, _ := r.BasicAuth()
	switch {
	case room.certificate && (r.TLS == nil || len(r.TLS.PeerCertificates) == 0):
		p.seen.add(parts[0] + " refused " + r.URL.Path)
		http.Error(w, "show a certificate", http.StatusForbidden)
		return
	case room.user != "" && (user != room.user || password != room.password):
		p.seen.add(parts[0] + " refused " + r.URL.Path)
		w.Header().Set("WWW-Authenticate", `Basic realm="e2e"`)
		http.Error(w, "who is there?", http.StatusUnauthorized)
		return
	}
	p.seen.add(parts[0] + " let in " + r.URL.Path)
	switch {
	case parts[1] == "simple" && len(parts) == 3:
		room.project(w, r, parts[0], parts[2])
	case parts[1] == "links":
		w.Header().Set("Content-Type", "text/html")
		for _, file := range room.list("") {
			fmt.Fprintf(w, `<a href="/%s/files/%s">%s</a>`, parts[0], file, file)
		}
	case parts[1] == "files" && len(parts) == 3:
		name, metadata := strings.CutSuffix(parts[2], ".metadata")
		content := room.files[name]
		if metadata && content != nil {
			content = metadataOf(content)
		}
		if content == nil {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(content) // whoever asked may be gone
	default:
		http.NotFound(w, r)
	}
}

// list are the files of a project, all with an empty name.
func (r *room) list(project string) []string {
	var names []string
	for file := range r.files {
		if project == "" || projectOf(file) == project {
			names = append(names, file)
		}
	}
	slices.Sort(names)
	return names
}

// projectOf is the canonical name of the project that a file is of.
func projectOf(file string) string {
	name, _, _ := strings.Cut(file, "-")
	return strings.ToLower(regexp.MustCompile(`[-_.]+`).ReplaceAllString(name, "-"))
}

// project answers as PEP 691 says to those that ask for it, else as PEP 503, with the metadata of wheels (PEP 658, 714).
func (r *room) project(w http.ResponseWriter, asked *http.Request, room, name string) {
	files := r.list(name)
	if len(files) == 0 {
		http.NotFound(w, asked)
		return
	}
	const asJSON = "application/vnd.pypi.simple.v1+json"
	if !strings.Contains(asked.Header.Get("Accept"), asJSON) {
		w.Header().Set("Content-Type", "text/html")
		for _, file := range files {
			metadata := ""
			if strings.HasSuffix(file, ".whl") {
				metadata = fmt.Sprintf(` data-core-metadata="sha256=%x"`, sha256.Sum256(metadataOf(r.files[file])))
			}
			fmt.Fprintf(w, `<a href="/%s/files/%s#sha256=%x"%s>%s</a>`, room, file, sha256.Sum256(r.files[file]), metadata, file)
		}
		return
	}
	type entry struct {
		Filename string            `json:"filename"`
		URL      string            `json:"url"`
		Hashes   map[string]string `json:"hashes"`
		Metadata any               `json:"core-metadata"`
	}
	answer := struct {
		Meta  map[string]string `json:"meta"`
		Name  string            `json:"name"`
		Files []entry           `json:"files"`
	}{Meta: map[string]string{"api-version": "1.0"}, Name: name}
	for _, file := range files {
		e := entry{Filename: file, URL: "../../files/" + file, Hashes: map[string]string{"sha256": fmt.Sprintf("%x", sha256.Sum256(r.files[file]))}, Metadata: false}
		if strings.HasSuffix(file, ".whl") {
			e.Metadata = map[string]string{"sha256": fmt.Sprintf("%x", sha256.Sum256(metadataOf(r.files[file])))}
		}
		answer.Files = append(answer.Files, e)
	}
	w.Header().Set("Content-Type", asJSON)
	_ = json.NewEncoder(w).Encode(answer) // whoever asked may be gone
}

// metadataOf is the METADATA of a wheel; of what is none, nothing.
func metadataOf(wheel []byte) []byte {
	z, err := zip.NewReader(bytes.NewReader(wheel), int64(len(wheel)))
	if err != nil {
		return nil
	}
	for _, f := range z.File {
		if strings.HasSuffix(f.Name, ".dist-info/METADATA") {
			r, err := f.Open()
			if err != nil {
				return nil
			}
			defer r.Close()
			data, err := io.ReadAll(r)
			if err != nil {
				return nil
			}
			return data
		}
	}
	return nil
}

// issue makes a certificate for servers on loopback, or for clients.
func (a authority) issue(t *testing.T, usage x509.ExtKeyUsage) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(3), Subject: pkix.Name{CommonName: "e2e"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{usage},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// clientPEM is a certificate for clients with its key, as pip's client-cert has them.
func (a authority) clientPEM(t *testing.T) (text, keyLine string) {
	t.Helper()
	c := a.issue(t, x509.ExtKeyUsageClientAuth)
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	key := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]})) + key, strings.Split(key, "\n")[1]
}

// toolWheels are pip, build and what they need, out of the package index of this machine, once.
var toolWheels = sync.OnceValues(func() (map[string][]byte, error) {
	python, err := pip()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(workDir, "tool-wheels")
	if out, err := exec.Command(python, "-m", "pip", "download", "--quiet", "--only-binary", ":all:", "--dest", dir, "pip", "build").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("fetching pip and build: %w: %s", err, out)
	}
	found, err := filepath.Glob(dir + "/*.whl")
	files := map[string][]byte{}
	for _, path := range found {
		if files[filepath.Base(path)], err = os.ReadFile(path); err != nil {
			return nil, err
		}
	}
	return files, err
})

// smallWheel is a wheel with one module, whose TEXT is text, and an entry for a room or a folder.
func smallWheel(t *testing.T, name, version, text string) (file string, content []byte) {
	t.Helper()
	module := strings.ReplaceAll(name, "-", "_")
	info := module + "-" + version + ".dist-info/"
	files := [][2]string{
		{module + ".py", "TEXT = " + fmt.Sprintf("%q", text) + "\n"},
		{info + "METADATA", "Metadata-Version: 2.1\nName: " + name + "\nVersion: " + version + "\n"},
		{info + "WHEEL", "Wheel-Version: 1.0\nGenerator: e2e\nRoot-Is-Purelib: true\nTag: py3-none-any\n"},
	}
	record := ""
	for _, f := range files {
		sum := sha256.Sum256([]byte(f[1]))
		record += fmt.Sprintf("%s,sha256=%s,%d\n", f[0], base64.RawURLEncoding.EncodeToString(sum[:]), len(f[1]))
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range append(files, [2]string{info + "RECORD", record + info + "RECORD,,\n"}) {
		w, err := z.Create(f[0])
		if err == nil {
			_, err = io.WriteString(w, f[1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return module + "-" + version + "-py3-none-any.whl", b.Bytes()
}

// smallSdist is the source of such a wheel, with the build backend that is given.
func smallSdist(t *testing.T, name, version, text, backend string) (file string, content []byte) {
	t.Helper()
	module := strings.ReplaceAll(name, "-", "_")
	top := module + "-" + version + "/"
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	archive := tar.NewWriter(z)
	for _, f := range [][2]string{
		{"PKG-INFO", "Metadata-Version: 2.1\nName: " + name + "\nVersion: " + version + "\n"},
		{"pyproject.toml", "[build-system]\nrequires = []\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n[project]\nname = \"" + name + "\"\nversion = \"" + version + "\"\n"},
		{"backend.py", backend},
		{module + ".py", "TEXT = " + fmt.Sprintf("%q", text) + "\n"},
	} {
		err := archive.WriteHeader(&tar.Header{Name: top + f[0], Mode: 0o644, Size: int64(len(f[1]))})
		if err == nil {
			_, err = io.WriteString(archive, f[1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return module + "-" + version + ".tar.gz", b.Bytes()
}
