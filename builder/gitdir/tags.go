package gitdir

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// HasVersionTag says whether any tag of the repository looks like a version: 1.2, v1.2, release-1.2. It is also
// true where tags are kept in a format that is not read here.
func (r *Repository) HasVersionTag() (bool, error) {
	if isDir(filepath.Join(r.common, "reftable")) {
		return true, nil
	}
	packed, err := os.ReadFile(filepath.Join(r.common, "packed-refs"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	for line := range bytes.Lines(packed) {
		_, ref, _ := strings.Cut(strings.TrimSpace(string(line)), " ")
		if tag, ok := strings.CutPrefix(ref, "refs/tags/"); ok && isVersion(tag) {
			return true, nil
		}
	}
	found := false
	tags := filepath.Join(r.common, "refs", "tags")
	err = filepath.WalkDir(tags, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		tag, err := filepath.Rel(tags, path)
		if err == nil && isVersion(filepath.ToSlash(tag)) {
			found = true
			return fs.SkipAll
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return found, err
}

// isVersion is the rule of steps/history.py, too: wider than that of any one tool.
func isVersion(tag string) bool {
	return regexp.MustCompile(`(^|[^0-9A-Za-z])[vV]?[0-9]`).MatchString(tag)
}
