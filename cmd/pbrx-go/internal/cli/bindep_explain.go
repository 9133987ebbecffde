package cli

import (
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pbrx-go/pbrx-go/bindep"
	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

type bindepExplainOptions struct {
	distroFlags
	file     string
	format   string
	packages []string
}

func newBindepExplain(a *app) *cobra.Command {
	o := &bindepExplainOptions{}
	cmd := &cobra.Command{
		Use:   "explain [PACKAGE…]",
		Short: "Say of every line whether its package is in the builder and in the images, and why",
		Long: `explain says of every line of bindep.txt, or of those that name a PACKAGE, whether the line is
active for the builder and for the images that build-images makes on a distribution, and
which selector decided. The builder has the profile "` + bindep.CompileProfile + `", the images have "` + bindep.DefaultProfile + `", both
have those of the distribution. The image of a script has the profile with the script's name, too.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.packages = args
			return a.bindepExplain(cmd.Context(), o)
		},
	}
	o.distroFlags.bind(cmd)
	bindFile(cmd, &o.file)
	bindFormat(cmd, &o.format)
	return cmd
}

func (a *app) bindepExplain(ctx context.Context, o *bindepExplainOptions) error {
	if err := checkFormat(o.format); err != nil {
		return err
	}
	name, src, err := a.bindepSource(o.file)
	if err != nil {
		return err
	}
	file, err := bindep.Parse(name, src)
	if err != nil {
		return err
	}
	for _, w := range bindep.Lint(file) {
		a.warn(w.String())
	}
	distro, err := o.distroFlags.read(ctx, a)
	if err != nil {
		return err
	}
	e := explain(file, distro, o.packages)
	e.addImages(file, distro, scriptsHere(o.file))
	switch o.format {
	case "json":
		err = printJSON(a.streams.Out, e)
	case "csv":
		err = e.csv(a.streams.Out)
	default:
		err = e.text(a.streams.Out)
	}
	if err != nil {
		return fmt.Errorf("printing the explanation: %w", err)
	}
	return nil
}

// explanation is the JSON of bindep explain.
type explanation struct {
	File             string          `json:"file"`
	Distro           string          `json:"distro"`
	PlatformProfiles []string        `json:"platform_profiles"`
	BuilderProfiles  []string        `json:"builder_profiles"`
	RuntimeProfiles  []string        `json:"runtime_profiles"`
	Lines            []explainedLine `json:"lines"`
	// Unnamed are the packages that were asked for and that no line names.
	Unnamed []string `json:"unnamed"`
}

// explainedLine is what becomes of one rule.
type explainedLine struct {
	Name       string  `json:"name"`
	Line       int     `json:"line"`
	Column     int     `json:"column"`
	Rule       string  `json:"rule"`
	Constraint string  `json:"constraint"`
	Builder    verdict `json:"builder"`
	Runtime    verdict `json:"runtime"`
	// Images are the scripts in whose images the package is although it is not in all of them: the line has a profile of that name.
	Images []string `json:"images,omitempty"`
}

// verdict says whether a rule is active, and which selectors decided.
type verdict struct {
	Active bool   `json:"active"`
	Why    string `json:"why"`
	// Also is another line that brings the package where this one does not, or 0.
	Also int `json:"also"`
}

func explain(file *bindep.File, distro bindep.Distro, packages []string) explanation {
	e := explanation{
		File: file.Name, Distro: distro.String(), PlatformProfiles: distro.Profiles(),
		Lines: []explainedLine{}, Unnamed: []string{},
	}
	builder, runtime := images.BuilderProfiles(distro), images.RuntimeProfiles(distro)
	e.BuilderProfiles = without(builder, e.PlatformProfiles)
	e.RuntimeProfiles = without(runtime, e.PlatformProfiles)
	inBuilder, inRuntime := firstLines(file.Select(builder)), firstLines(file.Select(runtime))
	named := map[string]bool{}
	for _, r := range file.Rules {
		named[r.Name] = true
		if len(packages) > 0 && !slices.Contains(packages, r.Name) {
			continue
		}
		e.Lines = append(e.Lines, explainedLine{
			Name: r.Name, Line: r.Pos.Line, Column: r.Pos.Column, Rule: r.String(), Constraint: constraint(r),
			Builder: judge(r, builder, inBuilder), Runtime: judge(r, runtime, inRuntime),
		})
	}
	for _, p := range packages {
		if !named[p] && !slices.Contains(e.Unnamed, p) {
			e.Unnamed = append(e.Unnamed, p)
		}
	}
	return e
}

// addImages says for which scripts' images a line is active that is not so for all.
func (e *explanation) addImages(file *bindep.File, distro bindep.Distro, scripts []string) {
	for n := range e.Lines {
		l := &e.Lines[n]
		i := slices.IndexFunc(file.Rules, func(r bindep.Rule) bool { return r.Pos.Line == l.Line })
		if l.Runtime.Active || i < 0 {
			continue
		}
		for _, script := range scripts {
			profile := images.ScriptProfile(script)
			if profile == "" {
				continue
			}
			if ok, _ := file.Rules[i].Active(append(images.RuntimeProfiles(distro), profile)); ok {
				l.Images = append(l.Images, script)
			}
		}
	}
}

// scriptsHere are the console scripts of the project in the current directory, where that is what the bindep file belongs to.
func scriptsHere(file string) []string {
	if file != "" {
		return nil
	}
	project, err := setupcfg.Load(os.DirFS("."))
	if err != nil { // whoever builds is told
		return nil
	}
	var names []string
	for _, s := range project.ConsoleScripts.Value {
		names = append(names, s.Name)
	}
	return names
}

func without(list, others []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(others, s) })
}

// firstLines maps each package to the line that brings it.
func firstLines(rules []bindep.Rule) map[string]int {
	lines := map[string]int{}
	for _, r := range rules {
		lines[r.Name] = cmp.Or(lines[r.Name], r.Pos.Line)
	}
	return lines
}

func judge(r bindep.Rule, profiles []string, lines map[string]int) verdict {
	v := verdict{}
	v.Active, v.Why = r.Active(profiles)
	if !v.Active {
		v.Also = lines[r.Name]
	}
	return v
}

func (e explanation) text(out io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s on %s, which is %s\n", e.File, e.Distro, strings.Join(e.PlatformProfiles, " "))
	fmt.Fprintf(&b, "active besides: %s for the builder, %s for the images\n", strings.Join(e.BuilderProfiles, " "), strings.Join(e.RuntimeProfiles, " "))
	for _, l := range e.Lines {
		fmt.Fprintf(&b, "\n%s:%d:%d: %s\n", e.File, l.Line, l.Column, l.Rule)
		fmt.Fprintf(&b, "  builder  %s\n  images   %s\n", l.Builder, l.Runtime)
		if len(l.Images) > 0 {
			fmt.Fprintf(&b, "  image    of %s alone, by the profile of that name\n", strings.Join(l.Images, ", "))
		}
		if l.Constraint != "" {
			fmt.Fprintf(&b, "  version  %s is not looked at: the distribution's is installed\n", l.Constraint)
		}
	}
	for _, name := range e.Unnamed {
		fmt.Fprintf(&b, "\n%s: no line of %s names it; what a build adds by itself is in: pbrx-go plan\n", name, e.File)
	}
	if len(e.Lines)+len(e.Unnamed) == 0 {
		fmt.Fprintf(&b, "\n%s names no package\n", e.File)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// String is "yes" or "no", and why.
func (v verdict) String() string {
	switch {
	case v.Active:
		return "yes, " + v.Why
	case v.Also > 0:
		return fmt.Sprintf("no, %s; line %d brings it", v.Why, v.Also)
	}
	return "no, " + v.Why
}

func (e explanation) csv(out io.Writer) error {
	rows := [][]string{{"file", "line", "column", "package", "builder", "builder_why", "runtime", "runtime_why"}}
	yesNo := map[bool]string{true: "yes", false: "no"}
	for _, l := range e.Lines {
		rows = append(rows, []string{
			e.File, strconv.Itoa(l.Line), strconv.Itoa(l.Column), l.Name,
			yesNo[l.Builder.Active], l.Builder.Why, yesNo[l.Runtime.Active], l.Runtime.Why,
		})
	}
	for _, name := range e.Unnamed {
		rows = append(rows, []string{e.File, "", "", name, "no", "no line names it", "no", "no line names it"})
	}
	return csv.NewWriter(out).WriteAll(rows)
}
