//go:build !unix

package cli

// notifyResize never calls: there is no such signal here.
func notifyResize(func()) (stop func()) { return func() {} }
