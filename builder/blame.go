package builder

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// blame sees to it that the failure of a step that many input lines asked for names those that its reason
// speaks of: the requirements of the dependencies and the constraints on them, the distro packages of bindep.txt.
func blame(err error, project *setupcfg.Project, plan *images.Plan, constraints []images.Constraint) error {
	var step *StepError
	if !errors.As(err, &step) {
		return err
	}
	var from []string
	switch {
	case plan != nil && step.missing() != "" && !strings.HasPrefix(step.Step, "[Dockerfile."):
		step.place(missingLines(plan, step.missing()))
	case strings.HasPrefix(step.Step, "[run ") && plan != nil:
		step.offline = step.Surroundings() && !step.diskFull() && !hasNetwork(plan, step.From)
	case strings.HasPrefix(step.Step, "[dependencies]") && len(step.From) == 0:
		from = append(requirementLines(project, plan, step.reason()), constraintLines(constraints, step.reason())...)
	case strings.HasPrefix(step.Step, "[distro]") && plan != nil:
		from = packageLines(plan.AllPackages(), step.reason())
		from = slices.DeleteFunc(from, func(line string) bool { return !slices.Contains(step.From, line) })
	case strings.HasPrefix(step.Step, "[files]") && plan != nil:
		lines, said := fileLines(plan, step.reason())
		step.place(lines)
		step.said = said
	case strings.HasPrefix(step.Step, "[python] environment") && plan != nil && plan.EnvironmentFrom != "":
		step.place([]string{plan.EnvironmentFrom})
		step.said = "venv: " + step.reason() + "; choose another"
	case strings.HasPrefix(step.Step, "[accounts]") && plan != nil:
		step.place(accountLines(plan, step.reason()))
	}
	if len(from) > 0 {
		step.From = from
	}
	return err
}

// requirementLines are the lines of the requirements whose names a text has: the project's and the definition's.
func requirementLines(project *setupcfg.Project, plan *images.Plan, text string) []string {
	requirements := slices.Clone(project.Dependencies.Value)
	for _, extra := range project.Extras.Value {
		requirements = append(requirements, extra.Requirements...)
	}
	var from []string
	for _, r := range requirements {
		if r.Pos.Filename != "" && speaksOf(text, r.Text) {
			from = append(from, r.Pos.String())
		}
	}
	if plan == nil {
		return from
	}
	for _, image := range plan.Images {
		for _, r := range image.Requirements {
			if speaksOf(text, r.Text) {
				from = append(from, r.From)
			}
		}
	}
	return from
}

// speaksOf says whether a text has the name of a requirement.
func speaksOf(text, requirement string) bool {
	name := regexp.MustCompile(`^[\w.-]+`).FindString(requirement)
	return name != "" && regexp.MustCompile(`(?i)(^|[^\w.-])`+regexp.QuoteMeta(name)+`([^\w.-]|$)`).MatchString(text)
}

// constraintLines are the lines of the constraints that a text speaks of: of several for one name (markers choose among
// them) those with the version that the text has, if there are any.
func constraintLines(constraints []images.Constraint, text string) []string {
	said := map[string]bool{}
	for _, word := range regexp.MustCompile(`[A-Za-z0-9][\w.-]*`).FindAllString(text, -1) {
		said[setupcfg.Canonical(strings.TrimRight(word, ".-_"))] = true
	}
	compact := strings.ToLower(strings.ReplaceAll(text, " ", ""))
	var all, exact []string
	sure := map[string]bool{}
	for _, c := range constraints {
		if c.Name == "" || !said[c.Name] {
			continue
		}
		all = append(all, c.Name)
		wanted, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(c.Text, " ", "")), ";")
		if regexp.MustCompile(regexp.QuoteMeta(wanted) + `([^\w.!+*-]|[.]?$)`).MatchString(compact) {
			sure[c.Name] = true
			exact = append(exact, c.From)
		}
	}
	var from []string
	for _, c := range constraints {
		if slices.Contains(all, c.Name) && (!sure[c.Name] || slices.Contains(exact, c.From)) {
			from = append(from, c.From+" (a constraint)")
		}
	}
	return from
}

// packageLines are the lines of the distro packages whose names a text has, alone or before a version, as
// in libffi-3.4.6-r0.
func packageLines(packages []images.Package, text string) []string {
	var from []string
	for _, p := range packages {
		word := regexp.MustCompile(`(^|[^\w.+-])` + regexp.QuoteMeta(p.Name) + `([^\w.+-]|[.-]?$|-\d|\.[^\w])`)
		if !slices.Contains(from, p.From) && word.MatchString(text) {
			from = append(from, p.From)
		}
	}
	return from
}

// fileLines are the lines of the file that a reason begins with, as files.py words it, and the reason with the destination as it is written
// there, once.
func fileLines(plan *images.Plan, reason string) (from []string, said string) {
	for _, image := range plan.Images {
		for _, f := range image.Files {
			rest, ok := strings.CutPrefix(reason, fmt.Sprintf("file.%q: ", f.Dest))
			if !ok || slices.Contains(from, f.From) {
				continue
			}
			from = append(from, f.From)
			said = fmt.Sprintf("file.%q", cmp.Or(f.Written, f.Dest))
			if about, ok := strings.CutPrefix(rest, f.Dest+" "); ok {
				said += " " + about
			} else {
				said += ": " + rest
			}
		}
	}
	return from, said
}

// missingLines are the lines that ask for a path of an image, or for what commands make there.
func missingLines(plan *images.Plan, missing string) []string {
	var from []string
	add := func(line, asked string) {
		if path.Clean("/"+strings.TrimPrefix(asked, "/src/")) == missing && !slices.Contains(from, line) {
			from = append(from, line)
		}
	}
	for _, image := range plan.Images {
		for _, f := range image.Files {
			if f.Content.Image != "" {
				add(f.From, f.Content.Path)
			}
		}
		for _, r := range image.Runs {
			if r.Source != nil && r.Source.Image != "" {
				add(r.From, r.Source.Path)
			}
			for _, o := range r.Out {
				add(r.From, o.Path)
			}
		}
	}
	return from
}

// hasNetwork says whether the commands that these lines ask for have a network.
func hasNetwork(plan *images.Plan, from []string) bool {
	for _, image := range plan.Images {
		for _, r := range image.Runs {
			if r.Network && slices.Contains(from, r.From) {
				return true
			}
		}
	}
	return false
}

// accountLines are the lines of the account that a reason begins with, as accounts.py words it.
func accountLines(plan *images.Plan, reason string) []string {
	var from []string
	for _, level := range plan.Levels {
		for _, a := range level.Accounts {
			if strings.HasPrefix(reason, "account "+a.Name+": ") {
				from = append(from, a.From)
			}
		}
	}
	return from
}
