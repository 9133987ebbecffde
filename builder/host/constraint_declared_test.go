package host_test

import (
	"reflect"
	"testing"
	"text/scanner"

	"github.com/pbrx-go/pbrx-go/builder/host"
	"github.com/pbrx-go/pbrx-go/images"
)

// A line of a definition counts in place of what its files say; the project and what was excluded does not count at all.
func TestDeclaredConstraints(t *testing.T) {
	const file = "glance_store==4.0\nfoo==1\nsetuptools==90\nBar==2\n"
	c, err := constraints(t, t.TempDir(), nil, host.ConstraintOptions{
		Declared: []host.DeclaredConstraint{
			{Data: []byte(file), Name: "git+../requirements@master#upper.txt"},
			{Line: "setuptools<81", Pos: scanner.Position{Filename: "pbrx-go.toml", Line: 4, Column: 3}},
		},
		Drop: []host.Drop{{Name: "bar", Why: "it is the project itself"}, {Name: "glance-store", Why: "constraints-exclude glance-store", Expected: true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := string(c.Requested); got != "setuptools<81\nfoo==1\n" {
		t.Errorf("pip is told %q", got)
	}
	want := []images.Constraint{
		{Name: "glance-store", Text: "glance_store==4.0", From: "git+../requirements@master#upper.txt:1:1", Why: "constraints-exclude glance-store"},
		{Name: "setuptools", Text: "setuptools==90", From: "git+../requirements@master#upper.txt:3:1", Why: "pbrx-go.toml:4:3 says otherwise: setuptools<81"},
		{Name: "bar", Text: "Bar==2", From: "git+../requirements@master#upper.txt:4:1", Why: "it is the project itself"},
	}
	if !reflect.DeepEqual(c.Report.Dropped, want) {
		t.Errorf("left out: %+v", c.Report.Dropped)
	}
	if len(c.Warnings) > 0 {
		t.Errorf("warnings: %q", c.Warnings)
	}
}
