package embedded

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	lockName = "buildkitd.lock" // buildkitd's own name: it and we must not share a store
	logName  = "engine.log"

	lockPoll     = 100 * time.Millisecond
	waitReminder = 30 * time.Second
)

// stateLock is the flock on a state directory. The lock belongs to the open file,
// which the child inherits: it is free when the last of both has closed it. The
// file holds the Holder as JSON.
type stateLock struct{ file *os.File }

// prepareStateDir makes the state directory and opens it. The directory gives
// access to an engine that runs as root, so nobody else may own or write it.
func prepareStateDir(path string) (*os.File, error) {
	if path == "" {
		return nil, errors.New("opening the embedded engine: no state directory given")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("finding the engine's state directory: %w", err)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, &SurroundingsError{Problem: "making the engine's state directory", Err: err, Remedy: "name another with PBRX_GO_STATE"}
	}
	// Mounts and /proc know real paths only.
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return nil, &SurroundingsError{Problem: "finding the engine's state directory", Err: err}
	}
	dir, err := os.Open(path)
	if err != nil {
		return nil, &SurroundingsError{Problem: "opening the engine's state directory", Err: err}
	}
	info, err := dir.Stat()
	if err != nil {
		dir.Close()
		return nil, &SurroundingsError{Problem: "opening the engine's state directory", Err: err}
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(st.Uid) != os.Geteuid() || info.Mode().Perm()&0o022 != 0 {
		dir.Close()
		return nil, &SurroundingsError{Problem: "the engine's state directory " + path + " belongs to or is writable for other users",
			Remedy: fmt.Sprintf("choose another directory, or: chown %d %s && chmod 700 %s", os.Geteuid(), path, path)}
	}
	return dir, nil
}

// acquireLock takes the state directory, waiting for its holder until ctx ends.
func acquireLock(ctx context.Context, dir *os.File, opts Options) (*stateLock, error) {
	f, err := os.OpenFile(filepath.Join(dir.Name(), lockName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, &SurroundingsError{Problem: "opening the engine's lock", Err: err}
	}
	l := &stateLock{file: f}
	var told time.Time
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			break
		}
		if err != syscall.EWOULDBLOCK && err != syscall.EINTR {
			f.Close()
			return nil, &SurroundingsError{Problem: "locking " + f.Name(), Err: err}
		}
		if opts.Waiting != nil && time.Since(told) >= waitReminder {
			told = time.Now()
			opts.Waiting(l.holder())
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, fmt.Errorf("waiting for %s: %w", dir.Name(), context.Cause(ctx))
		case <-time.After(lockPoll):
		}
	}
	if err := l.write(Holder{PID: os.Getpid(), Command: opts.Command, Since: time.Now().Truncate(time.Second)}); err != nil {
		f.Close()
		return nil, &SurroundingsError{Problem: "writing the engine's lock", Err: err}
	}
	return l, nil
}

// holder reads who has the lock; unreadable means unknown.
func (l *stateLock) holder() Holder {
	var h Holder
	buf := make([]byte, 64<<10)
	n, _ := l.file.ReadAt(buf, 0)
	if json.Unmarshal(buf[:n], &h) != nil {
		return Holder{}
	}
	return h
}

func (l *stateLock) write(h Holder) error {
	b, err := json.Marshal(h)
	if err != nil {
		return err
	}
	if err := l.file.Truncate(0); err != nil {
		return err
	}
	_, err = l.file.WriteAt(b, 0)
	return err
}

// release forgets the holder and lets go of the lock, once the child is gone.
func (l *stateLock) release() {
	_ = l.file.Truncate(0) // a holder nobody can read is only a missing courtesy
	l.file.Close()
}
