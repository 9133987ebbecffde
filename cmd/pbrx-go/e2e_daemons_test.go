package main

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/pbrx-go/pbrx-go/builder/engine/enginetest/daemons"
)

// daemon is a server that all tests of the package share. It starts when the first of them asks for
// it, and stopDaemons ends it.
type daemon struct {
	once  sync.Once
	start func(dir string) (address string, stop func() error, err error)

	dir, address string
	stop         func() error
	err          error
}

var (
	theDocker = daemon{start: func(dir string) (string, func() error, error) {
		return daemons.StartDocker(dir, daemons.DockerOptions{})
	}}
	theBuildkitd = daemon{start: func(dir string) (string, func() error, error) {
		return daemons.StartBuildkitd(dir, daemons.BuildkitdOptions{})
	}}
)

// dockerHost is the address of a Docker Engine (unix://…), for DOCKER_HOST and --engine docker. Images and caches
// in it are those of all tests: what a test names there, it names as no other does, and removes.
func dockerHost(t *testing.T) string {
	t.Helper()
	if why := daemons.NoDocker(daemons.DockerOptions{}); why != "" {
		t.Skip("no Docker Engine to test with: " + why)
	}
	return theDocker.get(t)
}

// buildkitdAddress is the address of a buildkitd (unix://…), for BUILDKIT_HOST and --engine. Its store is that of all tests.
func buildkitdAddress(t *testing.T) string {
	t.Helper()
	if why := daemons.NoBuildkitd(); why != "" {
		t.Skip("no buildkitd to test with: " + why)
	}
	return theBuildkitd.get(t)
}

func (d *daemon) get(t *testing.T) string {
	t.Helper()
	d.once.Do(func() {
		if d.dir, d.err = os.MkdirTemp("/tmp", "pbe"); d.err == nil { // a short name, for sockets
			d.address, d.stop, d.err = d.start(d.dir)
		}
	})
	if d.err != nil {
		t.Fatal(d.err)
	}
	return d.address
}

// stopDaemons ends what was started.
func stopDaemons() error {
	var errs []error
	for _, d := range []*daemon{&theDocker, &theBuildkitd} {
		if d.stop != nil {
			errs = append(errs, d.stop())
		}
		if d.dir != "" {
			errs = append(errs, os.RemoveAll(d.dir))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("ending the servers of the tests: %w", err)
	}
	return nil
}
