package images

import (
	"path"
	"strings"

	"github.com/pbrx-go/pbrx-go/images/definition"
)

// FactsOf are what values of a definition may name of a base. Where nothing is known of its Python, because there is
// no base but an os-release file, the names stay in braces.
func FactsOf(in Input, opts Options) definition.Facts {
	f := definition.Facts{Codename: in.Base.Distro.Codename, VersionID: in.Base.Distro.Version, Arch: "amd64"}
	if parts := strings.Split(in.Base.Platform, "/"); len(parts) > 1 { // a third is the variant
		f.Arch = parts[1]
	}
	f.Machine = map[string]string{"amd64": "x86_64", "arm64": "aarch64", "386": "i686", "arm": "armv7l"}[f.Arch]
	if f.Machine == "" {
		f.Machine = f.Arch
	}
	f.Prefix, f.SitePackages = "{prefix}", "{site-packages}"
	if python := in.Base.Python; python.Purelib != "" {
		f.Prefix, f.SitePackages = path.Dir(python.Scripts), python.Purelib
		if env := environmentOf(in.Base, in.environment(opts.Environment), in.setName()); env != "" {
			f.Prefix, f.SitePackages = env, path.Join(env, "lib", "python"+python.Minor(), "site-packages")
		}
	}
	return f
}

// environment is what somebody asked for: the definition, where there is one.
func (in Input) environment(asked Environment) Environment {
	if in.Definition == nil {
		return asked
	}
	venv, system := in.Definition.Venv, in.Definition.SystemSitePackages
	return Environment{Place: venv.Value, PlaceAt: venv.At.String(), SystemSitePackages: system.Value, SystemAt: system.At.String()}
}

// setName is what the set is called: as the definition says, else as the project is.
func (in Input) setName() string {
	if in.Definition != nil && in.Definition.Name.IsSet() {
		return in.Definition.Name.Value
	}
	return in.Project.Name.Value
}
