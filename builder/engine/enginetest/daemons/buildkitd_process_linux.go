package daemons

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// contained is a server as process 1 of its namespace of processes, below unshare. When this
// process dies, unshare is killed, and with it the server and all that it started.
type contained struct {
	name   string
	cmd    *exec.Cmd
	exited chan struct{} // closed when the process has been waited for
}

// ends is how long a server may take to end before it is killed.
const ends = 10 * time.Second

// startContained starts a server that writes its output to a file. environ is added to our environment.
func startContained(logFile string, environ []string, name string, args ...string) (*contained, error) {
	log, err := os.Create(logFile)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command("unshare", append([]string{"--fork", "--pid", "--mount", "--mount-proc", "--kill-child", "--", name}, args...)...)
	cmd.Env = append(cmd.Environ(), environ...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	p := &contained{name: name, cmd: cmd, exited: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The signal comes when the thread ends that started the process, not the process: this one waits with it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is in its log
			close(p.exited)
		}
	}()
	return p, <-started
}

// waitFor waits until the server is ready, or has ended.
func (p *contained) waitFor(limit time.Duration, ready func() bool) error {
	timeout := time.After(limit)
	for !ready() {
		select {
		case <-p.exited:
			return fmt.Errorf("it ended: %s", p.cmd.ProcessState)
		case <-timeout:
			return fmt.Errorf("it was not ready within %s", limit)
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}

// end asks the server to end, and kills it when it does not.
func (p *contained) end() error {
	// unshare holds signals back; the server is its only child, and its end is the end of the whole namespace.
	pid := p.cmd.Process.Pid
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
		child, convErr := strconv.Atoi(strings.TrimSpace(string(children)))
		if err == nil && convErr == nil {
			_ = syscall.Kill(child, signal) // it may have ended by itself
		}
		select {
		case <-p.exited:
			return nil
		case <-time.After(ends):
		}
	}
	return fmt.Errorf("ending %s: process %d does not end", p.name, pid)
}
