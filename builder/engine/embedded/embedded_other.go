//go:build !linux

package embedded

import (
	"context"
	"runtime"

	"github.com/moby/buildkit/client"
)

// Engine is a running engine; there is none outside Linux.
type Engine struct{}

// Open fails: the engine needs Linux.
func Open(context.Context, Options) (*Engine, error) { return nil, notLinux(runtime.GOOS) }

// Client is nil.
func (*Engine) Client() *client.Client { return nil }

// Close does nothing.
func (*Engine) Close() error { return nil }

// ChildMain is false: there are no children.
func ChildMain([]string) (isChild bool, code int) { return false, 0 }

// Check reports that the engine needs Linux.
func Check(context.Context, string) []Finding {
	err := notLinux(runtime.GOOS)
	return []Finding{{Name: "system", Level: LevelFail, Detail: err.Problem, Remedy: err.Remedy}}
}

// TempDir has nothing to offer here.
func (*Engine) TempDir() (string, error) { return "", notLinux(runtime.GOOS) }
