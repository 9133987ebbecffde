package origins

import (
	"context"
	"os"

	"github.com/pbrx-go/pbrx-go/images/definition"
)

// directory is a project of the kind path: the directory itself, or a copy with patches.
func (f *Fetcher) directory(ctx context.Context, p definition.Project, patches []patch) (Checkout, error) {
	real, err := f.inTree(p.Origin.Dir, p.Origin.Where)
	if err != nil {
		return Checkout{}, err
	}
	if info, err := os.Stat(real); err != nil || !info.IsDir() {
		return Checkout{}, problem(p.Origin.Where.At, "name the directory of the project", "%q is no directory", p.Origin.Where.Value)
	}
	if len(patches) == 0 {
		return Checkout{Tree: real}, nil
	}
	return Checkout{}, problem(p.Patches[0].At, "", "patches of a directory are not there yet")
}
