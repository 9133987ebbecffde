package dockerfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// File is a Dockerfile that was read and found to be in order.
type File struct {
	// Name is its path for people.
	Name string
	// Notes are what there is to say of it that stands against nothing.
	Notes []string

	data   []byte
	stages []instructions.Stage
	// proxies says that it declares a build argument that is the address of a proxy.
	proxies bool
	// images are the images that it names, as compiling it asks for them.
	images []string
}

// Error is what is wrong with a Dockerfile.
type Error struct {
	// File, Line and Column say where, counted from 1; Line is 0 where it is the file as a whole.
	File         string
	Line, Column int
	Text         string
}

// Error is one line that begins with the place.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Text
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Text)
}

// Parse reads a Dockerfile and compiles it as if every image that it names were there, so that what is wrong with it is
// found before anything is built. An error is an *Error.
func Parse(name string, data []byte) (*File, error) {
	f := &File{Name: name, data: data}
	if ref, _, at, ok := parser.DetectSyntax(data); ok {
		f.Notes = append(f.Notes, fmt.Sprintf("%s: # syntax=%s is not used: pbrx-go compiles the file itself", f.at(at), ref))
	}
	tree, err := parser.Parse(bytes.NewReader(data))
	if err != nil {
		return nil, f.failed(err)
	}
	stages, args, err := instructions.Parse(tree.AST, nil)
	if err != nil {
		return nil, f.failed(err)
	}
	f.stages, f.proxies = stages, declaresProxy(stages, args)
	anything := &supposed{}
	if _, err := f.convert(context.Background(), Supposing(v1.Platform{OS: "linux", Architecture: "amd64"}), anything, nil); err != nil {
		return nil, f.failed(err)
	}
	f.images = anything.asked
	return f, nil
}

// declaresProxy says whether a proxy would be a build argument of the file, which the image's history tells.
func declaresProxy(stages []instructions.Stage, args []instructions.ArgCommand) bool {
	for _, s := range stages {
		for _, c := range s.Commands {
			if arg, ok := c.(*instructions.ArgCommand); ok {
				args = append(args, *arg)
			}
		}
	}
	return slices.ContainsFunc(args, func(arg instructions.ArgCommand) bool {
		return slices.ContainsFunc(arg.Args, func(kv instructions.KeyValuePairOptional) bool {
			return strings.HasSuffix(strings.ToLower(kv.Key), "_proxy")
		})
	})
}

// at is a place in the file, without a column.
func (f *File) at(ranges []parser.Range) string {
	if len(ranges) == 0 {
		return f.Name
	}
	return fmt.Sprintf("%s:%d", f.Name, ranges[0].Start.Line)
}

// failed makes an error of the compiler one with its place.
func (f *File) failed(err error) error {
	e := &Error{File: f.Name, Column: 1, Text: err.Error()}
	var at *parser.LocationError
	if errors.As(err, &at) && len(at.Locations) > 0 && len(at.Locations[0]) > 0 {
		e.Line, e.Column = at.Locations[0][0].Start.Line, at.Locations[0][0].Start.Character+1
	}
	e.Text = strings.TrimPrefix(e.Text, fmt.Sprintf("dockerfile parse error on line %d: ", e.Line))
	e.Text = strings.Join(strings.Fields(e.Text), " ")
	return e
}
