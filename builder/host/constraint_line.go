package host

import (
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/scanner"

	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// readLine is what a line is: an entry or option to be kept as text, or the name of a file to include.
type readLine struct {
	entry
	text, include string
}

// line reads one logical line by pip's rules for constraints; what is wrong with it goes to the problems.
func (r *constraintReader) line(pos scanner.Position, raw string) readLine {
	text := regexp.MustCompile(`\$\{[A-Z0-9_]+\}`).ReplaceAllStringFunc(raw, func(v string) string {
		if value := r.env[v[2:len(v)-1]]; value != "" {
			return value
		}
		return v
	})
	if text == "" {
		return readLine{}
	}
	if strings.HasPrefix(text, "-") {
		return r.option(pos, text)
	}
	requirement, options := text, ""
	if m := regexp.MustCompile(` -`).FindStringIndex(text); m != nil {
		requirement, options = strings.TrimSpace(text[:m[0]]), strings.TrimSpace(text[m[0]:])
	}
	for _, word := range strings.Fields(options) {
		if !regexp.MustCompile(`^--hash=(sha256|sha384|sha512):[0-9A-Fa-f]+$`).MatchString(word) {
			option, _, _ := strings.Cut(word, "=") // whose value may come from a variable
			r.problem(pos, "write NAME==VERSION, with --hash=sha256:… behind it if you like", "%q does not belong behind a constraint", option)
			return readLine{}
		}
	}
	e, ok := r.requirement(pos, requirement, text != raw)
	if !ok {
		return readLine{}
	}
	if text != raw { // what variables hold may be a secret, and is not shown
		e.Text, _, _ = strings.Cut(raw, " --")
		e.Text = plain(strings.TrimSpace(e.Text))
	}
	e.pos, e.From = pos, pos.String()
	return readLine{entry: e, text: text}
}

// requirement reads what stands before the options; filled says that variables were put in.
func (r *constraintReader) requirement(pos scanner.Position, text string, filled bool) (entry, bool) {
	const named = "write NAME @ URL"
	if isURL := regexp.MustCompile(`^([a-z+]+)://`).MatchString(text); isURL || looksLikePath(text) {
		address, fragment, _ := strings.Cut(text, "#")
		values, _ := url.ParseQuery(fragment) // what is no query has no name either
		name := regexp.MustCompile(`^[\w.-]+`).FindString(values.Get("egg"))
		if !r.reachable(pos, address, isURL) {
			return entry{}, false
		}
		if name == "" {
			r.out.Warnings = append(r.out.Warnings, pos.String()+": a constraint without a name is left to pip, which may refuse it, "+named)
		}
		return entry{Constraint: images.Constraint{Name: setupcfg.Canonical(name), Text: plain(text)}}, true
	}
	s, err := setupcfg.ParseSpecification(text)
	switch {
	case filled && (err != nil || len(s.Extras) > 0):
		r.problem(pos, "write NAME==VERSION", "with the values of its variables it is no constraint")
		return entry{}, false
	case err != nil:
		r.problem(pos, "write NAME==VERSION", "%v", err)
		return entry{}, false
	case len(s.Extras) > 0:
		r.problem(pos, "remove the brackets: extras belong to requirements", "a constraint has no extras, and %s has [%s]", s.Name, strings.Join(s.Extras, ","))
		return entry{}, false
	case s.URL != "" && !r.reachable(pos, s.URL, strings.Contains(s.URL, "://")):
		return entry{}, false
	}
	if s.URL != "" {
		text = s.Name + " @ " + plain(s.URL)
	}
	return entry{Constraint: images.Constraint{Name: setupcfg.Canonical(s.Name), Text: text}, pin: s.Pin, marker: s.Marker}, true
}

func looksLikePath(text string) bool {
	return strings.HasPrefix(text, ".") || strings.HasPrefix(text, "/") || regexp.MustCompile(`^\S+\.(whl|zip|tar\.gz)$`).MatchString(text)
}

// reachable refuses addresses that a build cannot reach, and those with credentials: entries are
// part of the keys of steps, which caches keep.
func (r *constraintReader) reachable(pos scanner.Position, address string, isURL bool) bool {
	if r.here {
		return true
	}
	if !isURL || strings.HasPrefix(address, "file:") {
		r.problem(pos, "put it into a folder that pip's find-links names, and write NAME==VERSION", "a path of this machine is not there in a build")
		return false
	}
	if holdsCredentials(address) {
		r.problem(pos, "put the credentials into netrc", "the address holds credentials, which caches of layers would keep")
		return false
	}
	return true
}

// holdsCredentials says whether a URL has a user, or a query that looks like a secret.
func holdsCredentials(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return strings.Contains(address, "@")
	}
	if u.User != nil && u.User.String() != "git" { // as in git+ssh://git@host
		return true
	}
	return regexp.MustCompile(`(?i)(token|sig|key|secret|password|credential)[^&=]*=`).MatchString(u.RawQuery)
}

// plain is a text with a URL, without the URL's query.
func plain(text string) string {
	return regexp.MustCompile(`\?[^\s#]*`).ReplaceAllString(text, "")
}

// option reads a line of options.
func (r *constraintReader) option(pos scanner.Position, text string) readLine {
	name, value := text, ""
	if end := strings.IndexAny(text, " \t="); end > 0 {
		name, value = text[:end], strings.Trim(strings.TrimLeft(text[end:], " \t="), `"' `)
	}
	if len(name) > 2 && name[1] != '-' { // -cFILE
		name, value = name[:2], strings.TrimSpace(text[2:])
	}
	switch name {
	case "-r", "--requirement", "-c", "--constraint":
		if value == "" {
			r.problem(pos, "write "+name+" FILE", "%s names no file", name)
		}
		return readLine{entry: entry{pos: pos}, include: value}
	case "-e", "--editable":
		r.problem(pos, "write NAME==VERSION", "an editable line is no constraint")
		return readLine{}
	case "-f", "--find-links":
		if r.here {
			return readLine{text: "--find-links " + beside(pos.Filename, value)}
		}
		if !strings.Contains(value, "://") || !r.reachable(pos, value, true) {
			if !strings.Contains(value, "://") {
				r.problem(pos, "name the folder in pip's configuration (PIP_FIND_LINKS)", "a path of this machine is not there in a build")
			}
			return readLine{}
		}
	case "-i", "--index-url", "--extra-index-url":
		if !r.reachable(pos, value, true) {
			return readLine{}
		}
	case "--no-index", "--no-binary", "--only-binary", "--prefer-binary", "--require-hashes", "--no-require-hashes", "--pre",
		"--all-releases", "--only-final", "--trusted-host", "--use-feature":
	default:
		r.problem(pos, "remove the line", "pip knows no option %s in a file", name)
		return readLine{}
	}
	return readLine{text: text}
}

// beside is a path as pip reads it in a file: relative to the file where something is there, else to the current folder.
func beside(file, path string) string {
	if strings.Contains(path, "://") || filepath.IsAbs(path) {
		return path
	}
	for _, dir := range []string{filepath.Dir(file), "."} {
		if full, err := filepath.Abs(filepath.Join(dir, path)); err == nil {
			if _, err := os.Stat(full); err == nil {
				return full
			}
		}
	}
	return path
}
