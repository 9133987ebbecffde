package projectfiles

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

const dockerignore = ".dockerignore"

// readDockerignore reads the file in dir, if it is there. The error has all lines that are wrong.
func readDockerignore(dir string) (*patternmatcher.PatternMatcher, error) {
	data, err := os.ReadFile(filepath.Join(dir, dockerignore))
	if errors.Is(err, fs.ErrNotExist) {
		return patternmatcher.New(nil)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the project: %w", err)
	}
	var all []string
	var problems []error
	n := 0
	for line := range strings.Lines(strings.TrimPrefix(string(data), "\ufeff")) {
		n++
		patterns, err := ignorefile.ReadAll(strings.NewReader(line))
		if err == nil {
			err = try(patterns)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("%s:%d: %q is not a pattern: %w; put a backslash before a character that stands for itself, and a path after an exclamation mark", dockerignore, n, strings.TrimSpace(line), err))
		}
		all = append(all, patterns...)
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return patternmatcher.New(all)
}

// try matches something, as patterns are looked at only then.
func try(patterns []string) error {
	m, err := patternmatcher.New(patterns)
	if err == nil {
		for _, p := range m.Patterns() {
			if one, err := patternmatcher.New([]string{p.String()}); err == nil {
				if _, err = one.MatchesOrParentMatches("a/b"); err != nil {
					return err
				}
			}
		}
	}
	return err
}
