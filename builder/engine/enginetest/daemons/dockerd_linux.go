package daemons

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	dockerLog    = "dockerd.log"
	bridgePrefix = "pbx"
	dockerStarts = 60 * time.Second
	// dockerEnds is how long a daemon may take to end its containers before it is killed.
	dockerEnds = 10 * time.Second
)

// NoDocker says why no daemon can be started here, and nothing when one can.
func NoDocker(options DockerOptions) string {
	if os.Geteuid() != 0 {
		return "dockerd needs root"
	}
	for _, name := range []string{dockerPath(options), "unshare", "ip"} {
		if _, err := exec.LookPath(name); err != nil {
			return err.Error()
		}
	}
	return ""
}

func dockerPath(options DockerOptions) string {
	if options.Path != "" {
		return options.Path
	}
	if path := os.Getenv("PBRX_GO_TEST_DOCKER"); path != "" {
		return path
	}
	return "dockerd"
}

// StartDocker is [Docker] for where there is no test to end with: everything the daemon has
// lies in dir, whose name must be short, and which the caller removes after stop. The log is
// dockerd.log in dir. After an error nothing runs any more.
//
// The daemon runs in a namespace of processes and of mounts, and its death is tied to the
// death of this process: then the kernel ends whatever it started, and unmounts whatever it
// mounted. Its network is the host's, with a bridge of its own and without iptables, so that
// it does not disturb another daemon; containers reach the outside by the host's network
// only. A killed test process leaves the folder, and the bridge until somebody starts the next.
func StartDocker(dir string, options DockerOptions) (host string, stop func() error, err error) {
	removeAbandonedBridges()
	bridge, removeBridge, err := addBridge()
	if err != nil {
		return "", nil, fmt.Errorf("starting dockerd: %w", err)
	}
	socket := filepath.Join(dir, "docker.sock")
	d, err := startDockerd(dir, socket, bridge, options)
	if err != nil {
		return "", nil, errors.Join(fmt.Errorf("starting dockerd: %w", err), removeBridge())
	}
	stop = func() error { return errors.Join(d.end(), removeBridge()) }
	if err := d.waitFor(socket); err != nil {
		err = fmt.Errorf("starting dockerd: %w; the end of its log:\n%s", err, tail(filepath.Join(dir, dockerLog), 40))
		return "", nil, errors.Join(err, stop())
	}
	return "unix://" + socket, stop, nil
}

// dockerd is a running daemon: unshare, and dockerd as its child and as process 1 of a namespace.
type dockerd struct {
	cmd    *exec.Cmd
	exited chan struct{} // closed when the process has been waited for
}

func startDockerd(dir, socket, bridge string, options DockerOptions) (*dockerd, error) {
	config := map[string]any{
		"data-root":  filepath.Join(dir, "data"),
		"exec-root":  filepath.Join(dir, "exec"),
		"pidfile":    filepath.Join(dir, "pid"),
		"hosts":      []string{"unix://" + socket},
		"bridge":     bridge,
		"iptables":   false,
		"ip6tables":  false,
		"ip-forward": false, // the switch is the host's
		"ip-masq":    false,
	}
	if options.Config == nil {
		if given := os.Getenv("PBRX_GO_TEST_DOCKER_CONFIG"); given != "" {
			if err := json.Unmarshal([]byte(given), &options.Config); err != nil {
				return nil, fmt.Errorf("PBRX_GO_TEST_DOCKER_CONFIG: %w", err)
			}
		}
	}
	maps.Copy(config, options.Config)
	data, err := json.MarshalIndent(config, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing daemon.json: %w", err)
	}
	file := filepath.Join(dir, "daemon.json")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, dockerLog))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command("unshare", "--fork", "--pid", "--mount", "--mount-proc", "--kill-child", "--",
		dockerPath(options), "--config-file", file)
	cmd.Env = append(cmd.Environ(), "PATH="+searchPath(cmd.Environ(), options.Search), "TMPDIR="+dir)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	d := &dockerd{cmd: cmd, exited: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The signal comes when the thread ends that started the process, not the process: this one waits with it.
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is in its log
			close(d.exited)
		}
	}()
	return d, <-started
}

