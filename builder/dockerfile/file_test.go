package dockerfile

import (
	"strings"
	"testing"
)

// What is wrong with a Dockerfile is said with its place, in one line.
func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"FROM x\nENV A=1\nRUNN true\n": "Dockerfile.foo:3:1: unknown instruction: RUNN (did you mean RUN?)",
		"":                             "Dockerfile.foo: file with no instructions",
		"# nothing\n":                  "Dockerfile.foo:1:1: file with no instructions",
		"RUN true\n":                   "Dockerfile.foo:1:1: no build stage in current context",
		"FROM x\nCOPY a\n":             "Dockerfile.foo:2:1: COPY requires at least two arguments, but only one was provided. Destination could not be determined",
		"FROM x\nRUN --mount=type=nothing true\n":   `Dockerfile.foo:2:1: unsupported mount type "nothing"`,
		"FROM x\nCOPY --from=9 a b\n":               "Dockerfile.foo: invalid stage index 9",
		"FROM X\n":                                  `Dockerfile.foo:1:1: failed to parse stage name "X": invalid reference format: repository name (library/X) must be lowercase`,
		"FROM x\nRUN <<EOF\ntrue\n":                 "Dockerfile.foo:2:1: unterminated heredoc",
		"FROM x AS y\nRUN true\nFROM z AS y\nFOO\n": "Dockerfile.foo:4:1: unknown instruction: FOO (did you mean FROM?)",
	} {
		_, err := Parse("Dockerfile.foo", []byte(text))
		if err == nil || err.Error() != want || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v; want %s", text, err, want)
		}
	}
}

// A file that is in order tells the images that it names, each as BuildKit asks for it.
func TestParse(t *testing.T) {
	f, err := Parse("Dockerfile.foo", []byte("# syntax=docker/dockerfile:1.4\nARG BASE=foo-base:2\nFROM $BASE AS a\nRUN true\nFROM a\nCOPY --from=debian:13 /etc/os-release /x\nRUN --mount=type=bind,from=busybox,target=/y true\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(f.Notes, "\n"), "Dockerfile.foo:1: # syntax=docker/dockerfile:1.4 is not used: pbrx-go compiles the file itself"; got != want {
		t.Errorf("notes %q, want %q", got, want)
	}
	for _, ref := range []string{"docker.io/library/foo-base:2", "docker.io/library/debian:13", "docker.io/library/busybox:latest"} {
		if !strings.Contains(strings.Join(f.images, " "), ref) {
			t.Errorf("%s is not among %v", ref, f.images)
		}
	}
}
