//go:build !linux

package rootfs

import "errors"

// packFolder needs Linux: elsewhere a folder has neither the owners nor the devices of a root file system.
func packFolder(string, string) error {
	return errors.New("a folder can be a base on Linux only: make a tarball of it there")
}
