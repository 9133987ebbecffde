package definition

// Origins are those whose contents steps need, each once, in a fixed order: package files, keys of repositories, files, sources of
// runs. What is read here (constraints, requirements) is not among them.
func (s *Set) Origins() []Origin {
	var all []Origin
	seen := map[string]bool{}
	add := func(o *Origin) {
		if o != nil && !seen[o.Key()] {
			seen[o.Key()] = true
			all = append(all, *o)
		}
	}
	for _, c := range s.contents() {
		for _, p := range c.Packages {
			add(p.Origin)
		}
		for n := range c.Repositories {
			add(&c.Repositories[n].Key)
		}
		for _, f := range c.Files {
			add(f.Origin)
		}
		for _, r := range c.Runs {
			add(r.Source)
		}
	}
	return all
}

// SingleFiles are those of Origins, by Key, that have to be files, not folders: packages and keys.
func (s *Set) SingleFiles() map[string]bool {
	out := map[string]bool{}
	for _, c := range s.contents() {
		for _, p := range c.Packages {
			if p.Origin != nil {
				out[p.Origin.Key()] = true
			}
		}
		for _, r := range c.Repositories {
			out[r.Key.Key()] = true
		}
	}
	return out
}

// RequirementFiles are the origins of files of requirements, each once.
func (s *Set) RequirementFiles() []Origin {
	var all []Origin
	seen := map[string]bool{}
	for _, c := range s.contents() {
		for _, r := range c.Requirements {
			if r.Origin != nil && !seen[r.Origin.Key()] {
				seen[r.Origin.Key()] = true
				all = append(all, *r.Origin)
			}
		}
	}
	return all
}

// GitOrigins are all that come from a git repository: projects, lists, packages, keys, files, sources of runs.
func (s *Set) GitOrigins() []Origin {
	var out []Origin
	s.eachOrigin(func(o *Origin) {
		if o.Kind == Git {
			out = append(out, *o)
		}
	})
	return out
}
