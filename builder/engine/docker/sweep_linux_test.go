package docker

import (
	"context"
	"slices"
	"testing"
	"time"
)

func TestSweep(t *testing.T) {
	d := daemon(t)
	id, _ := load(t, d, "swept", "pbrx-left:loaded")
	for _, name := range []string{"pbrx-left:1", "pbrx-left:2", "example.org/pbrx-left:1", "pbrx-left/other:1"} {
		if err := d.Tag(t.Context(), id, name); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := d.Untag(context.WithoutCancel(t.Context()), name); err != nil {
				t.Error(err)
			}
		})
	}
	// pbrx-left:loaded was loaded and not tagged: nobody knows when. Its image was tagged, which is all that Docker remembers.
	if swept, err := d.Sweep(t.Context(), "pbrx-left", time.Hour); err != nil || len(swept) > 0 {
		t.Errorf("names given just now were swept: %q, %v", swept, err)
	}
	swept, err := d.Sweep(t.Context(), "pbrx-left", 0)
	slices.Sort(swept)
	if want := []string{"pbrx-left:1", "pbrx-left:2", "pbrx-left:loaded"}; err != nil || !slices.Equal(swept, want) {
		t.Errorf("swept were %q, %v, want %q", swept, err, want)
	}
}
