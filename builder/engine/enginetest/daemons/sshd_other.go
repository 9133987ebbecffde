//go:build !linux

package daemons

import "errors"

const sshdLog = "sshd.log"

func noSSHD() string { return "the sshd of a test needs Linux" }

func startSSHD(string, string) (SSHServer, func() error, error) {
	return SSHServer{}, nil, errors.New("starting sshd: this needs Linux")
}
