package builder

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/opencontainers/go-digest"

	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
)

// at is a moment of a build.
func at(seconds int) *time.Time {
	t := time.Unix(int64(seconds), 0)
	return &t
}

func one(v client.Vertex) *client.SolveStatus {
	return &client.SolveStatus{Vertexes: []*client.Vertex{&v}}
}

func said(d digest.Digest, text string) *client.SolveStatus {
	return &client.SolveStatus{Logs: []*client.VertexLog{{Vertex: d, Data: []byte(text)}}}
}

func TestTrackerCountsEachStepOnce(t *testing.T) {
	var shown []string
	tr := newTracker(func(s *client.SolveStatus) {
		for _, v := range s.Vertexes {
			shown = append(shown, v.Name)
		}
	})
	tr.update(one(client.Vertex{Digest: "sha256:a", Name: "[internal] load"}))
	tr.update(one(client.Vertex{Digest: "sha256:b", Name: "[project] wheel", Started: at(1)}))
	tr.update(one(client.Vertex{Digest: "sha256:c", Name: "[project] install", Started: at(1), Completed: at(1), Cached: true}))
	tr.update(one(client.Vertex{Digest: "sha256:d", Name: "[distro] runtime packages: x", Started: at(2)})) // not done
	tr.update(one(client.Vertex{Digest: "sha256:b", Name: "[project] wheel", Started: at(1), Completed: at(4)}))
	tr.update(one(client.Vertex{Digest: "sha256:b", Name: "[project] wheel", Started: at(1), Completed: at(5)}))               // told again
	tr.update(one(client.Vertex{Digest: "sha256:e", Name: "[project] wheel", Started: at(6), Completed: at(6), Cached: true})) // of another session
	tr.update(one(client.Vertex{Digest: "sha256:f", Name: "export"}))
	want := []StepResult{{Name: "[project] wheel", Took: 3 * time.Second}, {Name: "[project] install", Cached: true}}
	if got := tr.steps(); !slices.Equal(got, want) {
		t.Errorf("the steps are %+v, want %+v", got, want)
	}
	names := []string{"[internal] load", "[project] wheel", "[project] install", "[distro] runtime packages: x", "[project] wheel", "export"}
	if !slices.Equal(shown, names) {
		t.Errorf("shown %q, want %q", shown, names)
	}
}

func TestTrackerFindsWhatFailed(t *testing.T) {
	steps := map[string]plan2llb.Step{
		"[project] wheel":              {Name: "[project] wheel"},
		"[distro] runtime packages: x": {Name: "[distro] runtime packages: x", From: []string{"bindep.txt:1:1"}},
	}
	tr := newTracker(nil)
	if _, ok := tr.failed(steps); ok {
		t.Error("a step failed before there was one")
	}
	tr.update(one(client.Vertex{Digest: "sha256:a", Name: "[internal] load", Error: "no such file"}))
	tr.update(one(client.Vertex{Digest: "sha256:b", Name: "[project] wheel", Completed: at(1), Error: "context canceled: the other failed"}))
	if _, ok := tr.failed(steps); ok {
		t.Error("what failed for another's sake, or is no step, is taken for the cause")
	}
	tr.update(one(client.Vertex{Digest: "sha256:c", Name: "[distro] runtime packages: x", Started: at(1)}))
	for n := range keptLines + 1 {
		tr.update(said("sha256:c", fmt.Sprintf("line %d\r\nhalf", n)))
	}
	tr.update(said("sha256:unknown", "of nobody\n"))
	tr.update(one(client.Vertex{Digest: "sha256:c", Name: "[distro] runtime packages: x", Completed: at(2), Error: "exit code: 1"}))
	err, ok := tr.failed(steps)
	if !ok || err.Step != "[distro] runtime packages: x" || !slices.Equal(err.From, []string{"bindep.txt:1:1"}) || err.cause != "exit code: 1" {
		t.Fatalf("%+v, %t", err, ok)
	}
	if first, last := err.Lines[0], err.Lines[len(err.Lines)-1]; len(err.Lines) != keptLines+1 || first != "halfline 1" || last != "half" {
		t.Errorf("%d lines from %q to %q", len(err.Lines), first, last)
	}
	if tail := err.Tail(); len(tail) != shownLines || tail[shownLines-1] != "half" {
		t.Errorf("the tail is %q", tail)
	}
}

// What a step has to say to the user is shown at once, as a line of its own, and once.
func TestTrackerNotes(t *testing.T) {
	var shown []string
	tr := newTracker(func(s *client.SolveStatus) {
		for _, v := range s.Vertexes {
			if v.Completed != nil {
				shown = append(shown, v.Name)
			}
		}
	})
	tr.update(one(client.Vertex{Digest: "sha256:b", Name: "[dependencies] wheels", Started: at(1)}))
	tr.update(said("sha256:b", "Collecting x\npbrx-go: note: no whe"))
	tr.update(said("sha256:b", "el of x\nsee pbrx-go: note: of no account\npbrx-go: note: no wheel of x\n"))
	if want := []string{"no wheel of x"}; !slices.Equal(tr.said(), want) || !slices.Equal(shown, []string{"[note] no wheel of x"}) {
		t.Errorf("said %q and shown %q, want %q", tr.said(), shown, want)
	}
	if steps := tr.steps(); len(steps) != 0 {
		t.Errorf("a note counts as a step: %v", steps)
	}
}
