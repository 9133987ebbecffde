package docker

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/distribution/reference"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
)

// Sweep takes away names of a repository that were given with Tag longer ago than age: what a killed
// command left. It returns the names that it took away.
func (d *Daemon) Sweep(ctx context.Context, repository string, age time.Duration) (swept []string, err error) {
	doing := "looking for images named " + repository
	found, err := d.api.ImageList(ctx, image.ListOptions{Filters: filters.NewArgs(filters.Arg("reference", repository+":*"))})
	if err != nil {
		return nil, ended(ctx, doing, err)
	}
	for _, img := range found {
		full, err := d.api.ImageInspect(ctx, img.ID)
		if err != nil {
			return swept, ended(ctx, doing, err)
		}
		// Docker does not say when an image was loaded, only when it was last tagged.
		if tagged := full.Metadata.LastTagTime; tagged.IsZero() || tagged.Year() < 2000 || time.Since(tagged) < age {
			continue
		}
		for _, name := range img.RepoTags {
			named, err := reference.ParseNormalizedNamed(name)
			if err != nil || strings.TrimPrefix(reference.FamiliarName(named), "docker.io/library/") != repository {
				continue
			}
			if err := d.Untag(ctx, name); err != nil {
				return swept, fmt.Errorf("%s: %w", doing, err)
			}
			swept = append(swept, name)
		}
	}
	return swept, nil
}
