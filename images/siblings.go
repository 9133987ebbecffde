package images

import "path/filepath"

// Sibling is a neighbour of the project whose checkout is used in place of its release.
type Sibling struct {
	Name string `json:"name"`
	// Dir is the folder as the user named it.
	Dir string `json:"dir"`
	// Version is empty until the wheel has said it.
	Version string `json:"version"`
	// From is where the sibling says its name (../foo/setup.cfg:2:1).
	From   string `json:"from"`
	Source Source `json:"source"`
	// Required says that the definition wants it installed, with these extras, whether anything requires it or not.
	Required bool     `json:"required,omitempty"`
	Extras   []string `json:"extras,omitempty"`
	// Pin is the commit, and a digest of the patches, where it does not come from a folder.
	Pin string `json:"pin,omitempty"`
}

// sourceOf says how the wheel of a project is made, but for the toolchain.
func sourceOf(in Input) Source {
	return Source{Git: in.NeedsGit(), Files: in.filesTool(), Tags: in.VersionFromGit(), Environment: in.Version,
		Sdist: in.NeedsGit() && !in.Project.LosesInSdist}
}

// addSiblings says what is made from source beside the project. Their scripts get no images.
func (p *Plan) addSiblings(siblings []SiblingInput) {
	for _, in := range siblings {
		name := in.Project.Name
		name.Pos.Filename = filepath.Join(in.Dir, name.Pos.Filename)
		s := Sibling{Name: name.Value, Dir: in.Dir, Version: in.Project.Version.Value, From: name.Pos.String(), Source: sourceOf(in.Input),
			Required: in.Required, Extras: in.Extras, Pin: in.Pin}
		if in.From != "" {
			s.From = in.From
		}
		s.Source.Toolchain = p.toolchain(in.Input)
		p.Siblings = append(p.Siblings, s)
		for _, w := range in.Project.Warnings {
			w.Pos.Filename = filepath.Join(in.Dir, w.Pos.Filename)
			p.Warnings = append(p.Warnings, w.String())
		}
	}
}
