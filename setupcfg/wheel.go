package setupcfg

import (
	"fmt"
	"slices"
	"strings"
	"text/scanner"
)

// Confirm compares what the project declares with what its wheel says. Facts that are not
// known to the project cannot be contradicted; what is known must be in the wheel, and where the project
// lists its scripts the wheel may have no others. The error is an ErrorList that names both places.
func (p *Project) Confirm(w *Wheel) error {
	var errs ErrorList
	if !validProjectName(w.Name) {
		errs.add(w.place("Name"), hintContradiction, "%q cannot be the name of a project", shorten(w.Name))
	}
	if p.Name.Status == Known && Canonical(p.Name.Value) != Canonical(w.Name) {
		errs.add(p.Name.Pos, hintContradiction, "the project is called %q here, but the wheel's %s says %q", p.Name.Value, w.place("Name"), w.Name)
	}
	if p.Version.Status == Known && normalVersion(p.Version.Value) != normalVersion(w.Version) {
		errs.add(p.Version.Pos, hintContradiction, "the version is %q here, but the wheel's %s says %q", p.Version.Value, w.place("Version"), w.Version)
	}
	if p.RequiresPython.Status == Known && normalSpecifiers(p.RequiresPython.Value) != normalSpecifiers(w.RequiresPython) {
		errs.add(p.RequiresPython.Pos, hintContradiction, "Python %q is required here, but the wheel's %s says %q", p.RequiresPython.Value, w.place("Requires-Python"), w.RequiresPython)
	}
	confirmScripts(&errs, "console script", p.ConsoleScripts, w.ConsoleScripts)
	confirmScripts(&errs, "GUI script", p.GUIScripts, w.GUIScripts)
	confirmDataScripts(&errs, p.DataScripts, w)
	for _, extra := range p.Extras.Value {
		name := Canonical(extra.Name)
		if len(extra.Requirements) > 0 && !slices.ContainsFunc(w.ProvidesExtra, func(s string) bool { return Canonical(s) == name }) {
			errs.add(extra.Pos, hintContradiction, "the extra %q is declared here, but the wheel's %s has no such Provides-Extra", extra.Name, metadataFile)
			continue
		}
		p.confirmRequirements(&errs, p.others(extra.Requirements), w, name)
	}
	p.confirmRequirements(&errs, p.Dependencies.Value, w, "")
	return errs.err()
}

const hintContradiction = "find out what the build backend reads instead"

func confirmScripts(errs *ErrorList, what string, fact Fact[[]Script], wheel []Script) {
	if fact.Status != Known {
		return
	}
	for _, s := range fact.Value {
		i := slices.IndexFunc(wheel, func(o Script) bool { return o.Name == s.Name })
		if i < 0 {
			errs.add(s.Pos, hintContradiction, "%s %q is declared here, but the wheel's %s has no such script", what, s.Name, entryPointsFile)
		} else if wheel[i].Value != s.Value {
			errs.add(s.Pos, hintContradiction, "%s %q is %s here, but %s in the wheel's %s", what, s.Name, s.Value, wheel[i].Value, wheel[i].Pos)
		}
	}
	for _, s := range wheel {
		if !fact.MayGrow && !slices.ContainsFunc(fact.Value, func(o Script) bool { return o.Name == s.Name }) {
			errs.add(fact.Pos, hintContradiction, "%s %q of the wheel's %s is not declared here", what, s.Name, s.Pos)
		}
	}
}

// others are the requirements of other projects than this one. A project that requires itself, for the sake of its own
// extras, is left standing in the wheel by some backends and resolved by others.
func (p *Project) others(list []Requirement) []Requirement {
	return slices.DeleteFunc(slices.Clone(list), func(r Requirement) bool {
		return p.Name.Status == Known && requirementName(r.Text) == Canonical(p.Name.Value)
	})
}

