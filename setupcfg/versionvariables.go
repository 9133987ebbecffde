package setupcfg

import (
	"regexp"
	"slices"
	"strings"
)

// Labels of VersionSource whose tools take the list of files from git, too.
const (
	sourcePBR = "git (pbr)"
	sourceSCM = "git (setuptools_scm)"
	// versioneer takes them from the tree.
	sourceVersioneer = "git (versioneer)"
)

// VersionFromGit says whether the version is made of git's tags.
func (p *Project) VersionFromGit() bool { return strings.HasPrefix(p.VersionSource, "git (") }

// FilesFromGit says whether the list of files comes from git.
func (p *Project) FilesFromGit() bool {
	return p.NeedsGit && slices.Contains([]string{"", sourcePBR, sourceSCM}, p.VersionTool)
}

// FilesTool is the tool that takes the list of the wheel's files from git, pbr or scm (setuptools_scm); empty where
// none does.
func (p *Project) FilesTool() string {
	scm := slices.ContainsFunc(p.BuildRequires.Value, func(r Requirement) bool { return requirementName(r.Text) == "setuptools-scm" })
	switch {
	case !p.FilesFromGit():
		return ""
	case p.VersionTool == sourcePBR || p.VersionTool == "" && !scm:
		return "pbr"
	case p.BackendFamily == "setuptools":
		return "scm"
	}
	return ""
}

// VersionVariables are the environment variables with which a user sets the version of this project in place of
// that of git or PKG-INFO, the one that counts first. The tools document them: pbr's packaging guide, setuptools_scm's overrides, pdm-backend's metadata.
func (p *Project) VersionVariables() []string {
	switch p.VersionTool {
	case sourcePBR:
		return []string{"PBR_VERSION", "OSLO_PACKAGE_VERSION"}
	case sourceSCM, "git (hatch-vcs)", "git (flit-scm)":
		const all = "SETUPTOOLS_SCM_PRETEND_VERSION"
		if p.Name.Status != Known {
			return []string{all}
		}
		name := regexp.MustCompile("[-_.]+").ReplaceAllString(p.Name.Value, "_")
		return []string{all + "_FOR_" + strings.ToUpper(name), all}
	case "git (pdm)":
		return []string{"PDM_BUILD_SCM_VERSION"}
	}
	return nil
}

// SetVersion notes that a user sets the version with one of VersionVariables: what the files say does not count.
func (p *Project) SetVersion(variable string) {
	p.Version, p.VersionSource = unknown[string](p.Version.Pos, variable+" of the environment says it"), p.VersionTool
}
