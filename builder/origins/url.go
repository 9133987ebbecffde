package origins

import (
	"context"

	"github.com/pbrx-go/pbrx-go/images/definition"
)

func (f *Fetcher) url(ctx context.Context, o definition.Origin, arch string) (Content, error) {
	return Content{}, nil
}
