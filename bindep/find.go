package bindep

import (
	"errors"
	"fmt"
	"io/fs"
)

// The names bindep looks for.
const (
	fileName    = "bindep.txt"
	oldFileName = "other-requirements.txt"
)

// Find gives the name of the bindep file at the root of fsys: bindep.txt, or
// other-requirements.txt as it was called before. Directories of these names do
// not count. Two of them are an error, none is an error that is fs.ErrNotExist.
func Find(fsys fs.FS) (string, error) {
	var found []string
	for _, name := range []string{fileName, oldFileName} {
		info, err := fs.Stat(fsys, name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return "", fmt.Errorf("looking for %s: %w", name, err)
		case info.Mode().IsRegular():
			found = append(found, name)
		}
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("looking for %s or %s: %w", fileName, oldFileName, fs.ErrNotExist)
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("both %s and %s exist, keep one of them", fileName, oldFileName)
}
