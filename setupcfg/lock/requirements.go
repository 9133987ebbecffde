package lock

import (
	"errors"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"text/scanner"

	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// requirements reads a requirements.txt with hashes, as pip does in its hash-checking mode: each requirement must
// be pinned and hashed.
func (r *reader) requirements() {
	by := regexp.MustCompile(`(?m)^#\s+((?:pip-compile|uv (?:export|pip compile)|poetry export|pdm export|pipenv requirements)[^\n]*)$`).FindSubmatch(r.src)
	if by != nil {
		r.lock.Renew, _ = withoutCredentials(strings.TrimSpace(string(by[1])))
	}
	r.requirementFile(r.file, r.src, nil)
}

func (r *reader) requirementFile(name string, src []byte, above []string) {
	lines, err := setupcfg.RequirementLines(src)
	if err != nil {
		r.fail(scanner.Position{Filename: name}, "save it as UTF-8", "%v", err)
		return
	}
	above = append(slices.Clone(above), name)
	for _, l := range lines {
		pos := scanner.Position{Filename: name, Line: l.Line, Column: l.Column}
		switch {
		case l.Text == "":
		case strings.Contains(l.Text, "${"):
			r.fail(pos, "write the value, or put what is secret into pip's configuration", "variables are not filled in here")
		case strings.HasPrefix(l.Text, "-"):
			r.requirementOption(pos, l.Text, above)
		default:
			r.requirementLine(pos, l.Text)
		}
	}
}

// requirementOption reads a line that is an option.
func (r *reader) requirementOption(pos scanner.Position, text string, above []string) {
	option, value := optionValue(text)
	switch option {
	case "-r", "--requirement":
		r.include(pos, value, above)
	case "-e", "--editable":
		r.requirementPath(pos, value)
	case "-i", "--index-url", "--extra-index-url":
		r.lock.Indexes = append(r.lock.Indexes, r.address(pos, value))
	case "--require-hashes":
	case "-c", "--constraint":
		r.warn(pos, "name it with --constraint if it is to count", "constraints that a lock file names are not looked at")
	default:
		r.warn(pos, "put it into pip's configuration", "%s has no effect in a lock file", option)
	}
}

// optionValue takes "-r x", "-rx", "--option x" and "--option=x" apart.
func optionValue(text string) (option, value string) {
	m := regexp.MustCompile(`^(--[a-z-]+|-[a-z])[=\s]*(.*)$`).FindStringSubmatch(text)
	if m == nil {
		return text, ""
	}
	return m[1], strings.Trim(strings.TrimSpace(m[2]), `"'`)
}

func (r *reader) include(pos scanner.Position, name string, above []string) {
	file := path.Join(path.Dir(pos.Filename), name)
	if strings.Contains(name, "://") || path.IsAbs(name) {
		r.fail(pos, "name a file of the project", "%q is not within the project", name)
		return
	}
	if slices.Contains(above, file) {
		r.fail(pos, "remove one of the lines", "%s includes itself", file)
		return
	}
	src, err := fs.ReadFile(r.fsys, file)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = errors.New("there is no " + file)
		}
		r.fail(pos, "correct the path, which is relative to this file", "%v", err)
		return
	}
	r.requirementFile(file, src, above)
}

func (r *reader) requirementPath(pos scanner.Position, text string) {
	if text = strings.TrimSpace(text); text == "." || text == "./" {
		return // the project itself
	}
	r.fail(pos, "remove the line, and name a folder that is to be built with --sibling", "a path or an editable source is not taken out of a lock file")
}

// requirementLine reads NAME==VERSION or NAME @ URL, with markers, and the hashes behind them.
func (r *reader) requirementLine(pos scanner.Position, text string) {
	requirement, options := text, ""
	if m := regexp.MustCompile(`\s-`).FindStringIndex(text); m != nil {
		requirement, options = strings.TrimSpace(text[:m[0]]), strings.TrimSpace(text[m[0]:])
	}
	if requirement == "." || strings.HasPrefix(requirement, "./") || strings.HasPrefix(requirement, "/") || strings.HasPrefix(requirement, "../") {
		r.requirementPath(pos, requirement)
		return
	}
	var p Package
	words := regexp.MustCompile(`--([a-z-]+)[=\s]\s*(\S+)`).FindAllStringSubmatch(options, -1)
	for _, w := range words {
		if w[1] != "hash" {
			r.warn(pos, "put it into pip's configuration", "--%s has no effect in a lock file", w[1])
			continue
		}
		r.hash(pos, &p.Hashes, strings.ToLower(w[2]))
	}
	s, err := setupcfg.ParseSpecification(requirement)
	if err != nil {
		r.fail(pos, "write NAME==VERSION --hash=sha256:…", "%v", err)
		return
	}
	p.Name, p.Marker = s.Name, s.Marker
	pin := regexp.MustCompile(`===?\s*([^\s;,()]+)`).FindStringSubmatch(strings.Split(requirement, ";")[0])
	switch {
	case s.URL != "":
		p.Source = r.requirementURL(pos, s.URL, len(p.Hashes) > 0)
	case s.Pin == "":
		r.fail(pos, "write "+s.Name+"==VERSION", "in a file with hashes each requirement must be pinned")
		return
	default:
		p.Version, p.Source = pin[1], Source{Kind: FromIndex}
		if len(p.Hashes) == 0 {
			r.fail(pos, "add the hashes, as pip-compile --generate-hashes does", "%s has no hash, and in a file with hashes each requirement must have one", s.Name)
			return
		}
	}
	r.add(pos, p)
}

// requirementURL is an artefact with its hashes, or a repository at a commit.
func (r *reader) requirementURL(pos scanner.Position, address string, hashed bool) Source {
	address, fragment, _ := strings.Cut(address, "#")
	folder := ""
	for _, part := range strings.Split(fragment, "&") {
		if value, ok := strings.CutPrefix(part, "subdirectory="); ok {
			folder = value
		}
	}
	vcs := regexp.MustCompile(`^(git|hg|bzr|svn)\+(.*)$`).FindStringSubmatch(address)
	if vcs == nil {
		if !hashed {
			r.fail(pos, "add its hash", "a URL must have a hash in a file with hashes")
		}
		return Source{Kind: FromURL, URL: r.address(pos, address), Subdirectory: folder}
	}
	at := strings.LastIndex(vcs[2], "@")
	if at < strings.LastIndex(vcs[2], "/") {
		r.fail(pos, "add @COMMIT", "the source is at no commit")
		return Source{Kind: FromVCS}
	}
	return Source{Kind: FromVCS, VCS: vcs[1], URL: r.address(pos, vcs[2][:at]), Commit: r.commit(pos, vcs[2][at+1:]), Subdirectory: folder}
}
