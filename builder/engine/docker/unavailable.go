package docker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
)

// Reason is why a Docker Engine cannot be used.
type Reason int

// The reasons. NoSocket: nothing is there or nobody listens. Permission: the socket refuses
// us. NoBuildKit: something answers that has no BuildKit, such as Podman or a proxy. Other:
// what Err says, such as a certificate, a name nobody knows, or no answer in time.
const (
	Other Reason = iota
	NoSocket
	Permission
	NoBuildKit
)

// Unavailable says that a Docker Engine cannot be used, and why. Choosing another engine may help.
type Unavailable struct {
	// Host and Source are those of the [Endpoint].
	Host, Source string
	Reason       Reason
	// Server is what answers when it is known not to be Docker: "Podman 4.3.1".
	Server string
	// Err is the cause.
	Err error
}

// Error is one line: the problem and the remedy.
func (u *Unavailable) Error() string { return u.Problem() + ": " + u.Remedy() }

// Problem is what was done, with which address and why that one, and what is wrong.
func (u *Unavailable) Problem() string {
	cause := strings.Join(strings.Fields(u.Err.Error()), " ")
	what := cause
	switch u.Reason {
	case Other:
	case NoSocket:
		what = "nobody listens there"
		if errors.Is(u.Err, fs.ErrNotExist) {
			what = "there is no such socket"
		}
	case Permission:
		what = "permission denied"
	case NoBuildKit:
		what = "what answers there has no BuildKit (" + cause + ")"
		if u.Server != "" {
			what = "that is " + u.Server + ", which has no BuildKit (" + cause + ")"
		}
	}
	return fmt.Sprintf("connecting to Docker Engine at %s (%s): %s", u.Host, u.Source, what)
}

// Remedy is what to do.
func (u *Unavailable) Remedy() string {
	switch u.Reason {
	case NoSocket:
		return "start Docker, point DOCKER_HOST or a docker context at one that runs, or use another --engine"
	case Permission:
		return "add yourself to the group docker (`sudo usermod -aG docker $USER`, then log in again), or run as root"
	case NoBuildKit:
		return "use another --engine, such as embedded"
	case Other:
	}
	return "mend that or use another --engine"
}

// Unwrap is the cause.
func (u *Unavailable) Unwrap() error { return u.Err }

// unavailable wraps the failure of an endpoint. The end of the caller's context is no failure of the engine.
func (e Endpoint) unavailable(ctx context.Context, reason Reason, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return &Unavailable{Host: e.Host, Source: e.Source, Reason: reason, Err: err}
}

// dialReason tells the failures of a connection apart.
func dialReason(err error) Reason {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return Permission
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return NoSocket
	}
	return Other
}
