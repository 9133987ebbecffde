//go:build unix

package cli

import (
	"os"
	"os/signal"
	"syscall"
)

// notifyResize calls changed whenever the terminal's size changes, until stop is called.
func notifyResize(changed func()) (stop func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGWINCH)
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-c:
				changed()
			case <-done:
				return
			}
		}
	}()
	return func() {
		signal.Stop(c)
		close(done)
	}
}
