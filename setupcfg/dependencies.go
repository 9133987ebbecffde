package setupcfg

// checkDependencies finds requirements that no installer and no backend can read. Where the specification of
// pyproject.toml has them they are errors; pbr and setuptools rewrite theirs, so there they are warnings.
func (l *loader) checkDependencies() {
	p := l.project
	for _, r := range p.BuildRequires.Value {
		l.checkDependency(r)
	}
	for _, r := range p.Dependencies.Value {
		l.checkDependency(r)
	}
	for _, e := range p.Extras.Value {
		for _, r := range e.Requirements {
			l.checkDependency(r)
		}
	}
}

func (l *loader) checkDependency(r Requirement) {
	_, problem := parseDependency(r.String()) // which may be quoted, without a password
	if problem == "" {
		return
	}
	shown := shorten(r.String())
	const hint = "write NAME, NAME>=1.2, NAME[extra]; marker or NAME @ URL"
	if r.Pos.Filename == filePyproject {
		l.errs.add(r.Pos, hint, "%q is no requirement: %s", shown, problem)
		return
	}
	l.project.warn(r.Pos, "the build will fail: \""+shown+"\" is no requirement: "+problem, hint)
}
