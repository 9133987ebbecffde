package origins

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"text/scanner"

	"github.com/pbrx-go/pbrx-go/images/definition"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// problem is one of the definition, a list as those of its reader are.
func problem(at scanner.Position, hint, format string, args ...any) error {
	return setupcfg.ErrorList{{Pos: at, Msg: fmt.Sprintf(format, args...), Hint: hint}}
}

// positioned puts the place of the definition before an error of something else.
func positioned(at scanner.Position, err error) error {
	if err == nil || !at.IsValid() && at.Filename == "" {
		return err
	}
	return fmt.Errorf("%s: %w", at, err)
}

// inTree is the real path of what a definition names from dir, which may not be outside of the tree.
func (f *Fetcher) inTree(dir string, name definition.Text) (string, error) {
	root := f.Root
	if root == "" {
		root = dir
	}
	if filepath.IsAbs(name.Value) {
		return "", problem(name.At, "write it relative to this file", "%q is an absolute path", name.Value)
	}
	return within(root, filepath.Join(dir, filepath.FromSlash(name.Value)), name, "the repository", "correct the path, which is relative to this file")
}

// within is the real path of full, which the definition names as name; tree is what people call root, hint what to do where nothing is there.
func within(root, full string, name definition.Text, tree, hint string) (string, error) {
	outside := problem(name.At, "", "%q is outside %s", name.Value, tree)
	lexical, err := filepath.Abs(full)
	if err != nil {
		return "", err
	}
	base, err := filepath.Abs(root)
	if err != nil {
		return "", err
	}
	if !below(base, lexical) {
		return "", outside
	}
	if base, err = filepath.EvalSymlinks(base); err != nil {
		return "", err
	}
	real, err := filepath.EvalSymlinks(lexical)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", problem(name.At, hint, "%q does not exist", name.Value)
	case err != nil:
		return "", problem(name.At, "", "%q cannot be read: %v", name.Value, err)
	case !below(base, real):
		return "", outside
	}
	return real, nil
}

// below says whether a clean absolute path is dir or in it.
func below(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// partOf is the path of a part of something, with slashes and from its top; "" is all of it.
func partOf(o definition.Origin) (string, error) {
	part := strings.TrimSuffix(o.Part.Value, "/")
	for strings.HasPrefix(part, "./") {
		part = strings.TrimLeft(part[2:], "/")
	}
	if part == "" || part == "." {
		return "", nil
	}
	if strings.ContainsAny(part, "\x00\n\r\\") {
		return "", problem(o.Part.At, "write a plain path with slashes", "%q is no path", o.Part.Value)
	}
	if !filepath.IsLocal(part) || filepath.ToSlash(filepath.Clean(part)) != part {
		return "", problem(o.Part.At, "write its path from the top", "%q is outside %s", o.Part.Value, lastOf(o))
	}
	return part, nil
}

// lastOf is a short name of what an origin is about.
func lastOf(o definition.Origin) string {
	address := strings.TrimRight(o.Where.Value, "/")
	if i := strings.IndexAny(address, "?#"); i >= 0 {
		address = address[:i]
	}
	return strings.TrimSuffix(address[strings.LastIndexAny(address, "/:")+1:], ".git")
}
