package bindep

import (
	"regexp"
	"slices"
	"strings"
)

// lintNames looks for profiles that were probably meant to be others.
func lintNames(f *File) []Warning {
	var warnings []Warning
	known := knownAtoms()
	usual := usualProfiles(f)
	for _, r := range f.Rules {
		for _, s := range r.Selectors {
			for _, m := range append(slices.Clone(s.Group), s) {
				if w, ok := known.doubt(m, usual); ok {
					warnings = append(warnings, w)
				}
			}
			if s.isGroup() && len(s.Group) == 0 {
				warnings = append(warnings, Warning{Pos: s.Pos, Msg: `"()" always matches`, Hint: "write in it what must hold, or remove it"})
			}
		}
	}
	return warnings
}

// atoms are the platform profiles that exist, without their prefix.
type atoms struct {
	// distros may be followed by a version or code name, families stand alone.
	distros, families []string
}

func knownAtoms() atoms {
	a := atoms{distros: distroIDs(), families: []string{macOSID, "brew", "base-py2", "base-py3"}}
	for _, f := range families() {
		a.families = append(a.families, f.manager)
		if f.name != "" {
			a.families = append(a.families, f.name)
		}
	}
	return a
}

func (a atoms) has(atom string) bool {
	return slices.Contains(a.families, atom) || slices.ContainsFunc(a.distros, func(id string) bool {
		return atom == id || strings.HasPrefix(atom, id+"-")
	})
}

// doubt says what is odd about a profile, if anything is.
func (a atoms) doubt(s Selector, usual []string) (w Warning, odd bool) {
	name := s.Profile
	if atom, ok := strings.CutPrefix(name, platformPrefix); ok {
		if a.has(atom) {
			return Warning{}, false
		}
		return Warning{Pos: s.Pos, Msg: "no distribution has the profile " + quote(name), Hint: a.instead(atom)}, true
	}
	msg := "the profile " + quote(name) + " is not that of a platform"
	if slices.Contains(a.families, name) || slices.Contains(a.distros, strings.TrimRight(name, "-.0123456789")) {
		return Warning{Pos: s.Pos, Msg: msg, Hint: didYouMean(platformPrefix + name)}, true
	}
	word, atom, ok := strings.Cut(name, ":")
	if !ok {
		word, atom, _ = strings.Cut(name, "-")
	}
	if _, near := Nearest(word, []string{"platform"}); near && (ok || a.has(atom)) {
		return Warning{Pos: s.Pos, Msg: msg, Hint: didYouMean(platformPrefix + atom)}, true
	}
	if near, ok := slip(name, usual); ok {
		return Warning{Pos: s.Pos, Msg: "the profile " + quote(name) + " may be a slip of the pen", Hint: didYouMean(near)}, true
	}
	return Warning{}, false
}

func didYouMean(name string) string { return "did you mean " + quote(name) + "?" }

// instead is what was probably meant.
func (a atoms) instead(atom string) string {
	all := append(slices.Clone(a.distros), a.families...)
	if m := regexp.MustCompile(`^([a-z]+)([0-9].*)$`).FindStringSubmatch(atom); m != nil && slices.Contains(a.distros, m[1]) {
		return didYouMean(platformPrefix + m[1] + "-" + m[2])
	}
	if near, ok := Nearest(atom, all); ok {
		return didYouMean(platformPrefix + near)
	}
	name, version, _ := strings.Cut(atom, "-")
	if near, ok := Nearest(name, a.distros); ok && version != "" {
		return didYouMean(platformPrefix + near + "-" + version)
	}
	return "see the profiles of a distribution with: pbrx-go bindep platform"
}

// usualProfiles are the user's profiles that others are measured by: those that builds
// and bindep itself have, and those that the file names several times.
func usualProfiles(f *File) []string {
	count := map[string]int{}
	for _, r := range f.Rules {
		for _, s := range r.Selectors {
			count[s.Profile]++
			for _, m := range s.Group {
				count[m.Profile]++
			}
		}
	}
	usual := []string{DefaultProfile, CompileProfile, "test"}
	for _, name := range f.Profiles() {
		if count[name] >= 3 && !strings.HasPrefix(name, platformPrefix) && !slices.Contains(usual, name) {
			usual = append(usual, name)
		}
	}
	return usual
}

// slip gives the usual profile that a name looks like. Names that differ in a digit or in an
// "s" at the end are two names, and short ones are too alike for more than letters in the wrong order.
func slip(name string, usual []string) (string, bool) {
	if slices.Contains(usual, name) || strings.ContainsAny(name, "0123456789") {
		return "", false
	}
	for _, u := range usual {
		swapped := len(name) == len(u) && sorted(name) == sorted(u)
		near, _ := Nearest(name, []string{u})
		plural := name == u+"s" || u == name+"s"
		if swapped || near != "" && len(u) >= 6 && !plural {
			return u, true
		}
	}
	return "", false
}

func sorted(word string) string {
	letters := []byte(word)
	slices.Sort(letters)
	return string(letters)
}
