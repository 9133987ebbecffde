package setupcfg

import (
	"errors"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// The files in which pbr looks for requirements; the first that exists counts.
func pbrRequirementFiles() []string { return []string{"requirements.txt", "tools/pip-requires"} }

func pbrTestFiles() []string { return []string{"test-requirements.txt", "tools/test-requires"} }

// pbrFiles reads the first existing file as pbr does, which is not as pip does.
func (l *loader) pbrFiles(files []string, seen ...string) (out []Requirement, found string) {
	for _, name := range files {
		src, ok := l.read(path.Clean(name))
		if !ok {
			continue
		}
		for _, line := range fileLines(name, src) {
			out = append(out, l.pbrLine(line, append(seen, path.Clean(name)))...)
		}
		return out, name
	}
	return nil, ""
}

// pbrLine reads one line of a requirements file.
func (l *loader) pbrLine(line valueLine, seen []string) []Requirement {
	word, rest, _ := strings.Cut(line.text, " ")
	rest = strip(rest)
	switch {
	case line.text == "" || line.text[0] == '#':
		return nil
	case strings.HasPrefix(line.text, "-i"), strings.HasPrefix(line.text, "--index-url"),
		strings.HasPrefix(line.text, "--extra-index-url"), strings.HasPrefix(line.text, "--find-links"), word == "-f":
		return nil
	case strings.HasPrefix(line.text, "-r"):
		return l.pbrInclude(line, rest, seen)
	case word == "-e":
		line.text = rest
	case line.text[0] == '-':
		l.errs.add(line.pos, "pbr reads this file for the wheel's dependencies: keep options of pip in another file", "pbr does not know %q and the build fails", word)
		return nil
	case line.text[0] == '.' || line.text[0] == '/':
		l.errs.add(line.pos, "name the project instead", "pbr takes no path (%q) as a requirement and the build fails", shorten(line.text))
		return nil
	}
	text, isURL := eggName(line.text)
	if !isURL {
		text, _, _ = strings.Cut(line.text, "#")
	} else if text == "" {
		l.project.warn(line.pos, "pbr drops a URL without #egg=NAME without a word", "write NAME @ URL")
	}
	if text = strip(text); text == "" {
		return nil
	}
	return []Requirement{{Text: text, Pos: line.pos}}
}

func (l *loader) pbrInclude(line valueLine, name string, seen []string) []Requirement {
	if name == "" {
		l.errs.add(line.pos, "write -r FILE", "-r names no file")
		return nil
	}
	if slices.Contains(seen, path.Clean(name)) {
		l.errs.add(line.pos, "remove one of the -r lines", "%s includes itself", name)
		return nil
	}
	out, found := l.pbrFiles([]string{name}, seen...)
	if found == "" {
		l.project.warn(line.pos, "pbr takes "+name+" for empty: there is no such file", "paths are relative to the project's directory")
	}
	return out
}

// eggName makes the requirement of a URL with #egg=NAME or #egg=NAME-1.2.3; isURL says whether
// the text is a URL at all.
func eggName(text string) (name string, isURL bool) {
	if !regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:`).MatchString(text) {
		return "", false
	}
	_, fragment, _ := strings.Cut(text, "#")
	_, egg, ok := strings.Cut(fragment, "egg=")
	if !ok {
		return "", true
	}
	egg, _, _ = strings.Cut(egg, "&")
	egg = stripComment(egg)
	return regexp.MustCompile(`^([\w.-]+)-(\d+\.\d+\.\d+.*)$`).ReplaceAllString(egg, "$1>=$2"), true
}

// read reads a file of the project; a file that is not there is not an error.
func (l *loader) read(name string) ([]byte, bool) {
	if !fs.ValidPath(name) {
		return nil, false // outside the project
	}
	src, err := fs.ReadFile(l.fsys, name)
	if err == nil {
		return src, true
	}
	if !errors.Is(err, fs.ErrNotExist) {
		l.errs = append(l.errs, &Error{Pos: filePos(name), Msg: "reading the file: " + err.Error(), Hint: "make it a readable file in the project", cause: err})
	}
	return nil, false
}

// redirect reads the files of "file: a, b", or of tool.setuptools' {file = …}.
func (l *loader) redirect(names []Requirement) []valueLine {
	var out []valueLine
	for _, name := range names {
		src, ok := l.read(path.Clean(name.Text))
		if !ok {
			l.project.warn(name.Pos, "setuptools takes "+name.Text+" for empty: there is no such file in the project", "")
			continue
		}
		out = append(out, fileLines(path.Clean(name.Text), src)...)
	}
	return out
}
