package plan2llb

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/moby/buildkit/client/llb"

	"github.com/pbrx-go/pbrx-go/images"
)

// file is what files.py is told of one file: not where it comes from or is declared, which make no difference.
type file struct {
	Dest      string `json:"dest"`
	Link      string `json:"link,omitempty"`
	Directory bool   `json:"directory,omitempty"`
	Mode      string `json:"mode,omitempty"`
	Owner     string `json:"owner,omitempty"`
	Replace   bool   `json:"replace,omitempty"`
}

// Files makes files, links and directories, as a tree that belongs over a root file system (Overlay): owners are named, and folders look, as they
// do there, and files that are there are in the way. So the root file system should have all that is below the tree in the image, its virtual environment
// included where there are files for that. others are the file systems in which contents are that name an image. what is a word for the
// step's name. The step fails with a last line `file."DEST": what is wrong; what to do`, DEST being that of the file.
func (c *Compiler) Files(root llb.State, target Target, all []images.File, others map[string]llb.State, what string) llb.State {
	all = slices.SortedFunc(slices.Values(all), func(a, b images.File) int { return cmp.Compare(a.Dest, b.Dest) })
	var told []file
	var from []string
	opts := options{offline()}
	for n, f := range all {
		told = append(told, file{Dest: f.Dest, Link: f.Link, Directory: f.Directory, Mode: f.Mode, Owner: f.Owner, Replace: f.Replace})
		if !slices.Contains(from, f.From) {
			from = append(from, f.From)
		}
		if f.Link == "" && !f.Directory {
			opts = append(opts, mountContent(runDir+"/files/"+strconv.Itoa(n), f.Content, others))
		}
	}
	data, _ := json.Marshal(told) // strings can be
	operands := []string{target.Python}
	if target.Environment != "" {
		operands = append(operands, "--environment", target.Environment)
	}
	return c.exec(root, Step{Name: "[files] " + what, From: from}, program(target.Python, "files.py", operands...), opts, textFile(runDir+"/files.json", data)).
		AddMount("/out", llb.Scratch())
}

// Overlay lays trees over a root file system, in their order; each is a layer.
func (c *Compiler) Overlay(root llb.State, trees ...llb.State) llb.State {
	if len(trees) == 0 {
		return root
	}
	if c.in.Features.Merge {
		return llb.Merge(append([]llb.State{root}, trees...), llb.WithCustomName("[internal] layers"))
	}
	for n, layer := range trees {
		root = root.File(llb.Copy(layer, "/", "/", &llb.CopyInfo{CopyDirContentsOnly: true}), llb.WithCustomName(fmt.Sprintf("[internal] layer %d", n+1)))
	}
	return root
}
