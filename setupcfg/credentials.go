package setupcfg

import (
	"regexp"
	"slices"
	"strings"
)

// HasCredentials says whether a URL of the requirement has a password or a token: everybody who has the wheel, or an
// image with it, could read that in its METADATA. Names of users without a password are none where everybody has the
// same one (git) or ssh asks for more, and neither are variables, which pip replaces in requirement files.
func (r Requirement) HasCredentials() bool {
	variable := regexp.MustCompile(`^\$\{[A-Z0-9_]+\}$`)
	for _, m := range regexp.MustCompile(`([A-Za-z][\w.+-]*)://([^/\s?#]*)@`).FindAllStringSubmatch(r.Text, -1) {
		user, password, both := strings.Cut(m[2], ":")
		switch {
		case both && password != "":
			if !variable.MatchString(password) {
				return true
			}
		case user != "" && user != "git" && !strings.HasSuffix(m[1], "ssh") && !variable.MatchString(user):
			return true
		}
	}
	return false
}

const hintCredentials = "leave them out of the URL: pip finds them in netrc, or in the URL of its index"

// CheckCredentials refuses requirements with credentials, of which the wheel would tell everybody. The error is an
// ErrorList with all of them, shown without what is to be kept secret.
func (p *Project) CheckCredentials() error {
	all := slices.Clone(p.Dependencies.Value)
	for _, e := range p.Extras.Value {
		all = append(all, e.Requirements...)
	}
	return checkCredentials(all)
}

func checkCredentials(all []Requirement) error {
	var errs ErrorList
	for _, r := range all {
		if r.HasCredentials() {
			errs.add(r.Pos, hintCredentials, "the requirement %q has credentials, which everybody could read in the images", r)
		}
	}
	return errs.err()
}

// checkCredentials does so for what only the wheel tells.
func (w *Wheel) checkCredentials() error {
	var all []Requirement
	for _, text := range w.RequiresDist {
		all = append(all, Requirement{Text: text, Pos: filePos(metadataFile)})
	}
	return checkCredentials(all)
}
