//go:build linux

package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A package that cannot be installed names the line of bindep.txt that it came from: on every engine, by apt and by apk.
func TestPackageFailures(t *testing.T) {
	debian, a := testBase(t), alpine(t)
	embedded, docker, buildkitd := engines(t)
	for _, m := range []struct {
		name, base, bindep, want string
		args                     []string
	}{
		{name: "apt, a conflict", base: debian,
			bindep: "# These two cannot be together.\nlibcurl4-gnutls-dev\nbc\nlibcurl4-openssl-dev [compile]\n",
			want: "building [distro] compile packages: bc libcurl4-gnutls-dev libcurl4-openssl-dev: libcurl4-gnutls-dev : Conflicts: libcurl4-openssl-dev but VERSION is to be installed; " +
				"libcurl4-openssl-dev : Conflicts: libcurl4-gnutls-dev but VERSION is to be installed: asked for by bindep.txt:2:1, bindep.txt:4:1"},
		{name: "apk, a conflict", base: a.base, args: []string{"--mirror", a.url},
			bindep: "# These two cannot be together.\nyaml\nbc\nnot-with-yaml [compile]\n",
			want: "building [distro] compile packages: bc not-with-yaml yaml: unable to select packages: yaml-0.2.5-r0: breaks: not-with-yaml-1-r0[!yaml] " +
				"satisfies: world[yaml]: asked for by bindep.txt:2:1, bindep.txt:4:1"},
		{name: "apk, a script", base: a.base, args: []string{"--mirror", a.url},
			bindep: "yaml\nfails-to-set-up [platform:alpine]\n",
			want:   "building [distro] compile packages: fails-to-set-up yaml: fails-to-set-up-1-r0.post-install: script exited with error 3: asked for by bindep.txt:2:1"},
	} {
		project := driftwood(t, m.bindep)
		for _, e := range []choiceOf{embedded, docker, buildkitd} {
			t.Run(m.name+" on "+e.name, func(t *testing.T) {
				args := slices.Concat(buildArgs(project, m.base, filepath.Join(t.TempDir(), "layout"), e.args...), m.args, []string{"--init-path", "none"})
				out := command{args: args, env: e.env}.run(t)
				// Which of the two installs fails first is not said.
				got := strings.ReplaceAll(withoutVersions(lastError(out)), "runtime packages", "compile packages")
				checkString(t, "the error", got, m.want)
				if out.code != 1 {
					t.Errorf("status %d, want 1", out.code)
				}
			})
		}
	}
}

// lastError is what the last line of stderr says.
func lastError(out outcome) string {
	lines := strings.Split(strings.TrimSpace(out.stderr), "\n")
	return strings.TrimPrefix(lines[len(lines)-1], "error: ")
}

// withoutVersions is what apt said, less the versions of the day.
func withoutVersions(s string) string {
	words := strings.Fields(s)
	for n := 1; n < len(words); n++ {
		if words[n-1] == "but" {
			words[n] = "VERSION"
		}
	}
	return strings.Join(words, " ")
}
