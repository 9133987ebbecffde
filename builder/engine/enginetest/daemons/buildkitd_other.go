//go:build !linux

package daemons

import "errors"

const buildkitdLog = "buildkitd.log"

// NoBuildkitd says that this needs Linux.
func NoBuildkitd() string { return "buildkitd needs Linux" }

// StartBuildkitd needs Linux.
func StartBuildkitd(string, BuildkitdOptions) (address string, stop func() error, err error) {
	return "", nil, errors.New("starting buildkitd: this needs Linux")
}

// BuildkitTools needs Linux.
func BuildkitTools() (string, error) {
	return "", errors.New("building buildkitd: this needs Linux")
}
