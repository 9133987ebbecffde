package cli

import (
	"fmt"
	"path/filepath"

	"github.com/moby/buildkit/client"
	"github.com/spf13/cobra"

	"github.com/pbrx-go/pbrx-go/builder"
	"github.com/pbrx-go/pbrx-go/images/naming"
)

// bindCaches adds the flags of layer caches.
func (f *engineFlags) bindCaches(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.cacheFrom, "cache-from", nil, "layer cache to look into: docker://`NAME` or oci:DIR; can be repeated")
	cmd.Flags().StringArrayVar(&f.cacheTo, "cache-to", nil, "layer cache to write every step's result to: docker://`NAME` or oci:DIR; can be repeated")
}

// caches are the entries for BuildKit.
func (f *engineFlags) caches() (from, to []client.CacheOptionsEntry, err error) {
	for _, ref := range f.cacheFrom {
		kind, target, err := parseCache("--cache-from", ref)
		if err != nil {
			return nil, nil, err
		}
		from = append(from, client.CacheOptionsEntry{Type: kind, Attrs: map[string]string{map[string]string{"registry": "ref", "local": "src"}[kind]: target}})
	}
	for _, ref := range f.cacheTo {
		kind, target, err := parseCache("--cache-to", ref)
		if err != nil {
			return nil, nil, err
		}
		attrs := map[string]string{map[string]string{"registry": "ref", "local": "dest"}[kind]: target,
			"mode": "max", "image-manifest": "true", "oci-mediatypes": "true", "compression": "zstd"}
		to = append(to, client.CacheOptionsEntry{Type: kind, Attrs: attrs})
	}
	return from, to, nil
}

// useCaches gives the engine the layer caches that it can use, and refuses the others. Docker's graph drivers
// keep layers in a form that no cache can be made of.
func (o *opened) useCaches(f engineFlags) error {
	var err error
	if o.CacheFrom, o.CacheTo, err = f.caches(); err != nil || o.exports {
		return err
	}
	for n, entry := range o.CacheFrom {
		if entry.Type == "local" {
			return o.cannot("read the layer cache " + f.cacheFrom[n])
		}
	}
	if len(o.CacheTo) > 0 {
		return o.cannot("write the layer cache " + f.cacheTo[0])
	}
	return nil
}

func (o *opened) cannot(what string) error {
	return &builder.EngineError{Doing: "opening the engine " + o.name, Err: fmt.Errorf("it cannot %s", what),
		Hint: "use --engine embedded, a buildkitd, or a Docker Engine with the containerd image store"}
}

// parseCache reads where a layer cache is.
func parseCache(flag, ref string) (kind, target string, err error) {
	location, err := naming.ParseLocation(ref)
	if err != nil {
		return "", "", usagef("%s %w: use docker://NAME or oci:DIR", flag, err)
	}
	switch {
	case location.Transport == naming.Registry && location.Name != "":
		name, err := naming.NormalizeRef(location.Name)
		if err != nil {
			return "", "", usagef("%s %s: %w: write it as in docker://registry.example.org/team/cache", flag, ref, err)
		}
		return "registry", name, nil
	case location.Transport == naming.OCILayout && location.Ref == "":
		dir, err := filepath.Abs(location.Name)
		return "local", dir, err
	}
	return "", "", usagef("%s %s: layer caches are in a registry (docker://NAME) or a folder (oci:DIR)", flag, ref)
}
