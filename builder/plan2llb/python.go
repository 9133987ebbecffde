package plan2llb

import (
	"encoding/json"
	"fmt"
	"path"
	"time"

	"github.com/moby/buildkit/client/llb"

	"github.com/pbrx-go/pbrx-go/images"
)

// Probe runs the base's Python to learn what there is to know about the base; the
// folder it returns holds base.json.
func (c *Compiler) Probe(python string) llb.State {
	return c.exec(c.in.Base, Step{Name: "[base] facts of the base image"}, program(python, "probe.py"), offline(), c.refresh(RefreshBase),
		llb.AddEnv("PBRX_PYTHON", python)).AddMount("/out", llb.Scratch())
}

// Builder is what wheels are made with.
type Builder struct {
	// Tools are Python tools of the builder's own.
	Tools llb.State
	// Asked is a folder with asked.json: when they were fetched. No step has it.
	Asked llb.State
}

// ToolsStep is the step that fetches the Python tools.
const ToolsStep = "[python] tools: pip, build"

// Builder makes the Python tools. Where the base's Python can make virtual environments with a pip, they are made on
// the base; else on a root file system that has a pip.
func (c *Compiler) Builder(base images.Base, root llb.State) Builder {
	on, how := root, "pip"
	if base.Python.Ensurepip {
		on, how = c.in.Base, "ensurepip"
	}
	tools := c.exec(on, Step{Name: ToolsStep}, program(base.Python.Executable, "tools.py", how), c.sources(), c.refresh(RefreshPython))
	return Builder{Tools: tools.AddMount(toolsDir, llb.Scratch()), Asked: tools.AddMount("/out", llb.Scratch())}
}

// tools mounts the builder's Python tools.
func (b Builder) tools() llb.RunOption { return llb.AddMount(toolsDir, b.Tools, llb.Readonly) }

// Tree is how the project's files lie.
type Tree struct {
	// Sibling is the canonical name of the sibling whose files they are; empty for the project's own.
	Sibling string
	// Below is where in the repository's work tree the project lies, with slashes; empty at its top.
	Below string
	// Made is put into the project's folder before the wheel is built: what commands made for it (Run).
	Made []Made
}

// SiblingLocals are the names of the local sources with the files and the history of a sibling.
func SiblingLocals(name string) (files, git string) {
	return "sibling-" + name, "sibling-" + name + "-git"
}

// Wheel builds the project's own wheel, or that of a sibling, on a root file system. The folder it returns holds dist/*.whl and
// meta/{METADATA,entry_points.txt,wheel.json}. The source is a local source of the session, mounted
// writable and thrown away: backends write into their tree. Where the compile profile is withheld, wheel.json may say that
// it is needed instead. An error is of encoding the plan.
func (c *Compiler) Wheel(b Builder, root llb.State, profile Profile, source images.Source, tree Tree) (llb.State, error) {
	step, files, git := "[project] wheel", SourceLocal, GitLocal
	if tree.Sibling != "" {
		step = "[sibling " + tree.Sibling + "] wheel"
		files, git = SiblingLocals(tree.Sibling)
	}
	operands := []string{"tree"}
	if source.Sdist {
		operands[0] = "sdist"
	}
	if profile == Withheld {
		operands = append(operands, string(profile))
	}
	opts := options{b.tools(), c.pip(), c.buildEnv(),
		llb.AddMount(path.Join("/src", tree.Below), llb.Local(files, llb.SharedKeyHint(files),
			llb.WithCustomName("[internal] project files")), llb.ForceNoOutput)}
	if source.Git {
		operands = append(operands, "--git")
		opts = append(opts, llb.AddMount("/src/.git", llb.Local(git, llb.SharedKeyHint(git),
			llb.WithCustomName("[internal] project history")), llb.ForceNoOutput))
	}
	if source.Tags {
		operands = append(operands, "--tags")
	}
	if source.Files != "" {
		operands = append(operands, "--files="+source.Files)
	}
	if tree.Below != "" {
		operands = append(operands, "--below="+tree.Below)
	}
	if len(source.Environment) > 0 {
		data, err := json.Marshal(source.Environment) // with its keys sorted
		if err != nil {
			return llb.State{}, fmt.Errorf("writing the version down: %w", err)
		}
		opts = append(opts, textFile(runDir+"/version.json", data))
	}
	if len(tree.Made) > 0 {
		opts = append(opts, madeTrees(tree.Made))
	}
	return c.exec(root, Step{Name: withTools(step, profile)}, program(toolsDir+"/bin/python", "wheel.py", operands...), opts).
		AddMount("/out", llb.Scratch()), nil
}

// Above is a state that all of the given ones are below, and that holds nothing. BuildKit (0.33) can export
// the cache of several results at once, but forgets some of what is below them.
func Above(states []llb.State) llb.State {
	nothing := &llb.CopyInfo{AllowWildcard: true, AllowEmptyWildcard: true, CopyDirContentsOnly: true}
	all := llb.Mkdir("/above", 0o755, llb.WithCreatedTime(time.Unix(0, 0)))
	for _, st := range states {
		all = all.Copy(st, "/.pbrx-go-nothing-*", "/above/", nothing)
	}
	return llb.Scratch().File(all, llb.WithCustomName("[internal] everything for the layer cache"))
}
