package setupcfg

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"text/scanner"
)

// Error is one problem of an input file.
type Error struct {
	// Pos is where the problem is: line and column count from 1, the column in
	// characters. A problem of a file as a whole has no line, one of the directory no file.
	Pos scanner.Position
	// Msg says what is wrong, Hint what to do about it.
	Msg, Hint string

	class string
	cause error
}

// Error is "file:line:col: what is wrong, what to do".
func (e *Error) Error() string {
	text := e.Msg
	if e.class != "" {
		text = e.class + ": " + text
	}
	if e.Hint != "" {
		text += ", " + e.Hint
	}
	if place := place(e.Pos); place != "" {
		return place + ": " + text
	}
	return text
}

// Position is where the problem is.
func (e *Error) Position() scanner.Position { return e.Pos }

// Class is the exception that Python's configparser raises for the problem, or empty.
func (e *Error) Class() string { return e.class }

// Unwrap gives the error of the library that rejected the file, or nil.
func (e *Error) Unwrap() error { return e.cause }

// ErrorList holds all problems of a project in the order of its files.
type ErrorList []*Error

// Error joins the problems, one a line.
func (l ErrorList) Error() string {
	lines := make([]string, len(l))
	for i, e := range l {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// Within names the files of the problems with the folder that they are in, for messages that speak of several folders.
func (l ErrorList) Within(dir string) ErrorList {
	out := make(ErrorList, len(l))
	for i, e := range l {
		moved := *e
		if moved.Pos.Filename != "" {
			moved.Pos.Filename = filepath.Join(dir, moved.Pos.Filename)
		}
		out[i] = &moved
	}
	return out
}

// Unwrap gives the problems one by one to errors.Is and errors.As.
func (l ErrorList) Unwrap() []error {
	list := make([]error, len(l))
	for i, e := range l {
		list[i] = e
	}
	return list
}

// Raised is the problem for which Python's configparser would raise an exception: it stops at the
// first one, but keeps bad lines (ParsingError) for the end. It is nil where configparser reads the file.
func (l ErrorList) Raised() *Error {
	var bad *Error
	for _, e := range l {
		switch {
		case e.class == classParsing && bad == nil:
			bad = e
		case e.class != "" && e.class != classParsing:
			return e
		}
	}
	return bad
}

// Class is the exception of the Raised problem, or empty.
func (l ErrorList) Class() string {
	if e := l.Raised(); e != nil {
		return e.class
	}
	return ""
}

// add appends a problem.
func (l *ErrorList) add(pos scanner.Position, hint, format string, args ...any) {
	*l = append(*l, &Error{Pos: pos, Msg: fmt.Sprintf(format, args...), Hint: hint})
}

// err is nil for an empty list, which as an error would not be nil. Several readings
// of one file may have found the same problem: it is said once. The problems of each file are
// put in the order of its lines, files stay in the order in which they were read.
func (l ErrorList) err() error {
	var unique ErrorList
	files := map[string]int{}
	for _, e := range l {
		if _, seen := files[e.Pos.Filename]; !seen {
			files[e.Pos.Filename] = len(files)
		}
	}
	slices.SortStableFunc(l, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(files[a.Pos.Filename], files[b.Pos.Filename]), cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Column, b.Pos.Column))
	})
	for _, e := range l {
		if !slices.ContainsFunc(unique, func(u *Error) bool { return u.Error() == e.Error() }) {
			unique = append(unique, e)
		}
	}
	if len(unique) == 0 {
		return nil
	}
	return unique
}

// Warning is something that is legal and probably not what was meant.
type Warning struct {
	// Pos is the place the warning is about; it may lack the line or the file.
	Pos scanner.Position
	// Msg says what will happen, Hint what to do if it is not wanted.
	Msg, Hint string
}

// String is "file:line:col: what, what to do".
func (w Warning) String() string {
	return (&Error{Pos: w.Pos, Msg: w.Msg, Hint: w.Hint}).Error()
}

// place prints a position; scanner.Position prints "-" for none.
func place(pos scanner.Position) string {
	if pos.Filename == "" && !pos.IsValid() {
		return ""
	}
	return pos.String()
}
