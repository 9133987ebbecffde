package host

import (
	"bytes"
	"context"
	"text/scanner"

	"github.com/opencontainers/go-digest"

	"github.com/pbrx-go/pbrx-go/images"
)

// DeclaredConstraint is one entry of a definition's constraints: a line, or a file that was fetched.
type DeclaredConstraint struct {
	// Line is a requirement, written at Pos. It counts in place of what the files say of its name.
	Line string
	Pos  scanner.Position
	// Data is a file that was fetched, and Name what it is called for people.
	Data []byte
	Name string
}

// declared joins what a definition says: the lines, and the files without what the lines are about.
func (r *constraintReader) declared(ctx context.Context, all []DeclaredConstraint) []byte {
	var text bytes.Buffer
	for _, d := range all {
		if d.Line == "" {
			continue
		}
		got := r.line(d.Pos, d.Line)
		if got.text == "" || r.dropped(got.entry) {
			continue
		}
		text.WriteString(got.text + "\n")
		if got.Text != "" {
			r.entries = append(r.entries, got.entry)
		}
		r.report(d.Pos.String(), []byte(got.text+"\n"))
	}
	drop := r.drop
	for _, e := range r.entries {
		r.drop = append(r.drop, Drop{Name: e.Name, Why: e.From + " says otherwise: " + e.Text})
	}
	defer func() { r.drop = drop }()
	for _, d := range all {
		if d.Line == "" {
			text.Write(r.one(ctx, place{data: d.Data, name: d.Name}, "constraints"))
		}
	}
	return text.Bytes()
}

// report notes a file for whoever asks what limits the versions.
func (r *constraintReader) report(from string, text []byte) {
	if r.out.Report == nil {
		r.out.Report = &images.Constraints{Dropped: []images.Constraint{}}
	}
	r.out.Report.Files = append(r.out.Report.Files, images.ConstraintFile{
		From: from, Digest: digest.FromBytes(text).String(), Entries: bytes.Count(text, []byte("\n"))})
}
