package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/scanner"

	"github.com/pbrx-go/pbrx-go/bindep"
	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// maxProblems is how many problems are worth telling.
const maxProblems = 20

// ConstraintOptions say what limits the versions of dependencies, beside pip's configuration.
type ConstraintOptions struct {
	// Files are FILE, an http(s) or file URL, or git+URL@REF#PATH, in order.
	Files []string
	// Declared are those of a definition, where there are no Files.
	Declared []DeclaredConstraint
	// Drop are the names whose entries do not count: what is built from source (pip would fail on any version but
	// the one that was released), and what the user does not want to be limited.
	Drop []Drop
	// Here says that pip of this machine is going to read them, not that of a build: then paths of this machine and
	// addresses with credentials are fine.
	Here bool
}

// Drop is one name that constraints do not limit.
type Drop struct {
	// Name in any spelling, and the reason to give.
	Name, Why string
	// Expected asks for a warning where no file has the name.
	Expected bool
}

// Constraints are what pip is to be told of versions. One line is one entry, without comments and with the files
// that were included in their place: how and where they were written is no part of what is built.
type Constraints struct {
	// Pip and Build are those of pip's configuration (constraint, build-constraint), Requested the files of the options.
	Pip, Build, Requested []byte
	// Lines are the entries of Pip and Requested.
	Lines []images.Constraint
	// Report is nil where there are no files.
	Report   *images.Constraints
	Warnings []string
}

// ReadConstraints reads the constraints of pip's configuration and those asked for, over the network where they
// are there, by the host's certificates, proxies, netrc and git. env and root are as for Read. Errors are a setupcfg.ErrorList, *FetchError,
// or those of files that cannot be read; all problems are reported at once.
func ReadConstraints(ctx context.Context, env map[string]string, root string, opts ConstraintOptions) (*Constraints, error) {
	pip := &reader{env: env, root: root}
	options, err := pip.pipOptions()
	if err != nil {
		return nil, err
	}
	f := &fetcher{env: env, root: root}
	defer f.close()
	r := &constraintReader{fetcher: f, env: env, drop: opts.Drop, here: opts.Here, definition: len(opts.Files) == 0 && len(opts.Declared) > 0, seen: map[string]bool{}, out: &Constraints{}}
	r.out.Pip = r.files(ctx, strings.Fields(options["constraint"]), "pip's option constraint")
	r.out.Requested = r.files(ctx, opts.Files, "--constraint")
	if len(opts.Files) == 0 {
		r.out.Requested = r.declared(ctx, opts.Declared)
	}
	of, report := r.entries, r.out.Report
	r.drop = nil // what builds the project may be an older release of it
	r.out.Build = r.files(ctx, strings.Fields(options["build-constraint"]), "pip's option build-constraint")
	r.entries, r.out.Report = of, report
	r.contradictions()
	if more := len(r.problems) - maxProblems; more > 0 { // it is another kind of file
		r.problems = append(r.problems[:maxProblems:maxProblems],
			&setupcfg.Error{Pos: scanner.Position{Filename: r.problems[0].Pos.Filename}, Msg: fmt.Sprintf("%d more lines are wrong", more), Hint: "name a file of constraints"})
	}
	if len(r.problems) > 0 {
		r.failures = append(r.failures, r.problems)
	}
	if err := errors.Join(r.failures...); err != nil {
		return nil, err
	}
	for _, e := range r.entries {
		r.out.Lines = append(r.out.Lines, e.Constraint)
	}
	r.out.Warnings = append(r.out.Warnings, r.idle(opts.Drop)...)
	return r.out, nil
}

// entry is one line of a constraints file that counts.
type entry struct {
	images.Constraint
	pos         scanner.Position
	pin, marker string
}

// constraintReader reads files one after the other into out.
type constraintReader struct {
	*fetcher
	env  map[string]string
	drop []Drop
	here bool
	// definition says that the constraints are those of one.
	definition bool
	out        *Constraints
	entries    []entry
	// seen are the dropped names that a file has.
	seen     map[string]bool
	problems setupcfg.ErrorList
	failures []error
}

func (r *constraintReader) problem(pos scanner.Position, hint, format string, args ...any) {
	r.problems = append(r.problems, &setupcfg.Error{Pos: pos, Msg: fmt.Sprintf(format, args...), Hint: hint})
}

// files joins files, each as it was named.
func (r *constraintReader) files(ctx context.Context, names []string, from string) []byte {
	var all bytes.Buffer
	for _, name := range names {
		at, err := parsePlace(name)
		if err != nil {
			r.failures = append(r.failures, fmt.Errorf("%s: %w", from, err))
			continue
		}
		all.Write(r.one(ctx, at, from))
	}
	return all.Bytes()
}

