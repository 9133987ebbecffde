//go:build unix

package origins

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// lock keeps other processes and goroutines from what file stands for, and people know as what, until unlock is called. The kernel lets go of it when the
// process ends, however that is.
func (f *Fetcher) lock(ctx context.Context, file, what string) (unlock func(), err error) {
	if err := f.folder(filepath.Dir(file)); err != nil {
		return nil, err
	}
	held, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	for said := false; ; {
		err := unix.Flock(int(held.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case err == nil:
			return func() { held.Close() }, nil
		case errors.Is(err, unix.EINTR):
			continue
		case !errors.Is(err, unix.EWOULDBLOCK):
			held.Close()
			return nil, &os.PathError{Op: "lock", Path: file, Err: err}
		case !said:
			said = true
			f.Note("waiting for another fetch of " + what)
		}
		select {
		case <-ctx.Done():
			held.Close()
			return nil, context.Cause(ctx)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
