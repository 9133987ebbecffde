//go:build !unix

package cli

import (
	"fmt"
	"os"
)

// tempDir makes a folder for temporary files.
func tempDir(parent string) (dir string, remove func() error, err error) {
	dir, err = os.MkdirTemp(parent, ".pbrx-go-run-*")
	if err != nil {
		return "", nil, fmt.Errorf("making a folder for temporary files: %w", err)
	}
	return dir, func() error { return os.RemoveAll(dir) }, nil
}
