package images

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"

	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// extrasFor are the project's extras that belong to an image: the one named after it, and those that the entry
// point itself names. Names are compared in canonical form (PEP 503) and spelled as the project does.
func extrasFor(project *setupcfg.Project, name string, own []string) []string {
	extras := []string{}
	for _, extra := range project.Extras.Value {
		canonical := setupcfg.Canonical(extra.Name)
		matches := func(n string) bool { return setupcfg.Canonical(n) == canonical }
		if (matches(name) || slices.ContainsFunc(own, matches)) && !slices.Contains(extras, extra.Name) {
			extras = append(extras, extra.Name)
		}
	}
	return extras
}

// forDevelopers says whether an extra of this canonical name is by custom for those who work on the project.
func forDevelopers(canonical string) bool {
	return slices.Contains([]string{"test", "tests", "testing", "dev", "doc", "docs", "all", "lint", "typing"}, canonical)
}

// warnExtras speaks of extras that seem to be meant otherwise than they are taken. Extras of no image are legal: most
// are for whoever installs the project by other means.
func (p *Plan) warnExtras(project *setupcfg.Project, all []program) {
	warn := func(pos fmt.Stringer, format string, args ...any) {
		p.Warnings = append(p.Warnings, fmt.Sprintf("%s: %s", pos, fmt.Sprintf(format, args...)))
	}
	names := []string{p.Project.Name + "-base"}
	used := map[string]bool{}
	for _, s := range all {
		names = append(names, s.Name)
		for _, own := range s.Extras {
			used[setupcfg.Canonical(own)] = true
			if !slices.ContainsFunc(project.Extras.Value, func(e setupcfg.Extra) bool { return setupcfg.Canonical(e.Name) == setupcfg.Canonical(own) }) {
				warn(s.Pos, "the script %q asks for the extra %q, which the project does not have", s.Name, own)
			}
		}
	}
	for _, extra := range project.Extras.Value {
		canonical := setupcfg.Canonical(extra.Name)
		named := slices.ContainsFunc(names, func(n string) bool { return setupcfg.Canonical(n) == canonical })
		switch {
		case named && forDevelopers(canonical):
			warn(extra.Pos, "the extra %q goes into the image of the script of that name, though extras are called so that users do not need: rename one of the two if that is not meant", extra.Name)
		case named || used[canonical] || forDevelopers(canonical):
		default:
			if near := nearest(canonical, names); near != "" {
				warn(extra.Pos, "the extra %q belongs to no image, there is no script of that name: did you mean %q?", extra.Name, near)
			} else if p.looksLikeScript(canonical, names[1:]) {
				warn(extra.Pos, "the extra %q belongs to no image, there is no script of that name: did you mean one of %s?", extra.Name, strings.Join(names, ", "))
			}
		}
	}
}

// looksLikeScript says whether an extra begins with the project's name, as the project's scripts do.
func (p *Plan) looksLikeScript(canonical string, scripts []string) bool {
	prefix := setupcfg.Canonical(p.Project.Name) + "-"
	return strings.HasPrefix(canonical, prefix) && slices.ContainsFunc(scripts, func(s string) bool {
		return strings.HasPrefix(setupcfg.Canonical(s), prefix)
	})
}

// nearest is the name that differs least, by a slip of the finger or two; empty where none does.
func nearest(canonical string, names []string) string {
	best, least := "", 3
	for _, name := range names {
		slips := len(canonical) / 4 // so that d is not taken for a slip of s
		if d := levenshtein.Distance(canonical, setupcfg.Canonical(name), nil); d <= slips && d < least {
			best, least = name, d
		}
	}
	return best
}
