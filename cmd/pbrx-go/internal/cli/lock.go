package cli

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/pbrx-go/pbrx-go/setupcfg/lock"
)

// noLock is the value of --lock that leaves lock files out.
const noLock = "none"

// openLock reads the project's lock file, nil where there is none or none is wanted, and says what else is there.
func (a *app) openLock(dir string, flags planFlags) (*lock.Lock, error) {
	if flags.lock == noLock {
		return nil, nil
	}
	root, err := os.OpenRoot(dir) // a link that leads out of the project leads nowhere in the build, either
	if err != nil {
		return nil, usagef("reading the lock file: %w", err)
	}
	defer root.Close()
	var l *lock.Lock
	if flags.lock != "" {
		if _, err := fs.Stat(root.FS(), flags.lock); err != nil {
			return nil, usagef("--lock %s: %w: name a file within the project, or none", flags.lock, errors.Unwrap(err))
		}
	}
	if flags.lock == "" {
		l, err = lock.Read(root.FS())
	} else {
		l, err = lock.ReadFile(root.FS(), flags.lock)
	}
	if err != nil {
		return nil, usageError{err}
	}
	if l != nil && len(l.Others) > 0 && flags.lock == "" && !flags.quiet {
		a.note("%s gives the versions of the dependencies, %s is not looked at (--lock chooses)", l.File, strings.Join(l.Others, ", "))
	}
	return l, nil
}