// confirmDataScripts looks for each file that is declared; the wheel may have others, which nothing declares.
func confirmDataScripts(errs *ErrorList, fact Fact[[]Script], w *Wheel) {
	if w.DataScripts == nil { // what the wheel holds is not known
		return
	}
	for _, s := range fact.Value {
		if !slices.ContainsFunc(w.DataScripts, func(o Script) bool { return o.Name == s.Name }) {
			errs.add(s.Pos, hintContradiction, "the script %q is declared here, but the wheel has no %q among its scripts", s.Value, s.Name)
		}
	}
}

// AddDataScripts says which programs the wheel brings as files, those in its folder *.data/scripts. file is the wheel's
// file name. What lies in folders of that folder is no program.
func (w *Wheel) AddDataScripts(file string, names []string) {
	parts := append(strings.SplitN(file, "-", 3), "")
	folder := parts[0] + "-" + parts[1] + ".data/scripts/"
	w.DataScripts = []Script{}
	for _, name := range names {
		if name != "" && !strings.Contains(name, "/") {
			w.DataScripts = append(w.DataScripts, Script{Name: name, Value: folder + name, Extras: []string{}, Pos: filePos(folder + name)})
		}
	}
}

// confirmRequirements looks for each requirement's project in the wheel. One with a marker may be missing: some
// ways of building evaluate markers on the builder.
func (p *Project) confirmRequirements(errs *ErrorList, list []Requirement, w *Wheel, extra string) {
	hint := hintContradiction
	if p.LosesInSdist {
		hint = "pbr before 7.1 drops it without a setup.py with pbr=True and a setup.cfg: require pbr>=7.1, or add them"
	}
	for _, r := range list {
		if name := requirementName(r.Text); name != "" && !strings.Contains(r.Text, ";") && !w.requires(name, extra) {
			errs.add(r.Pos, hint, "the requirement %q is declared here, but the wheel's %s has no such Requires-Dist", r, metadataFile)
		}
	}
}

// Complete confirms the project by its wheel and returns a copy in which the wheel's facts are put
// where the project knows nothing. Extras have METADATA's spelling, which is the one that every pip finds. What the
// wheel adds or lacks without contradicting the project is a warning.
func (p *Project) Complete(w *Wheel) (*Project, error) {
	if err := p.Confirm(w); err != nil {
		return nil, err
	}
	if err := w.checkCredentials(); err != nil {
		return nil, err
	}
	c := *p
	c.Warnings = slices.Clone(p.Warnings)
	fill(&c.Name, w.Name, w.place("Name"))
	c.warnVersion(w)
	fill(&c.Version, w.Version, w.place("Version"))
	if w.RequiresPython != "" {
		fill(&c.RequiresPython, w.RequiresPython, w.place("Requires-Python"))
	}
	c.completeScripts("console script", &c.ConsoleScripts, w.ConsoleScripts)
	c.completeScripts("GUI script", &c.GUIScripts, w.GUIScripts)
	c.completeDataScripts(w)
	c.completeExtras(w)
	c.completeDependencies(w)
	return &c, nil
}

// warnVersion speaks of versions that backends make up where they find none.
func (p *Project) warnVersion(w *Wheel) {
	git := strings.HasPrefix(p.VersionSource, "git")
	if p.Version.Status != Unknown || normalVersion(w.Version) != "0" && !(git && strings.HasPrefix(w.Version, "0.0.1.dev")) {
		return
	}
	hint := ""
	if git {
		hint = "if there is a tag, fetch it: git fetch --tags, and --unshallow for a shallow clone"
	}
	p.warn(w.place("Version"), fmt.Sprintf("the wheel's version is %s, which stands for none: %s", w.Version, p.Version.Why), hint)
}

// fill sets a fact that is not known.
func fill[T any](fact *Fact[T], value T, pos scanner.Position) {
	if fact.Status != Known {
		*fact = known(value, pos)
	}
}

