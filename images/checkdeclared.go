package images

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pbrx-go/pbrx-go/images/definition"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// checkRequirements refuses requirements for the project itself: what is installed is its wheel, whatever they say.
func (p *Plan) checkRequirements(in Input) []error {
	var problems []error
	for _, image := range p.Images {
		for _, r := range image.Requirements {
			spec, err := setupcfg.ParseSpecification(r.Text)
			if err != nil || in.NoProject || setupcfg.Canonical(spec.Name) != setupcfg.Canonical(in.Project.Name.Value) {
				continue
			}
			problems = append(problems, fmt.Errorf("%s: %s is the project itself, which is installed anyway: leave it out, and write what it has in brackets as extras", r.From, spec.Name))
		}
	}
	return problems
}

// allRepositories are those of the definition for all images, and for one.
func (in Input) allRepositories() []definition.Repository {
	if in.Definition == nil {
		return nil
	}
	all := slices.Clone(in.Definition.Repositories)
	for _, image := range in.Definition.Images {
		all = append(all, image.Repositories...)
	}
	return all
}

// checkRepositories says what repositories lack on a base that has apt: a suite, and components of it, unless it is the path of a folder.
func (in Input) checkRepositories() []error {
	if in.Base.PackageManager != "apt" {
		return nil
	}
	var problems []error
	for _, r := range in.allRepositories() {
		folder := strings.HasSuffix(r.Suite.Value, "/")
		switch {
		case !r.Suite.IsSet():
			problems = append(problems, fmt.Errorf(`%s: repository.%s has no suite, which apt needs: write suite = "{codename}", or what it has`, r.At, r.Handle))
		case !folder && len(r.Components) == 0:
			problems = append(problems, fmt.Errorf(`%s: repository.%s has no components, which apt needs: write components = ["main"], or what it has`, r.At, r.Handle))
		case folder && len(r.Components) > 0:
			problems = append(problems, fmt.Errorf(`%s: the suite %q is a folder, which has no components: leave them out`, r.Components[0].At, r.Suite.Value))
		}
	}
	return problems
}
