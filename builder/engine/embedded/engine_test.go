package embedded_test

import (
	"testing"
	"time"

	"path/filepath"

	"github.com/pbrx-go/pbrx-go/builder/engine/embedded"
)

func TestBuild(t *testing.T) {
	needEngine(t)
	state, dir := filepath.Join(t.TempDir(), "state"), stepDir(t)
	for range 3 {
		start := time.Now()
		e := open(t, embedded.Options{StateDir: state})
		if _, err := e.Client().ListWorkers(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Logf("open and first answer: %v", time.Since(start))
		mustBuild(t, e.Client(), dir, "hello from the step")
		start = time.Now()
		for range 2 {
			if err := e.Close(); err != nil {
				t.Fatalf("Close: %v", err)
			}
		}
		t.Logf("close: %v", time.Since(start))
		assertClean(t, state)
	}
}
