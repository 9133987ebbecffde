package bindep

import (
	"slices"
	"strings"
)

// mostSelectors is how many different lists of selectors of a file lintNever looks at: a file that
// people wrote has fewer, and one that they did not must not take hours.
const mostSelectors = 200

// lintNever looks for lines that cannot become active.
func lintNever(f *File) []Warning {
	var warnings []Warning
	known := knownAtoms()
	never := map[string]bool{}
	for _, r := range f.Rules {
		if !known.inQuestion(r) {
			continue
		}
		key := join(r.Selectors, " ")
		dead, done := never[key]
		if !done {
			if len(never) == mostSelectors {
				break
			}
			dead = r.neverActive()
			never[key] = dead
		}
		if dead {
			warnings = append(warnings, Warning{
				Pos: r.Selectors[0].Pos, Msg: "no distribution and no profiles make this line active", Hint: r.revive(),
			})
		}
	}
	return warnings
}

// inQuestion leaves out the lines that some profile surely makes active, and those
// with a platform that does not exist, of which is warned anyway.
func (a atoms) inQuestion(r Rule) bool {
	grouped, wanted, unwanted := false, false, false
	for _, s := range r.Selectors {
		for _, m := range append(slices.Clone(s.Group), s) {
			if atom, ok := strings.CutPrefix(m.Profile, platformPrefix); ok && !a.has(atom) {
				return false
			}
		}
		grouped = grouped || s.isGroup()
		wanted = wanted || !s.Not
		unwanted = unwanted || s.Not
	}
	return grouped || wanted && unwanted
}

// neverActive tries the rule on every distribution, in every version that it names.
func (r Rule) neverActive() bool {
	platform, user := r.votes()
	for _, profiles := range r.platforms() {
		active := setOf(profiles)
		if ok, _ := vote(platform, active); ok && canWin(user, active) {
			return false
		}
	}
	return true
}

// canWin says whether some choice of the user's profiles makes the vote a yes.
func canWin(party []Selector, platform map[string]bool) bool {
	vetoes, wanted := map[string]bool{}, false
	for _, s := range party {
		vetoes[s.Profile] = vetoes[s.Profile] || s.Not
		wanted = wanted || !s.Not
	}
	if !wanted {
		return true
	}
	for _, s := range party {
		if s.isGroup() && groupCanHold(s.Group, platform, vetoes) || !s.isGroup() && !vetoes[s.Profile] {
			return true
		}
	}
	return false
}

func groupCanHold(group []Selector, platform, vetoes map[string]bool) bool {
	active, inactive := map[string]bool{}, map[string]bool{}
	for _, m := range group {
		switch {
		case m.isPlatform():
			if platform[m.Profile] == m.Not {
				return false
			}
		case m.Not:
			inactive[m.Profile] = true
		default:
			active[m.Profile] = true
		}
	}
	for name := range active {
		if inactive[name] || vetoes[name] {
			return false
		}
	}
	return true
}

// platforms are the platform profiles of all distributions, in the versions and with the code names
// that the rule names and in others, the distributions of the rule first.
func (r Rule) platforms() [][]string {
	named, versions, codenames := r.releases()
	ids := distroIDs()
	slices.SortStableFunc(ids, func(a, b string) int { return slices.Index(named, b) - slices.Index(named, a) })
	lists := [][]string{MacOS(false).Profiles(), MacOS(true).Profiles()}
	for _, id := range ids {
		for _, version := range versions {
			for _, codename := range codenames {
				// RHEL with a name that says more has the profiles of an id that does.
				lists = append(lists, Distro{ID: id, Version: version, Codename: codename}.Profiles())
			}
		}
	}
	return lists
}

// releases are the distributions that a rule names, and the versions and code names behind
// them. An old, a new and a rolling release stand for all others.
func (r Rule) releases() (named, versions, codenames []string) {
	versions, codenames = []string{"99", "1", ""}, []string{""}
	for _, s := range r.Selectors {
		for _, m := range append(slices.Clone(s.Group), s) {
			atom, ok := strings.CutPrefix(m.Profile, platformPrefix)
			if !ok {
				continue
			}
			for _, id := range distroIDs() {
				rest, ok := strings.CutPrefix(atom, id+"-")
				switch {
				case atom == id:
					named = append(named, id)
				case ok && rest != "" && isDigit(rune(rest[0])):
					named, versions = append(named, id), append(versions, rest)
				case ok && rest != "":
					named, codenames = append(named, id), append(codenames, strings.ReplaceAll(rest, "-", " "), rest)
				}
			}
		}
	}
	return named, slices.Compact(versions), codenames
}

// revive is what to do about a line that is never active.
func (r Rule) revive() string {
	alone, inGroup := "", false
	for _, s := range r.Selectors {
		if s.isPlatform() && !s.Not {
			alone = s.Profile
		}
		inGroup = inGroup || slices.ContainsFunc(s.Group, Selector.isPlatform)
	}
	if alone != "" && inGroup {
		return `a group and "` + alone + `" must both hold: write (` + alone + ") if one of them is to suffice"
	}
	if inGroup {
		return "all profiles of a group must hold: write those of which one is to suffice without the parentheses"
	}
	return "remove what excludes it, or the line"
}
