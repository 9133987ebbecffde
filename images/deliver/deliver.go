package deliver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/pbrx-go/pbrx-go/images/layout"
	"github.com/pbrx-go/pbrx-go/images/naming"
	"github.com/pbrx-go/pbrx-go/images/push"
)

// Item is one image of a set: its name without a tag, its tags, and what it is.
type Item struct {
	Name  string
	Tags  []string
	Image *layout.Image
}

// names are the item's names with their tags.
func (i Item) names() []string {
	var out []string
	for _, tag := range i.Tags {
		out = append(out, i.Name+":"+tag)
	}
	return out
}

// Set is finished images whose blobs can be opened.
type Set struct {
	Items []Item
	// Dirs are the folders that hold the blobs, as OCI layouts do, in the order in which they are looked into.
	Dirs []string
}

// Open opens a blob of the set.
func (s *Set) Open(d digest.Digest) (io.ReadCloser, error) { return openIn(s.Dirs, d) }

// Destination is one place for a set.
type Destination interface {
	// Prepare brings over everything but the names.
	Prepare(ctx context.Context, set *Set) error
	// Name gives all names. What it returns beside an error are the names that were given.
	Name(ctx context.Context, set *Set) (named []string, err error)
	// Discard takes back what Prepare did and Name did not use. It is called in the end, however that was.
	Discard(ctx context.Context) error
}

// Error says which names were given when a delivery broke off.
type Error struct {
	Named, Unnamed []string
	Err            error
}

// Error is one line.
func (e *Error) Error() string {
	if broken := (*push.Error)(nil); errors.As(e.Err, &broken) { // which says it in the same words
		return e.Err.Error()
	}
	if len(e.Named) == 0 {
		return fmt.Sprintf("%v: nothing was named", e.Err)
	}
	return fmt.Sprintf("%v: these names were given: %s; these were not: %s: run again to complete it", e.Err, strings.Join(e.Named, ", "), strings.Join(e.Unnamed, ", "))
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// Deliver brings a set to all destinations. Errors are *Error; when ctx has ended they hold its cause.
func Deliver(ctx context.Context, set *Set, destinations []Destination) (err error) {
	defer func() {
		for _, d := range destinations {
			err = errors.Join(err, d.Discard(context.WithoutCancel(ctx)))
		}
	}()
	for _, d := range destinations {
		if err := d.Prepare(ctx, set); err != nil {
			return &Error{Err: cause(ctx, err)}
		}
	}
	var all, named []string
	for _, item := range set.Items {
		all = append(all, item.names()...)
	}
	for n, d := range destinations {
		given, err := d.Name(ctx, set)
		if n == 0 || err != nil {
			named = given
		}
		if err != nil {
			unnamed := slices.DeleteFunc(slices.Clone(all), func(name string) bool { return slices.Contains(named, name) })
			return &Error{Named: named, Unnamed: unnamed, Err: cause(ctx, err)}
		}
	}
	return nil
}

// cause prefers the reason for which ctx ended to what failed because of it.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// InOrder sorts destinations as Deliver wants them: registries last.
func InOrder(locations []naming.Location) []naming.Location {
	out := slices.Clone(locations)
	slices.SortStableFunc(out, func(a, b naming.Location) int { return rank(a) - rank(b) })
	return out
}

func rank(l naming.Location) int {
	if l.Transport == naming.Registry {
		return 1
	}
	return 0
}
