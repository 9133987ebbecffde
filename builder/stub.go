package builder

import (
	"context"
	"errors"

	gateway "github.com/moby/buildkit/frontend/gateway/client"

	"github.com/pbrx-go/pbrx-go/images"
)

func (p *parts) files(_ context.Context, _ gateway.Client, s stack, files []images.File, _ string) (stack, error) {
	if len(files) > 0 {
		return s, errors.New("files")
	}
	return s, nil
}

func (p *parts) runs(_ context.Context, _ gateway.Client, s stack, runs []images.RunStep, _ string) (stack, error) {
	if len(runs) > 0 {
		return s, errors.New("runs")
	}
	return s, nil
}
