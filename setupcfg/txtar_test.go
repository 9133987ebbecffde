package setupcfg

import (
	"os"
	"strings"
	"testing"
)

// archiveFile is one file of a txtar archive.
type archiveFile struct{ name, text string }

// readArchive reads a txtar archive: a comment, then files, each after a line "-- NAME --". It is
// written here since a library for it would be one more module for ten lines.
func readArchive(t testing.TB, filename string) (comment string, files []archiveFile) {
	t.Helper()
	data, err := os.ReadFile(filename)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		name, ours := strings.CutPrefix(strings.TrimSpace(line), "-- ")
		name, marker := strings.CutSuffix(name, " --")
		switch {
		case ours && marker:
			files = append(files, archiveFile{name: name})
		case len(files) == 0:
			comment += line
		default:
			files[len(files)-1].text += line
		}
	}
	return comment, files
}

func writeArchive(t testing.TB, filename, comment string, files []archiveFile) {
	t.Helper()
	for _, f := range files {
		comment += "-- " + f.name + " --\n" + f.text
	}
	if err := os.WriteFile(filename, []byte(comment), 0o644); err != nil {
		t.Fatal(err)
	}
}
