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

// Builder is where wheels are made: a root file system with the compile profile, and the
// Python tools that work there.
type Builder struct {
	Root  llb.State
	Tools llb.State
	// Asked is a folder with asked.json: when the tools were fetched. No step has it.
	Asked  llb.State
	Python string
}

// ToolsStep is the step that fetches the Python tools.
const ToolsStep = "[python] tools: pip, build"

// Builder adds the Python tools to a builder's root file system. Where the base's Python can make
// virtual environments with a pip, they are made on the base, and a change of bindep.txt leaves them alone.
func (c *Compiler) Builder(base images.Base, root llb.State) Builder {
	on, how := root, "pip"
	if base.Python.Ensurepip {
		on, how = c.in.Base, "ensurepip"
	}
	tools := c.exec(on, Step{Name: ToolsStep}, program(base.Python.Executable, "tools.py", how), c.pip(), c.refresh(RefreshPython))
	return Builder{Root: root, Tools: tools.AddMount(toolsDir, llb.Scratch()), Asked: tools.AddMount("/out", llb.Scratch()), Python: base.Python.Executable}
}

// tools mounts the builder's Python tools.
func (b Builder) tools() llb.RunOption { return llb.AddMount(toolsDir, b.Tools, llb.Readonly) }

// Tree is how the project's files lie.
type Tree struct {
	// Exclude are patterns of files that are not sent (fsutil's syntax).
	Exclude []string
	// Below is where in the repository's work tree the project lies, with slashes; empty at its top.
	Below string
}

// Wheel builds the project's own wheel. The folder it returns holds dist/*.whl and
// meta/{METADATA,entry_points.txt,wheel.json}. The source is a local source of the session, mounted
// writable and thrown away: backends write into their tree. An error is of encoding the plan.
func (c *Compiler) Wheel(b Builder, source images.Source, tree Tree) (llb.State, error) {
	operands := []string{"tree"}
	if source.Sdist {
		operands[0] = "sdist"
	}
	opts := options{b.tools(), c.pip(),
		llb.AddMount(path.Join("/src", tree.Below), llb.Local(SourceLocal, llb.SharedKeyHint(SourceLocal), llb.ExcludePatterns(tree.Exclude),
			llb.WithCustomName("[internal] project files")), llb.ForceNoOutput)}
	if source.Git {
		operands = append(operands, "--git")
		opts = append(opts, llb.AddMount("/src/.git", llb.Local(GitLocal, llb.SharedKeyHint(GitLocal),
			llb.WithCustomName("[internal] project history")), llb.ForceNoOutput))
	}
	if source.Tags {
		operands = append(operands, "--tags")
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
	return c.exec(b.Root, Step{Name: "[project] wheel"}, program(toolsDir+"/bin/python", "wheel.py", operands...), opts).
		AddMount("/out", llb.Scratch()), nil
}

// Requirements is what decides the dependencies: nothing else of the project is part of their key.
type Requirements struct {
	Project      string              `json:"project"`
	RequiresDist []string            `json:"requires_dist"`
	Images       []ImageRequirements `json:"images"`
}

// ImageRequirements are the extras of one image.
type ImageRequirements struct {
	Name   string   `json:"name"`
	Extras []string `json:"extras"`
}

// Dependencies resolves all requirements of the set together and makes the wheels. The folder it
// returns holds sets.json and, for image number N of the requirements, sets/N/*.whl.
func (c *Compiler) Dependencies(b Builder, r Requirements) (llb.State, error) {
	data, err := json.Marshal(r)
	if err != nil {
		return llb.State{}, fmt.Errorf("writing the requirements down: %w", err)
	}
	return c.exec(b.Root, Step{Name: "[dependencies] wheels"}, program(toolsDir+"/bin/python", "dependencies.py"),
		b.tools(), c.pip(), textFile(runDir+"/requirements.json", data),
		textFile(runDir+"/dependency-constraints.txt", c.in.DependencyConstraints), c.refresh(RefreshPython, RefreshGit)).AddMount("/out", llb.Scratch()), nil
}

// Group is a set of wheels installed by one step into one layer.
type Group struct {
	// Content is the word for the layer: dependencies, project or extra.
	Content string
	// Name is the name of the step; Wheels the folder with the wheels, below which Dir is what is installed.
	Name   string
	Wheels llb.State
	Dir    string
}

// Layer is one layer that a plan adds to the base.
type Layer struct {
	Content string
	// CreatedBy is what the image's history says of it.
	CreatedBy string
}

// Assemble installs groups of wheels in order and lays them over the runtime packages. It
// returns the file system of the image and the layers it has beyond the base.
func (c *Compiler) Assemble(plan *images.Plan, b Builder, runtime llb.State, hasRuntime bool, groups []Group) (llb.State, []Layer) {
	var layers []Layer
	if hasRuntime {
		layers = append(layers, Layer{Content: "distro", CreatedBy: "pbrx-go: distro packages for run time"})
	}
	for _, g := range groups {
		layers = append(layers, Layer{Content: g.Content, CreatedBy: "pbrx-go: " + g.Content})
	}
	if !c.in.Features.Merge {
		root := runtime
		for _, g := range groups {
			root = c.install(plan, b, root, g)
		}
		return root, layers
	}
	over := []llb.State{runtime}
	dependencies := c.unexported()
	for _, g := range groups {
		// The project and the extras are installed beside one another, on the dependencies: a changed
		// source file leaves the extras alone.
		next := c.install(plan, b, dependencies, g)
		over = append(over, llb.Diff(dependencies, next, llb.WithCustomName("[internal] layer of "+g.Name)))
		if g.Content == "dependencies" {
			dependencies = next
		}
	}
	return llb.Merge(over, llb.WithCustomName("[internal] layers")), layers
}

// unexported is the base under a layer that no image ever has. BuildKit (0.33) gives the difference
// between two states the chain ID of the upper one, with everything below it; an image that is the
// upper one, layer by layer, may then be taken for the difference alone when it is pulled or
// run from the same store, and has no base. What is installed on this state is the upper part of no image.
func (c *Compiler) unexported() llb.State {
	marker := llb.Mkdir(runDir, 0o755, llb.WithParents(true), llb.WithCreatedTime(time.Unix(0, 0))).
		Mkfile(runDir+"/unexported", 0o644, nil, llb.WithCreatedTime(time.Unix(0, 0)))
	return c.in.Base.File(marker, llb.WithCustomName("[internal] base to install on"))
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

// install installs one group of wheels on a root file system.
func (c *Compiler) install(plan *images.Plan, b Builder, root llb.State, g Group) llb.State {
	operands := []string{plan.Base.Python.Executable}
	if plan.Environment != "" {
		operands = append(operands, plan.Environment)
	}
	return c.exec(root, Step{Name: g.Name}, program(plan.Base.Python.Executable, "install.py", operands...), offline(), b.tools(),
		llb.AddMount(runDir+"/wheels", g.Wheels, llb.SourcePath(g.Dir), llb.Readonly)).Root()
}
