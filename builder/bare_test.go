package builder

import (
	"testing"

	"github.com/pbrx-go/pbrx-go/images"
)

// The sources of a base without Python are moved to a mirror as the step programs do it, but for what a mirror may lack.
func TestMovedSources(t *testing.T) {
	for name, c := range map[string]struct {
		manager string
		sources map[string][]byte
		want    string
	}{
		"one line": {"apt", map[string][]byte{"/etc/apt/sources.list": []byte("# deb http://a/debian bookworm main\n" +
			"deb [signed-by=/k.gpg] http://a/debian bookworm main contrib # ours\ndeb http://a/debian-security bookworm-security main\ndeb-src http://a/debian bookworm main\n")},
			"deb [signed-by=/k.gpg] http://m.invalid/debian bookworm main contrib\n"},
		"stanzas": {"apt", map[string][]byte{"/etc/apt/sources.list.d/debian.sources": []byte("# ours\nTypes: deb\nURIs: http://a/debian\nSuites: trixie trixie-updates\nComponents: main\nSigned-By: /k.pgp\n\n" +
			"Types: deb\nURIs: http://a/debian-security\nSuites: trixie-security\nComponents: main\n\nTypes: deb\nEnabled: no\nURIs: http://b\nSuites: x\nComponents: y\n")},
			"deb [signed-by=/k.pgp] http://m.invalid/debian trixie main\ndeb [signed-by=/k.pgp] http://m.invalid/debian trixie-updates main\n"},
		"apk": {"apk", map[string][]byte{"/etc/apk/repositories": []byte("https://dl.example/alpine/v3.20/main\n@edge https://dl.example/alpine/edge/testing\n/local\n")},
			"http://m.invalid/debian/v3.20/main\n@edge http://m.invalid/debian/edge/testing\n/local\n"},
	} {
		t.Run(name, func(t *testing.T) {
			b := &bare{base: images.Base{PackageManager: c.manager}, sources: c.sources}
			if got := string(b.moved("http://m.invalid/debian/")); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
