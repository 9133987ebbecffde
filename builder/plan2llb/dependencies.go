package plan2llb

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/moby/buildkit/client/llb"

	"github.com/pbrx-go/pbrx-go/setupcfg/lock"
)

// Requirements is what decides the dependencies: nothing else of the project is part of their key.
type Requirements struct {
	Project      string              `json:"project"`
	RequiresDist []string            `json:"requires_dist"`
	Images       []ImageRequirements `json:"images"`
	// Lock gives the versions; nil where there is none.
	Lock *lock.Lock `json:"-"`
	// Siblings are used in place of any release of theirs.
	Siblings []SiblingRelease `json:"siblings,omitempty"`
	// Again says that an answer was that it needs to know more of the siblings: it is another step then, by name, too.
	Again bool `json:"-"`
}

// SiblingRelease is what the resolution is told of a sibling: its wheel, with another version at each commit, is no part of it.
type SiblingRelease struct {
	Name           string   `json:"name"`
	Version        string   `json:"version"`
	RequiresPython string   `json:"requires_python"`
	RequiresDist   []string `json:"requires_dist"`
	Extras         []string `json:"extras"`
	// Rounded says that the version is not the whole one. Where no versions go together because of it, resolve.py answers
	// that it needs to know more (needs_versions).
	Rounded bool `json:"rounded"`
}

// ImageRequirements are the extras of one image, and what it requires beside the project.
type ImageRequirements struct {
	Name   string   `json:"name"`
	Extras []string `json:"extras"`
	// Lines are requirements in PEP 508 form, sorted.
	Lines []string `json:"lines,omitempty"`
}

// Artifact is one file that a resolved list names: a wheel, or the source to build one from.
type Artifact struct {
	// Name is canonical.
	Name string `json:"name"`
	// Requirement says where it is: "name @ URL". Hashes are those it may have, as in sha256:…; none allow any.
	Requirement string   `json:"requirement"`
	Hashes      []string `json:"hashes"`
}

// Profile says whether a step has the compile profile.
type Profile string

// Whether the compile profile is there.
const (
	// Installed: it is, or the step takes it for granted.
	Installed Profile = ""
	// Withheld: there is one, but not in this step, which answers that it needs it (needs_tools) rather than fail.
	Withheld Profile = "--tools"
	// Lacking: bindep.txt lists nothing to compile with.
	Lacking Profile = "--bare"
	// Demanded: it is installed because a step from which it was withheld answered that it needs it.
	Demanded Profile = "demanded"
)

// Resolve decides on the versions of all requirements of the set together. The folder it returns holds
// resolved.json, see resolve.py.
func (c *Compiler) Resolve(b Builder, root llb.State, r Requirements, profile Profile) (llb.State, error) {
	data, err := json.Marshal(r)
	if err != nil {
		return llb.State{}, fmt.Errorf("writing the requirements down: %w", err)
	}
	var locked []byte
	if r.Lock != nil {
		if locked, err = json.Marshal(r.Lock); err != nil {
			return llb.State{}, fmt.Errorf("writing the lock file down: %w", err)
		}
	}
	operands := []string{}
	if profile == Withheld {
		operands = append(operands, string(profile))
	}
	return c.exec(root, Step{Name: ResolveStep(r, profile)}, program(toolsDir+"/bin/python", "resolve.py", operands...),
		b.tools(), c.pip(), textFile(runDir+"/requirements.json", data), textFile(runDir+"/lock.json", locked),
		textFile(runDir+"/dependency-constraints.txt", c.in.DependencyConstraints), c.refresh(RefreshPython, RefreshGit)).AddMount("/out", llb.Scratch()), nil
}

// ResolveStep is the name of the step that decides on the versions of dependencies.
func ResolveStep(r Requirements, profile Profile) string {
	name := "[dependencies] resolve"
	if r.Again {
		name += " (by versions of siblings)"
	}
	return withTools(name, profile)
}

// withTools names the step in which the compile profile turned out to be needed.
func withTools(name string, profile Profile) string {
	if profile == Demanded {
		return name + " (compile profile)"
	}
	return name
}

// Fetch downloads wheels. The folder it returns holds wheels/NAME/*.whl and wheels.json.
func (c *Compiler) Fetch(b Builder, names string, wheels []Artifact) (llb.State, error) {
	data, err := json.Marshal(wheels)
	if err != nil {
		return llb.State{}, fmt.Errorf("writing down what to download: %w", err)
	}
	return c.exec(c.in.Base, Step{Name: "[dependencies] wheels: " + names}, program(toolsDir+"/bin/python", "fetch.py"),
		b.tools(), c.download(wheels), textFile(runDir+"/fetch.json", data)).AddMount("/out", llb.Scratch()), nil
}

