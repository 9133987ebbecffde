package builder

import (
	"bytes"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/opencontainers/go-digest"

	"github.com/pbrx-go/pbrx-go/builder/dockerfile"
	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
)

// StepResult is what became of one step of a build.
type StepResult struct {
	// Name is the step's name.
	Name string
	// Cached says that an earlier result was taken and nothing ran.
	Cached bool
	// Took is how long it ran.
	Took time.Duration
}

// keptLines is how much of a step's output is kept for the report of its failure.
const keptLines = 200

// tracker follows the status of all jobs of a build. What several jobs share is counted once.
type tracker struct {
	mu       sync.Mutex
	forward  func(*client.SolveStatus)
	redactor *redactor
	vertices map[digest.Digest]*vertex
	order    []digest.Digest
	// settled are the names of what is done. The same step has another digest in every session,
	// because its files come from that session, and is the same step all the same.
	settled map[string]bool
	// notes are what steps had to say to the user, in their order.
	notes []string
}

// notePrefix begins a line of a step's output that is meant for the user (common.py).
const notePrefix = "pbrx-go: note: "

type vertex struct {
	name   string
	cached bool
	// fetched says that a result was found in a layer cache elsewhere. It is fetched then, and the fetching looks
	// like the step, but for that the step says nothing.
	fetched bool
	done    bool
	ran     bool
	err     string
	took    time.Duration
	partial []byte
	lines   []string
}

// newTracker hands on what it is told to forward, which may be nil; secrets are neither handed on nor kept.
func newTracker(forward func(*client.SolveStatus), secrets ...string) *tracker {
	return &tracker{forward: forward, redactor: newRedactor(secrets), vertices: map[digest.Digest]*vertex{}, settled: map[string]bool{}}
}

// update takes in one status and hands it on, less what has been seen done.
func (t *tracker) update(s *client.SolveStatus) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var fresh []*client.Vertex
	var held []*client.VertexLog
	for _, v := range s.Vertexes {
		v = t.redactVertex(v)
		known := t.vertices[v.Digest]
		if known == nil {
			if t.settled[v.Name] {
				continue
			}
			known = &vertex{name: v.Name}
			t.vertices[v.Digest] = known
			t.order = append(t.order, v.Digest)
		}
		if known.done && known.err == "" {
			continue
		}
		fresh = append(fresh, v)
		if v.Error != "" {
			known.err = v.Error
		}
		known.fetched = known.fetched || v.Cached
		if v.Completed != nil {
			held = append(held, t.redactor.rest(v)...)
			known.done = true
			known.cached = v.Cached || known.fetched && len(known.lines)+len(known.partial) == 0
			known.ran = !known.cached
			if v.Started != nil {
				known.took = v.Completed.Sub(*v.Started)
			}
			t.settled[v.Name] = strings.HasPrefix(v.Name, "[") && v.Error == ""
		}
	}
	logs := t.redactor.logs(s.Logs, t.done)
	for _, l := range slices.Concat(held, logs) {
		v := t.vertices[l.Vertex]
		if v == nil {
			continue
		}
		for _, line := range v.log(l.Data) {
			if note, ok := strings.CutPrefix(line, notePrefix); ok && !slices.Contains(t.notes, note) {
				t.notes = append(t.notes, note)
				fresh = append(fresh, noteVertex(note, l.Timestamp))
			}
		}
	}
	if t.forward != nil {
		t.forward(&client.SolveStatus{Vertexes: fresh, Statuses: s.Statuses, Logs: slices.Concat(held, logs), Warnings: s.Warnings})
	}
}

// done says that a step prints no more.
func (t *tracker) done(d digest.Digest) bool {
	v := t.vertices[d]
	return v != nil && v.done
}

// redactVertex is a vertex whose error tells no credential.
func (t *tracker) redactVertex(v *client.Vertex) *client.Vertex {
	if v.Error == "" {
		return v
	}
	c := *v
	c.Error = t.redactor.text(v.Error)
	return &c
}

// noteVertex shows a note while the build runs: as a line of its own, whatever way progress is shown.
func noteVertex(note string, at time.Time) *client.Vertex {
	name := "[note] " + note
	return &client.Vertex{Digest: digest.FromString(name), Name: name, Started: &at, Completed: &at}
}

// log takes in what a step printed and returns the lines that it ended.
func (v *vertex) log(data []byte) (ended []string) {
	v.partial = append(v.partial, data...)
	for {
		line, rest, found := bytes.Cut(v.partial, []byte("\n"))
		if !found {
			return ended
		}
		ended = append(ended, strings.TrimRight(string(line), "\r"))
		v.lines = append(v.lines, ended[len(ended)-1])
		v.partial = append([]byte(nil), rest...)
		if len(v.lines) > keptLines {
			v.lines = slices.Delete(v.lines, 0, len(v.lines)-keptLines)
		}
	}
}

// said are the notes so far.
func (t *tracker) said() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.notes)
}

// steps lists what became of the steps, in the order in which they were begun.
func (t *tracker) steps() []StepResult {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []StepResult
	for _, d := range t.order {
		if v := t.vertices[d]; v.done && isStep(v.name) {
			out = append(out, StepResult{Name: v.name, Cached: v.cached, Took: v.took})
		}
	}
	return out
}

// isStep tells the steps of the plan from what the engine does for itself.
func isStep(name string) bool {
	for _, word := range []string{"[base]", "[distro]", "[python]", "[project]", "[dependencies]", "[sibling", "[extra", "[accounts]", "[files]", "[run", dockerfile.StepPrefix} {
		if strings.HasPrefix(name, word) {
			return true
		}
	}
	return false
}

// failed returns the step that a solve failed on, if it was a step.
func (t *tracker) failed(steps map[string]plan2llb.Step) (*StepError, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, d := range t.order {
		v := t.vertices[d]
		step, known := steps[v.name]
		if v.err == "" || !known || strings.Contains(v.err, "context canceled") {
			continue
		}
		lines := v.lines
		if len(v.partial) > 0 {
			lines = append(slices.Clone(lines), string(v.partial))
		}
		return &StepError{Step: step.Name, From: step.From, Lines: lines, cause: v.err}, true
	}
	return nil, false
}
