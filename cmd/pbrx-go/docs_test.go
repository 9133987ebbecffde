package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The examples of the page for people who come from Dockerfiles are definitions: each by itself is one that config check
// has nothing to say against.
func TestExamplesOfThePage(t *testing.T) {
	page := readFile(t, filepath.Join(repository(t), "docs/from-dockerfile.md"))
	blocks := regexp.MustCompile("(?s)\n```toml\n(.*?)\n```\n").FindAllStringSubmatch(page, -1)
	if len(blocks) < 10 {
		t.Fatalf("the page has only %d examples", len(blocks))
	}
	for _, instruction := range strings.Fields("FROM RUN CMD LABEL MAINTAINER EXPOSE ENV ADD COPY ENTRYPOINT VOLUME USER WORKDIR ARG ONBUILD STOPSIGNAL HEALTHCHECK SHELL .dockerignore") {
		if !regexp.MustCompile("(?m)^\\|.*`" + regexp.QuoteMeta(instruction) + `\b.*\|.*\|.*\|$`).MatchString(page) {
			t.Errorf("the page's table has no %s", instruction)
		}
	}
	for n, block := range blocks {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "lightship")
			if strings.Contains(block[1], "[project.") { // then the folder has none
				if err := os.Mkdir(dir, 0o755); err != nil {
					t.Fatal(err)
				}
			} else {
				copyProject(t, "lightship", dir)
			}
			for _, file := range []string{"keys/ceph.asc", "patches/nova/0001-x.patch", "requirements-site.txt", "storpool.py", "web/package.json"} {
				write(t, filepath.Join(dir, file), "\n")
			}
			write(t, filepath.Join(dir, "pbrx-go.toml"), block[1]+"\n")
			if out := (command{args: []string{"config", "check", dir}}).run(t); out.code != 0 {
				t.Errorf("%s\nconfig check: status %d\n%s%s", block[1], out.code, out.stdout, out.stderr)
			}
		})
	}
}
