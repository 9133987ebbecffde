package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/distribution/reference"
	"github.com/docker/docker/api/types/image"
)

// Load puts the images of a docker-archive into the engine. Several images are no transaction:
// after an error those before it may be there. When ctx ends while a Read of archive is under
// way, Load does not wait for it.
func (d *Daemon) Load(ctx context.Context, archive io.Reader) error {
	// The HTTP client waits for a Read that never returns, whatever becomes of the request: hence a pipe.
	r, w := io.Pipe()
	defer r.Close()
	defer context.AfterFunc(ctx, func() { r.Close() })()
	go func() {
		_, err := io.Copy(w, archive)
		w.CloseWithError(err)
	}()
	resp, err := d.api.ImageLoad(ctx, r)
	if err != nil {
		return ended(ctx, "loading images into Docker", err)
	}
	defer resp.Body.Close()
	if err := readLoaded(resp.Body); err != nil {
		return ended(ctx, "loading images into Docker", err)
	}
	return nil
}

// readLoaded finds the error in an answer whose status says that all is well.
func readLoaded(r io.Reader) error {
	loaded := false
	for dec := json.NewDecoder(r); ; {
		var message struct {
			Stream      string `json:"stream"`
			Error       string `json:"error"`
			ErrorDetail struct {
				Message string `json:"message"`
			} `json:"errorDetail"`
		}
		err := dec.Decode(&message)
		switch {
		case errors.Is(err, io.EOF) && loaded:
			return nil
		case errors.Is(err, io.EOF):
			return errors.New("the answer names no image")
		case err != nil:
			return fmt.Errorf("reading the answer: %w", err)
		case message.ErrorDetail.Message != "":
			return errors.New(message.ErrorDetail.Message)
		case message.Error != "":
			return errors.New(message.Error)
		}
		loaded = loaded || strings.HasPrefix(message.Stream, "Loaded image")
	}
}

// Save writes images, by ID or name, as a docker-archive with what they share once. An error
// while it is read is an archive that ends too early.
func (d *Daemon) Save(ctx context.Context, refs []string) (io.ReadCloser, error) {
	r, err := d.api.ImageSave(ctx, refs)
	if err != nil {
		return nil, ended(ctx, "saving "+strings.Join(refs, ", ")+" from Docker", err)
	}
	return r, nil
}

// Tag gives an image, by ID or name, a further name. An image that had the name loses it.
func (d *Daemon) Tag(ctx context.Context, ref, name string) error {
	if err := d.api.ImageTag(ctx, ref, name); err != nil {
		return ended(ctx, "naming "+ref+" "+name+" in Docker", err)
	}
	return nil
}

// Untag takes a name away, and the image with it if that was the last one and nothing uses it.
// A name that is not there is no error.
func (d *Daemon) Untag(ctx context.Context, name string) error {
	doing := "removing the name " + name + " from Docker"
	named, err := reference.ParseNormalizedNamed(name) // no ID: that would take all names away
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	if err := d.remove(ctx, doing, reference.TagNameOnly(named).String()); !errdefs.IsNotFound(err) {
		return err
	}
	return nil
}

// Discard removes an image that has no name. One that has a name is left alone: an export
// without a name gives the ID of an earlier one if nothing changed, and that one may have been
// named since. An image that is not there is no error.
func (d *Daemon) Discard(ctx context.Context, id string) error {
	doing := "removing the unnamed image " + id + " from Docker"
	found, err := d.api.ImageInspect(ctx, id)
	if errdefs.IsNotFound(err) || (err == nil && len(found.RepoTags) > 0) {
		return nil
	}
	if err != nil {
		return ended(ctx, doing, err)
	}
	if err := d.remove(ctx, doing, found.ID); !errdefs.IsNotFound(err) {
		return err
	}
	return nil
}

func (d *Daemon) remove(ctx context.Context, doing, ref string) error {
	// Without force: what is in use by a container is somebody's.
	if _, err := d.api.ImageRemove(ctx, ref, image.RemoveOptions{PruneChildren: true}); err != nil {
		return ended(ctx, doing, err)
	}
	return nil
}

// ended says what failed, and that it was the end of the context where it was.
func ended(ctx context.Context, doing string, err error) error {
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return fmt.Errorf("%s: %w", doing, err)
}
