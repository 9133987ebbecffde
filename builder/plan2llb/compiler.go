package plan2llb

import (
	"embed"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/moby/buildkit/client/llb"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pbrx-go/pbrx-go/images"
)

//go:embed steps/*.py
var stepFiles embed.FS

// Names of local sources that the caller has to offer in its session.
const (
	SourceLocal = "source"
	GitLocal    = "git"
)

// Names of the secrets that steps read; a caller offers those that the host has.
const (
	SecretCA         = "ca.pem"
	SecretPipCA      = "pip-ca.pem"
	SecretPipConf    = "pip.conf"
	SecretNetrc      = "netrc"
	SecretClientCert = "client.pem"
	SecretMirror     = "mirror"
)

const (
	// runDir is where steps find what they are given. It is below their own /tmp, a file system in memory: BuildKit 0.8
	// leaves the mount points that it makes, and would leave them in layers.
	runDir   = "/tmp/pbrx"
	toolsDir = "/tmp/pbrx/tools"
)

// Features are the abilities of an engine that change what is compiled.
type Features struct {
	// Merge says that the engine has MergeOp and DiffOp.
	Merge bool
	// HostNetwork says that steps which need a network have to ask for the host's: Docker Engine's own has neither
	// the host's loopback addresses nor, on many a machine, its proxies.
	HostNetwork bool
}

// Inputs is what a compilation looks at beside the plan.
type Inputs struct {
	// Base is the file system of the base image and Config its configuration.
	Base     llb.State
	Config   Config
	Platform v1.Platform
	Features Features
	// Epoch is the time that everything made gets.
	Epoch time.Time
	// Proxy is handed to steps that use the network; it is no part of their key.
	Proxy llb.ProxyEnv
	// FindLinks are the names of local sources with wheels for pip.
	FindLinks []string
	// Constraints and BuildConstraints are pip's, and part of the key of what they decide. DependencyConstraints
	// hold for the dependencies only, as pip's -c does.
	Constraints, BuildConstraints, DependencyConstraints []byte
	// BuildEnv are variables (NAME=VALUE) of the steps that build wheels, and part of their keys.
	BuildEnv []string
	// NoCache runs every step again, Refresh those that ask somebody else.
	NoCache bool
	Refresh Refresh
}

// Step is one step of a build as reports name it.
type Step struct {
	// Name is the name of the step's vertex.
	Name string
	// From are the input lines that asked for it.
	From []string
}

// Compiler makes the states of one plan. Several goroutines may use it at once.
type Compiler struct {
	in Inputs
	*compiled
	// portable is the Python that step programs are run by in place of the base's; nil where the base has one.
	portable *llb.State
}

// compiled are the steps that were compiled on any root file system.
type compiled struct {
	mu    sync.Mutex
	steps map[string]Step
}

// New returns a compiler over a base.
func New(in Inputs) *Compiler {
	return &Compiler{in: in, compiled: &compiled{steps: map[string]Step{}}}
}

// Steps are the steps compiled so far, by the name of their vertex.
func (c *Compiler) Steps() map[string]Step {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.steps)
}

// Add notes steps. What is compiled twice under one name comes from the lines of both.
func (c *Compiler) Add(steps ...Step) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range steps {
		from := slices.Clone(c.steps[s.Name].From)
		for _, line := range s.From {
			if !slices.Contains(from, line) {
				from = append(from, line)
			}
		}
		s.From = from
		c.steps[s.Name] = s
	}
}

// programs is the file system with the step programs.
func programs() llb.State {
	entries, _ := fs.ReadDir(stepFiles, "steps") // the embedded folder is there
	st := llb.Scratch()
	var files *llb.FileAction
	for _, e := range entries {
		data, _ := stepFiles.ReadFile("steps/" + e.Name())
		if files == nil {
			files = llb.Mkfile("/"+e.Name(), 0o644, data, llb.WithCreatedTime(time.Unix(0, 0)))
			continue
		}
		files = files.Mkfile("/"+e.Name(), 0o644, data, llb.WithCreatedTime(time.Unix(0, 0)))
	}
	return st.File(files, llb.WithCustomName("[internal] step programs"))
}

// program is the command line of a step program. Nothing of it is read by a shell.
func program(python, name string, operands ...string) []string {
	return append([]string{python, "-B", runDir + "/steps/" + name}, operands...)
}

