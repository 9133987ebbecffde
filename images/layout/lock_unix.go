//go:build unix

package layout

import (
	"os"
	"syscall"
)

// lockDir takes an exclusive lock on the folder itself, so that no lock file is left in it.
func lockDir(dir string) (unlock func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		f.Close()
		return nil, err
	}
	return func() { f.Close() }, nil
}
