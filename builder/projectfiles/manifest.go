package projectfiles

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// manifest are the lines of a MANIFEST.in, of which the last that matches a file decides (distutils' manifest template).
type manifest []manifestLine

type manifestLine struct {
	include bool
	match   *regexp.Regexp
	// folder is what all matches lie below, empty for anywhere.
	folder string
}

// readManifest reads the file in dir, if it is there. Lines that setuptools would refuse say nothing.
func readManifest(dir string) (manifest, error) {
	data, err := os.ReadFile(filepath.Join(dir, "MANIFEST.in"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var m manifest
	text := strings.ReplaceAll(strings.ReplaceAll(string(data), "\r\n", "\n"), "\\\n", " ")
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		if words := strings.Fields(line); len(words) > 1 {
			m.add(words[0], words[1:])
		}
	}
	return m, nil
}

func (m *manifest) add(command string, words []string) {
	line := manifestLine{include: command == "graft" || strings.Contains(command, "include")}
	switch command {
	case "include", "exclude":
		line.match = anyOf("", cleanAll(words))
	case "global-include", "global-exclude":
		line.match = anyOf("(?:.*/)?", cleanAll(words))
	case "graft", "prune":
		words = cleanAll(words[:1])
		if len(words) == 0 { // the project's folder
			words = []string{"**"}
		}
		line.match, line.folder = anyOf("", words), literal(words[0])
	case "recursive-include", "recursive-exclude":
		before := "(?:.*/)?"
		if folder := cleanAll(words[:1]); len(folder) > 0 {
			before, line.folder = expression(folder[0])+"/(?:.*/)?", literal(folder[0])
		}
		line.match = anyOf(before, cleanAll(words[1:]))
	}
	if line.match != nil {
		*m = append(*m, line)
	}
}

// includes says whether the manifest asks for a file.
func (m manifest) includes(path string) bool {
	for n := len(m) - 1; n >= 0; n-- {
		if m[n].match.MatchString(path) {
			return m[n].include
		}
	}
	return false
}

// leads says whether the manifest names the folder, or one below it or above it.
func (m manifest) leads(folder string) bool {
	for _, line := range m {
		if line.include && line.folder != "" && (under(line.folder, folder) || under(folder, line.folder)) {
			return true
		}
	}
	return false
}

// under says whether a path is a folder, or lies below it.
func under(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, folder+"/")
}

// literal is the part of a pattern before its first wildcard, to the end of a folder.
func literal(pattern string) string {
	if n := strings.IndexAny(pattern, "*?["); n >= 0 {
		pattern = pattern[:n]
		pattern = pattern[:max(strings.LastIndexByte(pattern, '/'), 0)]
	}
	return pattern
}
