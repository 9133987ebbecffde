package origins

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const (
	// unusedLimit is how long what was fetched is kept without being used.
	unusedLimit = 60 * 24 * time.Hour
	// unfinishedLimit is longer than any process works at one thing: what is older was left by one that was killed.
	unfinishedLimit = 48 * time.Hour
)

// keep is a folder of the state by that name, which fill writes if it is not there. It is written beside and renamed, so that
// it is whole or not there; another process may have been faster.
func (f *Fetcher) keep(kind, name string, fill func(dir string) error) (string, error) {
	kept := filepath.Join(f.StateDir, kind, name)
	if _, err := os.Lstat(kept); err == nil {
		now := f.now()
		return kept, os.Chtimes(kept, now, now) // which says that it is of use
	}
	beside, err := f.beside()
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(beside) // where it is still there, it is of no use
	if err := fill(beside); err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(kept), 0o755); err != nil {
		return "", err
	}
	sweep(filepath.Dir(kept), f.now().Add(-unusedLimit))
	err = os.Rename(beside, kept)
	if _, there := os.Lstat(kept); errors.Is(err, os.ErrExist) && there == nil {
		err = nil
	}
	return kept, err
}

// folder makes a folder of the state. Nobody else may look into the state: what was fetched with credentials is in it.
func (f *Fetcher) folder(dir string) error {
	err := os.MkdirAll(filepath.Dir(f.StateDir), 0o755)
	if err == nil {
		err = os.Mkdir(f.StateDir, 0o700)
	}
	if err == nil || errors.Is(err, os.ErrExist) {
		err = os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		return fmt.Errorf("making a folder for what a definition names: %w: set PBRX_GO_STATE to one that can be written", err)
	}
	return nil
}

// beside is a new folder in the state, which is to be renamed when it is whole.
func (f *Fetcher) beside() (string, error) {
	dir := filepath.Join(f.StateDir, "unfinished")
	if err := f.folder(dir); err != nil {
		return "", err
	}
	sweep(dir, f.now().Add(-unfinishedLimit))
	beside, err := os.MkdirTemp(dir, "*")
	if err == nil {
		err = os.Chmod(beside, 0o755)
	}
	return beside, err
}

// sweep removes what nobody has touched since some time.
func sweep(dir string, since time.Time) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.ModTime().Before(since) {
			os.RemoveAll(filepath.Join(dir, e.Name())) // it is in nobody's way if it stays
		}
	}
}
