//go:build !linux

package embedded

import (
	"context"
	"runtime"

	"github.com/moby/buildkit/client"
)

// Engine is a running engine; there is none outside Linux.
type Engine struct{}

// errNotLinux says which engines there are instead.
func errNotLinux() error {
	return &SurroundingsError{Problem: "the embedded engine runs on Linux only, not on " + runtime.GOOS,
		Remedy: "choose another engine with --engine: docker, or the address of a buildkitd"}
}

// Open fails: the engine needs Linux.
func Open(context.Context, Options) (*Engine, error) { return nil, errNotLinux() }

// Client is nil.
func (*Engine) Client() *client.Client { return nil }

// Close does nothing.
func (*Engine) Close() error { return nil }

// ChildMain is false: there are no children.
func ChildMain([]string) (isChild bool, code int) { return false, 0 }

// Check reports that the engine needs Linux.
func Check(context.Context, string) []Finding {
	return []Finding{{Name: "system", Level: LevelFail, Detail: runtime.GOOS, Remedy: errNotLinux().Error()}}
}

// TempDir has nothing to offer here.
func (*Engine) TempDir() (string, error) { return "", errNotLinux() }
