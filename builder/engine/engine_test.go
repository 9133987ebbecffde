package engine

import (
	"context"
	"errors"
	"testing"

	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

func TestPatiently(t *testing.T) {
	unknown, other := errors.New("making the container: forwarding NewContainer: no such job x"), errors.New("exit code: 1")
	ended, end := context.WithCancel(t.Context())
	end()
	for name, c := range map[string]struct {
		ctx    context.Context
		errors []error // of one attempt after the other
		want   error
		made   int
	}{
		"at once":             {t.Context(), []error{nil}, nil, 1},
		"the second time":     {t.Context(), []error{unknown, nil}, nil, 2},
		"the third time":      {t.Context(), []error{unknown, unknown, nil}, nil, 3},
		"never":               {t.Context(), []error{unknown, unknown, unknown, nil}, unknown, 3},
		"a failure":           {t.Context(), []error{other, nil}, other, 1},
		"nobody waits for it": {ended, []error{unknown, nil}, unknown, 1},
	} {
		made := 0
		_, err := patiently(c.ctx, func() (*v1.Descriptor, error) { made++; return nil, c.errors[made-1] })
		if !errors.Is(err, c.want) || made != c.made {
			t.Errorf("%s: %v after %d attempts, want %v after %d", name, err, made, c.want, c.made)
		}
	}
}
