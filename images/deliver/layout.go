package deliver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/opencontainers/go-digest"

	"github.com/pbrx-go/pbrx-go/images/layout"
	"github.com/pbrx-go/pbrx-go/images/naming"
)

// openIn opens a blob in the first folder that has it.
func openIn(dirs []string, d digest.Digest) (io.ReadCloser, error) {
	for _, dir := range dirs {
		f, err := os.Open(layout.BlobPath(dir, d))
		if !errors.Is(err, fs.ErrNotExist) {
			return f, err
		}
	}
	return nil, fmt.Errorf("blob %s: %w", d, fs.ErrNotExist)
}

// Layout is an OCI layout in a folder.
type Layout struct {
	// Writer writes it. The set's blobs are its own already where it was the output of the build.
	Writer *layout.Writer
	// Filled says so.
	Filled bool
}

var _ Destination = Layout{}

// Prepare stages the blobs that the layout lacks.
func (l Layout) Prepare(_ context.Context, set *Set) error {
	if l.Filled {
		return nil
	}
	for _, item := range set.Items {
		if err := l.Writer.Take(item.Image, set.Dirs); err != nil {
			return err
		}
	}
	return nil
}

// Name moves the blobs into the layout and names all images in one step.
func (l Layout) Name(_ context.Context, set *Set) ([]string, error) {
	named, err := namedImages(set)
	if err != nil {
		return nil, err
	}
	if err := l.Writer.Commit(named); err != nil {
		return nil, err
	}
	return allNames(set), nil
}

// Discard does nothing: staging is the caller's.
func (Layout) Discard(context.Context) error { return nil }

func namedImages(set *Set) ([]layout.Named, error) {
	var named []layout.Named
	for _, item := range set.Items {
		for _, tag := range item.Tags {
			full, err := naming.FullName(item.Name, tag)
			if err != nil {
				return nil, err
			}
			named = append(named, layout.Named{Descriptor: item.Image.Descriptor, Name: item.Name + ":" + tag, FullName: full})
		}
	}
	return named, nil
}

func allNames(set *Set) []string {
	var out []string
	for _, item := range set.Items {
		out = append(out, item.names()...)
	}
	return out
}
