package embedded

import (
	"fmt"
	"os"
	"syscall"
)

const (
	// runcDir is where runc keeps the state of containers when it runs as root.
	runcDir = "/run/runc"
	// tempDir is the child's TMPDIR. It lies on the tmpfs over runcDir, which is
	// there on every machine and short: ssh agent sockets are made in it, and the
	// name of a unix socket ends at 107 bytes.
	tempDir = runcDir + "/pbrx-go-tmp"
)

// privateMounts sets up the child's mount namespace: nothing it mounts reaches the
// host, /proc shows its own PID namespace, and runc's state and temporary files are
// on a tmpfs that ends with the namespace.
func privateMounts() error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_SLAVE, ""); err != nil {
		return fmt.Errorf("separating the mounts (is / a mount point here?): %w", err)
	}
	if err := syscall.Mount("proc", "/proc", "proc", syscall.MS_NOSUID|syscall.MS_NODEV|syscall.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mounting /proc: %w", err)
	}
	if err := mountTmpfs(runcDir, 0o700); err != nil {
		return err
	}
	if err := os.Mkdir(tempDir, 0o700); err != nil {
		return fmt.Errorf("making the temporary directory: %w", err)
	}
	return nil
}

// mountTmpfs makes dir where it is missing and hides it below an empty tmpfs.
func mountTmpfs(dir string, mode os.FileMode) error {
	if err := os.MkdirAll(dir, mode); err != nil {
		return fmt.Errorf("making a mount point: %w", err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_NOSUID|syscall.MS_NODEV, fmt.Sprintf("mode=%o", mode)); err != nil {
		return fmt.Errorf("mounting a tmpfs on %s: %w", dir, err)
	}
	return nil
}
