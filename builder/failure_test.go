package builder

import (
	"strings"
	"testing"
)

func TestStepErrors(t *testing.T) {
	for _, c := range []struct {
		name, lines string
		from        []string
		want        string
	}{
		{"nothing was said", "", nil, "building [x]: exit code: 1"},
		{"the last line", "one\ntwo", nil, "building [x]: two"},
		{"our own line", "pbrx-go: apk ended with status 1\nafterwards", nil, "building [x]: apk ended with status 1"},
		{"apt's error before our own", "E: Unable to locate package zlub\nW: a warning\npbrx-go: apt-get ended with status 100", []string{"bindep.txt:1:1", "bindep.txt:2:1"},
			"building [x]: Unable to locate package zlub: asked for by bindep.txt:1:1, bindep.txt:2:1"},
		{"the last of apt's", "E: one\n  E: two\npbrx-go: apt-get ended with status 100", nil, "building [x]: two"},
		{"pip's error", "ERROR: No matching distribution found for nosuch\npbrx-go: python ended with status 1", nil, "building [x]: No matching distribution found for nosuch"},
		{"an index that lets nobody in", "Temporary failure in name resolution\nERROR: No matching distribution found for x: the package index https://h/ answers 401 Unauthorized: correct it\npbrx-go: python ended with status 1", nil,
			"building [x]: No matching distribution found for x: the package index https://h/ answers 401 Unauthorized: correct it"},
		{"not in the middle of a line", "see E: drive\npbrx-go: so", nil, "building [x]: so"},
	} {
		e := &StepError{Step: "[x]", From: c.from, cause: "exit code: 1"}
		if c.lines != "" {
			e.Lines = strings.Split(c.lines, "\n")
		}
		if got := e.Error(); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestSurroundings(t *testing.T) {
	for line, want := range map[string]bool{
		"fatal error: yaml.h: No such file or directory": false,
		"error: subprocess-exited-with-error":            false,
		"E: Unable to locate package zlub":               false,
		"ERROR: No matching distribution found for x: the package index https://h/ answers 403 Forbidden: correct it": true,
		"ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 407'))":                            true,
		"[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert certificate required (_ssl.c:2580)":                    true,
		"Temporary failure resolving 'mirror.example'":                                                                true,
		"[Errno -3] Temporary failure in name resolution":                                                             true,
		"Could not connect to mirror.example:80, connection timed out":                                                true,
		"E: Failed to fetch http://mirror.example/x  Unable to connect to mirror.example:http:":                       true,
		"OSError: [Errno 28] No space left on device":                                                                 true,
		"NewConnectionError: Failed to establish a new connection: [Errno 111] Connection ref…":                       true,
		"ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed":                    true,
		"WARNING: updating and opening http://x.example/main: temporary error (try again later)":                      true,
		"WARNING: updating and opening http://x.example/main: UNTRUSTED signature":                                    false,
		"WARNING: updating and opening http://x.example/main: could not connect to server (check repositories file)":  true,
		"  - Curl error (7): Couldn't connect to server for http://x.example/repodata/repomd.xml":                     true,
		"  - Curl error (6): Couldn't resolve host name for http://x.example/repodata/repomd.xml":                     true,
		"ReadTimeoutError: HTTPSConnectionPool(host='x', port=443): Read timed out.":                                  true,
	} {
		e := &StepError{Lines: []string{"before", line, "after"}}
		if got := e.Surroundings(); got != want {
			t.Errorf("%q: %t, want %t", line, got, want)
		}
	}
}
