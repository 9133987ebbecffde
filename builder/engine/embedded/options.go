package embedded

import (
	"io"
	"path/filepath"
	"time"
)

// Options say where an engine keeps its state and how it behaves. Only StateDir
// is required.
type Options struct {
	// StateDir is the directory of the layer store, made if missing; see [DefaultStateDir].
	StateDir string
	// Command is who we are, told to others who wait for the same state directory
	// ("pbrx-go build-images /src/foo"). It must hold no secrets.
	Command string
	// Waiting is called when another process holds the state directory: once at the
	// start of the wait, then every 30 seconds. Nil: the wait is silent.
	Waiting func(Holder)
	// Log receives the engine's log. Nil: engine.log in the state directory, begun anew by each Open.
	Log io.Writer
	// CacheBudget is how many bytes the store may keep, 0 for the default: 20 GB, or a
	// fifth of the disk if that is less. It is enforced while building and by Close.
	CacheBudget int64
	// CertsDirs are folders with a folder HOST[:PORT] for each registry that has a CA (*.crt) or wants a client
	// certificate (*.cert, *.key) of its own, as docker's /etc/docker/certs.d.
	CertsDirs []string
}

// Holder is the process that holds a state directory. The zero value means that
// the holder did not say who it is (a plain buildkitd, for example).
type Holder struct {
	PID     int       `json:"pid"`
	Command string    `json:"command"`
	Since   time.Time `json:"since"`
}

// SurroundingsError says that the machine, not the project, stands in the way:
// no root, no runc, no disk, an engine that died. Retrying after the remedy may help.
type SurroundingsError struct {
	Problem string // what is wrong: "runc is not on PATH"
	Remedy  string // what to do about it, may be empty
	Err     error  // the cause, may be nil
}

// Error is "problem: remedy", with the cause between them where there is one.
func (e *SurroundingsError) Error() string {
	s := e.Problem
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if e.Remedy != "" {
		s += ": " + e.Remedy
	}
	return s
}

// Unwrap gives the cause.
func (e *SurroundingsError) Unwrap() error { return e.Err }

// notLinux says which engines there are on a system where this one is not.
func notLinux(system string) *SurroundingsError {
	return &SurroundingsError{Problem: "the embedded engine runs on Linux only, not on " + system,
		Remedy: "choose another engine with --engine: docker, or the address of a buildkitd"}
}

// Level is how much a [Finding] matters.
type Level string

// The levels, from good to bad.
const (
	LevelOK   Level = "ok"   // as it should be
	LevelWarn Level = "warn" // works, but slower or not for long
	LevelFail Level = "fail" // the engine cannot start
)

// Finding is one thing [Check] looked at.
type Finding struct {
	Name   string // what was looked at: "root", "runc", "namespaces", "snapshots", "disk"
	Level  Level
	Detail string // what was found: "runc version 1.1.5+ds1"
	Remedy string // what to do, empty when the level is LevelOK
}

// DefaultStateDir is where the store lies when nobody says otherwise:
// /var/lib/pbrx-go/engine for root, else pbrx-go/engine below $XDG_STATE_HOME or
// ~/.local/state. getenv is os.Getenv or a fake; euid is the effective user id.
func DefaultStateDir(getenv func(string) string, euid int) string {
	if euid == 0 {
		return "/var/lib/pbrx-go/engine"
	}
	state := getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(state) { // the XDG specification: relative values are to be ignored
		state = filepath.Join(getenv("HOME"), ".local", "state")
	}
	return filepath.Join(state, "pbrx-go", "engine")
}
