package builder

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// hint says what to do about what cannot be loaded or started.
func (b *build) hint(project *setupcfg.Project, s start, l loaded) string {
	module := s.Module
	own, _, _ := strings.Cut(module, ".")
	missing, _, _ := strings.Cut(l.Missing, ".")
	library := l.library()
	switch {
	case s.Kind == plan2llb.Command && l.Kind == "absent":
		return "correct the command, or add what has the program to requirements, packages or files"
	case s.Kind == plan2llb.Command && l.Kind == "forbidden":
		return "give the file a mode such as 0755, or run as another user"
	case s.Kind == plan2llb.WSGI && l.Type == "TypeError" && len(l.Frames) == 0:
		return "name a WSGI application, which is called for each request"
	case library != "":
		return fmt.Sprintf("name the distro package that has %s in bindep.txt, in a line without a profile, which is for run time", library)
	case missing == "" && l.Type == "AttributeError" && len(l.Frames) == 0:
		return "correct the entry point, or the module " + module
	case missing == "":
		return b.versions(l)
	case missing == own:
		return "the wheel lacks this module of the project: is it in a package that is declared, and tracked by git?"
	case missing == "pkg_resources":
		return pkgResources(l) + ": add setuptools<81 to the requirements, or, where something requires setuptools already, constrain it with --constraint"
	case missing == "distutils":
		return "Python " + l.Python + " no longer has it, setuptools brings a replacement: add setuptools to the requirements, or build on a base with an older Python"
	case slices.Contains(removed(), missing):
		return fmt.Sprintf("Python %s no longer has it: build on a base with an older Python, or take a version that does without", l.Python)
	}
	name := setupcfg.Canonical(missing)
	for _, extra := range project.Extras.Value {
		if slices.ContainsFunc(extra.Requirements, func(r setupcfg.Requirement) bool { return requiredName(r) == name }) {
			return fmt.Sprintf("the extra %q has it, and is not in this image: move it to the requirements, or to an extra with the name of the script", extra.Name)
		}
	}
	return "nothing that the project requires brings it: add what has it to the requirements"
}

// pkgResources says where pkg_resources went: setuptools had it until 82.
func pkgResources(l loaded) string {
	if l.Setuptools != nil && *l.Setuptools != "" {
		return "setuptools " + *l.Setuptools + " no longer has it"
	}
	return "it is a part of setuptools before 82, which nothing requires"
}

// versions is what to do where a dependency breaks another one.
func (b *build) versions(l loaded) string {
	if b.plan.Constraints != nil {
		return ""
	}
	openstack := strings.HasPrefix(l.Type, "oslo_config.") || slices.ContainsFunc(l.Frames, func(f string) bool { return strings.Contains(f, "/oslo_") })
	if openstack {
		return "these versions were not tested together: services of OpenStack want the upper constraints of their release: --constraint URL"
	}
	if slices.Contains([]string{"ImportError", "AttributeError", "TypeError"}, l.Type) && len(l.Frames) > 0 && strings.Contains(l.Frames[len(l.Frames)-1], "-packages/") {
		return "versions of dependencies may not go together: if there is a list of those that were tested, give it with --constraint"
	}
	return ""
}

// requiredName is the canonical name of what a requirement asks for.
func requiredName(r setupcfg.Requirement) string {
	return setupcfg.Canonical(regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*`).FindString(strings.TrimSpace(r.Text)))
}

// removed are modules that the standard library had until Python 3.12, or 3.13 (PEP 594).
func removed() []string {
	return strings.Fields("asynchat asyncore imp smtpd " +
		"aifc audioop cgi cgitb chunk crypt imghdr lib2to3 mailcap msilib nis nntplib ossaudiodev pipes sndhdr spwd sunau telnetlib uu xdrlib")
}
