package push

import (
	"fmt"
	"slices"
	"strings"
)

// Error is a push that broke off.
type Error struct {
	// Name is what was being pushed then: NAME, or NAME:TAG while tags were written.
	Name string
	// Tagged and Untagged are the NAME:TAG that were and were not written, in the order of the set.
	Tagged, Untagged []string
	// Err is the cause.
	Err error

	// lost is the tag whose answer never came: it may be there.
	lost string
}

// Error says in one line what happened, what is there now and what to do.
func (e *Error) Error() string {
	state := "no tag was written"
	if len(e.Tagged) > 0 {
		state = fmt.Sprintf("%d of %d tags were written (%s)", len(e.Tagged), len(e.Tagged)+len(e.Untagged), strings.Join(e.Tagged, ", "))
	}
	if len(e.Tagged) > 0 || e.lost != "" {
		names := slices.Clone(e.Untagged)
		if i := slices.Index(names, e.lost); i >= 0 {
			names[i] += " (perhaps: its answer was lost)"
		}
		state += ", not written: " + strings.Join(names, ", ")
	}
	return fmt.Sprintf("pushing %s: %v: %s; run it again to complete it", e.Name, e.Err, state)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// failure is an error and the image it happened to.
type failure struct {
	name string
	err  error
}

func (f *failure) Error() string { return f.name + ": " + f.err.Error() }
func (f *failure) Unwrap() error { return f.err }
