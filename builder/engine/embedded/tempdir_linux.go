package embedded

import (
	"fmt"
	"os"
	"path/filepath"
)

// tempName is the folder for the command's own temporary files in a state directory. It is
// swept with everything else, so that it goes however the command ends.
const tempName = "tmp"

// TempDir is a folder on the disk of the state directory that is removed when the
// engine is closed or its command is killed.
func (e *Engine) TempDir() (string, error) {
	dir := filepath.Join(e.dir.Name(), tempName)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("making a folder for temporary files: %w", err)
	}
	return dir, nil
}
