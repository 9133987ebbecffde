package bindep

import (
	"strings"
	"text/scanner"
)

// File is a bindep.txt: its rules, in the order of its lines.
type File struct {
	// Name is the file name that positions and errors carry.
	Name  string
	Rules []Rule
}

// Rule is one line that names a package. The same package on two lines makes
// two rules that know nothing of each other.
type Rule struct {
	// Pos is where the package name begins.
	Pos  scanner.Position
	Name string
	// Selectors say when the rule is active; none means always.
	Selectors []Selector
	// Constraints are what an installed version must satisfy, all of them. They do
	// not influence the selection.
	Constraints []Constraint
}

// Selector is a profile, a negated profile or a group of those.
type Selector struct {
	Pos scanner.Position
	// Not is true for !profile; groups cannot be negated.
	Not bool
	// Profile is the name without "!"; empty for a group.
	Profile string
	// Group holds the members of a group. A group without members is legal.
	Group []Selector
}

// Constraint is an operator and a Debian version.
type Constraint struct {
	// Pos is where the version begins.
	Pos scanner.Position
	// Op is one of < <= == != >= >.
	Op string
	// Version has the form [EPOCH:]UPSTREAM[-REVISION].
	Version string
}

// String prints the rules one a line, without the comments of the source.
// Parsing the result gives the same rules at other positions.
func (f *File) String() string {
	var b strings.Builder
	for _, r := range f.Rules {
		b.WriteString(r.String())
		b.WriteByte('\n')
	}
	return b.String()
}

// String prints the rule as a line of bindep.txt, without a newline.
func (r Rule) String() string {
	text := r.Name
	if len(r.Selectors) > 0 {
		text += " [" + join(r.Selectors, " ") + "]"
	}
	if len(r.Constraints) > 0 {
		text += " " + join(r.Constraints, ",")
	}
	return text
}

// String prints the selector as it stands between brackets.
func (s Selector) String() string {
	switch {
	case s.isGroup():
		return "(" + join(s.Group, " ") + ")"
	case s.Not:
		return "!" + s.Profile
	default:
		return s.Profile
	}
}

// String prints operator and version without a blank.
func (c Constraint) String() string { return c.Op + c.Version }

func (s Selector) isGroup() bool { return s.Profile == "" }

func join[T interface{ String() string }](list []T, sep string) string {
	parts := make([]string, len(list))
	for i, v := range list {
		parts[i] = v.String()
	}
	return strings.Join(parts, sep)
}
