package docker

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/distribution/reference"
	"github.com/docker/docker/api/types/image"
	buildkit "github.com/moby/buildkit/client"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pbrx-go/pbrx-go/images/layout"
)

// Image describes an image of the engine, by ID or name.
//
// The descriptor is that of the configuration on graph drivers (its digest is the image ID),
// and the target's, manifest or index, in containerd's store. The manifest is no document of
// the engine: it lists the layers, unpacked, by the digests and sizes of their content.
//
// The configuration is exact, and RawConfig holds its bytes, where the image has a name. For one
// without, the engine tells no more than its inspection: RawConfig is empty, fields that
// Docker does not know are missing, and which entries of the history made no layer is a guess
// where a layer has no files. The layers, their order and digests are always exact.
func (d *Daemon) Image(ctx context.Context, ref string) (*layout.Image, error) {
	doing := "looking at the image " + ref + " in Docker"
	found, err := d.api.ImageInspect(ctx, ref)
	if err != nil {
		return nil, ended(ctx, doing, err)
	}
	entries, err := d.api.ImageHistory(ctx, found.ID)
	if err != nil {
		return nil, ended(ctx, doing, err)
	}
	slices.Reverse(entries) // the engine begins with the newest
	id, err := digest.Parse(found.ID)
	if err != nil {
		return nil, fmt.Errorf("%s: its ID: %w", doing, err)
	}
	img := &layout.Image{Descriptor: v1.Descriptor{MediaType: v1.MediaTypeImageConfig, Digest: id}}
	if found.Descriptor != nil {
		img.Descriptor = *found.Descriptor
	}
	if img.RawConfig, err = d.rawConfig(ctx, found); err != nil {
		return nil, ended(ctx, doing, err)
	}
	if img.RawConfig == nil {
		if img.Config, err = inspectedConfig(found, entries); err != nil {
			return nil, fmt.Errorf("%s: %w", doing, err)
		}
	} else if err := json.Unmarshal(img.RawConfig, &img.Config); err != nil {
		return nil, fmt.Errorf("%s: its configuration: %w", doing, err)
	}
	if img.Descriptor.Digest == digest.FromBytes(img.RawConfig) {
		img.Descriptor.Size = int64(len(img.RawConfig))
	}
	img.Manifest = manifest(img, entries)
	return img, nil
}

// rawConfig is the configuration of an image that has a name, through BuildKit: the API does
// not give it, and saving the image to find it would take all of its layers along. It is nil
// when the name meanwhile means something else.
func (d *Daemon) rawConfig(ctx context.Context, found image.InspectResponse) ([]byte, error) {
	if len(found.RepoTags) == 0 {
		return nil, nil
	}
	named, err := reference.ParseNormalizedNamed(found.RepoTags[0]) // only whole names work: docker.io/library/…
	if err != nil {
		return nil, err
	}
	var raw []byte
	_, err = d.buildkit.Build(ctx, buildkit.SolveOpt{}, "pbrx-go", func(ctx context.Context, c gateway.Client) (*gateway.Result, error) {
		_, _, raw, err = c.ResolveImageConfig(ctx, named.String(), sourceresolver.Opt{
			ImageOpt: &sourceresolver.ResolveImageOpt{ResolveMode: llb.ResolveModePreferLocal.String()},
		})
		return gateway.NewResult(), err
	}, nil)
	if err != nil {
		return nil, err
	}
	if !d.containerd && digest.FromBytes(raw).String() != found.ID {
		return nil, nil
	}
	var config v1.Image
	readable := json.Unmarshal(raw, &config) == nil
	if !readable || !slices.Equal(digestStrings(config.RootFS.DiffIDs), found.RootFS.Layers) {
		return nil, nil
	}
	return raw, nil
}

func digestStrings(digests []digest.Digest) []string {
	out := []string{}
	for _, d := range digests {
		out = append(out, d.String())
	}
	return out
}

// inspectedConfig is the configuration as far as the engine's inspection and history, oldest entry first, tell it.
func inspectedConfig(found image.InspectResponse, entries []image.HistoryResponseItem) (v1.Image, error) {
	config := v1.Image{
		Platform: v1.Platform{Architecture: found.Architecture, Variant: found.Variant, OS: found.Os, OSVersion: found.OsVersion},
		Author:   found.Author,
		RootFS:   v1.RootFS{Type: found.RootFS.Type},
	}
	if found.Config != nil {
		config.Config = found.Config.ImageConfig
	}
	if found.Created != "" {
		created, err := time.Parse(time.RFC3339Nano, found.Created)
		if err != nil {
			return v1.Image{}, fmt.Errorf("when it was created: %w", err)
		}
		config.Created = &created
	}
	for _, l := range found.RootFS.Layers {
		diffID, err := digest.Parse(l)
		if err != nil {
			return v1.Image{}, fmt.Errorf("its layers: %w", err)
		}
		config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, diffID)
	}
	// As many entries as there are too many for the layers made none; the last ones without a size are taken for them.
	surplus := len(entries) - len(config.RootFS.DiffIDs)
	for n := len(entries) - 1; n >= 0; n-- {
		created := time.Unix(entries[n].Created, 0).UTC()
		h := v1.History{Created: &created, CreatedBy: entries[n].CreatedBy, Comment: entries[n].Comment}
		if surplus > 0 && entries[n].Size == 0 {
			h.EmptyLayer = true
			surplus--
		}
		config.History = append(config.History, h)
	}
	slices.Reverse(config.History)
	return config, nil
}

// manifest lists the layers with their sizes. Sizes are known by entry of the history; the
// history of a base may have too few of them, so they are matched from the end, where ours are.
func manifest(img *layout.Image, entries []image.HistoryResponseItem) v1.Manifest {
	var sizes []int64
	for n, e := range entries {
		exact := len(img.Config.History) == len(entries)
		if exact && img.Config.History[n].EmptyLayer {
			continue
		}
		if exact || e.Size > 0 {
			sizes = append(sizes, e.Size)
		}
	}
	m := v1.Manifest{
		MediaType: v1.MediaTypeImageManifest,
		Config:    v1.Descriptor{MediaType: v1.MediaTypeImageConfig, Size: int64(len(img.RawConfig))},
	}
	m.SchemaVersion = 2
	if img.RawConfig != nil {
		m.Config.Digest = digest.FromBytes(img.RawConfig)
	} else if img.Descriptor.MediaType == v1.MediaTypeImageConfig {
		m.Config.Digest = img.Descriptor.Digest
	}
	diffIDs := img.Config.RootFS.DiffIDs
	for n, diffID := range diffIDs {
		l := v1.Descriptor{MediaType: v1.MediaTypeImageLayer, Digest: diffID}
		if at := n - len(diffIDs) + len(sizes); at >= 0 && at < len(sizes) {
			l.Size = sizes[at]
		}
		m.Layers = append(m.Layers, l)
	}
	return m
}
