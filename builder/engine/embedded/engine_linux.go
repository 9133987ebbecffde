package embedded

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/moby/buildkit/client"
)

// How long the command waits for the child before it kills it.
const (
	startTimeout = 30 * time.Second
	stopTimeout  = pruneTimeout + stopSolvesTimeout + 15*time.Second
)

// Engine is a running child and the client connected to it.
type Engine struct {
	client *client.Client
	child  *exec.Cmd
	// control carries the configuration to the child and the request to stop; its end tells the child that we are gone.
	control *os.File
	lock    *stateLock
	dir     *os.File
	logFile *os.File
	logName string

	ready   bool          // the child serves
	exited  chan struct{} // closed when the child has been waited for
	exitErr error         // how the child ended, valid once exited is closed
	closing chan struct{} // closed when Close has begun
	once    sync.Once
	err     error // what Close returned
}

// Open starts the engine and returns when it answers. It waits while another
// process holds the state directory, until ctx ends. Errors of the machine are
// [SurroundingsError]s. ctx bounds Open only; the engine runs until Close.
func Open(ctx context.Context, opts Options) (*Engine, error) {
	runc, err := require()
	if err != nil {
		return nil, err
	}
	version := make(chan error, 1) // asked while the child starts: it takes as long as all the rest
	var asking sync.WaitGroup
	asking.Go(func() {
		_, err := runcUsable(ctx, runc)
		version <- err
	})
	defer asking.Wait() // an error before the answer must not leave the process behind

	dir, err := prepareStateDir(opts.StateDir)
	if err != nil {
		return nil, err
	}
	lock, err := acquireLock(ctx, dir, opts)
	if err != nil {
		dir.Close()
		return nil, err
	}
	e := &Engine{dir: dir, lock: lock, exited: make(chan struct{}), closing: make(chan struct{})}
	if err := e.start(ctx, runc, opts); err != nil {
		e.Close()
		return nil, err
	}
	if err := <-version; err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

// Client is the connection to the engine. It is closed by Close.
func (e *Engine) Client() *client.Client { return e.client }

// start sweeps what a killed engine left, runs the child and connects to it.
func (e *Engine) start(ctx context.Context, runc string, opts Options) error {
	cfg, err := newChildConfig(e.dir.Name(), runc, opts.CacheBudget)
	if err != nil {
		return err
	}
	cfg.CertsDirs = opts.CertsDirs
	if err := sweep(cfg); err != nil {
		return &SurroundingsError{Problem: "sweeping what a killed engine left in " + cfg.StateDir, Err: err}
	}
	status, err := e.spawn(cfg, opts.Log)
	if err != nil {
		return err
	}
	defer status.Close()
	if err := e.awaitReady(ctx, status); err != nil {
		return err
	}
	e.ready = true
	e.client, err = e.dial(ctx)
	return err
}

// spawn starts the child and sends it its configuration. The returned pipe
// carries one message, the child's startReport.
func (e *Engine) spawn(cfg childConfig, log io.Writer) (status *os.File, err error) {
	var files []*os.File // ends that belong to the child
	defer func() {
		for _, f := range files {
			f.Close()
		}
	}()
	controlR, controlW, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("making the engine's control pipe: %w", err)
	}
	e.control = controlW
	files = append(files, controlR)
	status, statusW, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("making the engine's status pipe: %w", err)
	}
	files = append(files, statusW)

	cmd := childCommand(cfg.StateDir)
	cmd.ExtraFiles = []*os.File{controlR, e.lock.file, statusW} // childControlFD, childLockFD, childStatusFD
	if cmd.Stderr, err = e.openLog(log); err != nil {
		status.Close()
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		status.Close()
		return nil, &SurroundingsError{Problem: namespacesProblem, Err: err, Remedy: namespacesRemedy}
	}
	e.child = cmd
	go func() {
		e.exitErr = cmd.Wait()
		close(e.exited)
	}()
	if err := json.NewEncoder(e.control).Encode(cfg); err != nil {
		status.Close()
		return nil, fmt.Errorf("sending the engine its configuration: %w", err)
	}
	return status, nil
}

// openLog gives the writer for the child's log and remembers its name for errors.
func (e *Engine) openLog(log io.Writer) (io.Writer, error) {
	if log != nil {
		e.logName = "the engine's log"
		return log, nil
	}
	name := filepath.Join(e.dir.Name(), logName)
	f, err := os.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, &SurroundingsError{Problem: "opening the engine's log", Err: err}
	}
	e.logFile, e.logName = f, name
	return f, nil
}

// awaitReady reads the child's report that it serves, or why it does not.
func (e *Engine) awaitReady(ctx context.Context, status *os.File) error {
	type answer struct {
		report startReport
		err    error
	}
	got := make(chan answer, 1)
	go func() {
		var a answer
		a.err = json.NewDecoder(status).Decode(&a.report)
		got <- a
	}()
	timeout := time.NewTimer(startTimeout)
	defer timeout.Stop()
	select {
	case a := <-got:
		if a.err != nil {
			<-e.exited
			return e.diedError()
		}
		if a.report.Error != "" {
			return &SurroundingsError{Problem: "starting the build engine: " + a.report.Error,
				Remedy: "see " + e.logName + "; if the store is damaged, begin a new one by removing " + e.dir.Name()}
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("starting the build engine: %w", context.Cause(ctx))
	case <-timeout.C:
		return &SurroundingsError{Problem: fmt.Sprintf("the build engine did not start within %v", startTimeout), Remedy: "see " + e.logName}
	}
}

// diedError says that the child is gone although nobody asked it to stop.
func (e *Engine) diedError() error {
	how := "it exited by itself"
	if e.exitErr != nil {
		how = e.exitErr.Error()
	}
	return &SurroundingsError{Problem: "the build engine died (" + how + ")", Remedy: "see " + e.logName}
}

// Close stops the engine in order and returns when it is gone and the state
// directory is free. It trims the store to its budget first. It may be called
// more than once; a child that died before Close is an error.
func (e *Engine) Close() error {
	e.once.Do(func() { e.err = e.close() })
	return e.err
}

func (e *Engine) close() error {
	var errs []error
	if e.child != nil {
		select {
		case <-e.exited:
			errs = append(errs, e.diedError())
		default:
		}
	}
	close(e.closing)
	if e.client != nil {
		e.client.Close() // it can only say that it is closed already
	}
	if e.child != nil && !e.ready {
		_ = e.child.Process.Kill() // it has nothing to put in order and may hang
	}
	if e.control != nil {
		if _, err := e.control.WriteString(stopRequest); err != nil && !errors.Is(err, syscall.EPIPE) {
			errs = append(errs, fmt.Errorf("asking the build engine to stop: %w", err))
		}
		defer e.control.Close()
	}
	if e.child != nil {
		errs = append(errs, e.awaitExit())
		if cfg, err := newChildConfig(e.dir.Name(), "", 1); err == nil {
			errs = append(errs, sweep(cfg)) // nothing to do unless the child was killed
		}
	}
	if e.logFile != nil {
		e.logFile.Close()
	}
	e.lock.release()
	e.dir.Close()
	return errors.Join(errs...)
}

// awaitExit waits for the child; one that does not come to an end is killed,
// and with it everything in its PID namespace.
func (e *Engine) awaitExit() error {
	select {
	case <-e.exited:
		return nil
	case <-time.After(stopTimeout):
	}
	_ = e.child.Process.Kill() // it may have ended by now
	<-e.exited
	return &SurroundingsError{Problem: fmt.Sprintf("the build engine did not stop within %v and was killed", stopTimeout), Remedy: "see " + e.logName}
}
