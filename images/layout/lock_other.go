//go:build !unix

package layout

// lockDir does nothing where folders cannot be locked: two builds into one layout at
// once are the user's to avoid there.
func lockDir(string) (unlock func(), err error) { return func() {}, nil }
