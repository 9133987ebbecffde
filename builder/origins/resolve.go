package origins

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/agext/levenshtein"
)

// resolved is a commit and, of a branch or tag, when it was asked for.
type resolved struct {
	Commit string    `json:"commit"`
	Asked  time.Time `json:"asked,omitzero"`
}

// resolve finds the commit of the origin's ref, in the store where it can be known from that.
func (s *store) resolve(ctx context.Context) (resolved, error) {
	ref := s.origin.Ref.Value
	if regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`).MatchString(ref) {
		return s.fullCommit(ctx, ref)
	}
	known, err := s.remembered()
	if err != nil {
		return resolved{}, err
	}
	key := s.address + "\x00" + ref // which is no address
	if r, ok := known[ref]; ok && (!s.Refresh || r.Asked.IsZero() || s.wasAsked(key)) {
		if commit, err := s.commit(ctx, r.Commit); err != nil || commit == r.Commit {
			return r, err
		}
	}
	r, err := s.named(ctx, ref)
	if err != nil {
		return resolved{}, err
	}
	known[ref] = r
	s.nowAsked(key)
	return r, s.remember(known)
}

// fullCommit has a commit in the store. Servers give one that no branch or tag leads to only by its name, if at all.
func (s *store) fullCommit(ctx context.Context, ref string) (resolved, error) {
	for _, get := range []func() error{
		func() error { return nil },
		func() error { return s.fetchAll(ctx) },
		func() error { return s.fetch(ctx, "+"+ref+":refs/commits/"+ref) },
	} {
		failed := get()
		if failed != nil && !notOurs(failed) {
			return resolved{}, failed
		}
		commit, err := s.commit(ctx, ref)
		if err != nil || commit == ref {
			return resolved{Commit: commit}, err
		}
	}
	return resolved{}, s.gone(ctx, ref)
}

// notOurs says whether the other side answered that it does not have a commit, or does not give it.
func notOurs(err error) bool {
	return regexp.MustCompile(`not our ref|couldn't find remote ref|no such remote ref|does not allow request for unadvertised|could not parse|bad object`).MatchString(err.Error())
}

// plainlyCommit is how many digits make a name that of a commit: fewer may be that of a new branch or tag, such as 2024.
const plainlyCommit = 7

// named asks for a tag, branch, the full name of any reference, or the beginning of a commit's name.
func (s *store) named(ctx context.Context, ref string) (resolved, error) {
	short := regexp.MustCompile(`^[0-9a-f]{4,63}$`).MatchString(ref)
	if short && len(ref) >= plainlyCommit { // which the store may know without asking
		if r, err := s.begun(ctx, ref); err != nil || r.Commit != "" {
			return r, err
		}
	}
	asked := s.now().UTC().Truncate(time.Second)
	if err := s.fetchAll(ctx); err != nil {
		return resolved{}, err
	}
	names := []string{"refs/tags/" + ref, "refs/heads/" + ref}
	if strings.HasPrefix(ref, "refs/") {
		names = []string{ref}
		if !strings.HasPrefix(ref, "refs/heads/") && !strings.HasPrefix(ref, "refs/tags/") {
			if err := s.fetch(ctx, "+"+ref+":"+ref); err != nil && !notOurs(err) {
				return resolved{}, err
			}
		}
	}
	for _, name := range names {
		commit, err := s.commit(ctx, name)
		if err != nil || commit != "" {
			return resolved{Commit: commit, Asked: asked}, err
		}
	}
	if short {
		if r, err := s.begun(ctx, ref); err != nil || r.Commit != "" {
			return r, err
		}
	}
	return resolved{}, s.gone(ctx, ref)
}

// begun is the commit whose name begins so, unless a branch or tag has that name; no commit where there is none.
func (s *store) begun(ctx context.Context, prefix string) (resolved, error) {
	if !s.exists() {
		return resolved{}, nil
	}
	for _, name := range []string{"refs/tags/" + prefix, "refs/heads/" + prefix} {
		if commit, err := s.commit(ctx, name); err != nil || commit != "" {
			return resolved{}, err
		}
	}
	out, err := s.run(ctx, "rev-parse", "--disambiguate="+prefix)
	if err != nil {
		return resolved{}, err
	}
	var commits []string
	for _, object := range strings.Fields(out) {
		if kind, err := s.run(ctx, "cat-file", "-t", object); err == nil && word(kind) == "commit" {
			commits = append(commits, object)
		}
	}
	switch len(commits) {
	case 0:
		return resolved{}, nil
	case 1:
		return resolved{Commit: commits[0]}, nil
	}
	return resolved{}, problem(s.origin.Ref.At, "write more of it", "%s has %d commits that begin with %q: %s", s.who, len(commits), prefix, strings.Join(commits[:min(3, len(commits))], ", "))
}

// gone is the error of a ref that is not there, with those that are near.
func (s *store) gone(ctx context.Context, ref string) error {
	out, err := s.run(ctx, "for-each-ref", "--format=%(refname)", "refs/heads", "refs/tags")
	if err != nil {
		return err
	}
	var names []string
	for _, name := range strings.Fields(out) {
		names = append(names, strings.TrimPrefix(strings.TrimPrefix(name, "refs/heads/"), "refs/tags/"))
	}
	text := fmt.Sprintf("%s has no ref %q", s.who, ref)
	if close := near(ref, names); len(close) > 0 {
		return problem(s.origin.Ref.At, "", "%s; near: %q", text, close[0])
	}
	return problem(s.origin.Ref.At, "write a commit, tag or branch of "+s.address, "%s", text)
}

// near are the names that are most like one: with the same last part, else with the fewest other letters, at most a third.
func near(ref string, names []string) []string {
	last := func(s string) string { return s[strings.LastIndex(s, "/")+1:] }
	var out []string
	best := max(1, len(ref)/3) + 1
	for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
		d := levenshtein.Distance(ref, name, nil)
		if last(name) == last(ref) {
			d = 0
		}
		if d < best {
			out, best = nil, d
		}
		if d == best && len(out) < 3 && d <= max(1, len(ref)/3) {
			out = append(out, name)
		}
	}
	return out
}

// remembered are the refs that were asked for.
func (s *store) remembered() (map[string]resolved, error) {
	out := map[string]resolved{}
	data, err := readIfThere(filepath.Join(s.dir, "refs.json"))
	if err != nil || data == nil {
		return out, err
	}
	if json.Unmarshal(data, &out) != nil { // it is asked for again
		return map[string]resolved{}, nil
	}
	return out, nil
}

// remember writes them for later runs.
func (s *store) remember(known map[string]resolved) error {
	data, err := json.MarshalIndent(known, "", "  ")
	if err != nil {
		return err
	}
	beside := filepath.Join(s.dir, "refs.json.new") // which the lock keeps others from
	if err := os.WriteFile(beside, data, 0o644); err != nil {
		return err
	}
	return os.Rename(beside, filepath.Join(s.dir, "refs.json"))
}
