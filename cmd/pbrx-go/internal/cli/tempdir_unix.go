//go:build unix

package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// tempPrefix begins the names of our folders for temporary files.
const tempPrefix = ".pbrx-go-run-"

// tempAge is how long a folder is left alone that nobody has locked: it may have been made just now.
const tempAge = time.Minute

// tempDir makes a folder for temporary files, and first removes those of processes that were killed:
// a living one holds a lock on its own.
func tempDir(parent string) (dir string, remove func() error, err error) {
	old, err := filepath.Glob(filepath.Join(parent, tempPrefix+"*"))
	if err != nil {
		return "", nil, err
	}
	for _, path := range old {
		if fi, err := os.Lstat(path); err != nil || !fi.IsDir() || time.Since(fi.ModTime()) < tempAge {
			continue
		}
		if f, err := lockedFolder(path); err == nil {
			_ = os.RemoveAll(path) // somebody else's is theirs to remove
			f.Close()
		}
	}
	dir, err = os.MkdirTemp(parent, tempPrefix+"*")
	if err != nil {
		return "", nil, fmt.Errorf("making a folder for temporary files: %w", err)
	}
	f, err := lockedFolder(dir)
	if err != nil {
		return "", nil, errors.Join(fmt.Errorf("locking the folder for temporary files: %w", err), os.RemoveAll(dir))
	}
	return dir, func() error { return errors.Join(os.RemoveAll(dir), f.Close()) }, nil
}

// lockedFolder opens a folder that nobody has locked, and locks it for as long as it is open.
func lockedFolder(path string) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
