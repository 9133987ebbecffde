package builder

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	gateway "github.com/moby/buildkit/frontend/gateway/client"

	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// CheckMode says what becomes of images that fail a check.
type CheckMode string

// The modes of checks; none is CheckFails.
const (
	CheckOff   CheckMode = "off"
	CheckWarn  CheckMode = "warn"
	CheckFails CheckMode = "error"
)

// FailedCheck is one script that would die at start, or a requirement that an image does not meet.
type FailedCheck struct {
	// Script is its name, From where the project declares it. Both are empty where a requirement is not met.
	Script string `json:"script"`
	From   string `json:"from"`
	// Distribution is the canonical name of the one that requires something in vain; empty for a script.
	Distribution string `json:"distribution,omitempty"`
	// Problem is what happened to it, Hint what to do about that.
	Problem string `json:"problem"`
	Hint    string `json:"hint,omitempty"`

	trace []string
}

// String is one line.
func (f FailedCheck) String() string {
	s := f.Problem
	if f.Script != "" {
		s = f.Script + " would die at start: " + f.Problem
	}
	if f.From != "" {
		s = f.From + ": " + s
	}
	if f.Hint != "" {
		s += ": " + f.Hint
	}
	return s
}

// ScriptsError says that images were made whose scripts cannot start. None of them has a name.
type ScriptsError struct{ Failed []FailedCheck }

// Error is a line for each script.
func (e *ScriptsError) Error() string {
	var lines []string
	for _, f := range e.Failed {
		lines = append(lines, f.String())
	}
	return strings.Join(lines, "\n")
}

// Tail is the end of the first script's traceback, for people to read.
func (e *ScriptsError) Tail() []string { return e.Failed[0].trace }

// FailedChecks are the scripts of the last build that would die at start, where CheckWarn lets them pass.
func (r *Run) FailedChecks() []FailedCheck { return r.failed }

// check loads the entry point of every script in the files of its image: once for all that have the files of the base image and
// are started alike (as one user, in one folder, with one environment), and once for each that differs. There it is asked as well
// which requirements are not met; where the distribution's packages meet some, also without scripts. Programs that are files are not
// loaded: running them is all that can be done with them. What fails for want of a network or of files, which an image is given
// later, is a warning.
func (b *build) check(ctx context.Context, c gateway.Client, project *setupcfg.Project, all []assembly) error {
	if b.opts.Check == CheckOff {
		return nil
	}
	b.failed = nil
	trials, err := b.trials(project, all)
	if err != nil {
		return err
	}
	for _, t := range trials {
		results, conflicts, err := b.load(ctx, c, t)
		if err != nil {
			return err
		}
		b.judge(project, t.starts, results)
		b.judgeRequirements(conflicts)
	}
	if len(b.failed) > 0 && b.opts.Check != CheckWarn {
		return &ScriptsError{Failed: b.failed}
	}
	for _, f := range b.failed {
		b.warnings = append(b.warnings, f.String())
	}
	return nil
}

// loaded is what check.py says of one script.
type loaded struct {
	Script, Kind  string
	Of            string // the kind of what was started
	Path          string // where it is
	Type, Message string
	Missing       string // the module that there is not
	Setuptools    *string
	OS, Environ   bool
	Status        int
	Seconds       int
	Python        string
	Frames, Trace []string
}

func (b *build) load(ctx context.Context, c gateway.Client, t *trial) (results []loaded, conflicts []unmet, err error) {
	points := []plan2llb.EntryPoint{}
	for _, s := range t.starts {
		points = append(points, s.EntryPoint)
	}
	slices.SortFunc(points, func(a, b plan2llb.EntryPoint) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Kind, b.Kind))
	})
	points = slices.Compact(points)
	st, err := b.compiler.Check(b.plan, t.name, t.state, t.config, points, b.tools)
	if err != nil {
		return nil, nil, err
	}
	if err := readJSON(ctx, c, st, "check.json", &results); err != nil {
		return nil, nil, err
	}
	return results, conflicts, readJSON(ctx, c, st, "conflicts.json", &conflicts)
}

// judge notes what failed and warns of that of which that is not sure.
func (b *build) judge(project *setupcfg.Project, starts []start, results []loaded) {
	for _, s := range starts {
		i := slices.IndexFunc(results, func(l loaded) bool { return l.Script == s.Name && l.Of == s.Kind })
		if i < 0 {
			continue
		}
		l := results[i]
		f := FailedCheck{Script: s.Name, From: s.from, trace: l.Trace}
		switch {
		case l.Kind == "loaded":
		case l.Kind == "slow":
			b.warnings = append(b.warnings, fmt.Sprintf("%s: %s did not load within %d seconds: whether it starts is not known", f.From, s.Name, l.Seconds))
		case l.surroundings():
			b.warnings = append(b.warnings, fmt.Sprintf("%s: %s did not load where there is no network and no configuration: %s", f.From, s.Name, l.problem()))
		default:
			f.Problem, f.Hint = l.problem(), b.hint(project, s, l)
			if !slices.ContainsFunc(b.failed, func(o FailedCheck) bool { return o.String() == f.String() }) { // images may share it
				b.failed = append(b.failed, f)
			}
		}
	}
}

// surroundings says whether a script may have missed what images are given where they run: a file, a server, a variable. An application
// that ends by itself does so for want of its configuration, which it reads when it is imported (keystone without keys).
func (l loaded) surroundings() bool {
	return (l.OS && l.library() == "") || l.Environ || l.Of == plan2llb.WSGI && l.Type == "SystemExit"
}

// problem is what happened, in one phrase.
func (l loaded) problem() string {
	switch {
	case l.Kind == "forbidden":
		return l.Path + " is not executable for the image's user"
	case l.Kind == "absent" && strings.Contains(l.Script, "/"):
		return "the image has no such file"
	case l.Kind == "absent":
		return "the image has no program of that name on its PATH"
	case l.Kind == "killed" && l.Status < 0:
		return fmt.Sprintf("signal %d ended it while it was loaded", -l.Status)
	case l.Kind == "killed":
		return fmt.Sprintf("it ended with status %d while it was loaded", l.Status)
	case l.Type == "SystemExit":
		return fmt.Sprintf("it ends with status %d while it is loaded (%s)", l.Status, l.Message)
	}
	s := strings.TrimSuffix(l.Type+": "+l.Message, ": ")
	if len(l.Frames) > 0 {
		s += " (" + l.Frames[len(l.Frames)-1] + ")"
	}
	return s
}

// library is the shared library that there is not: glibc's linker says so, and musl's.
func (l loaded) library() string {
	for _, said := range []string{`(\S+): cannot open shared object file`, `Error loading shared library (\S+): No such file`} {
		if m := regexp.MustCompile(said).FindStringSubmatch(l.Message); m != nil {
			return path.Base(m[1])
		}
	}
	return ""
}
