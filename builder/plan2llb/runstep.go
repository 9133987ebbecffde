package plan2llb

import (
	"encoding/json"
	"path"
	"strconv"
	"strings"

	"github.com/moby/buildkit/client/llb"

	"github.com/pbrx-go/pbrx-go/images"
)

// sourceDir is where commands have their source, and work.
const sourceDir = "/src"

// RunOptions are what commands get beside what they say themselves.
type RunOptions struct {
	// What is a word for the steps' names: the image that the commands are of. Position is that of the step among those of What.
	What     string
	Position int
	// Base is that of the image: its Python runs the commands.
	Base images.Base
	// Env are the variables of where the commands run that decide what they do: those of the image that is being made (PATH, VIRTUAL_ENV), or
	// those of the configuration of the image In.
	Env []string
	// In is the file system of the image that the step names; it does not count for commands in the image itself.
	In llb.State
	// Others are the file systems of images that the source may be in, by reference.
	Others map[string]llb.State
}

// Made is one result of commands that ran in another image.
type Made struct {
	// Dest is where it belongs: an absolute path of the image, or one in the main project's tree.
	Dest string
	// State has it at Path, which is a file or a folder.
	State llb.State
	Path  string
	// From is the line of the step.
	From string
}

// Run runs the commands of a step, in their order. In the image itself, whose file system is root, it returns that with what they
// wrote; in another image, what they made, and root as it is. In the image it is one step; elsewhere each command is, for want of a
// program that could run them all.
func (c *Compiler) Run(root llb.State, run images.RunStep, o RunOptions) (llb.State, []Made) {
	if run.In != "" {
		return root, c.runElsewhere(run, o)
	}
	m := managers()[o.Base.PackageManager]
	opts := options{c.discard(m), c.runCaches(run, o), llb.AddMount("/run", llb.Scratch(), llb.Tmpfs()), llb.AddMount("/root", llb.Scratch(), llb.Tmpfs())}
	for _, dir := range append([]string{m.index}, m.caches...) {
		if dir != "" && !strings.HasPrefix(dir, runDir) {
			opts = append(opts, llb.AddMount(dir, llb.Scratch(), llb.Tmpfs()))
		}
	}
	if run.Source != nil {
		opts = append(opts, mountContent(runDir+sourceDir, *run.Source, o.Others)) // BuildKit 0.8 would leave the folder /src in the image
	}
	network := offline()
	if run.Network {
		network = c.index()
	}
	data, _ := json.Marshal(map[string]any{"commands": run.Commands, "env": append(append([]string{}, o.Env...), run.Env...), "network": run.Network, "source": run.Source != nil}) // strings can be
	step := Step{Name: "[run " + o.What + "] " + run.String(), From: []string{run.From}}
	return c.exec(root, step, program(o.Base.Python.Executable, "run.py"), opts, network, textFile(runDir+"/run.json", data)).Root(), nil
}

// runElsewhere runs commands in another image, on a copy of the source of their own. What they have in common is the file system.
func (c *Compiler) runElsewhere(run images.RunStep, o RunOptions) []Made {
	root, source := o.In, llb.Scratch()
	if run.Source != nil { // a copy, for only what is copied, or mounted read-only, is known by its content
		name := "[internal] source of commands of " + o.What + " " + strconv.Itoa(o.Position)
		c.Add(Step{Name: name, From: []string{run.From}})
		source = source.File(llb.Copy(contentState(*run.Source, o.Others), path.Clean("/"+run.Source.Path), "/", &llb.CopyInfo{CopyDirContentsOnly: true}),
			llb.WithCustomName(name))
	}
	for _, argv := range run.Commands {
		name := "[run " + o.What + "] " + images.CommandLine(argv)
		c.Add(Step{Name: name, From: []string{run.From}})
		opts := options{llb.Args(argv), llb.Dir(sourceDir), llb.User("0:0"), llb.WithCustomName(name), c.runCaches(run, o), c.elsewhere(run.Network)}
		if c.in.NoCache {
			opts = append(opts, llb.IgnoreCache)
		}
		env := llb.Scratch().AddEnv("SOURCE_DATE_EPOCH", strconv.FormatInt(c.in.Epoch.Unix(), 10))
		for _, e := range append(append([]string{}, o.Env...), run.Env...) {
			variable, value, _ := strings.Cut(e, "=")
			env = env.AddEnv(variable, value)
		}
		ran := env.WithOutput(root.Output()).Run(opts)
		source, root = ran.AddMount(sourceDir, source), ran.Root()
	}
	var made []Made
	for _, out := range run.Out {
		m := Made{Dest: out.Dest, State: source, Path: path.Clean("/" + out.Path), From: run.From}
		if rest, below := strings.CutPrefix(m.Path, sourceDir+"/"); path.IsAbs(out.Path) && below {
			m.Path = "/" + rest
		} else if path.IsAbs(out.Path) {
			m.State = root
		}
		made = append(made, m)
	}
	return made
}

// elsewhere is the network in an image that has none of our programs: what is the host's is where programs of all kinds look for it.
func (c *Compiler) elsewhere(network bool) llb.RunOption {
	if !network {
		return offline()
	}
	const bundle = "/etc/ssl/certs/ca-certificates.crt"
	at := func(path, name string) llb.RunOption {
		return llb.AddSecret(path, llb.SecretID(name), llb.SecretOptional)
	}
	return options{c.index(), at(bundle, SecretCA), at("/etc/pki/tls/certs/ca-bundle.crt", SecretCA), at("/etc/pip.conf", SecretPipConf), at("/root/.netrc", SecretNetrc),
		llb.AddEnv("NODE_EXTRA_CA_CERTS", bundle)}
}

// runCaches mounts the caches that commands ask for. They are those of one step on one platform.
func (c *Compiler) runCaches(run images.RunStep, o RunOptions) llb.RunOption {
	in := run.In
	if in == "" {
		in = o.Base.Ref
	}
	var opts options
	for _, dir := range run.Cache {
		id := strings.Join([]string{"pbrx-go-run", c.in.Platform.Architecture, in, o.What, strconv.Itoa(o.Position), dir}, " ")
		opts = append(opts, llb.AddMount(dir, llb.Scratch(), llb.AsPersistentCacheDir(id, llb.CacheMountShared)))
	}
	return opts
}

// madeTrees mounts what is to be put into a project's tree before its wheel is built.
func madeTrees(made []Made) llb.RunOption {
	var opts options
	var dests []string
	for n, m := range made {
		mount := []llb.MountOption{llb.Readonly}
		if m.Path != "/" {
			mount = append(mount, llb.SourcePath(m.Path))
		}
		opts, dests = append(opts, llb.AddMount(runDir+"/made/"+strconv.Itoa(n), m.State, mount...)), append(dests, m.Dest)
	}
	data, _ := json.Marshal(dests) // strings can be
	return append(opts, textFile(runDir+"/made.json", data))
}

// MadeFiles are the results, of all steps that they are to be together with, that belong at absolute paths of the image: as files for Files
// with the file systems that they are in. Results for the project's tree are left out.
func MadeFiles(made []Made) (files []images.File, others map[string]llb.State) {
	others = map[string]llb.State{}
	for n, m := range made {
		if path.IsAbs(m.Dest) {
			ref := "made:" + strconv.Itoa(n)
			files = append(files, images.File{Dest: m.Dest, Content: images.Content{Origin: m.Path, Image: ref, Path: m.Path}, From: m.From})
			others[ref] = m.State
		}
	}
	return files, others
}
