package builder

import (
	"strings"
	"testing"
	"text/scanner"

	"github.com/pbrx-go/pbrx-go/setupcfg"
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
		"fatal error: yaml.h: No such file or directory":                                           false,
		"error: subprocess-exited-with-error":                                                      false,
		"E: Unable to locate package zlub":                                                         false,
		"Temporary failure resolving 'mirror.example'":                                             true,
		"[Errno -3] Temporary failure in name resolution":                                          true,
		"Could not connect to mirror.example:80, connection timed out":                             true,
		"E: Failed to fetch http://mirror.example/x  Unable to connect to mirror.example:http:":    true,
		"OSError: [Errno 28] No space left on device":                                              true,
		"NewConnectionError: Failed to establish a new connection: [Errno 111] Connection ref…":    true,
		"ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed": true,
		"ReadTimeoutError: HTTPSConnectionPool(host='x', port=443): Read timed out.":               true,
	} {
		e := &StepError{Lines: []string{"before", line, "after"}}
		if got := e.Surroundings(); got != want {
			t.Errorf("%q: %t, want %t", line, got, want)
		}
	}
}

func TestBlame(t *testing.T) {
	at := func(line int) scanner.Position {
		return scanner.Position{Filename: "requirements.txt", Line: line, Column: 1}
	}
	project := &setupcfg.Project{}
	project.Dependencies.Value = []setupcfg.Requirement{{Text: "foo>=1", Pos: at(1)}, {Text: "foo-bar", Pos: at(2)}, {Text: "Other", Pos: at(3)}}
	project.Extras.Value = []setupcfg.Extra{{Name: "x", Requirements: []setupcfg.Requirement{{Text: "foo<2", Pos: at(4)}}}}
	for _, c := range []struct{ step, line, want string }{
		{"[dependencies] wheels", "ERROR: No matching distribution found for foo>=1", "requirements.txt:1:1, requirements.txt:4:1"},
		{"[dependencies] wheels", "ERROR: No matching distribution found for foo-bar", "requirements.txt:2:1"},
		{"[dependencies] wheels", "ERROR: Failed building wheel for other", "requirements.txt:3:1"},
		{"[dependencies] wheels", "ERROR: something else", ""},
		{"[project] wheel", "ERROR: Failed building wheel for foo", ""},
	} {
		err := &StepError{Step: c.step, Lines: []string{c.line}}
		if blame(err, project); err.from() != c.want {
			t.Errorf("%s: %s: from %q, want %q", c.step, c.line, err.from(), c.want)
		}
	}
}

func TestMissingPackageError(t *testing.T) {
	err := &MissingPackageError{Distro: "debian-12", Packages: []MissingPackage{{"a", "bindep.txt:1:1"}, {"b", "bindep.txt:2:3"}}}
	want := `bindep.txt:1:1: debian-12 has no package "a": correct the name, or limit the line to the platforms that have it, as in [platform:…]
bindep.txt:2:3: debian-12 has no package "b": correct the name, or limit the line to the platforms that have it, as in [platform:…]`
	if got := err.Error(); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}
