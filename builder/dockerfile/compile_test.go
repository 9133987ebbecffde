package dockerfile

import (
	"context"
	"errors"
	"testing"

	"github.com/moby/buildkit/solver/pb"
	apicapspb "github.com/moby/buildkit/util/apicaps/pb"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// What the engine cannot do is known before it is asked to, with the line that wants it.
func TestUnsupported(t *testing.T) {
	f, err := Parse("Dockerfile.foo", []byte("FROM foo-base\n\nCOPY --exclude=*.txt conf /srv/\n"))
	if err != nil {
		t.Fatal(err)
	}
	in := Supposing(v1.Platform{OS: "linux", Architecture: "amd64"})
	if _, err := f.Compile(context.Background(), in); err != nil {
		t.Fatal(err)
	}
	var some []*apicapspb.APICap
	for _, c := range pb.Caps.All() {
		if c.ID != string(pb.CapFileCopyIncludeExcludePatterns) {
			some = append(some, c)
		}
	}
	in.Caps = pb.Caps.CapSet(some)
	_, err = f.Compile(context.Background(), in)
	var unsupported *UnsupportedError
	if !errors.As(err, &unsupported) || unsupported.At != "Dockerfile.foo:3:1" {
		t.Errorf("the error is %v", err)
	}
}