// one reads one file; what is wrong with it goes to the failures.
func (r *constraintReader) one(ctx context.Context, at place, from string) []byte {
	var text bytes.Buffer
	err := r.file(ctx, at, &text, nil)
	var fetch *FetchError
	if err != nil && !errors.As(err, &fetch) && ctx.Err() == nil {
		err = fmt.Errorf("%w: name a file of constraints", err)
	}
	if err != nil {
		r.failures = append(r.failures, fmt.Errorf("%s: %w", from, err))
		return nil
	}
	r.report(at.String(), text.Bytes())
	return text.Bytes()
}

// file writes the entries of one file that count, with those of the files that it includes.
func (r *constraintReader) file(ctx context.Context, at place, into *bytes.Buffer, above []string) error {
	data, err := r.read(ctx, at)
	if err != nil {
		return err
	}
	lines, err := setupcfg.RequirementLines(data)
	if err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	above = append(slices.Clone(above), at.String())
	for _, l := range lines {
		pos := scanner.Position{Filename: at.String(), Line: l.Line, Column: l.Column}
		got := r.line(pos, l.Text)
		if got.include != "" {
			r.include(ctx, at, got, into, above)
			continue
		}
		if got.text == "" || r.dropped(got.entry) {
			continue
		}
		into.WriteString(got.text + "\n")
		if got.Text != "" {
			r.entries = append(r.entries, got.entry)
		}
	}
	return nil
}

// include reads what a -c or -r names, which is relative to the file that has the line.
func (r *constraintReader) include(ctx context.Context, from place, line readLine, into *bytes.Buffer, above []string) {
	pos := line.pos
	at, err := from.beside(line.include)
	if err == nil && slices.Contains(above, at.String()) {
		r.problem(pos, "remove one of the lines", "%s includes itself", at)
		return
	}
	if err == nil {
		err = r.file(ctx, at, into, above)
	}
	var fetch *FetchError
	switch {
	case errors.As(err, &fetch):
		r.failures = append(r.failures, fmt.Errorf("%s: %w", pos, err))
	case err != nil:
		r.problem(pos, "correct the path, which is relative to this file", "%v", err)
	}
}

// dropped takes note of an entry that does not count.
func (r *constraintReader) dropped(e entry) bool {
	for _, d := range r.drop {
		if e.Name == "" || setupcfg.Canonical(d.Name) != e.Name {
			continue
		}
		r.seen[e.Name] = true
		e.Why = d.Why
		if r.out.Report == nil {
			r.out.Report = &images.Constraints{}
		}
		r.out.Report.Dropped = append(r.out.Report.Dropped, e.Constraint)
		return true
	}
	return false
}

// contradictions are pins of one name to two versions. What the markers decide, and ranges, pip knows better.
func (r *constraintReader) contradictions() {
	first := map[string]entry{}
	for _, e := range r.entries {
		if e.pin == "" {
			continue
		}
		key := e.Name + ";" + strings.Join(strings.Fields(strings.ReplaceAll(e.marker, "'", `"`)), "")
		other, known := first[key]
		if !known {
			first[key] = e
			continue
		}
		if !samePin(e.pin, other.pin) {
			r.problem(e.pos, "remove one of them, or leave the name out with "+r.exclude(e.Name),
				"%s contradicts %s of %s", e.Text, other.Text, other.From)
		}
	}
}

// exclude is how to leave a name out: where a definition says what counts, with a key of it.
func (r *constraintReader) exclude(name string) string {
	if r.definition {
		return fmt.Sprintf("constraints-exclude = [%q]", name)
	}
	return "--constraint-exclude " + name
}

// samePin says whether one version can be both: 1.0+local is a 1.0 as well.
func samePin(a, b string) bool {
	publicA, localA, _ := strings.Cut(a, "+")
	publicB, localB, _ := strings.Cut(b, "+")
	return publicA == publicB && (localA == localB || localA == "" || localB == "")
}

// idle warns of names that were to be left out and that no file has.
func (r *constraintReader) idle(drop []Drop) []string {
	var out []string
	for _, d := range drop {
		if !d.Expected || r.seen[setupcfg.Canonical(d.Name)] {
			continue
		}
		text := fmt.Sprintf("%s: no constraints file has this name", d.Why)
		var near []string
		for _, e := range r.entries {
			plain := strings.NewReplacer("-", "")
			if a, b := plain.Replace(e.Name), plain.Replace(setupcfg.Canonical(d.Name)); e.Name != "" && !slices.Contains(near, e.Name) && (strings.Contains(a, b) || strings.Contains(b, a)) {
				near = append(near, e.Name)
			}
		}
		if slip, ok := bindep.Nearest(setupcfg.Canonical(d.Name), names(r.entries)); ok && len(near) == 0 {
			near = []string{slip}
		}
		if len(near) > 0 && len(near) <= 5 {
			text += "; it has " + strings.Join(near, ", ")
		}
		out = append(out, text)
	}
	return out
}

func names(entries []entry) []string {
	var out []string
	for _, e := range entries {
		if e.Name != "" {
			out = append(out, e.Name)
		}
	}
	return out
}
