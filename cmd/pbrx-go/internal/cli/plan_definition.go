package cli

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/pbrx-go/pbrx-go/images"
)

// planLevels writes what the files of a definition add for all images, a line each.
func planLevels(w io.Writer, p *images.Plan) {
	for _, level := range p.Levels {
		for _, a := range level.Accounts {
			fmt.Fprintf(w, "account\t%s (%d:%d)\t%s\t%s\n", a.Name, a.UID, a.GID, a.From, strings.Join(a.Directories, " "))
		}
		for _, f := range level.PackageFiles {
			fmt.Fprintf(w, "runtime\t%s\t%s\t\n", f.Content.Origin, f.From)
		}
	}
	if n := len(p.Levels); n > 0 {
		planRepositories(w, p.Levels[n-1].Repositories) // each level has those before it
	}
}

func planRepositories(w io.Writer, repositories []images.Repository) {
	for _, r := range repositories {
		kept := "for the build only"
		if r.Keep {
			kept = "kept in the images"
		}
		fmt.Fprintf(w, "repository\t%s\t%s\t%s\n", r.URI, r.From, kept)
	}
}

// planContents writes what an image has beyond the base image, or the base image beyond the project. Of an image that is not built it is
// what its commands make for the project's wheel.
func planContents(w io.Writer, p *images.Plan) {
	for n, image := range p.Images {
		if image.Selected {
			planContent(w, image)
		}
		for _, r := range image.Runs {
			if image.Selected || r.ForSource() {
				fmt.Fprintf(w, "  %s\trun %s\t%s\t%s\n", image.Name, r, r.From, runCost(r, n))
			}
		}
	}
}

func planContent(w io.Writer, image images.Image) {
	name := image.Name
	for _, pkg := range image.Distro.Packages {
		fmt.Fprintf(w, "  %s\tpackage %s\t%s\t%s\n", name, pkg.Name, pkg.From, pkg.Why)
	}
	for _, f := range image.Distro.PackageFiles {
		fmt.Fprintf(w, "  %s\tpackage %s\t%s\t\n", name, f.Content.Origin, f.From)
	}
	for _, r := range image.Requirements {
		fmt.Fprintf(w, "  %s\trequires %s\t%s\t\n", name, r.Text, r.From)
	}
	for _, f := range image.Files {
		fmt.Fprintf(w, "  %s\tfile %s\t%s\t%s\n", name, f.Dest, f.From, cmp.Or(f.Link, f.Content.Origin, "a directory"))
	}
}

// runCost is what a step of commands costs.
func runCost(r images.RunStep, image int) string {
	var said string
	switch {
	case r.In != "":
		said = "in " + r.In
	case image == 0:
		said = "it runs again at every change of the source or of what is below it, for all images"
	default:
		said = "it runs again at every change of the source or of what is below it"
	}
	if r.Network {
		said += "; with a network: not reproducible from the lock"
	}
	return said
}

// sayDefinition says of a definition what whoever reads the summary should know: what was left out, how many steps of commands there
// are, and that images run as root although there is an account for them.
func (a *app) sayDefinition(p *images.Plan) {
	for _, line := range p.LeftOut {
		a.note("left out: %s", line)
	}
	runs, root := 0, 0
	for _, image := range p.Images {
		for _, r := range image.Runs {
			if image.Selected || r.ForSource() {
				runs++
			}
		}
		if image.Selected && image.Config.User == "" {
			root++
		}
	}
	switch runs {
	case 0:
	case 1:
		a.note("1 step of commands: the plan says what it costs")
	default:
		a.note("%d steps of commands: the plan says what each costs", runs)
	}
	for _, level := range p.Levels {
		if len(level.Accounts) > 0 && root > 0 {
			a.note("%d images run as the base's user, mostly root: run-as = %q makes them run as that account", root, level.Accounts[0].Name)
			return
		}
	}
}
