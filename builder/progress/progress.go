// Package progress shows what engines do, on a writer, while they do it. The drawing is
// BuildKit's own; this package joins the jobs of one build into one display.
package progress

import (
	"context"
	"fmt"
	"io"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/util/progress/progressui"
)

// Mode is how progress is shown: auto, tty, plain, rawjson or quiet.
type Mode = progressui.DisplayMode

// Display is one display for all jobs of a build.
type Display struct {
	updates chan *client.SolveStatus
	done    chan error
}

// New starts a display on w. A mode that does not exist is an error, and so is tty where w is no terminal.
func New(w io.Writer, mode Mode) (*Display, error) {
	ui, err := progressui.NewDisplay(w, mode)
	if err != nil {
		return nil, fmt.Errorf("showing progress: %w", err)
	}
	d := &Display{updates: make(chan *client.SolveStatus), done: make(chan error, 1)}
	go func() {
		// Not the build's context: what was going on when it was cancelled is still to be shown.
		_, err := ui.UpdateFrom(context.Background(), d.updates)
		d.done <- err
	}()
	return d, nil
}

// Update shows one status. Calls must not overlap.
func (d *Display) Update(s *client.SolveStatus) { d.updates <- s }

// Close ends the display and returns when everything is written.
func (d *Display) Close() error {
	close(d.updates)
	if err := <-d.done; err != nil {
		return fmt.Errorf("showing progress: %w", err)
	}
	return nil
}
