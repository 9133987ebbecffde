package bindep

import (
	"slices"
	"strconv"
	"strings"
)

// lintLines looks for lines about one package that do not go together: bindep merges nothing,
// every line asks for its package by itself.
func lintLines(f *File) []Warning {
	var warnings []Warning
	// always holds the first line of a package that has no selectors, same the first one that
	// has the same selectors.
	always, same := map[string]*Rule{}, map[string]*Rule{}
	for i, r := range f.Rules {
		if len(r.Selectors) == 0 && always[r.Name] == nil {
			always[r.Name] = &f.Rules[i]
		}
	}
	for i := range f.Rules {
		r := &f.Rules[i]
		key := r.Name + " " + r.selectorKey()
		before, sure := same[key], always[r.Name]
		if before == nil {
			same[key] = r
		}
		msg, hint := "", ""
		switch {
		case before != nil:
			msg, hint = r.besideSame(before)
		case sure != nil && sure != r:
			msg, hint = r.besideSure(sure)
		}
		if msg != "" {
			warnings = append(warnings, Warning{Pos: r.Pos, Msg: msg, Hint: hint})
		}
	}
	return warnings
}

// besideSame is about a line with the package and selectors of another.
func (r *Rule) besideSame(other *Rule) (msg, hint string) {
	switch {
	case slices.Equal(constraintTexts(r), constraintTexts(other)):
		return quote(r.Name) + " is on line " + lineOf(other) + " already, with the same selectors", "remove one of the two lines"
	case contradict(r, other):
		return r.noVersion(other), "make the two lines agree"
	}
	return "", ""
}

// besideSure is about a line whose package another line asks for without a condition.
func (r *Rule) besideSure(sure *Rule) (msg, hint string) {
	switch {
	case contradict(r, sure):
		return r.noVersion(sure), "make the two lines agree"
	case len(r.Constraints) > 0:
		return "", ""
	case !slices.ContainsFunc(r.Selectors, func(s Selector) bool { return !s.Not }):
		return "line " + lineOf(sure) + " asks for " + quote(r.Name) + " everywhere, and nothing here takes that back",
			"write [" + join(r.Selectors, " ") + "] on line " + lineOf(sure) + " and remove this line"
	}
	return "line " + lineOf(sure) + " asks for " + quote(r.Name) + " everywhere, this line adds nothing", "remove one of the two lines"
}

func lineOf(r *Rule) string { return strconv.Itoa(r.Pos.Line) }

func (r *Rule) noVersion(other *Rule) string {
	return "no version of " + quote(r.Name) + " is " + join(r.Constraints, ",") + " and, as line " + lineOf(other) + " has it, " + join(other.Constraints, ",")
}

// selectorKey is the same for selectors that differ in order only.
func (r *Rule) selectorKey() string {
	keys := make([]string, len(r.Selectors))
	for i, s := range r.Selectors {
		members := make([]string, len(s.Group))
		for j, m := range s.Group {
			members[j] = m.String()
		}
		slices.Sort(members)
		keys[i] = s.String()
		if s.isGroup() {
			keys[i] = "(" + strings.Join(slices.Compact(members), " ") + ")"
		}
	}
	slices.Sort(keys)
	return strings.Join(slices.Compact(keys), " ")
}

func constraintTexts(r *Rule) []string {
	var texts []string
	for _, c := range r.Constraints {
		texts = append(texts, c.String())
	}
	slices.Sort(texts)
	return slices.Compact(texts)
}

// contradict is true where two rules both have constraints that one version cannot satisfy.
func contradict(a, b *Rule) bool {
	return len(a.Constraints) > 0 && len(b.Constraints) > 0 && !satisfiable(slices.Concat(a.Constraints, b.Constraints))
}

// lintVersions looks for lines whose constraints no version satisfies.
func lintVersions(f *File) []Warning {
	var warnings []Warning
	for _, r := range f.Rules {
		if len(r.Constraints) > 1 && !satisfiable(r.Constraints) {
			warnings = append(warnings, Warning{
				Pos: r.Constraints[0].Pos, Msg: "no version is " + join(r.Constraints, ","), Hint: "correct the constraints",
			})
		}
	}
	return warnings
}

// satisfiable says whether there may be a version that satisfies all constraints.
func satisfiable(list []Constraint) bool {
	var low, high *Constraint
	for i, c := range list {
		switch c.Op {
		case "==":
			return allHold(list, c.Version)
		case ">", ">=":
			if low == nil || stricter(c, *low, 1) {
				low = &list[i]
			}
		case "<", "<=":
			if high == nil || stricter(c, *high, -1) {
				high = &list[i]
			}
		}
	}
	if low == nil || high == nil {
		return true
	}
	d := compareVersions(low.Version, high.Version)
	return d < 0 || d == 0 && low.Op == ">=" && high.Op == "<="
}

func allHold(list []Constraint, version string) bool {
	for _, c := range list {
		if ok, err := c.Holds(version); err == nil && !ok {
			return false
		}
	}
	return true
}

// stricter compares two limits of one side: a later version is the stricter lower limit.
func stricter(a, b Constraint, side int) bool {
	d := side * compareVersions(a.Version, b.Version)
	return d > 0 || d == 0 && len(a.Op) < len(b.Op)
}

// compareVersions takes versions that cannot be compared for equal: of them nothing is said.
func compareVersions(a, b string) int {
	v, err := parseVersion(a)
	if err != nil {
		return 0
	}
	w, err := parseVersion(b)
	if err != nil {
		return 0
	}
	return v.compare(w)
}
