package bindep

import (
	"cmp"
	"slices"
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

// Lint looks for what bindep takes silently and hardly anybody means, in the order of the file:
//
//   - platform profiles that no distribution has, and profiles that look like a slip of the pen;
//   - lines that no distribution and no choice of profiles makes active, and groups that
//     always match;
//   - lines that repeat or contradict others, and versions that do not exist.
//
// It knows the distributions that ParseDistro takes, in any version.
func Lint(f *File) []Warning {
	warnings := slices.Concat(lintNames(f), lintNever(f), lintLines(f), lintVersions(f))
	slices.SortStableFunc(warnings, func(a, b Warning) int { return cmp.Compare(a.Pos.Offset, b.Pos.Offset) })
	return warnings
}
