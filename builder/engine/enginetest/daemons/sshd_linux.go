package daemons

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	sshdLog    = "sshd.log"
	sshdStarts = 20 * time.Second
	// sshdTries is how often another port is taken when somebody was faster: sshd cannot choose one itself.
	sshdTries = 5
	// privilegeSeparation is a folder that sshd insists on; only systemd makes it.
	privilegeSeparation = "/run/sshd"
)

// noSSHD says why no sshd can be started here, and nothing when one can.
func noSSHD() string {
	if os.Geteuid() != 0 {
		return "sshd needs root"
	}
	for _, name := range []string{"unshare", "sshd", "ssh", "ssh-keygen"} {
		if _, err := exec.LookPath(name); err != nil {
			return err.Error()
		}
	}
	return ""
}

// startSSHD starts the server with everything it has in dir.
func startSSHD(dir, path string) (_ SSHServer, stop func() error, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("starting sshd: %w", err)
		}
	}()
	program, err := exec.LookPath("sshd") // it starts itself again and must have a full path
	if err != nil {
		return SSHServer{}, nil, err
	}
	if err := os.MkdirAll(privilegeSeparation, 0o755); err != nil {
		return SSHServer{}, nil, err
	}
	for _, key := range []string{"host", "user"} {
		if err := runQuietly("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test "+key, "-f", filepath.Join(dir, key)); err != nil {
			return SSHServer{}, nil, err
		}
	}
	for range sshdTries {
		var p *contained
		var port int
		if port, err = freePort(); err != nil {
			return SSHServer{}, nil, err
		}
		if p, err = runSSHD(dir, program, path, port); err != nil {
			continue
		}
		server, err := writeClient(dir, port)
		if err != nil {
			return SSHServer{}, nil, errors.Join(err, p.end())
		}
		return server, p.end, nil
	}
	return SSHServer{}, nil, err
}

// runSSHD starts sshd on a port and waits until it listens.
func runSSHD(dir, program, path string, port int) (*contained, error) {
	config := filepath.Join(dir, "sshd_config")
	// PAM where there is one: without it sshd refuses a user whose password is locked, as root's often is.
	text := fmt.Sprintf(`ListenAddress 127.0.0.1:%d
HostKey %s
AuthorizedKeysFile %s
PidFile none
StrictModes no
UsePAM yes
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
AllowStreamLocalForwarding yes
PrintMotd no
SetEnv "PATH=%s"
`, port, filepath.Join(dir, "host"), filepath.Join(dir, "user.pub"), path)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, err
	}
	log := filepath.Join(dir, sshdLog)
	p, err := startContained(log, nil, program, "-D", "-e", "-f", config)
	if err != nil {
		return nil, err
	}
	err = p.waitFor(sshdStarts, func() bool {
		data, err := os.ReadFile(log)
		return err == nil && strings.Contains(string(data), "Server listening on ")
	})
	if err != nil {
		err = fmt.Errorf("%w; the end of its log:\n%s", err, tail(log, 40))
		return nil, errors.Join(err, p.end())
	}
	return p, nil
}

// writeClient writes an ssh that knows the server, by way of a configuration of its own.
func writeClient(dir string, port int) (SSHServer, error) {
	me, err := user.Current()
	if err != nil {
		return SSHServer{}, err
	}
	ssh, err := exec.LookPath("ssh")
	if err != nil {
		return SSHServer{}, err
	}
	hostKey, err := os.ReadFile(filepath.Join(dir, "host.pub"))
	if err != nil {
		return SSHServer{}, err
	}
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		return SSHServer{}, err
	}
	known, config := filepath.Join(dir, "known_hosts"), filepath.Join(dir, "ssh_config")
	for _, f := range []struct {
		name, text string
		mode       os.FileMode
	}{
		{known, fmt.Sprintf("[127.0.0.1]:%d %s", port, hostKey), 0o600},
		{config, fmt.Sprintf("IdentityFile %s\nIdentitiesOnly yes\nIdentityAgent none\nUserKnownHostsFile %s\nGlobalKnownHostsFile none\nStrictHostKeyChecking yes\nBatchMode yes\n",
			filepath.Join(dir, "user"), known), 0o600},
		{filepath.Join(bin, "ssh"), fmt.Sprintf("#!/bin/sh\nexec '%s' -F '%s' \"$@\"\n", ssh, config), 0o755},
	} {
		if err := os.WriteFile(f.name, []byte(f.text), f.mode); err != nil {
			return SSHServer{}, err
		}
	}
	return SSHServer{Address: "ssh://" + me.Username + "@127.0.0.1:" + strconv.Itoa(port), ClientPath: bin}, nil
}

// freePort is a port of the loopback interface that nobody had a moment ago.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
