package push

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/distribution/reference"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pbrx-go/pbrx-go/images/archive"
	"github.com/pbrx-go/pbrx-go/images/naming"
)

// maxManifest is what registries take for a manifest at most, and more (OCI distribution spec: 4 MB).
const maxManifest = 16 << 20

// target is an image of the set and all that must be in its repository.
type target struct {
	Image
	repo *repository
	// manifests are what the descriptor reaches, itself last, as registries want it.
	manifests []manifest
	blobs     []v1.Descriptor
	// present is set when the registry has the image's manifest, and so all below it.
	present bool
}

// manifest is a manifest or an index, as the registry client wants it.
type manifest struct {
	desc v1.Descriptor
	raw  []byte
}

func (m manifest) RawManifest() ([]byte, error)        { return m.raw, nil }
func (m manifest) MediaType() (types.MediaType, error) { return types.MediaType(m.desc.MediaType), nil }

// plan reads the set, and finds what is wrong with it before anything is sent.
func plan(set []Image, open archive.Opener) ([]*target, error) {
	repos := map[string]*repository{}
	var targets []*target
	var errs []error
	for _, img := range set {
		t := &target{Image: img}
		repo, err := newRepository(img.Name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if known := repos[repo.String()]; known != nil {
			repo = known
		}
		repos[repo.String()] = repo
		t.repo = repo
		for _, tag := range img.Tags {
			if err := naming.CheckTag(tag); err != nil {
				errs = append(errs, fmt.Errorf("pushing %s: %w", img.Name, err))
			}
		}
		if err := t.read(img.Descriptor, open, map[digest.Digest]bool{}); err != nil {
			errs = append(errs, fmt.Errorf("pushing %s: %w", img.Name, err))
		}
		targets = append(targets, t)
	}
	return targets, errors.Join(errs...)
}

// read follows a descriptor down to the blobs.
func (t *target) read(desc v1.Descriptor, open archive.Opener, seen map[digest.Digest]bool) error {
	if seen[desc.Digest] {
		return nil
	}
	seen[desc.Digest] = true
	raw, err := readManifest(desc, open)
	if err != nil {
		return err
	}
	var node struct {
		MediaType string
		Config    *v1.Descriptor
		Layers    []v1.Descriptor
		Manifests []v1.Descriptor
	}
	if err := json.Unmarshal(raw, &node); err != nil {
		return fmt.Errorf("manifest %s: %w", desc.Digest, err)
	}
	for _, d := range node.Manifests {
		if err := t.read(d, open, seen); err != nil {
			return err
		}
	}
	if node.Config != nil {
		node.Layers = append(node.Layers, *node.Config)
	}
	for _, d := range node.Layers {
		if err := d.Digest.Validate(); err != nil {
			return fmt.Errorf("manifest %s: blob %q: %w", desc.Digest, d.Digest, err)
		}
		if types.MediaType(d.MediaType).IsDistributable() && !slices.ContainsFunc(t.blobs, func(b v1.Descriptor) bool { return b.Digest == d.Digest }) {
			t.blobs = append(t.blobs, d)
		}
	}
	// The registry compares the type it is sent with what the manifest says of itself.
	if node.MediaType != "" {
		desc.MediaType = node.MediaType
	}
	t.manifests = append(t.manifests, manifest{desc, raw})
	return nil
}

func readManifest(desc v1.Descriptor, open archive.Opener) ([]byte, error) {
	if err := desc.Digest.Validate(); err != nil {
		return nil, fmt.Errorf("manifest %q: %w", desc.Digest, err)
	}
	r, err := open(desc.Digest)
	if err != nil {
		return nil, fmt.Errorf("opening manifest %s: %w", desc.Digest, err)
	}
	defer r.Close()
	raw, err := io.ReadAll(io.LimitReader(r, maxManifest))
	if err != nil {
		return nil, fmt.Errorf("reading manifest %s: %w", desc.Digest, err)
	}
	if got := desc.Digest.Algorithm().FromBytes(raw); got != desc.Digest {
		return nil, fmt.Errorf("manifest %s is damaged: its content has digest %s", desc.Digest, got)
	}
	return raw, nil
}

// newRepository reads a name as Docker does: localhost and what has a dot or a port is a host,
// a bare name belongs to Docker Hub.
func newRepository(image string) (*repository, error) {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return nil, fmt.Errorf("pushing %s: %q names no repository: %w", image, image, err)
	}
	if !reference.IsNameOnly(named) {
		return nil, fmt.Errorf("pushing %s: %q is more than a repository: tags are given apart", image, image)
	}
	host := reference.Domain(named)
	registry, err := name.NewRegistry(host)
	if err != nil {
		return nil, fmt.Errorf("pushing %s: %w", image, err)
	}
	return &repository{Repository: registry.Repo(reference.Path(named)), host: host}, nil
}

// short is a digest as people compare it.
func short(d digest.Digest) string {
	return strings.TrimPrefix(d.String()[:min(len(d), 19)], "sha256:")
}
