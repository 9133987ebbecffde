//go:build !unix

package origins

import "context"

// lock does nothing where files cannot be locked: two runs at once are the user's to avoid there.
func (f *Fetcher) lock(context.Context, string, string) (unlock func(), err error) {
	return func() {}, nil
}
