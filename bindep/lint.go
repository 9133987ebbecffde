package bindep

import (
	"regexp"
	"slices"
	"strings"
	"text/scanner"
)

// Warning is something a file may say but hardly means.
type Warning struct {
	Pos       scanner.Position
	Msg, Hint string
}

// String is "file:line:col: what looks wrong, what to do".
func (w Warning) String() string {
	return w.Pos.String() + ": " + w.Msg + ", " + w.Hint
}

// Lint looks for platform profiles that no distribution has: bindep takes them
// silently, and a rule with one is never active, or always.
func Lint(f *File) []Warning {
	var warnings []Warning
	known := knownAtoms()
	for _, r := range f.Rules {
		for _, s := range r.Selectors {
			for _, m := range append(slices.Clone(s.Group), s) {
				atom, ok := strings.CutPrefix(m.Profile, platformPrefix)
				if !ok || known.has(atom) {
					continue
				}
				warnings = append(warnings, Warning{
					Pos: m.Pos, Msg: "no distribution has the profile " + quote(m.Profile), Hint: known.instead(atom),
				})
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
	a := atoms{distros: distroIDs(), families: []string{"darwin", "brew", "base-py2", "base-py3"}}
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

// instead is what was probably meant.
func (a atoms) instead(atom string) string {
	all := append(slices.Clone(a.distros), a.families...)
	if m := regexp.MustCompile(`^([a-z]+)([0-9].*)$`).FindStringSubmatch(atom); m != nil && slices.Contains(a.distros, m[1]) {
		return "did you mean " + quote(platformPrefix+m[1]+"-"+m[2]) + "?"
	}
	if near, ok := nearest(atom, all); ok {
		return "did you mean " + quote(platformPrefix+near) + "?"
	}
	name, version, _ := strings.Cut(atom, "-")
	if near, ok := nearest(name, a.distros); ok && version != "" {
		return "did you mean " + quote(platformPrefix+near+"-"+version) + "?"
	}
	return "see the profiles of a distribution with: pbrx-go bindep platform"
}

// nearest is the candidate with the fewest slips from word, if they are few: one, or
// two in a word of five letters or more.
func nearest(word string, candidates []string) (string, bool) {
	best, slips := "", 2
	if len(word) >= 5 {
		slips = 3
	}
	for _, c := range candidates {
		if d := distance(word, c); d < slips {
			best, slips = c, d
		}
	}
	return best, best != ""
}

// distance counts the letters to insert, delete, replace or swap with their
// neighbour to come from a to b (optimal string alignment).
func distance(a, b string) int {
	var before, last []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row = last, row, make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}
