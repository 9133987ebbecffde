package deliver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/pbrx-go/pbrx-go/images/archive"
	"github.com/pbrx-go/pbrx-go/images/naming"
)

// File is an archive in a file. It is written beside its place and renamed in the end.
type File struct {
	// Transport is DockerArchive or OCIArchive.
	Transport naming.Transport
	Path      string
	temporary string
}

var _ Destination = (*File)(nil)

// Prepare writes the archive under another name.
func (f *File) Prepare(ctx context.Context, set *Set) (err error) {
	out, err := os.CreateTemp(filepath.Dir(f.Path), "."+filepath.Base(f.Path)+".*")
	if err != nil {
		return fmt.Errorf("writing %s:%s: %w", f.Transport, f.Path, err)
	}
	f.temporary = out.Name()
	var all []archive.Image
	for _, item := range set.Items {
		all = append(all, archive.Image{Image: item.Image, Names: item.names()})
	}
	write := archive.WriteDocker
	if f.Transport == naming.OCIArchive {
		write = archive.WriteOCI
	}
	err = write(until(ctx, out), all, set.Open)
	if err := errors.Join(err, out.Chmod(0o644), out.Sync(), out.Close()); err != nil {
		return fmt.Errorf("writing %s:%s: %w", f.Transport, f.Path, err)
	}
	return nil
}

// Name puts the archive in its place.
func (f *File) Name(_ context.Context, set *Set) ([]string, error) {
	if err := os.Rename(f.temporary, f.Path); err != nil {
		return nil, fmt.Errorf("writing %s:%s: %w", f.Transport, f.Path, err)
	}
	f.temporary = ""
	return allNames(set), nil
}

// Discard removes an archive that did not get its name.
func (f *File) Discard(context.Context) error {
	if f.temporary == "" {
		return nil
	}
	path := f.temporary
	f.temporary = ""
	return os.Remove(path)
}

// writeFunc is Write as a function.
type writeFunc func([]byte) (int, error)

func (f writeFunc) Write(p []byte) (int, error) { return f(p) }

// until is a writer that ends with a context.
func until(ctx context.Context, w io.Writer) io.Writer {
	return writeFunc(func(p []byte) (int, error) {
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		return w.Write(p)
	})
}