func (p *Project) completeScripts(what string, fact *Fact[[]Script], wheel []Script) {
	if fact.Status == Known {
		fact.Value, fact.MayGrow = slices.Clone(fact.Value), false
		for _, s := range wheel {
			if !slices.ContainsFunc(fact.Value, func(o Script) bool { return o.Name == s.Name }) {
				fact.Value = append(fact.Value, s)
			}
		}
		return
	}
	if fact.Status == Absent {
		for _, s := range wheel {
			p.warn(s.Pos, fmt.Sprintf("%s %q is found in the wheel only", what, s.Name), "")
		}
	}
	if len(wheel) > 0 {
		*fact = known(slices.Clone(wheel), linePos(entryPointsFile, wheel[0].Pos.Line))
	} else {
		*fact = absent[[]Script]()
	}
}

// completeDataScripts adds the wheel's data scripts to those that are declared.
func (p *Project) completeDataScripts(w *Wheel) {
	if w.DataScripts == nil {
		return
	}
	fact := &p.DataScripts
	complete := fact.Status != Unknown && !fact.MayGrow
	fact.Value, fact.MayGrow = slices.Clone(fact.Value), false
	for _, s := range w.DataScripts {
		if slices.ContainsFunc(fact.Value, func(o Script) bool { return o.Name == s.Name }) {
			continue
		}
		if complete {
			p.warn(s.Pos, fmt.Sprintf("the script %q is found in the wheel only", s.Name), "")
		}
		if fact.Status != Known {
			*fact = known([]Script{}, s.Pos)
		}
		fact.Value = append(fact.Value, s)
	}
	if fact.Status != Known {
		*fact = absent[[]Script]()
	}
}

func (p *Project) completeExtras(w *Wheel) {
	declared := p.Extras
	pos := filePos(metadataFile)
	if declared.Status == Known {
		pos = declared.Pos
	}
	list := []Extra{}
	for _, e := range declared.Value {
		for _, spelled := range w.ProvidesExtra {
			if Canonical(spelled) == Canonical(e.Name) {
				e.Name = spelled
				list = append(list, e)
				break
			}
		}
	}
	for _, name := range w.ProvidesExtra {
		if slices.ContainsFunc(list, func(e Extra) bool { return Canonical(e.Name) == Canonical(name) }) {
			continue
		}
		if declared.Status != Unknown && !declared.MayGrow {
			p.warn(filePos(metadataFile), fmt.Sprintf("the extra %q is found in the wheel only", name), "")
		}
		list = append(list, Extra{Name: name, Pos: filePos(metadataFile), Requirements: w.requirements(Canonical(name))})
	}
	if len(list) == 0 && declared.Status != Known {
		p.Extras = absent[[]Extra]()
		return
	}
	p.Extras = known(list, pos)
}

func (p *Project) completeDependencies(w *Wheel) {
	list := w.requirements("")
	if p.Dependencies.Status != Known {
		if len(list) > 0 {
			p.Dependencies = known(list, filePos(metadataFile))
		} else {
			p.Dependencies = absent[[]Requirement]()
		}
		return
	}
	names := map[string]bool{}
	for _, r := range p.Dependencies.Value {
		name := requirementName(r.Text)
		names[name] = true
		if name != "" && !w.requires(name, "") {
			p.warn(r.Pos, fmt.Sprintf("the requirement %q is not in the wheel: its marker was evaluated where the wheel was built, or the build backend lost it", r), "")
		}
	}
	for _, r := range list {
		if !p.Dependencies.MayGrow && !names[requirementName(r.Text)] {
			p.warn(r.Pos, fmt.Sprintf("the requirement %q is found in the wheel only", r), "")
		}
	}
}

// requirements are those of one extra, or those that always count.
func (w *Wheel) requirements(extra string) []Requirement {
	out := []Requirement{}
	for _, d := range w.dists() {
		if d.of(extra) {
			out = append(out, Requirement{Text: d.text, Pos: filePos(metadataFile)})
		}
	}
	return out
}
