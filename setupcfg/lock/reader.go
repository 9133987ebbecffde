package lock

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"text/scanner"

	"github.com/BurntSushi/toml"

	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// reader reads one file; its problems are collected.
type reader struct {
	fsys fs.FS
	file string
	src  []byte
	lock *Lock
	errs setupcfg.ErrorList
}

func newReader(fsys fs.FS, f format, src []byte) *reader {
	return &reader{fsys: fsys, file: f.file, src: src, lock: &Lock{File: f.file, Kind: f.kind, Renew: f.renew, Packages: []Package{}}}
}

func (r *reader) fail(pos scanner.Position, hint, format string, args ...any) {
	r.errs = append(r.errs, &setupcfg.Error{Pos: pos, Msg: fmt.Sprintf(format, args...), Hint: hint})
}

func (r *reader) warn(pos scanner.Position, hint, format string, args ...any) {
	w := setupcfg.Warning{Pos: pos, Msg: fmt.Sprintf(format, args...), Hint: hint}
	if !slices.Contains(r.lock.Warnings, w) {
		r.lock.Warnings = append(r.lock.Warnings, w)
	}
}

func (r *reader) start() scanner.Position { return scanner.Position{Filename: r.file} }

// renewHint says what to do about a file that is not what it should be.
func (r *reader) renewHint() string {
	if r.lock.Renew == "" {
		return "make it anew"
	}
	return "run " + r.lock.Renew
}

// finish puts everything into an order that does not depend on the file's where that has no meaning.
func (r *reader) finish() error {
	r.duplicates()
	slices.SortStableFunc(r.errs, func(a, b *setupcfg.Error) int {
		return cmp.Or(cmp.Compare(a.Pos.Filename, b.Pos.Filename), cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Column, b.Pos.Column))
	})
	if len(r.errs) > 0 {
		return r.errs
	}
	slices.Sort(r.lock.Indexes)
	r.lock.Indexes = slices.Compact(r.lock.Indexes)
	return nil
}

// add takes an entry that is complete.
func (r *reader) add(pos scanner.Position, p Package) {
	p.pos, p.At = pos, pos.String()
	p.Name = setupcfg.Canonical(p.Name)
	slices.Sort(p.Hashes)
	p.Hashes = slices.Compact(p.Hashes)
	if p.Source.Kind == FromIndex && p.Source.URL != "" {
		r.lock.Indexes = append(r.lock.Indexes, p.Source.URL)
	}
	r.wellFormed(pos, p)
	hashable := p.Source.Kind == FromURL || p.Source.Kind == FromIndex && p.Version != ""
	if hashable && len(p.Hashes) == 0 {
		r.warn(pos, r.renewHint()+" where its index tells hashes", "%s %s has no hash here: what is downloaded is not checked", p.Name, p.Version)
	}
	r.lock.Packages = append(r.lock.Packages, p)
}

