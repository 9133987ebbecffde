package builder

import (
	"fmt"
	"slices"

	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// unmet is a requirement that an image does not meet, as conflicts.py says.
type unmet struct {
	// Name and Version are those of the distribution that requires something.
	Name, Version string
	Requires      string
	// Found is the version that there is; empty where there is none.
	Found string
}

// ownNames are the canonical names of what the images were given, beside what the base brought.
func (d *dependencies) ownNames(project string) []string {
	names := []string{setupcfg.Canonical(project)}
	for _, x := range d.Distributions {
		names = append(names, x.Name)
	}
	return names
}

// judgeRequirements notes what distributions of the set require in vain, and warns of what others do: those of the base have been so
// before. A lock file, which may set requirements aside on purpose, is believed.
func (b *build) judgeRequirements(all []unmet) {
	for _, u := range all {
		f := FailedCheck{Distribution: u.Name, Problem: fmt.Sprintf("%s %s requires %s, and the image has %s", u.Name, u.Version, u.Requires, u.there())}
		if slices.Contains(b.own, u.Name) && b.plan.Lock == nil {
			f.Hint = "versions of dependencies do not go together: constrain one of them with --constraint"
			if !slices.ContainsFunc(b.failed, func(g FailedCheck) bool { return g.String() == f.String() }) {
				b.failed = append(b.failed, f)
			}
		} else if !slices.Contains(b.warnings, f.String()) {
			b.warnings = append(b.warnings, f.String())
		}
	}
}

// there is what an image has of what is required.
func (u unmet) there() string {
	if u.Found == "" {
		return "none"
	}
	return u.Found
}
