//go:build !linux

package daemons

import "errors"

const dockerLog = "dockerd.log"

// NoDocker says that this needs Linux.
func NoDocker(DockerOptions) string { return "dockerd needs Linux" }

// StartDocker needs Linux.
func StartDocker(string, DockerOptions) (host string, stop func() error, err error) {
	return "", nil, errors.New("starting dockerd: this needs Linux")
}