// wellFormed refuses what cannot be written into one line for pip.
func (r *reader) wellFormed(pos scanner.Position, p Package) {
	if !regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`).MatchString(p.Name) {
		r.fail(pos, r.renewHint(), "%q is no name of a package", p.Name)
	}
	if !regexp.MustCompile(`^[0-9A-Za-z.!+_-]*$`).MatchString(p.Version) {
		r.fail(pos, r.renewHint(), "%q is no version", p.Version)
	}
	for _, text := range []string{p.Source.URL, p.Source.Commit, p.Source.Subdirectory, p.Source.VCS} {
		if strings.ContainsFunc(text, func(c rune) bool { return c <= ' ' || c == 0x7f }) {
			r.fail(pos, r.renewHint(), "the source %q has blanks in it", text)
		}
	}
}

// hash notes a hash of an entry if pip can check it.
func (r *reader) hash(pos scanner.Position, into *[]string, text string) {
	if !regexp.MustCompile(`^(sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$`).MatchString(text) {
		r.fail(pos, r.renewHint(), "%q is no hash that pip checks (sha256, sha384 or sha512)", text)
		return
	}
	*into = append(*into, text)
}

// address is a URL without user and password. What is left out is said: pip gets it from netrc or its configuration.
func (r *reader) address(pos scanner.Position, text string) string {
	clean, secret := withoutCredentials(text)
	if secret {
		r.warn(pos, "put them into netrc, or pip's configuration", "the credentials of %s are not taken from here", clean)
	}
	return clean
}

// withoutCredentials takes user and password out of a URL, and a query: it may be a signature. A user alone, as in
// ssh://git@host, is no secret there.
func withoutCredentials(text string) (clean string, secret bool) {
	if m := regexp.MustCompile(`^([\w.-]+@[\w.-]+):([^/\d].*)$`).FindStringSubmatch(text); m != nil {
		text = "ssh://" + m[1] + "/" + m[2] // git's short form, which pip does not know
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" { // git@host:path, or nothing that is safe to show
		if scheme, rest, ok := strings.Cut(text, "://"); ok {
			if at := strings.LastIndex(rest, "@"); at >= 0 {
				return scheme + "://" + rest[at+1:], true
			}
		}
		return text, false
	}
	_, password := u.User.Password()
	if u.User != nil && (password || !strings.HasSuffix(u.Scheme, "ssh")) {
		u.User, secret = nil, true
	}
	if u.RawQuery != "" && regexp.MustCompile(`(?i)(token|sig|key|secret|password|credential)[^&=]*=`).MatchString(u.RawQuery) {
		u.RawQuery, secret = "", true
	}
	return u.String(), secret
}

// marker checks a condition. Its grammar is that of PEP 508 with the sets of PEP 751.
func (r *reader) marker(pos scanner.Position, text string) string {
	if text == "" {
		return ""
	}
	plain := regexp.MustCompile(`("[^"]*"|'[^']*')\s+(not\s+in|in)\s+(extras|dependency_groups)\b`).ReplaceAllString(text, "extra == $1")
	if _, err := setupcfg.ParseSpecification("x; " + plain); err != nil {
		r.fail(pos, r.renewHint(), "the marker %q: %v", text, err)
	}
	return text
}

// both joins two conditions.
func both(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return "(" + a + ") and (" + b + ")"
}

// either joins conditions of which one must hold.
func either(markers []string) string {
	if len(markers) < 2 {
		return strings.Join(markers, "")
	}
	return "(" + strings.Join(markers, ") or (") + ")"
}

// edge reads a requirement as an edge of the graph.
func (r *reader) edge(pos scanner.Position, text, condition string) (Dependency, bool) {
	s, err := setupcfg.ParseSpecification(text)
	if err != nil {
		r.fail(pos, r.renewHint(), "the requirement %q: %v", text, err)
		return Dependency{}, false
	}
	return Dependency{Name: setupcfg.Canonical(s.Name), Extras: s.Extras, Marker: both(s.Marker, condition)}, true
}

// decode reads TOML; without a table there is a problem.
func (r *reader) decode() (table, bool) {
	data, err := decodeTOML(r.file, r.src)
	if err != nil {
		r.errs = append(r.errs, err)
		return table{}, false
	}
	return table{r, setupcfg.TOMLPlaces(r.file, r.src), data, nil}, true
}

func decodeTOML(file string, src []byte) (map[string]any, *setupcfg.Error) {
	var data map[string]any
	if _, err := toml.Decode(string(src), &data); err != nil {
		e := &setupcfg.Error{Pos: scanner.Position{Filename: file}, Msg: strings.TrimPrefix(err.Error(), "toml: "), Hint: "correct the TOML"}
		var parse toml.ParseError
		if errors.As(err, &parse) {
			e.Pos.Line, e.Pos.Column = parse.Position.Line, max(parse.Position.Col, 1)
			e.Msg = "TOML: " + strings.TrimSuffix(parse.Message, ".")
		}
		return nil, e
	}
	return data, nil
}
