package images

import (
	"testing"

	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// A version set from outside replaces git's, and not git's list of files.
func TestWhatIsNeededOfGit(t *testing.T) {
	set := map[string]string{"X_VERSION": "1"}
	for name, c := range map[string]struct {
		project      setupcfg.Project
		version      map[string]string
		git, fromGit bool
	}{
		"pbr":                        {setupcfg.Project{NeedsGit: true, VersionTool: "git (pbr)", VersionSource: "git (pbr)"}, nil, true, true},
		"pbr, version set":           {setupcfg.Project{NeedsGit: true, VersionTool: "git (pbr)", VersionSource: "git (pbr)"}, set, true, false},
		"pbr, PKG-INFO":              {setupcfg.Project{NeedsGit: true, VersionTool: "git (pbr)", VersionSource: "PKG-INFO"}, nil, true, false},
		"hatch-vcs":                  {setupcfg.Project{NeedsGit: true, VersionTool: "git (hatch-vcs)", VersionSource: "git (hatch-vcs)"}, nil, true, true},
		"hatch-vcs, version set":     {setupcfg.Project{NeedsGit: true, VersionTool: "git (hatch-vcs)", VersionSource: "git (hatch-vcs)"}, set, false, false},
		"static, setuptools_scm too": {setupcfg.Project{NeedsGit: true, VersionSource: "static"}, nil, true, false},
		"static, files, version set": {setupcfg.Project{NeedsGit: true, VersionSource: "static"}, set, true, false},
		"static":                     {setupcfg.Project{VersionSource: "static"}, nil, false, false},
	} {
		in := Input{Project: &c.project, Version: c.version}
		if in.NeedsGit() != c.git || in.VersionFromGit() != c.fromGit {
			t.Errorf("%s: git %t, version from it %t; want %t, %t", name, in.NeedsGit(), in.VersionFromGit(), c.git, c.fromGit)
		}
	}
}
