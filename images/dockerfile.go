package images

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pbrx-go/pbrx-go/images/naming"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// Dockerfile is a file of the project that makes the image of one script, on top of the base image of the set.
type Dockerfile struct {
	// File is its name, Dockerfile.SCRIPT.
	File   string
	Script string
	Data   []byte
	// Ignore is the text of the .dockerignore file that goes with it, nil where there is none.
	Ignore []byte
	// Notes are warnings about it, Err is what is wrong with it: both count where it makes an image only.
	Notes []string
	Err   error
}

// IsBase says whether a repository is the plan's base image by its name, under whatever prefix: in a Dockerfile of the
// project it is never one of a registry.
func (p *Plan) IsBase(repository string) bool {
	if len(p.Images) == 0 || p.Images[0].Script != "" {
		return false
	}
	return setupcfg.Canonical(lastPart(repository)) == setupcfg.Canonical(lastPart(p.Images[0].Name))
}

func lastPart(repository string) string { return repository[strings.LastIndex(repository, "/")+1:] }

// addDockerfiles gives the images that a Dockerfile makes to their Dockerfiles, and speaks of those that make none.
func (p *Plan) addDockerfiles(in Input, all []program) []error {
	var problems []error
	names := []string{}
	for _, s := range all {
		names = append(names, s.Name)
	}
	for _, file := range in.Dockerfiles {
		n := slices.IndexFunc(p.Images, func(i Image) bool { return i.isOf(file.Script) })
		switch {
		case n >= 0 && !p.Images[n].Selected:
			p.Images[n].useDockerfile(file)
		case n >= 0:
			if file.Err != nil {
				problems = append(problems, file.Err)
			}
			if declared := in.declaredImage(file.Script); declared != nil {
				problems = append(problems, fmt.Errorf("%s: %s:1 makes the image of %q, too: say all in the Dockerfile and remove this, or remove the Dockerfile", declared.At, file.File, file.Script))
			}
			p.Warnings = append(p.Warnings, file.Notes...)
			p.warnDockerfileExtras(in.Project, p.Images[n], file)
			p.Images[n].useDockerfile(file)
		case slices.Contains(names, file.Script) && !in.chooses(file.Script):
			p.Warnings = append(p.Warnings, fmt.Sprintf("%s: it makes no image, for scripts leaves %q out", file.File, file.Script))
		case p.pending || slices.Contains(names, file.Script):
		default:
			p.Warnings = append(p.Warnings, fmt.Sprintf("%s: it makes no image, there is no script %q%s", file.File, file.Script, suggestion(file.Script, names)))
		}
	}
	return problems
}

// isOf says whether it is the image of a script under the script's own name.
func (i Image) isOf(script string) bool {
	name, err := naming.ImageName(script)
	return err == nil && i.Script == script && lastPart(i.Name) == name
}

// useDockerfile leaves to the Dockerfile what the image has beyond the base image.
func (i *Image) useDockerfile(file Dockerfile) { i.Dockerfile, i.Extras = file.File, []string{} }

// warnDockerfileExtras says which extras the image would have if no Dockerfile made it.
func (p *Plan) warnDockerfileExtras(project *setupcfg.Project, image Image, file Dockerfile) {
	for _, extra := range project.Extras.Value {
		if slices.Contains(image.Extras, extra.Name) {
			p.Warnings = append(p.Warnings, fmt.Sprintf("%s: the extra %q is not installed in %s, which %s makes: install in it what the script needs of the extra",
				extra.Pos, extra.Name, image.Name, file.File+":1"))
		}
	}
}

// suggestion names the script that may be meant, else all.
func suggestion(script string, names []string) string {
	if near := nearest(setupcfg.Canonical(script), names); near != "" {
		return fmt.Sprintf(": did you mean Dockerfile.%s?", near)
	}
	if len(names) == 0 {
		return ""
	}
	return ": the scripts are " + strings.Join(names, ", ")
}
