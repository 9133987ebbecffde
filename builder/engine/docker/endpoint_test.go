package docker

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/docker/docker/client"
	"github.com/opencontainers/go-digest"
)

func getenv(env map[string]string) func(string) string {
	return func(name string) string { return env[name] }
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// writeContext makes a folder of docker's configuration whose current context is the one given,
// with the certificates of a folder.
func writeContext(t *testing.T, name, endpoint, certs string) string {
	t.Helper()
	dir := t.TempDir()
	id := digest.FromString(name).Encoded()
	write(t, filepath.Join(dir, "config.json"), `{"currentContext":"`+name+`"}`)
	write(t, filepath.Join(dir, "contexts/meta", id, "meta.json"), `{"Name":"`+name+`","Metadata":{},"Endpoints":{"docker":`+endpoint+`}}`)
	if certs != "" {
		if err := os.CopyFS(filepath.Join(dir, "contexts/tls", id, "docker"), os.DirFS(certs)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFind(t *testing.T) {
	plain := writeContext(t, "there", `{"Host":"ssh://me@there"}`, "")
	unnamed := writeContext(t, "odd", `{}`, "")
	standard := writeContext(t, "default", `{"Host":"tcp://never"}`, "")
	for _, c := range []struct {
		name         string
		env          map[string]string
		host, source string
	}{
		{"nothing said", nil, client.DefaultDockerHost, "the default"},
		{"DOCKER_HOST", map[string]string{"DOCKER_HOST": "unix:///x"}, "unix:///x", "DOCKER_HOST"},
		{"DOCKER_HOST before contexts", map[string]string{"DOCKER_HOST": "unix:///x", "DOCKER_CONTEXT": "there", "DOCKER_CONFIG": plain}, "unix:///x", "DOCKER_HOST"},
		{"DOCKER_CONTEXT", map[string]string{"DOCKER_CONTEXT": "there", "DOCKER_CONFIG": plain}, "ssh://me@there", "docker context there"},
		{"the current context", map[string]string{"DOCKER_CONFIG": plain}, "ssh://me@there", "docker context there"},
		{"DOCKER_CONTEXT before the current one", map[string]string{"DOCKER_CONTEXT": "default", "DOCKER_CONFIG": plain}, client.DefaultDockerHost, "the default"},
		{"the context named default", map[string]string{"DOCKER_CONFIG": standard}, client.DefaultDockerHost, "the default"},
		{"a context without an address", map[string]string{"DOCKER_CONFIG": unnamed}, client.DefaultDockerHost, "docker context odd"},
		{"the configuration at home", map[string]string{"HOME": atHome(t, plain)}, "ssh://me@there", "docker context there"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := Find(getenv(c.env))
			if err != nil {
				t.Fatal(err)
			}
			if e.Host != c.host || e.Source != c.source || e.tls != nil {
				t.Errorf("got %q from %q, TLS %v; want %q from %q", e.Host, e.Source, e.tls, c.host, c.source)
			}
		})
	}
}

// atHome makes a home that has a folder as docker's configuration.
func atHome(t *testing.T, dir string) string {
	t.Helper()
	home := t.TempDir()
	if err := os.Symlink(dir, filepath.Join(home, ".docker")); err != nil {
		t.Fatal(err)
	}
	return home
}

func TestFindTLS(t *testing.T) {
	certs := writeCerts(t)
	for _, c := range []struct {
		name             string
		env              map[string]string
		roots, cert, not bool // not: the server is not checked
	}{
		{"by the environment", map[string]string{"DOCKER_HOST": "tcp://x:1", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": certs.dir}, true, true, false},
		{"unchecked", map[string]string{"DOCKER_HOST": "tcp://x:1", "DOCKER_CERT_PATH": certs.dir}, true, true, true},
		{"in docker's configuration", map[string]string{"DOCKER_HOST": "tcp://x:1", "DOCKER_TLS_VERIFY": "1", "DOCKER_CONFIG": certs.dir}, true, true, false},
		{"by the system's authorities", map[string]string{"DOCKER_HOST": "tcp://x:1", "DOCKER_TLS_VERIFY": "1", "DOCKER_CONFIG": "/nowhere"}, false, false, false},
		{"by a context", map[string]string{"DOCKER_CONFIG": writeContext(t, "s", `{"Host":"tcp://x:1"}`, certs.dir)}, true, true, false},
		{"by an unchecked context", map[string]string{"DOCKER_CONFIG": writeContext(t, "s", `{"Host":"tcp://x:1","SkipTLSVerify":true}`, "")}, false, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := Find(getenv(c.env))
			if err != nil {
				t.Fatal(err)
			}
			if e.tls == nil {
				t.Fatal("no TLS")
			}
			if got := e.tls.RootCAs != nil; got != c.roots {
				t.Errorf("an authority of its own: %v, want %v", got, c.roots)
			}
			if got := len(e.tls.Certificates) == 1; got != c.cert {
				t.Errorf("a certificate for us: %v, want %v", got, c.cert)
			}
			if e.tls.InsecureSkipVerify != c.not {
				t.Errorf("the server is not checked: %v, want %v", e.tls.InsecureSkipVerify, c.not)
			}
		})
	}
}

func TestFindErrors(t *testing.T) {
	dir := writeContext(t, "here", `{"Host":"tcp://x:1"}`, "")
	bad := writeContext(t, "bad", `{`, "")
	badMeta := filepath.Join(bad, "contexts/meta", digest.FromString("bad").Encoded(), "meta.json")
	other := t.TempDir()
	write(t, filepath.Join(other, "contexts/meta", digest.FromString("k8s").Encoded(), "meta.json"), `{"Endpoints":{"kubernetes":{}}}`)
	broken := t.TempDir()
	write(t, filepath.Join(broken, "config.json"), `{"currentContext":`)
	garbage := t.TempDir()
	write(t, filepath.Join(garbage, "ca.pem"), "garbage")
	empty := t.TempDir()
	half := t.TempDir()
	write(t, filepath.Join(half, "cert.pem"), "garbage")
	for _, c := range []struct {
		name string
		env  map[string]string
		want string
	}{
		{"no such context", map[string]string{"DOCKER_CONTEXT": "gone", "DOCKER_CONFIG": dir},
			`reading the docker context "gone", which DOCKER_CONTEXT asks for: there is none of that name in ` + dir + `/contexts: make it with docker context create, or use another`},
		{"a broken context", map[string]string{"DOCKER_CONFIG": bad},
			`reading the docker context "bad", which ` + bad + `/config.json asks for: ` + badMeta + `: unexpected end of JSON input`},
		{"a context of something else", map[string]string{"DOCKER_CONTEXT": "k8s", "DOCKER_CONFIG": other},
			`reading the docker context "k8s", which DOCKER_CONTEXT asks for: ` + filepath.Join(other, "contexts/meta", digest.FromString("k8s").Encoded(), "meta.json") + `: it has no endpoint for docker`},
		{"a broken configuration", map[string]string{"DOCKER_CONFIG": broken},
			`reading docker's configuration: parsing config file (` + broken + `/config.json): unexpected EOF`},
		{"no authority in its file", map[string]string{"DOCKER_HOST": "tcp://x:1", "DOCKER_CERT_PATH": garbage},
			`reading the certificates for DOCKER_HOST: ` + garbage + `/ca.pem holds no certificate`},
		{"no certificates at all", map[string]string{"DOCKER_HOST": "tcp://x:1", "DOCKER_CERT_PATH": empty},
			`reading the certificates for DOCKER_HOST: ` + empty + `, which DOCKER_CERT_PATH names, has no ca.pem, cert.pem and key.pem`},
		{"half a pair", map[string]string{"DOCKER_HOST": "tcp://x:1", "DOCKER_CERT_PATH": half},
			`reading the certificates for DOCKER_HOST: ` + half + `/cert.pem with its key.pem: tls: failed to find any PEM data in certificate input`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if e, err := Find(getenv(c.env)); err == nil || err.Error() != c.want {
				t.Errorf("got %+v\n%v\nwant\n%s", e, err, c.want)
			}
		})
	}
}

// certs are an authority and a certificate of it that serves both sides, for 127.0.0.1.
type certs struct {
	dir  string
	pair tls.Certificate
	ca   *x509.CertPool
}

func writeCerts(t *testing.T) certs {
	t.Helper()
	c := certs{dir: t.TempDir(), ca: x509.NewCertPool()}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
	write(t, filepath.Join(c.dir, "ca.pem"), string(certPEM))
	write(t, filepath.Join(c.dir, "cert.pem"), string(certPEM))
	write(t, filepath.Join(c.dir, "key.pem"), string(keyPEM))
	if c.pair, err = tls.X509KeyPair(certPEM, keyPEM); err != nil {
		t.Fatal(err)
	}
	c.ca.AppendCertsFromPEM(certPEM)
	return c
}

// tlsProxy is a port that asks for a certificate and leads to a socket.
func tlsProxy(t *testing.T, c certs, socket string) string {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{c.pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: c.ca})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer from.Close()
				if from.(*tls.Conn).Handshake() != nil {
					return
				}
				to, err := net.Dial("unix", socket)
				if err != nil {
					return
				}
				defer to.Close()
				go func() { _, _ = io.Copy(to, from) }()
				_, _ = io.Copy(from, to)
			}()
		}
	}()
	return "tcp://" + l.Addr().String()
}
