package origins

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/pbrx-go/pbrx-go/images/definition"
)

// member is a file or folder of an archive, all of it for ".".
func (f *Fetcher) member(ctx context.Context, o definition.Origin, archive, sum string) (Content, error) {
	part, err := partOf(o)
	if err != nil {
		return Content{}, err
	}
	dir, err := f.keep("members", nameOf(sum, part), func(dir string) error { return extractPart(ctx, o, archive, part, dir) })
	if err != nil {
		return Content{}, err
	}
	c, err := local(ctx, filepath.Join(dir, Name), asIs)
	c.Base = lastOf(o)
	if part != "" {
		c.Base = path.Base(part)
	}
	return c, positioned(o.At, err)
}

// extractPart unpacks an archive and leaves one part of it.
func extractPart(ctx context.Context, o definition.Origin, archive, part, dir string) error {
	all := filepath.Join(dir, "all")
	if err := os.Mkdir(all, 0o755); err != nil {
		return err
	}
	err := unpackArchive(ctx, archive, all)
	var bad *archiveError
	if errors.As(err, &bad) {
		return problem(o.Where.At, "name another file", "%s: %s", lastOf(o), bad.Error())
	}
	if err != nil {
		return err
	}
	real, err := partIn(all, part, o)
	if err != nil {
		return err
	}
	if err := os.Rename(real, filepath.Join(dir, Name)); err != nil {
		return err
	}
	return os.RemoveAll(all)
}

// partIn is the real path of a part of an unpacked archive. A link to another part is followed.
func partIn(all, part string, o definition.Origin) (string, error) {
	if part == "" {
		return all, nil
	}
	if _, err := os.Lstat(filepath.Join(all, part)); errors.Is(err, fs.ErrNotExist) {
		hint := "correct the path, from the top of the archive"
		if near := namesLike(all, part); len(near) > 0 {
			hint = "it has " + strings.Join(near, ", ")
		}
		return "", problem(o.Part.At, hint, "%s has no %q", lastOf(o), part)
	}
	return within(all, filepath.Join(all, filepath.FromSlash(part)), definition.Text{Value: part, At: o.Part.At}, lastOf(o), "correct the path, from the top of the archive")
}

// namesLike are up to three members whose last part is that of a name.
func namesLike(all, part string) []string {
	var out []string
	_ = filepath.WalkDir(all, func(name string, e fs.DirEntry, err error) error { // it only serves a hint
		if err != nil || len(out) == 3 {
			return filepath.SkipAll
		}
		if rel, err := filepath.Rel(all, name); err == nil && e.Name() == path.Base(part) {
			out = append(out, filepath.ToSlash(rel))
		}
		return nil
	})
	return out
}