// download is what a step gets that knows where its files are. Of local folders it sees these files only: others are no part of its key.
func (c *Compiler) download(files []Artifact) llb.RunOption {
	opts := options{c.index()}
	for i, name := range c.in.FindLinks {
		var some []string
		for _, f := range files {
			if _, path, ok := strings.Cut(f.Requirement, "file://"+FindLinksDir(i)+"/"); ok {
				path, _, _ = strings.Cut(path, "#")
				if name, err := url.PathUnescape(path); err == nil {
					path = name // a local version has a "+", which addresses spell otherwise
				}
				some = append(some, path)
			}
		}
		if len(some) > 0 {
			opts = append(opts, c.findLinks(i, llb.SharedKeyHint(name+"/"+strings.Join(some, "/")), llb.IncludePatterns(some)))
		}
	}
	return opts
}

// Compile builds the wheel of one distribution from its source, on a root file system that has the compile profile or
// not. The folder it returns is like Fetch's. What pip keeps of wheels that it built is not used: it does not tell what they were
// built with.
func (c *Compiler) Compile(b Builder, root llb.State, source Artifact, from []string, profile Profile) (llb.State, error) {
	data, err := json.Marshal([]Artifact{source})
	if err != nil {
		return llb.State{}, fmt.Errorf("writing down what to build: %w", err)
	}
	var operands []string
	if profile == Withheld || profile == Lacking {
		operands = []string{string(profile)}
	}
	return c.exec(root, Step{Name: withTools("[dependencies] build "+source.Name, profile), From: from},
		program(toolsDir+"/bin/python", "compile.py", operands...), b.tools(), c.pip(), c.buildEnv(), textFile(runDir+"/fetch.json", data),
		llb.AddMount(runDir+"/pip-cache/wheels", llb.Scratch(), llb.Tmpfs())).AddMount("/out", llb.Scratch()), nil
}

// Wheel is one wheel and the folder it lies in.
type Wheel struct {
	Name  string
	State llb.State
	Dir   string
}

// Group is a set of wheels installed by one step into one layer.
type Group struct {
	// Content is the word for the layer: dependencies, sibling, project or extra.
	Content string
	// Name is the name of the step, Title what the image's history says of the layer.
	Name, Title string
	Wheels      []Wheel
}

// Target is where wheels are installed.
type Target struct {
	// Python is the interpreter of the base, Environment the virtual environment to install into; empty where there is none.
	Python, Environment string
	// SystemSitePackages says that the environment sees what that interpreter does.
	SystemSitePackages bool
}

// environment makes the virtual environment, as a tree relative to /.
func (c *Compiler) environment(target Target) llb.State {
	operands := []string{target.Python, target.Environment}
	if target.SystemSitePackages {
		operands = append(operands, "--system-site-packages")
	}
	return c.exec(c.in.Base, Step{Name: "[python] environment"}, program(target.Python, "environment.py", operands...), offline()).
		AddMount("/out", llb.Scratch())
}

// install installs one group of wheels, as a tree relative to /.
func (c *Compiler) install(target Target, environment llb.State, g Group) llb.State {
	operands := []string{target.Python}
	opts := options{offline()}
	if target.Environment != "" {
		operands = append(operands, "--environment", target.Environment)
		opts = append(opts, llb.AddMount(target.Environment, environment, llb.SourcePath(target.Environment), llb.Readonly))
	}
	if g.Content == "project" {
		operands = append(operands, "--requested")
	}
	for _, w := range g.Wheels {
		opts = append(opts, llb.AddMount(runDir+"/wheels/"+w.Name, w.State, llb.SourcePath(w.Dir), llb.Readonly))
	}
	return c.exec(c.in.Base, Step{Name: g.Name}, program(target.Python, "install.py", operands...), opts).AddMount("/out", llb.Scratch())
}

// Remove takes distributions out of a root file system, for others to be installed in their place.
func (c *Compiler) Remove(target Target, root llb.State, names []string) llb.State {
	step := Step{Name: "[dependencies] take out of the base: " + strings.Join(names, ", ")}
	return c.exec(root, step, program(target.Python, "room.py", append([]string{target.Python}, names...)...), offline()).Root()
}
