package setupcfg

import (
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write what Load gives into the want file of each project")

// TestLoad reads the projects of testdata/load. Each is a txtar of a project's files; "want" is what
// Load makes of it, one fact a line, or its errors.
func TestLoad(t *testing.T) {
	files, err := filepath.Glob("testdata/load/*.txtar")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d projects in testdata/load, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			comment, archive := readArchive(t, file)
			fsys, last := fstest.MapFS{}, len(archive)-1
			if last < 0 || archive[last].name != "want" {
				t.Fatal("the last file is not want")
			}
			for _, f := range archive[:last] {
				fsys[f.name] = &fstest.MapFile{Data: []byte(f.text)}
			}
			want := archive[last].text
			if *update {
				archive[last].text = describe(Load(fsys))
				writeArchive(t, file, comment, archive)
				return
			}
			if diff := cmp.Diff(want, describe(Load(fsys))); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
		})
	}
}

// describe prints a project, or an error.
func describe(p *Project, err error) string {
	if err != nil {
		return err.Error() + "\n"
	}
	var b strings.Builder
	describeFact(&b, "name", p.Name, plain)
	describeFact(&b, "version", p.Version, plain)
	fmt.Fprintf(&b, "version source: %s\n", p.VersionSource)
	describeFact(&b, "backend", p.Backend, plain)
	fmt.Fprintf(&b, "family: %s, needs git: %v\n", p.BackendFamily, p.NeedsGit)
	describeFact(&b, "build requires", p.BuildRequires, requirementTexts)
	for name, fact := range []Fact[[]Script]{p.ConsoleScripts, p.GUIScripts} {
		describeFact(&b, []string{"console scripts", "gui scripts"}[name], fact, func(list []Script) string {
			out := ""
			for _, s := range list {
				out += fmt.Sprintf("\n  %s = %s %v @ %s", s.Name, s.Value, s.Extras, s.Pos)
			}
			return out
		})
	}
	describeFact(&b, "extras", p.Extras, func(list []Extra) string {
		out := ""
		for _, e := range list {
			out += fmt.Sprintf("\n  %s @ %s%s", e.Name, e.Pos, strings.ReplaceAll(requirementTexts(e.Requirements), "\n", "\n  "))
		}
		return out
	})
	describeFact(&b, "dependencies", p.Dependencies, requirementTexts)
	describeFact(&b, "requires python", p.RequiresPython, plain)
	for _, w := range p.Warnings {
		fmt.Fprintf(&b, "warning: %s\n", w)
	}
	return b.String()
}

func plain(s string) string { return " " + s }

func requirementTexts(list []Requirement) string {
	out := ""
	for _, r := range list {
		out += fmt.Sprintf("\n  %s @ %s", r, r.Pos)
	}
	return out
}

func describeFact[T any](b *strings.Builder, name string, fact Fact[T], text func(T) string) {
	switch fact.Status {
	case Known:
		grow := ""
		if fact.MayGrow {
			grow = " (may grow)"
		}
		fmt.Fprintf(b, "%s @ %s%s:%s\n", name, fact.Pos, grow, text(fact.Value))
	case Unknown:
		fmt.Fprintf(b, "%s: unknown @ %s: %s\n", name, fact.Pos, fact.Why)
	case Absent:
		fmt.Fprintf(b, "%s: absent\n", name)
	}
}
