package cli

import (
	"cmp"
	"strings"
	"text/scanner"

	"github.com/spf13/pflag"

	"github.com/pbrx-go/pbrx-go/images/definition"
)

// loadDefinition reads the optional configuration of a folder, nil where there is none, and gives the flags what it says and nobody
// says otherwise.
func (a *app) loadDefinition(dir string, f *planFlags) (*definition.Set, error) {
	set, err := definition.Load(dir, f.config, definition.Options{Releases: f.releaseTexts(f.set), ProjectName: projectName(dir).Value})
	if err != nil || set == nil {
		return nil, err
	}
	under := underFlags(set, f.set)
	f.base, f.prefix, f.initPath = cmp.Or(under.Base.Value, f.base), under.Prefix.Value, under.Init.Value
	if under.Init.IsSet() {
		f.initFrom = under.Init.At.String()
	}
	out := *set
	out.Constraints, out.ConstraintsExclude = under.Constraints, under.ConstraintsExclude
	if !f.quiet {
		for _, w := range set.Warnings {
			a.warn(w.String())
		}
		if len(set.Defined) > 0 && len(set.Releases) == 0 {
			a.note("no release of %s is chosen: --release takes %s", set.Files[len(set.Files)-1], strings.Join(names(set.Defined), ", "))
		}
	}
	return &out, unsupported(set)
}

// excluded are the names that constraints do not limit, and where that is said.
func (p projectInput) excluded(flags planFlags) []definition.Text {
	if p.defined != nil {
		return p.defined.set.ConstraintsExclude
	}
	var out []definition.Text
	for _, name := range flags.excluded {
		out = append(out, definition.Text{Value: name, At: scanner.Position{Filename: "--constraint-exclude"}})
	}
	return out
}

// excludedBy says who leaves a name out of the constraints.
func excludedBy(name definition.Text) string {
	if name.At.IsValid() {
		return name.At.String() + ": constraints-exclude " + name.Value
	}
	return "--constraint-exclude " + name.Value
}

// unsupported refuses what the file may say and this version cannot do.
func unsupported(set *definition.Set) error {
	if set.Resolver.IsSet() && set.Resolver.Value != "pip" {
		return usagef("%s: resolver: pip is the one there is in this version: leave the key out", set.Resolver.At)
	}
	if len(set.Platforms) > 1 {
		return usagef("%s: platforms: images are built for the engine's own platform in this version: name one, and an engine of it with --engine", set.Platforms[1].At)
	}
	return nil
}

// checkPlatform refuses a platform that is not the one that images are made for.
func checkPlatform(set *definition.Set, platform string) error {
	if set == nil || len(set.Platforms) == 0 {
		return nil
	}
	asked := set.Platforms[0]
	if plain, _, _ := strings.Cut(strings.TrimPrefix(asked.Value, "linux/"), "/"); "linux/"+plain == platform {
		return nil
	}
	return usagef("%s: platforms: %s is not what this engine builds for, %s: name an engine of that platform with --engine, or leave the key out", asked.At, asked.Value, platform)
}

// releaseTag is the tag of a set where nobody says one: its releases, else latest.
func releaseTag(set *definition.Set) string {
	if set == nil || len(set.Releases) == 0 {
		return "latest"
	}
	return strings.Join(names(set.Releases), "-")
}

func names(texts []definition.Text) []string {
	var out []string
	for _, t := range texts {
		out = append(out, t.Value)
	}
	return out
}

// changed says whether somebody set a flag, on the command line or by its variable.
func changed(flags *pflag.FlagSet, name string) bool {
	f := flags.Lookup(name)
	return f != nil && f.Changed
}
