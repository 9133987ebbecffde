package origins

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/tonistiigi/fsutil"

	"github.com/pbrx-go/pbrx-go/images/definition"
)

// Name is where in the file system of a Content the content is.
const Name = "content"

// Content is what an origin was found to be.
type Content struct {
	// FS has the content, a file or a folder, at Name. Everything belongs to root; times say nothing but that contents differ.
	FS fsutil.FS
	// Folder says that it is one.
	Folder bool
	// Base is its name at the source, such as that of a package file; empty for texts.
	Base string
	// Pin decides the content: sha256:… of it, or COMMIT:PATH of a repository.
	Pin string
	// Resolved is when the branch or tag of a repository was asked for; zero for a commit and all else.
	Resolved time.Time
}

// Bytes reads a content that is a file.
func (c Content) Bytes() ([]byte, error) {
	if c.Folder {
		return nil, fmt.Errorf("%s is a folder, where a file is needed", c.Base)
	}
	r, err := c.FS.Open(Name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// textContent is the text itself.
func textContent(text string) Content {
	t := &tree{}
	t.addData(Name, []byte(text))
	return Content{FS: t, Pin: digest.FromString(text).String()}
}

// path is a file or folder beside the definition.
func (f *Fetcher) path(ctx context.Context, o definition.Origin) (Content, error) {
	real, err := f.inTree(o.Dir, o.Where)
	if err != nil {
		return Content{}, err
	}
	c, err := local(ctx, real, leveled)
	c.Base = lastOf(o)
	return c, positioned(o.At, err)
}

// project is a part of the tree of a project, with its patches.
func (f *Fetcher) project(ctx context.Context, o definition.Origin) (Content, error) {
	f.mu.Lock()
	of, known := f.projects[o.Where.Value]
	f.mu.Unlock()
	if !known {
		return Content{}, problem(o.Where.At, "define it as [project."+o.Where.Value+"]", "there is no project %q", o.Where.Value)
	}
	part, err := partOf(o)
	if err != nil {
		return Content{}, err
	}
	real, err := within(of.Tree, of.Tree+"/"+part, definition.Text{Value: o.Part.Value, At: o.Part.At}, o.Where.Value, "correct the path, from the top of the project's tree")
	if err != nil {
		return Content{}, err
	}
	c, err := local(ctx, real, leveled)
	c.Base = lastOf(definition.Origin{Where: o.Part})
	return c, positioned(o.At, err)
}

// local is a file or folder of this machine, pinned by its content.
func local(ctx context.Context, real string, mode modeRule) (Content, error) {
	t, err := readTree(ctx, real, mode)
	if err != nil {
		return Content{}, err
	}
	return Content{FS: t, Folder: t.folder(), Pin: t.pin().String()}, nil
}
