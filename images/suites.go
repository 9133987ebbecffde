package images

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pbrx-go/pbrx-go/images/definition"
)

// warnSuites says which repositories of the definition have the codename of another release of the distribution than the base's, which may
// be meant: some have no other. Package managers other than apt's know no suites.
func (p *Plan) warnSuites(in Input) {
	if manager := in.Base.PackageManager; manager == "apk" || manager == "dnf" {
		for _, r := range in.allRepositories() {
			if r.Suite.IsSet() || len(r.Components) > 0 {
				p.Warnings = append(p.Warnings, fmt.Sprintf("%s: suite and components of repository.%s are apt's, and the base has %s: they do not count", r.At, r.Handle, manager))
			}
		}
		return
	}
	if in.Definition == nil || !slices.Contains(codenames(), in.Base.Distro.Codename) {
		return
	}
	for _, r := range in.allRepositories() {
		if other := codenameOf(r); other != "" && other != in.Base.Distro.Codename {
			p.Warnings = append(p.Warnings, fmt.Sprintf("%s: the suite %q is for %s, and the base is %s: write {codename}, unless that is meant",
				r.Suite.At, r.Suite.Value, other, in.Base.Distro.Codename))
		}
	}
}

// codenameOf is the codename in the suite of a repository, as in jammy-updates/antelope; empty where there is none.
func codenameOf(r definition.Repository) string {
	for _, word := range strings.FieldsFunc(r.Suite.Value, func(c rune) bool { return strings.ContainsRune("-/_", c) }) {
		if slices.Contains(codenames(), word) {
			return word
		}
	}
	return ""
}

// codenames are those of the releases of Debian and Ubuntu that people still have images of. Words such as stable say nothing of a release.
func codenames() []string {
	return []string{"buster", "bullseye", "bookworm", "trixie", "forky", "duke",
		"xenial", "bionic", "focal", "jammy", "noble", "oracular", "plucky", "questing", "resolute"}
}
