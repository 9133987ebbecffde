package push_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pbrx-go/pbrx-go/images/push"
)

func write(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}

// one is a set of one small image.
func one(t *testing.T, blobs store, host string) []push.Image {
	return []push.Image{{Name: host + "/foo", Tags: []string{"1"}, Descriptor: blobs.image(t, "one")}}
}

func pemOf(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// A registry with a certificate of its own CA: refused, and not tried again, until docker's folder has the CA.
func TestPrivateCA(t *testing.T) {
	alone(t, "")
	s := serve(t, true)
	blobs := store{}
	dir := t.TempDir()
	o := asUser(t)
	o.CertsDirs = []string{dir}
	set := one(t, blobs, s.host)
	_, err := push.Push(t.Context(), set, blobs.open, o)
	wantPushError(t, err, "pushing "+s.host+"/foo: connecting to "+s.host+": GET https://"+s.host+
		"/v2/: tls: failed to verify certificate: x509: certificate signed by unknown authority (if it is to be trusted, put its CA into "+dir+"/"+s.host+"/ca.crt): no tag was written; run it again to complete it")
	o.CertsDirs = []string{filepath.Join(dir, "none"), dir}
	write(t, filepath.Join(dir, s.host, "ca.crt"), pemOf("CERTIFICATE", s.Certificate().Raw), 0o644)
	if _, err := push.Push(t.Context(), set, blobs.open, o); err != nil {
		t.Fatal(err)
	}
	s.complete(t, set, blobs)
}

func TestClientCertificate(t *testing.T) {
	alone(t, "")
	s := serve(t, true)
	s.TLS.ClientAuth = tls.RequireAnyClientCert
	blobs := store{}
	set := one(t, blobs, s.host)
	o := asUser(t)
	dir := t.TempDir()
	o.CertsDirs = []string{dir}
	at := func(name string) string { return filepath.Join(dir, s.host, name) }
	write(t, at("ca.crt"), pemOf("CERTIFICATE", s.Certificate().Raw), 0o644)
	_, err := push.Push(t.Context(), set, blobs.open, o)
	wantPushError(t, err, "pushing "+s.host+"/foo: connecting to "+s.host+": GET https://"+s.host+
		"/v2/: remote error: tls: certificate required (client certificates are NAME.cert and NAME.key in "+filepath.Join(dir, s.host)+"): no tag was written; run it again to complete it")

	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ file, content, want string }{
		{"me.cert", pemOf("CERTIFICATE", cert), "the client certificate " + at("me.cert") + " has no me.key beside it"},
		{"me.key", "nonsense", "reading " + at("me.cert") + " and its key: tls: failed to find any PEM data in key input"},
		{"me.key", pemOf("PRIVATE KEY", keyDER), ""},
		{"other.crt", "nonsense", at("other.crt") + " holds no certificate in PEM form"},
	} {
		write(t, at(c.file), c.content, 0o600)
		_, err := push.Push(t.Context(), set, blobs.open, o)
		if c.want != "" {
			wantPushError(t, err, "pushing "+s.host+"/foo: certificates for "+s.host+": "+c.want+": no tag was written; run it again to complete it")
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

const user, secret = "alice", "s3cr3t-word"

func basic() string { return base64.StdEncoding.EncodeToString([]byte(user + ":" + secret)) }

// guarded lets only those in who have the authorization.
func guarded(authorization, challenge string) layer {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/token" || r.Header.Get("Authorization") == authorization {
			return false
		}
		w.Header().Set("WWW-Authenticate", challenge)
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`)
		return true
	}
}

// issuing gives tokens to those with a password, and notes what they were asked for.
func issuing(scopes *[]string) layer {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/token" {
			return false
		}
		*scopes = append(*scopes, strings.Join(r.URL.Query()["scope"], " "))
		if r.Header.Get("Authorization") != "Basic "+basic() {
			status(http.StatusUnauthorized, "UNAUTHORIZED", "wrong password")(w, r)
			return true
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"token": "t0ken"})
		return true
	}
}

func TestPassword(t *testing.T) {
	for _, c := range []struct{ name, config, helper, want string }{
		{"docker's configuration", `{"auths":{"HOST":{"auth":"` + basic() + `"}}}`, "", ""},
		{"a helper", `{"credHelpers":{"HOST":"pbrx-test"}}`, `echo '{"ServerURL":"HOST","Username":"` + user + `","Secret":"` + secret + `"}'`, ""},
		{"a store", `{"credsStore":"pbrx-test"}`, `echo '{"ServerURL":"HOST","Username":"` + user + `","Secret":"` + secret + `"}'`, ""},
		{"nothing", "", "", "(HOST was asked with no credentials, as docker's configuration has none for it: use `docker login HOST`)"},
		{"another host's", `{"auths":{"example.org":{"auth":"` + basic() + `"}}}`, "", "(HOST was asked with no credentials, as docker's configuration has none for it: use `docker login HOST`)"},
		{"a helper that has none", `{"credHelpers":{"HOST":"pbrx-test"}}`, `echo 'credentials not found in native keychain'; exit 1`,
			"(HOST was asked with no credentials, as docker's configuration has none for it: use `docker login HOST`)"},
		{"a wrong one", `{"auths":{"HOST":{"auth":"` + base64.StdEncoding.EncodeToString([]byte("alice:wr0ng-word")) + `"}}}`, "",
			"(HOST does not accept the credentials from docker's configuration: use `docker login HOST` anew)"},
	} {
		for _, way := range []string{"basic", "token"} {
			t.Run(c.name+" "+way, func(t *testing.T) {
				var scopes []string
				var s *server
				if way == "basic" {
					s = serve(t, false, guarded("Basic "+basic(), `Basic realm="here"`))
				} else {
					s = serve(t, false, func(w http.ResponseWriter, r *http.Request) bool {
						return guarded("Bearer t0ken", `Bearer realm="http://`+r.Host+`/token",service="here"`)(w, r)
					}, issuing(&scopes))
				}
				dir := alone(t, strings.ReplaceAll(c.config, "HOST", s.host))
				t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
				write(t, dir+"/docker-credential-pbrx-test", "#!/bin/sh\n"+strings.ReplaceAll(c.helper, "HOST", s.host)+"\n", 0o755)
				blobs := store{}
				set := one(t, blobs, s.host)
				var log []string
				o := asUser(t)
				o.Log = func(line string) { log = append(log, line) }
				_, err := push.Push(t.Context(), set, blobs.open, o)
				if said := fmt.Sprint(err, log); strings.Contains(said, secret) || strings.Contains(said, basic()) || strings.Contains(said, "wr0ng") || strings.Contains(said, "t0ken") {
					t.Errorf("a secret was told: %s", said)
				}
				if c.want == "" {
					if err != nil {
						t.Fatal(err)
					}
					if way == "token" && (len(scopes) != 1 || scopes[0] != "repository:foo:push,pull") {
						t.Errorf("scopes %q were asked for", scopes)
					}
					return
				}
				if err == nil || !strings.Contains(err.Error(), strings.ReplaceAll(c.want, "HOST", s.host)) {
					t.Errorf("the error is %v, want %s", err, c.want)
				}
				if strings.Contains(fmt.Sprint(log), "trying again") {
					t.Errorf("it was tried again: %q", log)
				}
			})
		}
	}
}

// The whole text of what a user without a login sees.
func TestNoLogin(t *testing.T) {
	alone(t, "")
	s := serve(t, false, guarded("Basic "+basic(), `Basic realm="here"`))
	blobs := store{}
	set := one(t, blobs, s.host)
	_, err := push.Push(t.Context(), set, blobs.open, asUser(t))
	d := set[0].Descriptor.Digest.Encoded()
	wantPushError(t, err, "pushing "+s.host+"/foo: asking for manifest "+d[:12]+": HEAD http://"+s.host+"/v2/foo/manifests/sha256:"+d+": 401 Unauthorized ("+
		s.host+" was asked with no credentials, as docker's configuration has none for it: use `docker login "+s.host+"`): no tag was written; run it again to complete it")
}

func TestBrokenConfiguration(t *testing.T) {
	s := serve(t, false)
	blobs := store{}
	dir := alone(t, `{"credHelpers":{"`+s.host+`":"pbrx-absent"}}`)
	_, err := push.Push(t.Context(), one(t, blobs, s.host), blobs.open, asUser(t))
	const top = "/foo: connecting to HOST: reading the credentials for HOST from docker's configuration: "
	wantPushError(t, err, strings.ReplaceAll("pushing HOST"+top+"error getting credentials - err: exec: \"docker-credential-pbrx-absent\": "+
		"executable file not found in $PATH, out: ``: no tag was written; run it again to complete it", "HOST", s.host))
	write(t, dir+"/config.json", "{", 0o600)
	_, err = push.Push(t.Context(), one(t, blobs, s.host), blobs.open, asUser(t))
	wantPushError(t, err, strings.ReplaceAll("pushing HOST"+top+"parsing config file ("+dir+"/config.json): unexpected EOF: no tag was written; run it again to complete it", "HOST", s.host))
}

// A right to push that is missing.
func TestDenied(t *testing.T) {
	for _, c := range []struct {
		code       int
		name, want string
	}{
		{403, "DENIED", "403 Forbidden: DENIED: no (HOST was asked with the credentials from docker's configuration: they may not allow this, or the repository must be made first)"},
		{404, "NAME_UNKNOWN", "404 Not Found: NAME_UNKNOWN: no (HOST was asked with the credentials from docker's configuration: they may not allow this, or the repository must be made first)"},
	} {
		s := serve(t, false, always("POST", "", status(c.code, c.name, "no")))
		alone(t, `{"auths":{"`+s.host+`":{"auth":"`+basic()+`"}}}`)
		blobs := store{}
		set := one(t, blobs, s.host)
		o := asUser(t)
		_, err := push.Push(t.Context(), set, blobs.open, o)
		if err == nil || !strings.Contains(err.Error(), strings.ReplaceAll(c.want, "HOST", s.host)) {
			t.Errorf("the error is %v, want %s", err, c.want)
		}
		if n := s.count("POST", ""); n > 2 { // one for each blob
			t.Errorf("%d requests, want no further try", n)
		}
	}
}
