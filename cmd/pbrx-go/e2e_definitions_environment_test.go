package main

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"testing"
)

// newExecutionEnvironment is a definition without a project: a command of a release on PyPI, and an archive that is unpacked.
func newExecutionEnvironment(t *testing.T) string {
	t.Helper()
	dir := definitionCopy(t, "execution-environment")
	archive := filepath.Join(dir, "site-greetings-1.0.0.tar.gz")
	if err := outputless("tar", "--owner=0", "--group=0", "--mtime=2024-05-06", "-C", filepath.Join(dir, "greetings"), "-czf", archive, "plugins"); err != nil {
		t.Fatal(err)
	}
	server := serveFolder(dir, &requests{})
	t.Cleanup(server.Close)
	sum := sha256.Sum256([]byte(readFile(t, archive)))
	definition := filepath.Join(dir, "pbrx-go.toml")
	edit(t, definition, "https://galaxy.example.org", server.URL)
	edit(t, definition, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", hex.EncodeToString(sum[:]))
	return dir
}

func TestDefinitionsExecutionEnvironment(t *testing.T) {
	e := example{dir: newExecutionEnvironment(t), name: "execution-environment", project: ".", images: []exampleImage{{name: "ee-runner"}}}
	e.build(t)
	e.compare(t)
	e.run(t, scriptRun{args: []string{"ee-base", "ansible", "localhost", "-c", "local", "-m", "debug", "-a", "msg={{ 'Ann' | site.greetings.greet }}"},
		stdout: `(?s)localhost \| SUCCESS .*good day, Ann.*`, stderr: `(?s).*`})
	e.run(t, scriptRun{args: []string{"ee-runner", "--version"}, stdout: `.*\n`, stderr: `(?s).*`})
}
