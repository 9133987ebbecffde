package rootfs

import (
	"archive/tar"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// packFolder writes the tree below dir as a tarball: names in order, owners, times,
// devices, hard links and file capabilities as they are; sockets are left out, as tar does.
func packFolder(dir, to string) error {
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	p := packer{tw: tar.NewWriter(out), links: map[[2]uint64]string{}}
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil || rel == "." {
			return err
		}
		return p.add(path, rel)
	})
	if err == nil {
		err = p.tw.Close()
	}
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	return err
}

type packer struct {
	tw    *tar.Writer
	links map[[2]uint64]string // device and inode to the name packed first
}

func (p *packer) add(path, rel string) error {
	fi, err := os.Lstat(path)
	if err != nil || fi.Mode()&fs.ModeSocket != 0 {
		return err
	}
	target := ""
	if fi.Mode()&fs.ModeSymlink != 0 {
		if target, err = os.Readlink(path); err != nil {
			return err
		}
	}
	h, err := tar.FileInfoHeader(fi, target)
	if err != nil {
		return err
	}
	h.Name, h.Uname, h.Gname, h.Format = rel, "", "", tar.FormatPAX
	h.AccessTime, h.ChangeTime = time.Time{}, time.Time{} // packing a folder changes the one, nobody can set the other
	if fi.IsDir() {
		h.Name += "/"
	}
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return fmt.Errorf("%s: no owner can be read", path)
	}
	if fi.Mode().IsRegular() && st.Nlink > 1 {
		key := [2]uint64{st.Dev, st.Ino}
		if first, seen := p.links[key]; seen {
			h.Typeflag, h.Linkname, h.Size = tar.TypeLink, first, 0
			return p.tw.WriteHeader(h)
		}
		p.links[key] = rel
	}
	buf := make([]byte, 256)
	if n, err := unix.Lgetxattr(path, "security.capability", buf); err == nil {
		h.PAXRecords = map[string]string{"SCHILY.xattr.security.capability": string(buf[:n])}
	}
	if err := p.tw.WriteHeader(h); err != nil || !fi.Mode().IsRegular() {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(p.tw, f)
	return err
}
