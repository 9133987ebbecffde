package bindep

import (
	"slices"
	"strings"
)

// DefaultProfile is what is active when the user names no profile, CompileProfile what pbrx
// made active in its place where Python packages are compiled.
const (
	DefaultProfile = "default"
	CompileProfile = "compile"
)

const platformPrefix = "platform:"

// Select gives the rules that are active when exactly the given profiles are,
// in the order of the file, the same package as often as it is named.
//
// The caller adds what holds anyway: Distro.Profiles, and DefaultProfile when the
// user named none (naming one replaces it).
func (f *File) Select(profiles []string) []Rule {
	active := setOf(profiles)
	var rules []Rule
	for _, r := range f.Rules {
		if ok, _ := r.active(active); ok {
			rules = append(rules, r)
		}
	}
	return rules
}

// Profiles are the names a user can choose from: all that occur in the file,
// sorted, without the platform profiles that stand outside of groups. As in
// bindep, a platform profile inside a group is listed.
func (f *File) Profiles() []string {
	var names []string
	for _, r := range f.Rules {
		for _, s := range r.Selectors {
			for _, m := range s.Group {
				names = append(names, m.Profile)
			}
			if !s.isGroup() && !s.isPlatform() {
				names = append(names, s.Profile)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Active says whether the rule is active when exactly the given profiles are,
// and why: the selectors that decided, in words.
func (r Rule) Active(profiles []string) (ok bool, why string) {
	return r.active(setOf(profiles))
}

func setOf(names []string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, n := range names {
		set[n] = true
	}
	return set
}

// votes are the platform selectors and the others, which vote on their own.
func (r Rule) votes() (platform, user []Selector) {
	for _, s := range r.Selectors {
		if s.isPlatform() {
			platform = append(platform, s)
		} else {
			user = append(user, s)
		}
	}
	return platform, user
}

// active lets the platform selectors and the others vote on their own; the rule
// is active unless one of them says no. A group votes with the others whatever
// is inside it.
func (r Rule) active(active map[string]bool) (bool, string) {
	platform, user := r.votes()
	var reasons, objections []string
	for _, party := range [][]Selector{platform, user} {
		ok, why := vote(party, active)
		switch {
		case !ok:
			objections = append(objections, why)
		case why != "":
			reasons = append(reasons, why)
		}
	}
	switch {
	case len(objections) > 0:
		return false, strings.Join(objections, ", and ")
	case len(reasons) == 0:
		return true, "no selectors"
	}
	return true, strings.Join(reasons, ", and ")
}

// isPlatform is true for the selectors that vote on the platform; a group
// never does.
func (s Selector) isPlatform() bool {
	return strings.HasPrefix(s.Profile, platformPrefix)
}

// vote is the decision of one party. In order: nobody votes, there is nothing
// against the rule; an active negative is a veto; one positive or group that
// matches suffices; negatives alone, none of them active, are no objection.
func vote(party []Selector, active map[string]bool) (ok bool, why string) {
	var wanted, unwanted []Selector
	for _, s := range party {
		if s.Not {
			unwanted = append(unwanted, s)
		} else {
			wanted = append(wanted, s)
		}
	}
	for _, s := range unwanted {
		if active[s.Profile] {
			return false, "excluded by " + s.String()
		}
	}
	for _, s := range wanted {
		if s.matches(active) {
			return true, "selected by " + s.String()
		}
	}
	switch {
	case len(wanted) == 1:
		return false, wanted[0].String() + " is not active"
	case len(wanted) > 1:
		return false, "none of " + join(wanted, ", ") + " is active"
	case len(unwanted) > 0:
		return true, "not excluded by " + join(unwanted, ", ")
	}
	return true, ""
}

// matches is true for an active profile and for a group whose members all hold;
// the empty group always matches.
func (s Selector) matches(active map[string]bool) bool {
	if !s.isGroup() {
		return active[s.Profile]
	}
	for _, m := range s.Group {
		if active[m.Profile] == m.Not {
			return false
		}
	}
	return true
}
