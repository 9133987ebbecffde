package origins

import (
	"net/url"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/pbrx-go/pbrx-go/images/definition"
)

// gitAddress is what git fetches an origin from: a URL without credentials.
func (f *Fetcher) gitAddress(o definition.Origin) (string, error) {
	const form = "write an https, ssh or file URL, or a path relative to this file"
	text := o.Where.Value
	if !strings.Contains(text, "://") {
		if regexp.MustCompile(`^[A-Za-z0-9+.-]+::`).MatchString(text) {
			return "", problem(o.Where.At, form, "git's transport %q is not used: it may run programs", text[:strings.Index(text, "::")+2])
		}
		if filepath.IsAbs(text) {
			return "", problem(o.Where.At, form, "%q is an absolute path", text)
		}
		real, err := f.inTree(o.Dir, o.Where)
		if err != nil {
			return "", err
		}
		return (&url.URL{Scheme: "file", Path: filepath.ToSlash(real)}).String(), nil
	}
	u, err := url.Parse(text)
	if err != nil {
		return "", problem(o.Where.At, form, "the address of the repository is no URL") // err would show all of it
	}
	secret := u.User != nil && u.Scheme != "ssh"
	if _, password := u.User.Password(); password {
		secret = true
	}
	switch {
	case secret:
		return "", problem(o.Where.At, "leave them out: git finds them in netrc or by its credential helpers", "the address of the repository has credentials")
	case u.Scheme == "file" && u.Host != "" && u.Host != "localhost":
		return "", problem(o.Where.At, "write file:///PATH", "the repository is on another machine")
	case u.Scheme != "https" && u.Scheme != "ssh" && u.Scheme != "file" || u.Scheme != "file" && u.Host == "" || strings.HasPrefix(u.Host, "-") || u.User != nil && strings.HasPrefix(u.User.Username(), "-"):
		return "", problem(o.Where.At, form, "git does not fetch %q", u.Redacted())
	case u.RawQuery != "" || u.Fragment != "":
		return "", problem(o.Where.At, "leave it out", "the address of a repository has no query and no fragment")
	}
	return u.String(), nil
}

// checkRef refuses what is no name of a commit, branch or tag, and what git would read as more than a name.
func checkRef(o definition.Origin) error {
	ref := o.Ref.Value
	at := o.Ref.At
	if !o.Ref.IsSet() && ref == "" {
		return problem(o.At, `add ref = "…"`, "the repository has no ref: a commit, tag or branch")
	}
	if !regexp.MustCompile(`^[^-./\x00-\x20\x7f~^:?*\[\\][^\x00-\x20\x7f~^:?*\[\\]*$`).MatchString(ref) ||
		strings.Contains(ref, "..") || strings.Contains(ref, "@{") || strings.Contains(ref, "//") || strings.HasSuffix(ref, "/") || strings.HasSuffix(ref, ".lock") {
		return problem(at, "write its name alone", "%q is no commit, tag or branch", ref)
	}
	return nil
}
