package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"text/scanner"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

type projectOptions struct {
	format string
	dir    string
}

func newProject(a *app) *cobra.Command {
	o := &projectOptions{}
	cmd := &cobra.Command{
		Use:   "project [DIR]",
		Short: "Show what was understood of the project, and where each fact was read",
		Args:  atMost(1, "the project's directory"),
		RunE: func(_ *cobra.Command, args []string) error {
			o.dir = directory(args)
			return a.projectCommand(o)
		},
	}
	cmd.Flags().StringVar(&o.format, "format", "text", "`FORMAT` on stdout: text or json")
	return cmd
}

func (a *app) projectCommand(o *projectOptions) error {
	if o.format != "text" && o.format != "json" {
		return usagef("--format %s: use text or json", o.format)
	}
	project, _, err := openProject(o.dir)
	if err != nil {
		return err
	}
	r, err := newProjectReport(project)
	if err != nil {
		return err
	}
	if o.format == "text" {
		for _, warning := range project.Warnings {
			a.warn(warning.String())
		}
		return a.projectText(project, r)
	}
	enc := json.NewEncoder(a.streams.Out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}

// projectReport is the JSON of the command. Lists are never null: a fact of another status
// than known has an empty one.
type projectReport struct {
	Name           *string             `json:"name"`
	Version        *string             `json:"version"`
	VersionSource  string              `json:"version_source"`
	BuildBackend   string              `json:"build_backend"`
	NeedsGit       bool                `json:"needs_git"`
	ConsoleScripts []scriptReport      `json:"console_scripts"`
	GUIScripts     []scriptReport      `json:"gui_scripts"`
	DataScripts    []scriptReport      `json:"data_scripts"`
	Extras         map[string][]string `json:"extras"`
	RequiresPython *string             `json:"requires_python"`
	Dependencies   []string            `json:"dependencies"`
	Images         []imageReport       `json:"images"`
	Facts          []factReport        `json:"facts"`
	Warnings       []string            `json:"warnings"`
}

type scriptReport struct {
	Name   string   `json:"name"`
	Value  string   `json:"value"`
	Extras []string `json:"extras"`
}

// imageReport is one image. Extra is what its installation asks for: null, or names joined by
// commas as pip takes them.
type imageReport struct {
	Name   string  `json:"name"`
	Script *string `json:"script"`
	Extra  *string `json:"extra"`
}

type factReport struct {
	Fact   string          `json:"fact"`
	Status setupcfg.Status `json:"status"`
	File   string          `json:"file,omitempty"`
	Line   int             `json:"line,omitempty"`
	Column int             `json:"column,omitempty"`
	Why    string          `json:"why,omitempty"`
	// MayGrow says that the backend may add to what is known.
	MayGrow bool `json:"may_grow,omitempty"`
}

func newProjectReport(p *setupcfg.Project) (*projectReport, error) {
	r := &projectReport{
		Name: knownText(p.Name), Version: knownText(p.Version), RequiresPython: knownText(p.RequiresPython),
		VersionSource: p.VersionSource, BuildBackend: p.Backend.Value, NeedsGit: p.NeedsGit,
		ConsoleScripts: reportScripts(p.ConsoleScripts.Value), GUIScripts: reportScripts(p.GUIScripts.Value),
		DataScripts: reportScripts(p.DataScripts.Value),
		Extras:      map[string][]string{}, Dependencies: reportRequirements(p.Dependencies.Value),
		Images: []imageReport{}, Warnings: []string{},
		Facts: []factReport{
			reportFact("name", p.Name), reportFact("version", p.Version), reportFact("build_backend", p.Backend),
			reportFact("build_requires", p.BuildRequires), reportFact("console_scripts", p.ConsoleScripts),
			reportFact("gui_scripts", p.GUIScripts), reportFact("data_scripts", p.DataScripts), reportFact("extras", p.Extras),
			reportFact("dependencies", p.Dependencies), reportFact("requires_python", p.RequiresPython),
		},
	}
	for _, s := range p.ConsoleScripts.Value {
		r.Facts = append(r.Facts, itemFact("console_scripts."+s.Name, s.Pos))
	}
	for _, s := range p.GUIScripts.Value {
		r.Facts = append(r.Facts, itemFact("gui_scripts."+s.Name, s.Pos))
	}
	for _, s := range p.DataScripts.Value {
		r.Facts = append(r.Facts, itemFact("data_scripts."+s.Name, s.Pos))
	}
	for _, e := range p.Extras.Value {
		r.Extras[e.Name] = reportRequirements(e.Requirements)
		r.Facts = append(r.Facts, itemFact("extras."+e.Name, e.Pos))
	}
	for _, w := range p.Warnings {
		r.Warnings = append(r.Warnings, w.String())
	}
	return r, r.addImages(p)
}

// addImages asks the plan for the names. A project whose name only its wheel knows has no images yet.
func (r *projectReport) addImages(p *setupcfg.Project) error {
	if p.Name.Status != setupcfg.Known {
		return nil
	}
	plan, err := images.New(images.Input{Project: p}, images.Options{InitPath: "none"})
	if err != nil {
		return usageError{err}
	}
	for _, image := range plan.Images {
		out := imageReport{Name: image.Name}
		if image.Script != "" {
			out.Script = &image.Script
		}
		if len(image.Extras) > 0 {
			extra := strings.Join(image.Extras, ",")
			out.Extra = &extra
		}
		r.Images = append(r.Images, out)
	}
	return nil
}

func knownText(fact setupcfg.Fact[string]) *string {
	if fact.Status != setupcfg.Known {
		return nil
	}
	return &fact.Value
}

func reportScripts(list []setupcfg.Script) []scriptReport {
	out := []scriptReport{}
	for _, s := range list {
		out = append(out, scriptReport{s.Name, s.Value, append([]string{}, s.Extras...)})
	}
	return out
}

// reportRequirements prints requirements without the passwords of URLs.
func reportRequirements(list []setupcfg.Requirement) []string {
	out := []string{}
	for _, requirement := range list {
		out = append(out, requirement.String())
	}
	return out
}

func reportFact[T any](name string, fact setupcfg.Fact[T]) factReport {
	return factReport{name, fact.Status, fact.Pos.Filename, fact.Pos.Line, fact.Pos.Column, fact.Why, fact.MayGrow}
}

// itemFact is one item of a list that is known.
func itemFact(name string, pos scanner.Position) factReport {
	return factReport{Fact: name, Status: setupcfg.Known, File: pos.Filename, Line: pos.Line, Column: pos.Column}
}

// projectText prints one fact a line: what, the value, where it was read.
func (a *app) projectText(p *setupcfg.Project, r *projectReport) error {
	var table bytes.Buffer
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	row := func(what, value string, pos scanner.Position) {
		place := ""
		if pos.Filename != "" {
			place = pos.String()
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", what, value, place)
	}
	textRow(row, "name", p.Name)
	textRow(row, "version", p.Version)
	row("version from", p.VersionSource, scanner.Position{})
	row("build backend", p.Backend.Value+" ("+p.BackendFamily+")", p.Backend.Pos)
	git := "no"
	if p.NeedsGit {
		git = "yes"
	}
	row("needs git", git, scanner.Position{})
	textRow(row, "requires Python", p.RequiresPython)
	listRows(row, "build requirement", p.BuildRequires, func(q setupcfg.Requirement) { row("build requirement", q.String(), q.Pos) })
	script := func(what string) func(setupcfg.Script) {
		return func(s setupcfg.Script) {
			value := s.Name + " = " + s.Value
			if len(s.Extras) > 0 {
				value += " [" + strings.Join(s.Extras, ", ") + "]"
			}
			row(what, value, s.Pos)
		}
	}
	listRows(row, "console script", p.ConsoleScripts, script("console script"))
	listRows(row, "GUI script", p.GUIScripts, script("GUI script"))
	listRows(row, "script file", p.DataScripts, func(s setupcfg.Script) { row("script file", s.Name+", the file "+s.Value, s.Pos) })
	listRows(row, "extra", p.Extras, func(e setupcfg.Extra) {
		row("extra", e.Name+": "+strings.Join(reportRequirements(e.Requirements), ", "), e.Pos)
	})
	listRows(row, "dependency", p.Dependencies, func(q setupcfg.Requirement) { row("dependency", q.String(), q.Pos) })
	for _, image := range r.Images {
		value := image.Name
		if image.Extra != nil {
			value += " with the extra " + *image.Extra
		}
		row("image", value, scanner.Position{})
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(table.String()) {
		fmt.Fprintln(a.streams.Out, strings.TrimRight(line, " \n"))
	}
	return nil
}

func textRow(row func(string, string, scanner.Position), what string, fact setupcfg.Fact[string]) {
	listRows(row, what, setupcfg.Fact[[]string]{Value: []string{fact.Value}, Status: fact.Status, Pos: fact.Pos, Why: fact.Why},
		func(text string) { row(what, text, fact.Pos) })
}

// listRows prints the items of a list that is known, else why there are none.
func listRows[T any](row func(string, string, scanner.Position), what string, fact setupcfg.Fact[[]T], print func(T)) {
	switch fact.Status {
	case setupcfg.Known:
		for _, item := range fact.Value {
			print(item)
		}
		if fact.MayGrow {
			row(what, "more may be in the wheel", fact.Pos)
		}
	case setupcfg.Unknown:
		row(what, "to be read from the wheel: "+fact.Why, fact.Pos)
	case setupcfg.Absent:
		row(what, "none", fact.Pos)
	}
}
