package host_test

import (
	"encoding/base64"
	"encoding/pem"
	"slices"
	"strings"
	"testing"
)

// Passwords are known in every spelling in which a program may print them.
func TestHidden(t *testing.T) {
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("a key that is long enough for two lines, which it has to be")})
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("everybody may see this")})
	root := machine(t, map[string]string{
		"home/.netrc":         "machine one.example login keeper password \"net rc\"\nmachine x login y password \"a\\\"b\\\\c\"\ndefault\n  login me\n  password s3cr%t\n",
		"home/.pip/pip.conf":  "[global]\nindex-url = https://alice:p%40ss%25word@one.example/simple\nextra-index-url =\n    https://tok3n@two.example/x\n    https://git@three.example https://bob:xy@four.example https://carol:left:right@@five.example\n    https://oauth5:x-oauth-basic@six.example https://seven7:@seven.example\n",
		"client.pem":          string(certificate) + string(key),
		"home/pip/unread.txt": "https://dave:unread@eight.example",
	})
	h, _ := read(t, root, map[string]string{"HOME": "ROOT/home", "PIP_CLIENT_CERT": "ROOT/client.pem", "https_proxy": "http://p:proxyword@127.0.0.1:3128", "PIP_PROXY": "http://q:another@127.0.0.1:3129"})
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	lines := strings.Split(string(key), "\n")
	for _, want := range []string{
		"p%40ss%25word", "p@ss%word", b64("alice:p@ss%word"), "tok3n", b64("tok3n:"), ":xy@", b64("bob:xy"), "left:right@", b64("carol:left:right@"),
		"oauth5", "seven7", "net rc", "net%20rc", b64("keeper:net rc"), `a"b\c`, "s3cr%t", "s3cr%25t", b64("me:s3cr%t"), "proxyword", b64("p:proxyword"), "another", lines[1], lines[2],
	} {
		if !slices.Contains(h.Hidden, want) {
			t.Errorf("%q is not hidden, only %q", want, h.Hidden)
		}
	}
	for _, not := range []string{"", "git", "xy", "alice", "unread", strings.Split(string(certificate), "\n")[1]} {
		if slices.Contains(h.Hidden, not) {
			t.Errorf("%q is hidden", not)
		}
	}
	if h, _ := read(t, root, nil); len(h.Hidden) > 0 {
		t.Errorf("of nothing %q is hidden", h.Hidden)
	}
}

// A page of links with a password leaves it for what the page lists; netrc's own words for a host go before.
func TestLinkCredentials(t *testing.T) {
	root := machine(t, map[string]string{"home/.netrc": "machine known.example login me password mine"})
	h, _ := read(t, root, map[string]string{"HOME": "ROOT/home", "PIP_FIND_LINKS": "https://links.example/x https://a:p%40ss@one.example:8443/x https://b:other@known.example/x https://c:x%20%22y@two.example https://a:second@one.example/"})
	want := "machine known.example login me password mine\nmachine one.example login a password p@ss\n\nmachine two.example login c password \"x \\\"y\"\n"
	if got := string(h.Secrets["netrc"]); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if h, _ := read(t, root, map[string]string{"PIP_FIND_LINKS": "https://links.example/x"}); h.Secrets["netrc"] != nil {
		t.Errorf("%q", h.Secrets["netrc"])
	}
}

// What a file says for the command goes before what another says for all commands, whichever file wins otherwise.
func TestPipSections(t *testing.T) {
	root := machine(t, map[string]string{
		"etc/pip.conf":       "[install]\ntimeout = 1\n[global]\nretries = 1\n[wheel]\nretries = 3\n",
		"home/.pip/pip.conf": "[global]\ntimeout = 2\nretries = 2\n",
	})
	for variable, want := range map[string]string{"": "[global]\ntimeout = 1\nretries = 3\n", "PIP_TIMEOUT": "[global]\ntimeout = 9\nretries = 3\n"} {
		h, _ := read(t, root, map[string]string{"HOME": "ROOT/home", variable: "9"})
		if got := string(h.Secrets["pip.conf"]); got != want {
			t.Errorf("%s: %q, want %q", variable, got, want)
		}
	}
}
