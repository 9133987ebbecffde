package plan2llb

import (
	"github.com/moby/buildkit/client/llb"
)

// A base may have no Python, which all step programs are written in. Then the distribution's is installed twice: once by plain calls
// of the package manager on a root file system that is thrown away, from which it is copied so that it runs
// anywhere; and once by that copy and the step programs, as all packages are, for the layer that stays.

// Secrets of the steps that install a first Python. They depend on the mirror, which is no part of what packages are.
const (
	// SecretBootstrapConf is apt's configuration; SecretBootstrapSources are the package manager's sources in place of the base's. By its name apt knows
	// what the file is.
	SecretBootstrapConf    = "bootstrap.conf"
	SecretBootstrapSources = "bootstrap.list"
)

// DistroPython is the package that distributions have Python in, DistroPythonPath the interpreter that it brings.
const (
	DistroPython     = "python3"
	DistroPythonPath = "/usr/bin/python3"
)

const portableDir = runDir + "/python"

// BootstrapAptConf is apt's configuration while a first Python is installed. sources says that there are others in
// place of the base's.
func BootstrapAptConf(sources bool) []byte {
	conf := `APT::Sandbox::User "root";
APT::Install-Recommends "false";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
Dpkg::Use-Pty "false";
`
	if sources {
		conf += `Dir::Etc::SourceList "` + runDir + "/" + SecretBootstrapSources + `";
Dir::Etc::SourceParts "-";
`
	}
	return []byte(conf)
}

// Portable makes a Python that runs on the base although the base has none. manager is the package manager's, by its
// path; packageManager the word for it in images.Base.
func (c *Compiler) Portable(packageManager, manager string) llb.State {
	root := c.in.Base
	for _, do := range bootstrap(packageManager, manager) {
		root = c.exec(root, Step{Name: do.name}, do.argv, c.network(), do.options).Root()
	}
	return c.exec(root, Step{Name: "[base] a first Python"}, program(DistroPythonPath, "portable.py"), offline()).AddMount("/out", llb.Scratch())
}

// call is one call of a package manager.
type call struct {
	name    string
	argv    []string
	options options
}

// bootstrap installs Python with a package manager alone. The host's certificates are where each looks for them by
// itself; what it writes beside Python does not matter.
func bootstrap(packageManager, program string) []call {
	index, install := indexStep+" ("+packageManager+"), for a first Python", "[distro] a first Python"
	certificates := func(path string) llb.RunOption {
		return llb.AddSecret(path, llb.SecretID(SecretCA), llb.SecretOptional)
	}
	const usual = "/etc/ssl/certs/ca-certificates.crt"
	switch packageManager {
	case "apt":
		opts := options{
			certificates(usual), secret(SecretBootstrapConf), secret(SecretBootstrapSources),
			llb.AddEnv("APT_CONFIG", runDir+"/"+SecretBootstrapConf), llb.AddEnv("DEBIAN_FRONTEND", "noninteractive"), llb.AddEnv("LC_ALL", "C"),
		}
		return []call{
			{index, []string{program, "update", "-q"}, opts},
			{install, []string{program, "install", "-q", "-y", DistroPython}, opts},
		}
	case "apk":
		sources := llb.AddSecret("/etc/apk/repositories", llb.SecretID(SecretBootstrapSources), llb.SecretOptional)
		return []call{{install, []string{program, "add", "--no-cache", "--no-progress", DistroPython}, options{certificates(usual), sources}}}
	default:
		bundle := certificates("/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem")
		return []call{{install, []string{program, "install", "-y", DistroPython}, options{bundle}}}
	}
}

// With is the compiler of steps on the same base that run by a portable Python.
func (c *Compiler) With(portable llb.State) *Compiler {
	other := *c
	other.portable = &portable
	return &other
}

// On is the compiler of steps of the same plan on another root file system. Both know the steps of either.
func (c *Compiler) On(root llb.State, config Config) *Compiler {
	other := *c
	other.in.Base, other.in.Config, other.portable = root, config, nil
	return &other
}

// Kept is the compiler of the same steps for when they have run: none is run again whatever the user asked for.
func (c *Compiler) Kept() *Compiler {
	other := *c
	other.in.NoCache, other.in.Refresh = false, nil
	return &other
}

// portably is the command line of a step program by the portable Python.
func (c *Compiler) portably(argv []string) ([]string, llb.RunOption) {
	by := []string{portableDir + "/loader", "--library-path", portableDir + "/shared", portableDir + "/bin/python3"}
	return append(by, argv[1:]...), llb.AddMount(portableDir, *c.portable, llb.Readonly)
}