// waitFor waits until the daemon answers.
func (d *dockerd) waitFor(socket string) error {
	ctx, cancel := context.WithTimeout(context.Background(), dockerStarts)
	defer cancel()
	c := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
	}}
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://docker/_ping", nil)
		if err != nil {
			return err
		}
		if resp, err := c.Do(req); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-d.exited:
			return fmt.Errorf("it ended: %s", d.cmd.ProcessState)
		case <-ctx.Done():
			return fmt.Errorf("it did not answer within %s", dockerStarts)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// end asks the daemon to end its containers and itself, and kills it when it does not.
func (d *dockerd) end() error {
	// unshare holds signals back; dockerd is its only child, and its end is the end of the whole namespace.
	pid := d.cmd.Process.Pid
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
		child, convErr := strconv.Atoi(strings.TrimSpace(string(children)))
		if err == nil && convErr == nil {
			_ = syscall.Kill(child, signal) // it may have ended by itself
		}
		select {
		case <-d.exited:
			return nil
		case <-time.After(dockerEnds):
		}
	}
	return fmt.Errorf("ending dockerd: process %d does not end", pid)
}

// searchPath is PATH with folders put before it.
func searchPath(environ, first []string) string {
	path := ""
	for _, e := range environ {
		if value, ok := strings.CutPrefix(e, "PATH="); ok {
			path = value
		}
	}
	return strings.Join(append(append([]string{}, first...), path), string(os.PathListSeparator))
}

// addBridge makes a network bridge in a network that nobody uses. Without one, dockerd makes docker0
// or, told that it needs none ("none"), deletes the docker0 of another daemon.
func addBridge() (name string, remove func() error, err error) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return "", nil, fmt.Errorf("looking for a free network: %w", err)
	}
	var free *net.IPNet
	for n, begin := 0, rand.IntN(256); n < 256 && free == nil; n++ {
		free = &net.IPNet{IP: net.IPv4(172, 31, byte((begin+n)%256), 1), Mask: net.CIDRMask(24, 32)}
		for _, a := range addrs {
			if taken, ok := a.(*net.IPNet); ok && (taken.Contains(free.IP) || free.Contains(taken.IP)) {
				free = nil
				break
			}
		}
	}
	if free == nil {
		return "", nil, errors.New("no network of 172.31.0.0/16 is free for a bridge")
	}
	name = bridgePrefix + strconv.FormatUint(uint64(rand.Uint32()), 36) // names of interfaces end at 15 bytes
	owned, err := own(name)
	if err != nil {
		return "", nil, err
	}
	remove = func() error {
		defer owned.Close()
		return runQuietly("ip", "link", "delete", name)
	}
	if err := runQuietly("ip", "link", "add", name, "type", "bridge"); err != nil {
		return "", nil, errors.Join(err, owned.Close())
	}
	for _, args := range [][]string{
		{"address", "add", free.String(), "dev", name},
		{"link", "set", name, "up"},
	} {
		if err := runQuietly("ip", args...); err != nil {
			return "", nil, errors.Join(err, remove())
		}
	}
	return name, remove, nil
}

// own marks a bridge as that of a process that lives: by a socket in the same network
// namespace, whose name has no file and ends with the process.
func own(bridge string) (io.Closer, error) {
	l, err := net.Listen("unix", "@pbrx-go-test-"+bridge)
	if err != nil {
		return nil, fmt.Errorf("claiming the bridge %s: %w", bridge, err)
	}
	return l, nil
}

// removeAbandonedBridges removes bridges of test processes that were killed. Those that cannot
// be removed are in nobody's way.
func removeAbandonedBridges() {
	all, err := net.Interfaces()
	if err != nil {
		return
	}
	for _, i := range all {
		if !strings.HasPrefix(i.Name, bridgePrefix) {
			continue
		}
		if l, err := own(i.Name); err == nil {
			_ = runQuietly("ip", "link", "delete", i.Name)
			l.Close()
		}
	}
}

// runQuietly runs a program whose output matters only when it fails.
func runQuietly(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(append([]string{name}, args...), " "), err, bytes.TrimSpace(out))
	}
	return nil
}
