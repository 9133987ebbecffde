package plan2llb

import (
	"encoding/json"
	"fmt"

	"github.com/moby/buildkit/client/llb"

	"github.com/pbrx-go/pbrx-go/images"
)

// The kinds of entry points beside those of scripts.
const (
	// WSGI is an application that a server imports, and calls.
	WSGI = "wsgi"
	// Command is a program; nothing is imported.
	Command = "command"
)

// EntryPoint is what a console script loads when it starts, or what else an image starts with.
type EntryPoint struct {
	// Name is the script's; that of a program, on the PATH or with a path; or what people know an application by.
	Name string `json:"name"`
	// Kind is WSGI or Command; empty is a script.
	Kind string `json:"kind,omitempty"`
	// Module is imported, Attribute looked up in it, which may have dots.
	Module    string `json:"module"`
	Attribute string `json:"attribute"`
}

// Check loads entry points in the file system of an image as its scripts do: with its configuration, as its
// user, and without a network; and finds out with the builder's tools which requirements are not met there. The folder it
// returns holds check.json and conflicts.json. name is the step's; an error is of encoding what to check.
func (c *Compiler) Check(plan *images.Plan, name string, root llb.State, config Config, scripts []EntryPoint, b Builder) (llb.State, error) {
	python := plan.Base.Python.Executable
	spec := struct {
		Python  string       `json:"python"`
		User    string       `json:"user"`
		Workdir string       `json:"workdir"`
		Env     []string     `json:"env"`
		Scripts []EntryPoint `json:"scripts"`
	}{Python: python, User: config.Config.User, Workdir: config.Config.WorkingDir, Env: config.Config.Env, Scripts: scripts}
	if plan.Environment != "" {
		spec.Python = plan.Environment + "/bin/python"
	}
	if spec.Workdir == "" {
		spec.Workdir = "/"
	}
	data, err := json.Marshal(spec)
	if err != nil {
		return llb.State{}, fmt.Errorf("writing down what to check: %w", err)
	}
	return c.exec(root, Step{Name: name}, program(python, "check.py"), offline(), b.tools(), textFile(runDir+"/check.json", data)).
		AddMount("/out", llb.Scratch()), nil
}
