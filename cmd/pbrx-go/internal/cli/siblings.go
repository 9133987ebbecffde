package cli

import (
	"fmt"
	"os"
	"strings"

	"github.com/pbrx-go/pbrx-go/builder"
	"github.com/pbrx-go/pbrx-go/builder/siblings"
	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// readSiblings reads the neighbours whose checkouts are used in place of their releases.
func (a *app) readSiblings(project *setupcfg.Project, dirs []string) ([]images.SiblingInput, error) {
	checkouts, err := siblings.Read(dirs)
	if err == nil {
		err = siblings.Check(project, checkouts)
	}
	if err != nil {
		return nil, usageError{err}
	}
	var out []images.SiblingInput
	for _, c := range checkouts {
		in := images.Input{Project: c.Project, Version: map[string]string{}}
		if in.NativeSource, err = setupcfg.NativeSource(os.DirFS(c.Dir)); err != nil {
			return nil, usageError{fmt.Errorf("reading the sibling %s: %w", c.Dir, err)}
		}
		for _, name := range c.Project.VersionVariables() {
			// PBR_VERSION is the project's; only a variable that names the sibling can be meant for it.
			if value := a.env[name]; value != "" && strings.Contains(name, "_FOR_") {
				in.Version[name] = value
				c.Project.SetVersion(name)
			}
		}
		out = append(out, images.SiblingInput{Dir: c.Dir, Folder: c.Dir, Input: in})
	}
	return out, nil
}

// siblingSources are what the wheels of siblings are made from.
func (s *operation) siblingSources() ([]builder.SiblingSource, error) {
	var out []builder.SiblingSource
	for _, sibling := range s.Siblings {
		source, err := s.openSource(sibling.Folder, sibling.Input)
		if err != nil {
			return nil, err
		}
		out = append(out, builder.SiblingSource{Name: sibling.Project.Name.Value, Source: source})
	}
	return out, nil
}
