package daemons

import (
	"os"
	"path/filepath"
	"testing"
)

// BuildkitdOptions say how a buildkitd is started. The zero value is a unix socket and an empty store.
type BuildkitdOptions struct {
	// TLSDir holds ca.pem, cert.pem and key.pem of the server (see [CA.Server]): it then listens on a
	// port of the loopback interface, and clients must show a certificate of the same CA.
	TLSDir string
	// TCP has it listen on a port of the loopback interface, in plain text where TLSDir is empty.
	TCP bool
	// Config is its configuration file, buildkitd.toml: registries with their CA, plain HTTP, limits. Addresses,
	// the store and the worker are said by flags, which win over it.
	Config string
	// Root is the folder of the store, kept when it ends; empty: a fresh one, removed with the test.
	Root string
}

// Buildkitd starts a buildkitd of the test's own and returns its address. It ends with the
// test, and with the test's process. A test is skipped where there is no right to start one or
// no runc; one that does not start fails it. Its log is shown when the test failed.
func Buildkitd(t testing.TB, options BuildkitdOptions) string {
	t.Helper()
	if why := NoBuildkitd(); why != "" {
		t.Skip("no buildkitd to test with: " + why)
	}
	dir, err := shortTempDir("pbb")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("removing what buildkitd left: %v", err)
		}
	})
	address, stop, err := StartBuildkitd(dir, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("the end of buildkitd's log:\n%s", tail(filepath.Join(dir, buildkitdLog), 100))
		}
	})
	return address
}
