package deliver

import (
	"context"
	"errors"

	"github.com/pbrx-go/pbrx-go/images/push"
)

// Registry is the registries that the names of the images say.
type Registry struct{ Options push.Options }

var _ Destination = Registry{}

// Prepare has nothing to do: what a registry gets leaves this machine only when every other destination is prepared.
func (Registry) Prepare(context.Context, *Set) error { return nil }

// Name sends every blob and manifest, and then the tags.
func (r Registry) Name(ctx context.Context, set *Set) ([]string, error) {
	var all []push.Image
	for _, item := range set.Items {
		all = append(all, push.Image{Name: item.Name, Tags: item.Tags, Descriptor: item.Image.Descriptor})
	}
	_, err := push.Push(ctx, all, set.Open, r.Options)
	var broken *push.Error
	if errors.As(err, &broken) {
		return broken.Tagged, err
	}
	return allNames(set), err
}

// Discard does nothing: blobs without a name are the registry's to collect.
func (Registry) Discard(context.Context) error { return nil }
