package bindep

import (
	"strings"
	"text/scanner"
)

// Error is one problem of an input file.
type Error struct {
	// Pos is where the problem is: line and column count from 1, the column in
	// characters, the offset in bytes of the text as it was given.
	Pos scanner.Position
	// Msg says what is wrong, Hint what to do about it.
	Msg, Hint string

	// cause is the grammar's own error; nil when the grammar did not find it.
	cause error
}

// Error is "file:line:col: what is wrong, what to do".
func (e *Error) Error() string {
	text := e.Pos.String() + ": " + e.Msg
	if e.Hint != "" {
		text += ", " + e.Hint
	}
	return text
}

// Position is where the problem is.
func (e *Error) Position() scanner.Position { return e.Pos }

// Unwrap gives the error of the grammar that rejected the line, or nil.
func (e *Error) Unwrap() error { return e.cause }

// ErrorList holds all problems of a file in the order of the file.
type ErrorList []*Error

// Error joins the problems, one a line.
func (l ErrorList) Error() string {
	lines := make([]string, len(l))
	for i, e := range l {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives the problems one by one to errors.Is and errors.As.
func (l ErrorList) Unwrap() []error {
	list := make([]error, len(l))
	for i, e := range l {
		list[i] = e
	}
	return list
}

// err is nil for an empty list, which as an error would not be nil.
func (l ErrorList) err() error {
	if len(l) == 0 {
		return nil
	}
	return l
}