// exec runs a step program on a root file system.
func (c *Compiler) exec(root llb.State, step Step, argv []string, options ...llb.RunOption) llb.ExecState {
	c.Add(step)
	if c.portable != nil {
		var mount llb.RunOption
		argv, mount = c.portably(argv)
		options = append(options, mount)
	}
	options = append([]llb.RunOption{
		llb.Args(argv),
		llb.Dir("/"),
		llb.User("0:0"), // by number, with the group: a base need not have a passwd file (BuildKit 0.8 reads it for "0")
		llb.WithCustomName(step.Name),
		llb.AddMount(runDir+"/steps", programs(), llb.Readonly),
		llb.AddMount("/tmp", llb.Scratch(), llb.Tmpfs()),
	}, options...)
	if c.in.NoCache {
		options = append(options, llb.IgnoreCache)
	}
	st := llb.Scratch().AddEnv("PATH", c.path()).AddEnv("SOURCE_DATE_EPOCH", strconv.FormatInt(c.in.Epoch.Unix(), 10))
	return st.WithOutput(root.Output()).Run(options...)
}

// path is the search path of the base, or the usual one where its configuration has none.
func (c *Compiler) path() string { return SearchPath(c.in.Config.Config.Env) }

// SearchPath is the PATH of an image's environment; without one, the one that container engines use.
func SearchPath(env []string) string {
	for _, e := range env {
		if len(e) > 5 && e[:5] == "PATH=" {
			return e[5:]
		}
	}
	return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
}

// network is what every step that uses the network gets: the host's network, proxy and certificates.
func (c *Compiler) network() llb.RunOption {
	opts := options{llb.WithProxy(c.in.Proxy), secret(SecretCA)}
	if c.in.Features.HostNetwork {
		opts = append(opts, llb.Network(llb.NetModeHost))
	}
	return opts
}

// pip is what every step that chooses among distributions as the user wants it gets.
func (c *Compiler) pip() llb.RunOption {
	return options{
		c.sources(),
		textFile(runDir+"/constraints.txt", c.in.Constraints),
		textFile(runDir+"/build-constraints.txt", c.in.BuildConstraints),
	}
}

// sources is what every step that looks for distributions gets: index and find-links.
func (c *Compiler) sources() llb.RunOption {
	opts := options{c.index()}
	for i, name := range c.in.FindLinks {
		opts = append(opts, c.findLinks(i, llb.SharedKeyHint(name)))
	}
	return opts
}

// findLinks mounts one local folder with wheels, or of it what the options leave.
func (c *Compiler) findLinks(i int, some ...llb.LocalOption) llb.RunOption {
	return llb.AddMount(FindLinksDir(i), llb.Local(c.in.FindLinks[i], append(some, llb.WithCustomName("[internal] find-links"))...), llb.Readonly)
}

// index is what every step that runs pip against an index gets. Constraints are not among it: a step that knows exactly what
// it downloads does not depend on them.
func (c *Compiler) index() llb.RunOption {
	return options{
		c.network(),
		secret(SecretPipCA), secret(SecretPipConf), secret(SecretNetrc), secret(SecretClientCert),
		llb.AddMount(runDir+"/pip-cache", llb.Scratch(), llb.AsPersistentCacheDir("pbrx-go-pip", llb.CacheMountShared)),
	}
}

// FindLinksDir is where the steps see a local folder of wheels.
func FindLinksDir(i int) string { return runDir + "/find-links/" + strconv.Itoa(i) }

// offline forbids the network, which proves that a step takes what it was given and nothing else.
func offline() llb.RunOption { return llb.Network(llb.NetModeNone) }

// secret mounts a secret; hosts that do not have it mount nothing, and the step is the same step to the cache.
func secret(name string) llb.RunOption {
	return llb.AddSecret(runDir+"/"+name, llb.SecretID(name), llb.SecretOptional)
}

// textFile mounts bytes as a file; no bytes mount nothing.
func textFile(path string, data []byte) llb.RunOption {
	if len(data) == 0 {
		return options{}
	}
	st := llb.Scratch().File(llb.Mkfile("/file", 0o644, data, llb.WithCreatedTime(time.Unix(0, 0))), llb.WithCustomName("[internal] "+path))
	return llb.AddMount(path, st, llb.SourcePath("/file"), llb.Readonly)
}

// buildEnv is what every step that builds a wheel gets of the definition.
func (c *Compiler) buildEnv() llb.RunOption {
	var opts options
	for _, e := range c.in.BuildEnv {
		name, value, _ := strings.Cut(e, "=")
		opts = append(opts, llb.AddEnv(name, value))
	}
	return opts
}

// options is several options as one.
type options []llb.RunOption

// SetRunOption applies them in order.
func (o options) SetRunOption(ei *llb.ExecInfo) {
	for _, opt := range o {
		opt.SetRunOption(ei)
	}
}

// names lists the packages' names, each once, sorted: what is installed does not
// depend on the order of bindep.txt, so the key of the step must not either.
func names(packages []images.Package) []string {
	var out []string
	for _, p := range packages {
		out = append(out, p.Name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func lines(packages []images.Package) []string {
	var out []string
	for _, p := range packages {
		out = append(out, p.From)
	}
	return out
}
