package embedded

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/sirupsen/logrus"
)

// childName is argv[0] of the child: a marker that no user types and that, unlike
// an environment variable, the child's own children do not inherit.
const childName = "pbrx-go-engine"

// The files the child is started with.
const (
	childControlFD = 3 + iota
	childLockFD
	childStatusFD
)

// stopRequest on the control pipe means: stop in order. The end of the pipe means that the command is gone.
const stopRequest = "stop\n"

// childConfig is what the child is told on the control pipe.
type childConfig struct {
	StateDir     string
	Runc         string // absolute path
	Budget       int64  // bytes the store may keep
	CgroupParent string // the cgroup of all steps of this state directory
	CertsDirs    []string
}

// startReport is what the child answers on the status pipe, once.
type startReport struct{ Error string }

// childCommand is a child as a process: our own binary in new PID and mount
// namespaces, and in a session of its own so that a terminal's Ctrl-C reaches only the command.
// The engine's one argument is the state directory, for those who read ps.
func childCommand(args ...string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe") //nolint:noctx // it ends by its pipe, in order, not by a context
	cmd.Args = append([]string{childName}, args...)
	// A variable and not a call in the child: libraries read it when they are initialised.
	cmd.Env = append(os.Environ(), "TMPDIR="+tempDir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS, Setsid: true}
	return cmd
}

// ChildMain is called first thing by main, and by TestMain of tests that open an
// engine, with os.Args. Where this process is the engine's child it serves until
// the command ends and returns true and the exit code; else it returns false at once.
func ChildMain(args []string) (isChild bool, code int) {
	if len(args) == 0 || args[0] != childName {
		return false, 0
	}
	if len(args) == 3 && args[1] == probeArg {
		return true, probeMain(args[2])
	}
	for _, fd := range []int{childControlFD, childLockFD, childStatusFD} {
		syscall.CloseOnExec(fd) // or every step would hold the lock
	}
	catchSignals()
	logrus.SetOutput(os.Stderr)
	status := os.NewFile(childStatusFD, "status")
	err := serveChild(os.NewFile(childControlFD, "control"), os.NewFile(childLockFD, "lock"), status)
	if err != nil {
		logrus.WithError(err).Error("the engine ends")
		_ = json.NewEncoder(status).Encode(startReport{Error: err.Error()}) // nobody reads it once the engine has served
		return true, 1
	}
	return true, 0
}

// catchSignals keeps the child alive until the command says otherwise: a service
// manager signals every process of a job at once, and the orderly stop is the
// command's to begin. Signals are caught and dropped, not ignored, because steps
// would inherit that; SIGPIPE is among them since the log may be a pipe that has lost its reader.
func catchSignals() {
	c := make(chan os.Signal, 16)
	signal.Notify(c, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGPIPE)
	go func() {
		for range c {
		}
	}()
}

// serveChild reads the configuration, serves until the control pipe says stop or ends, and cleans up.
func serveChild(control, lock, status *os.File) error {
	defer lock.Close()
	in := bufio.NewReader(control)
	line, err := in.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("reading the configuration: %w", err)
	}
	var cfg childConfig
	if err := json.Unmarshal(line, &cfg); err != nil {
		return fmt.Errorf("reading the configuration: %w", err)
	}
	if err := privateMounts(); err != nil {
		return err
	}
	asked, gone := watchCommand(in)
	s, err := startServer(gone, cfg)
	if err != nil {
		return errors.Join(err, sweep(cfg))
	}
	served := make(chan error, 1)
	go func() { served <- s.grpc.Serve(s.listener) }()
	if err := json.NewEncoder(status).Encode(startReport{}); err != nil {
		logrus.WithError(err).Warn("the command does not listen")
	}
	status.Close()

	select {
	case <-asked:
		s.stop(gone)
	case <-gone.Done():
		s.stop(gone)
	case err := <-served:
		s.stop(gone)
		return fmt.Errorf("serving on %s: %w", filepath.Join(cfg.StateDir, socketName), err)
	}
	return nil
}

// watchCommand reads the control pipe: asked is closed by the request to stop,
// gone ends with the command.
func watchCommand(in *bufio.Reader) (asked <-chan struct{}, gone context.Context) {
	stop := make(chan struct{})
	gone, cancel := context.WithCancel(context.Background())
	go func() {
		defer cancel()
		if line, _ := in.ReadString('\n'); line == stopRequest {
			close(stop)
			_, _ = io.Copy(io.Discard, in) // an error is an end like any other
		}
	}()
	return stop, gone
}

// startServer is newServer that gives up when the command is gone: a database
// that somebody else has open would keep it for ever.
func startServer(gone context.Context, cfg childConfig) (*server, error) {
	type result struct {
		server *server
		err    error
	}
	made := make(chan result, 1)
	go func() {
		s, err := newServer(context.Background(), cfg)
		made <- result{s, err}
	}()
	select {
	case r := <-made:
		return r.server, r.err
	case <-gone.Done():
		return nil, errors.New("the command ended before the engine had started")
	}
}
