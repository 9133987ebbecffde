package gitdir

import (
	"regexp"
	"strings"
)

// HasVersionTag says whether any tag of the repository looks like a version: 1.2, v1.2, release-1.2. It is also
// true where tags are kept in a format that is not read here.
func (r *Repository) HasVersionTag() (bool, error) {
	if r.reftable() {
		return true, nil
	}
	refs, err := r.refs()
	for name := range refs {
		if tag, ok := strings.CutPrefix(name, "refs/tags/"); ok && isVersion(tag) {
			return true, err
		}
	}
	return false, err
}

// isVersion is the rule of steps/history.py, too: wider than that of any one tool.
func isVersion(tag string) bool {
	return regexp.MustCompile(`(^|[^0-9A-Za-z])[vV]?[0-9]`).MatchString(tag)
}
