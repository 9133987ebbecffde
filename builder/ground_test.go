package builder

import (
	"context"
	"errors"
	"testing"

	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pbrx-go/pbrx-go/images"
)

// refusing is an engine that solves nothing.
type refusing struct{}

func (refusing) Solve(context.Context, Job) (*v1.Descriptor, error) {
	return nil, errors.New("refused")
}

// A builder without Python gets the distribution's, and the base stays what was learnt of it.
func TestBootstrapOfBuilder(t *testing.T) {
	r := &Run{solver: refusing{}, opener: newOpener(Options{}), tracker: newTracker(nil),
		image: &BaseImage{}, Base: images.Base{DistroName: "Debian 12", Ref: "python:3.13"}}
	if err := r.bootstrap(t.Context(), &ground{image: &BaseImage{}, bare: &bare{base: images.Base{DistroName: "Debian 12"}}}); err == nil {
		t.Error("it was solved")
	}
	if r.Base.Ref != "python:3.13" {
		t.Errorf("the base is %+v now", r.Base)
	}
}
