package enginetest

import (
	"testing"

	"github.com/pbrx-go/pbrx-go/builder"
	"github.com/pbrx-go/pbrx-go/images/deliver"
)

// Engine is an engine under test.
type Engine struct {
	builder.Solver
	// Docker is the Docker Engine that it is, if it is one.
	Docker Docker
	// Keeps says that the engine hands over no blobs: its images are fetched out of Docker.
	Keeps bool
	// Mergeless says that it has no Merge.
	Mergeless bool
	// Stubs says that the folders in which the engine makes mount points while a step runs keep the time of
	// that, where others give them back the one they had: layers differ from one run to the next. So that
	// they can be compared, the base then has what the engine would make.
	Stubs bool
	// Left names the images that the engine holds. After each case there must be none: the suite
	// gives no image a name. It may be nil, for engines that hold no images.
	Left func(t *testing.T) []string
}

// Docker is what the suite asks of a Docker Engine.
type Docker interface {
	builder.ImageStore
	deliver.Daemon
}

// Smoke runs one case of the suite: the images are what the plan says.
func Smoke(t *testing.T, engine Engine) { testImages(t, newSuite(t, engine)) }

// Run runs the suite. open starts an engine whose cache is empty and that ends with the test
// it is given; an engine that cannot run here skips that test. Images are exported with zstd, gzip or
// no compression, as the engine pleases, and with the epoch 315532800.
func Run(t *testing.T, open func(t *testing.T) Engine) {
	s := newSuite(t, open(t))
	for _, c := range []struct {
		name string
		test func(*testing.T, *suite)
	}{
		{"images are what the plan says", testImages},
		{"an unchanged build runs no step", testUnchanged},
		{"without the cache every step runs once", testNoCache},
		{"a changed source runs the project's steps only", testChangedSource},
		{"without anything to compile nothing to compile with is installed", testNothingToCompile},
		{"a root file system is a base", testRootFS},
		{"an engine without Merge makes the same files", testWithoutMerge},
		{"a failing wheel is a StepError", testFailingWheel},
		{"a failing package names its line", testFailingPackage},
		{"missing packages are all named", testMissingPackages},
		{"without an init the images have no entrypoint", testNoInit},
		{"secrets reach steps and stay out of images", testSecrets},
		{"history reaches the wheel without its configuration", testHistory},
		{"scripts that would die at start leave nothing behind", testDyingScripts},
		{"a cancelled build names nothing", testCancel},
		{"scripts run", testRunScript},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.test(t, s)
			if s.engine.Left != nil {
				if left := s.engine.Left(t); len(left) > 0 {
					t.Errorf("these images are left: %q", left)
				}
			}
		})
	}
	t.Run("two empty caches give the same digests", func(t *testing.T) {
		sameDigests(t, s.mustBuild(t, s.project(t, nil)), s.with(open(t)).mustBuild(t, s.project(t, nil)))
	})
}
