package plan2llb

import (
	"github.com/moby/buildkit/client/llb"
)

// Layer is one layer that a plan adds to the base.
type Layer struct {
	// Content is the word for it, see images.Layer.
	Content string
	// CreatedBy is what the image's history says of it.
	CreatedBy string
}

// Overlay is a tree of files, relative to /, and the layer that it becomes.
type Overlay struct {
	State llb.State
	Layer Layer
}

// Trees installs groups of wheels, each beside the others, and the virtual environment before them where there is one. None is part of
// another's key.
func (c *Compiler) Trees(target Target, groups []Group) []Overlay {
	var over []Overlay
	environment := llb.Scratch()
	if target.Environment != "" {
		environment = c.environment(target)
		over = append(over, Overlay{environment, Layer{Content: "environment", CreatedBy: "pbrx-go: virtual environment " + target.Environment}})
	}
	for _, g := range groups {
		over = append(over, Overlay{c.install(target, environment, g), Layer{Content: g.Content, CreatedBy: "pbrx-go: " + g.Title}})
	}
	return over
}

// Lay lays trees in their order over a root file system: by Merge where the engine has it, else by a copy each.
func (c *Compiler) Lay(root llb.State, over []Overlay) llb.State {
	var trees []llb.State
	for _, o := range over {
		trees = append(trees, o.State)
	}
	return c.Overlay(root, trees...)
}

// Merges says whether the engine can lay one tree over several root file systems.
func (c *Compiler) Merges() bool { return c.in.Features.Merge }

// Base is the file system of the base image.
func (c *Compiler) Base() llb.State { return c.in.Base }
