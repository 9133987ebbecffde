package progress_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/opencontainers/go-digest"

	"github.com/pbrx-go/pbrx-go/builder/progress"
)

// show shows a step that says something and is done.
func show(t *testing.T, mode progress.Mode) string {
	t.Helper()
	var out bytes.Buffer
	d, err := progress.New(&out, mode)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	step := client.Vertex{Digest: digest.FromString("x"), Name: "[project] wheel", Started: &now}
	d.Update(&client.SolveStatus{Vertexes: []*client.Vertex{&step}})
	d.Update(&client.SolveStatus{Logs: []*client.VertexLog{{Vertex: step.Digest, Stream: 1, Data: []byte("compiling\n"), Timestamp: now}}})
	done := step
	done.Completed = &now
	d.Update(&client.SolveStatus{Vertexes: []*client.Vertex{&done}})
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestPlain(t *testing.T) {
	for _, mode := range []progress.Mode{"plain", "auto"} { // a buffer is no terminal
		out := show(t, mode)
		for _, want := range []string{"[project] wheel\n", "compiling\n", " DONE "} {
			if !strings.Contains(out, want) {
				t.Errorf("%s: %q lacks %q", mode, out, want)
			}
		}
	}
}

func TestRawJSON(t *testing.T) {
	var names, logs []string
	for line := range strings.Lines(show(t, "rawjson")) {
		var s client.SolveStatus
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		for _, v := range s.Vertexes {
			names = append(names, v.Name)
		}
		for _, l := range s.Logs {
			logs = append(logs, string(l.Data))
		}
	}
	if len(names) != 2 || names[0] != "[project] wheel" || len(logs) != 1 || logs[0] != "compiling\n" {
		t.Errorf("steps %q, output %q", names, logs)
	}
}

func TestQuiet(t *testing.T) {
	if out := show(t, "quiet"); out != "" {
		t.Errorf("%q", out)
	}
}

func TestNoSuchMode(t *testing.T) {
	for mode, want := range map[progress.Mode]string{
		"loud": `showing progress: invalid progress mode loud`,
		"tty":  "showing progress: failed to get console: output is not a file",
	} {
		if _, err := progress.New(&bytes.Buffer{}, mode); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", mode, err, want)
		}
	}
}
