package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// requests is what a server was asked for.
type requests struct {
	mu   sync.Mutex
	seen []string
}

func (r *requests) add(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen = append(r.seen, what)
}

// all are the requests so far.
func (r *requests) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.seen)
}

// count is how many requests hold a text.
func (r *requests) count(text string) int {
	n := 0
	for _, s := range r.all() {
		if strings.Contains(s, text) {
			n++
		}
	}
	return n
}

// forwardProxy is an HTTP proxy that wants a password. It knows the methods that programs in
// a build use: plain requests and CONNECT.
func forwardProxy(t *testing.T, user, password string) (*httptest.Server, *requests) {
	t.Helper()
	seen := &requests{}
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
	plain := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.Out.Header.Del("Proxy-Authorization") }}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Proxy-Authorization") != want {
			seen.add("refused " + r.Method + " " + r.Host)
			w.Header().Set("Proxy-Authenticate", `Basic realm="e2e"`)
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		seen.add(r.Method + " " + r.Host)
		if r.Method == http.MethodConnect {
			tunnel(w, r)
			return
		}
		plain.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server, seen
}

// tunnel joins a client of the proxy with the server it asked for.
func tunnel(w http.ResponseWriter, r *http.Request) {
	server, err := dial(r.Host)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	client, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		server.Close()
		return
	}
	_, _ = io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n")
	go func() {
		_, _ = io.Copy(server, client) // either end may hang up; then the other one does
		server.Close()
	}()
	_, _ = io.Copy(client, server)
	client.Close()
}

// dial connects to a server, through the proxy that this machine needs if it needs one.
func dial(host string) (net.Conn, error) {
	upstream, err := http.ProxyFromEnvironment(&http.Request{URL: &url.URL{Scheme: "https", Host: host}})
	if err != nil || upstream == nil {
		return net.DialTimeout("tcp", host, 30*time.Second)
	}
	conn, err := net.DialTimeout("tcp", upstream.Host, 30*time.Second)
	if err != nil {
		return nil, err
	}
	header := ""
	if upstream.User != nil {
		password, _ := upstream.User.Password()
		header = "Proxy-Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(upstream.User.Username()+":"+password)) + "\r\n"
	}
	fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", host, host, header)
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || answer.StatusCode != http.StatusOK {
		conn.Close()
		return nil, fmt.Errorf("the proxy of this machine does not connect to %s: %v", host, err)
	}
	return conn, nil
}

// mirrorOf serves the folders of other mirrors below a path: targets is folder to address.
func mirrorOf(t *testing.T, prefix string, targets map[string]string) (*httptest.Server, *requests) {
	t.Helper()
	seen := &requests{}
	mux := http.NewServeMux()
	for folder, target := range targets {
		u, err := url.Parse(target)
		if err != nil {
			t.Fatal(err)
		}
		path := "/" + prefix + "/" + folder + "/"
		mux.Handle(path, http.StripPrefix(strings.TrimSuffix(path, "/"), &httputil.ReverseProxy{
			Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(u) },
		}))
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen.add(r.Method + " " + r.URL.Path)
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server, seen
}

// packageIndex serves one wheel as a package index below a path, over TLS, to those who know the password.
func packageIndex(t *testing.T, prefix, user, password string, ca authority, wheel string, content []byte) (*httptest.Server, *requests) {
	t.Helper()
	seen := &requests{}
	name, _, _ := strings.Cut(wheel, "-")
	name = strings.ReplaceAll(name, "_", "-")
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if u, p, _ := r.BasicAuth(); u != user || p != password {
			seen.add("refused " + r.URL.Path)
			w.Header().Set("WWW-Authenticate", `Basic realm="e2e"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		seen.add(r.URL.Path)
		switch r.URL.Path {
		case "/" + prefix + "/simple/" + name + "/":
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprintf(w, `<!DOCTYPE html><html><body><a href="/%s/files/%s#sha256=%x">%s</a></body></html>`, prefix, wheel, sha256.Sum256(content), wheel)
		case "/" + prefix + "/files/" + wheel:
			_, _ = w.Write(content)
		default:
			http.NotFound(w, r)
		}
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{ca.certificate(t)}}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server, seen
}

// authority is a certificate authority that only this test knows.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

func newAuthority(t *testing.T, name string) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{cert: cert, key: key, pem: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

// certificate is one for servers on the loopback interface.
func (a authority) certificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "127.0.0.1"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// pureWheel is a wheel with one module. The version has a local part, which no public index may serve.
func pureWheel(t *testing.T, name string) (file, version string, content []byte) {
	t.Helper()
	version = "0.1+e2e"
	module := strings.ReplaceAll(name, "-", "_")
	info := module + "-" + version + ".dist-info/"
	files := []struct{ name, text string }{
		{module + ".py", "LIT = True\n"},
		{info + "METADATA", "Metadata-Version: 2.1\nName: " + name + "\nVersion: " + version + "\n"},
		{info + "WHEEL", "Wheel-Version: 1.0\nGenerator: e2e\nRoot-Is-Purelib: true\nTag: py3-none-any\n"},
	}
	record := ""
	for _, f := range files {
		sum := sha256.Sum256([]byte(f.text))
		record += fmt.Sprintf("%s,sha256=%s,%d\n", f.name, base64.RawURLEncoding.EncodeToString(sum[:]), len(f.text))
	}
	files = append(files, struct{ name, text string }{info + "RECORD", record + info + "RECORD,,\n"})
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		w, err := z.Create(f.name)
		if err == nil {
			_, err = io.WriteString(w, f.text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return module + "-" + version + "-py3-none-any.whl", version, b.Bytes()
}
