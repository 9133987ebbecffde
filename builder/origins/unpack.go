package origins

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// unpacker writes members into a folder, from which os.Root lets no path lead out.
type unpacker struct {
	ctx     context.Context
	root    *os.Root
	left    int64
	members int
	// folders get their modes at the end: one may not be written to.
	folders map[string]fs.FileMode
	// links are looked at when all is there.
	links []string
}

// place is the path of a member, whose parent it makes, and from which it removes an earlier member of that name.
func (u *unpacker) place(name string) (string, error) {
	if err := u.ctx.Err(); err != nil {
		return "", context.Cause(u.ctx)
	}
	if u.members++; u.members > archiveMembers {
		return "", badArchive("it has more than %d members", archiveMembers)
	}
	clean := path.Clean(name)
	if name == "" || strings.ContainsAny(name, "\\\x00") || !filepath.IsLocal(filepath.FromSlash(clean)) {
		return "", badArchive("its member %q would be outside of it", name)
	}
	if err := u.root.MkdirAll(path.Dir(clean), 0o755); err != nil {
		return "", badArchive("its member %q: %v", name, err)
	}
	for dir := path.Dir(clean); dir != "."; dir = path.Dir(dir) {
		if _, known := u.folders[dir]; !known {
			u.folders[dir] = 0o755 // whatever the umask
		}
	}
	if info, err := u.root.Lstat(clean); err == nil && !info.IsDir() {
		return clean, u.root.Remove(clean)
	}
	return clean, nil
}

func (u *unpacker) folder(name string, mode fs.FileMode) error {
	clean, err := u.place(name)
	if err != nil {
		return err
	}
	if err := u.root.MkdirAll(clean, 0o755); err != nil {
		return badArchive("its member %q: %v", name, err)
	}
	u.folders[clean] = mode | 0o700 // it is to be removed some day
	return nil
}

func (u *unpacker) file(name string, data io.Reader, mode fs.FileMode) error {
	clean, err := u.place(name)
	if err != nil {
		return err
	}
	counted := &io.LimitedReader{R: data, N: u.left + 1}
	err = writeFile(u.root, clean, counted, mode|0o400)
	if u.left = counted.N - 1; u.left < 0 {
		return badArchive("it has more than %d GB", archiveBytes>>30)
	}
	var disk *fs.PathError
	if err != nil && !errors.As(err, &disk) || errors.Is(err, fs.ErrExist) {
		return badArchive("its member %q: %v", name, err)
	}
	return err
}

// link makes a symbolic link, which may not lead out.
func (u *unpacker) link(name, target string) error {
	clean, err := u.place(name)
	if err != nil {
		return err
	}
	if target == "" || path.IsAbs(target) || strings.ContainsAny(target, "\\\x00") || !filepath.IsLocal(path.Join(path.Dir(clean), target)) {
		return badArchive("its link %q leads out of it, to %q", name, target)
	}
	u.links = append(u.links, clean)
	if err := u.root.Symlink(target, clean); err != nil {
		return badArchive("its link %q: %v", name, err)
	}
	return nil
}

// hardLink makes another name of an earlier member; of a link another one, which leads elsewhere from another folder.
func (u *unpacker) hardLink(name, target string) error {
	if to, err := u.root.Readlink(path.Clean(target)); err == nil {
		return u.link(name, to)
	}
	clean, err := u.place(name)
	if err != nil {
		return err
	}
	if !filepath.IsLocal(path.Clean(target)) {
		return badArchive("its link %q leads out of it, to %q", name, target)
	}
	if err := u.root.Link(path.Clean(target), clean); err != nil {
		return badArchive("its link %q: %v", name, err)
	}
	return nil
}

// finish checks where links lead through other links, and gives folders their modes.
func (u *unpacker) finish() error {
	for _, link := range u.links {
		info, err := u.root.Lstat(link)
		if err != nil || info.Mode()&fs.ModeSymlink == 0 { // a later member has its name
			continue
		}
		if _, err := u.root.Stat(link); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return badArchive("its link %q: %v", link, err)
		}
	}
	for name, mode := range u.folders {
		if err := u.root.Chmod(name, mode); err != nil {
			return err
		}
	}
	return nil
}
