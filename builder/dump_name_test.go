package builder

import (
	"bytes"
	"testing"
	"testing/fstest"

	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/images/definition"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// Where only the wheel knows what the project is called, there is no image to compile.
func TestDumpWithoutName(t *testing.T) {
	project, err := setupcfg.Load(fstest.MapFS{"setup.py": {Data: []byte("setup(**keywords)\n")}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := (&Run{}).Dump(t.Context(), images.Input{Project: project})
	const want = "writing the LLB of the images: what the project is called is known from its wheel only"
	if err == nil || err.Error() != want || got != nil {
		t.Errorf("%q, %v; want %s", got, err, want)
	}
}

// A set without a project has no wheel of one.
func TestDumpWithoutProject(t *testing.T) {
	run, _ := plannedRun(t, "leafcount", "debian-12", true)
	name := setupcfg.Fact[string]{Value: "tools", Status: setupcfg.Known}
	in := images.Input{NoProject: true, Project: &setupcfg.Project{Name: name}, Definition: &definition.Set{Files: []string{"pbrx-go.toml"},
		Content: definition.Content{Requirements: []definition.Requirement{{Line: definition.Text{Value: "ansible-core"}}}}}}
	got, err := run.Dump(t.Context(), in)
	if err != nil || !bytes.Contains(got, []byte("[dependencies] resolve")) || bytes.Contains(got, []byte("[project]")) {
		t.Errorf("%v\n%s", err, got)
	}
}
