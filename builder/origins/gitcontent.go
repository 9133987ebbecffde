package origins

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/pbrx-go/pbrx-go/images/definition"
)

// gitContent is a file or folder of a commit.
func (f *Fetcher) gitContent(ctx context.Context, o definition.Origin) (Content, error) {
	part, err := partOf(o)
	if err != nil {
		return Content{}, err
	}
	s, unlock, err := f.openStore(ctx, o, "")
	if err != nil {
		return Content{}, err
	}
	defer unlock()
	r, err := s.resolve(ctx)
	if err != nil {
		return Content{}, err
	}
	pin := r.Commit + ":" + part
	dir, err := f.keep("trees", nameOf(s.address, pin), func(dir string) error { return s.extract(ctx, r.Commit, part, dir) })
	if err != nil {
		return Content{}, err
	}
	c, err := local(ctx, filepath.Join(dir, Name), leveled)
	c.Base = lastOf(o)
	if part != "" {
		c.Base = path.Base(part)
	}
	c.Pin, c.Resolved = pin, r.Asked
	return c, positioned(o.At, err)
}

// object is a line of a tree: mode is git's.
type object struct{ mode, kind, name, path string }

// list reads what git ls-tree -z prints.
func list(out string) ([]object, error) {
	var all []object
	for line := range strings.SplitSeq(strings.TrimSuffix(out, "\x00"), "\x00") {
		if line == "" {
			continue
		}
		about, path, found := strings.Cut(line, "\t")
		fields := strings.Fields(about)
		if !found || len(fields) != 3 {
			return nil, fmt.Errorf("git says of a tree: %q", line)
		}
		all = append(all, object{fields[0], fields[1], fields[2], path})
	}
	return all, nil
}

// extract writes a part of a commit, without what attributes would make of it.
func (s *store) extract(ctx context.Context, commit, part, dir string) error {
	top := object{mode: "040000", kind: "tree", name: commit + "^{tree}"}
	if part != "" {
		out, err := s.run(ctx, "ls-tree", "-z", "--full-tree", commit, "--", part)
		if err != nil {
			return err
		}
		found, err := list(out)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(found, func(o object) bool { return o.path == part })
		if i < 0 {
			return problem(s.origin.Part.At, "correct the path, from the top of the repository", "%s has no %q at %s", s.who, part, short(commit))
		}
		top = found[i]
	}
	switch {
	case top.kind == "commit":
		return problem(s.origin.Part.At, "name that repository", "%q of %s is a submodule, which is not fetched", part, s.who)
	case top.mode == "120000":
		return problem(s.origin.Part.At, "name what it leads to", "%q of %s is a symbolic link", part, s.who)
	case top.kind == "blob":
		top.path = Name
		return s.write(ctx, []object{top}, dir)
	}
	out, err := s.run(ctx, "ls-tree", "-r", "-z", "--full-tree", top.name)
	if err != nil {
		return err
	}
	all, err := list(out)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(o object) bool {
		return o.kind != "blob" || slices.Contains(strings.Split(o.path, "/"), ".git")
	})
	if name, bad := crossing(all); bad {
		return problem(s.origin.Where.At, "name another repository", "%s has a path that git would not make: %q", s.who, name)
	}
	if err := os.Mkdir(filepath.Join(dir, Name), 0o755); err != nil {
		return err
	}
	return s.write(ctx, all, filepath.Join(dir, Name))
}

// crossing finds a path that leads out of its tree or through another one of it; git makes none, but reads what is there.
func crossing(all []object) (string, bool) {
	files := map[string]bool{}
	for _, o := range all {
		if !filepath.IsLocal(filepath.FromSlash(o.path)) || path.Clean(o.path) != o.path || files[o.path] {
			return o.path, true
		}
		files[o.path] = true
	}
	for _, o := range all {
		for dir := path.Dir(o.path); dir != "."; dir = path.Dir(dir) {
			if files[dir] {
				return o.path, true
			}
		}
	}
	return "", false
}

// write writes the content of objects to their paths in a folder, from which no path leads out whatever the tree has.
func (s *store) write(ctx context.Context, all []object, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	var names strings.Builder
	for _, o := range all {
		names.WriteString(o.name + "\n")
	}
	read, write := io.Pipe()
	failed := make(chan error, 1)
	go func() {
		_, err := s.git(ctx, gitRun{dir: s.repo, stdin: strings.NewReader(names.String()), out: write}, "cat-file", "--batch")
		write.CloseWithError(err)
		failed <- err
	}()
	err = unpack(bufio.NewReader(read), all, root)
	read.CloseWithError(err)
	if git := <-failed; err == nil {
		err = git
	}
	return err
}

// unpack reads what git cat-file --batch prints of objects.
func unpack(in *bufio.Reader, all []object, root *os.Root) error {
	for _, o := range all {
		head, err := in.ReadString('\n')
		if err != nil {
			return fmt.Errorf("reading %s of a repository: %w", o.path, err)
		}
		fields := strings.Fields(head)
		if len(fields) != 3 || fields[1] != "blob" {
			return fmt.Errorf("reading %s of a repository: git says: %s", o.path, strings.TrimSpace(head))
		}
		size, err := strconv.ParseInt(fields[2], 10, 64)
		if err != nil {
			return err
		}
		if err := writeObject(io.LimitReader(in, size), o, root); err != nil {
			return fmt.Errorf("writing %s of a repository: %w", o.path, err)
		}
		if _, err := in.Discard(1); err != nil {
			return err
		}
	}
	return nil
}

// writeObject writes one file or link.
func writeObject(data io.Reader, o object, root *os.Root) error {
	if err := root.MkdirAll(path.Dir(o.path), 0o755); err != nil {
		return err
	}
	if o.mode == "120000" {
		target, err := io.ReadAll(data)
		if err != nil {
			return err
		}
		return root.Symlink(string(target), o.path)
	}
	mode := fs.FileMode(0o644)
	if o.mode == "100755" {
		mode = 0o755
	}
	return writeFile(root, o.path, data, mode)
}

// writeFile writes a file that is not there yet.
func writeFile(root *os.Root, name string, data io.Reader, mode fs.FileMode) error {
	file, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, data)
	if err == nil {
		err = file.Chmod(mode)
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	return err
}

// short is the beginning of a commit's name, for people.
func short(commit string) string { return commit[:min(7, len(commit))] }
