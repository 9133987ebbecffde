package cli

import (
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/pbrx-go/pbrx-go/images/definition"
)

// drift is a repository of which definitions take more than one commit, tag or branch.
type drift struct {
	Git string `json:"git"`
	// Release is the one that they are for; empty where none is asked for.
	Release string     `json:"release"`
	Refs    []driftRef `json:"refs"`
}

type driftRef struct {
	Ref   string   `json:"ref"`
	SetBy []string `json:"set_by"`
}

// configDrift prints the repositories of which the definitions below a directory name more than one ref, for the same release: what is meant to
// go together may come from different times then.
func (a *app) configDrift(o *configOptions) error {
	if o.config != "" {
		return usagef("--all looks for the definitions itself: leave --config out")
	}
	dirs, err := a.definitionsBelow(o.dir)
	if err != nil {
		return err
	}
	found := []drift{}
	for _, release := range a.releasesOf(dirs, o.releases) {
		for _, d := range a.driftOf(dirs, release) {
			if !slices.ContainsFunc(found, func(other drift) bool { return d.same(other) }) {
				found = append(found, d)
			}
		}
	}
	if o.format == "json" {
		return a.printJSON(map[string]any{"definitions": len(dirs), "drift": found})
	}
	if len(found) == 0 {
		a.note("%d definitions below %s: each takes one ref of a repository", len(dirs), o.dir)
	}
	w := tabwriter.NewWriter(a.streams.Out, 0, 0, 2, ' ', 0)
	for _, d := range found {
		title := d.Git
		if d.Release != "" {
			title += ", release " + d.Release
		}
		fmt.Fprintln(w, title)
		for _, r := range d.Refs {
			fmt.Fprintf(w, "  %s\t%s\n", r.Ref, strings.Join(r.SetBy, ", "))
		}
	}
	return w.Flush()
}

// same says whether the refs of another release are these.
func (d drift) same(other drift) bool {
	return d.Git == other.Git && slices.EqualFunc(d.Refs, other.Refs, func(a, b driftRef) bool { return a.Ref == b.Ref && slices.Equal(a.SetBy, b.SetBy) })
}

// definitionsBelow are the folders that have a definition. Hidden ones are not looked into.
func (a *app) definitionsBelow(dir string) (dirs []string, err error) {
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !entry.IsDir():
			return nil
		case path != dir && strings.HasPrefix(entry.Name(), "."):
			return fs.SkipDir
		}
		file, err := definition.Find(path, "")
		if err != nil {
			a.warn(err.Error())
		} else if file != "" {
			dirs = append(dirs, path)
		}
		return nil
	})
	return dirs, err
}

// releasesOf are those to look at: the ones that were asked for, together, or none and then each that is defined.
func (a *app) releasesOf(dirs, asked []string) [][]string {
	if len(asked) > 0 {
		return [][]string{asked}
	}
	out := [][]string{nil}
	var known []string
	for _, dir := range dirs {
		set, err := definition.Load(dir, "", definition.Options{ProjectName: projectName(dir).Value})
		if err != nil {
			a.warn(err.Error())
			continue
		}
		for _, r := range set.Defined {
			if !slices.Contains(known, r.Value) {
				known = append(known, r.Value)
				out = append(out, []string{r.Value})
			}
		}
	}
	return out
}

// driftOf are the repositories with several refs, by their address. A definition without the release has no part in it.
func (a *app) driftOf(dirs, release []string) []drift {
	refs := map[string]map[string][]string{}
	for _, dir := range dirs {
		opts := definition.Options{ProjectName: projectName(dir).Value}
		for _, r := range release {
			opts.Releases = append(opts.Releases, definition.Text{Value: r})
		}
		set, err := definition.Load(dir, "", opts)
		if err != nil {
			continue // said before, if it is not for want of the release
		}
		for _, o := range set.GitOrigins() {
			git, at := addressOf(o), o.Ref.At.String()
			if refs[git] == nil {
				refs[git] = map[string][]string{}
			}
			if !slices.Contains(refs[git][o.Ref.Value], at) {
				refs[git][o.Ref.Value] = append(refs[git][o.Ref.Value], at)
			}
		}
	}
	var out []drift
	for _, git := range slices.Sorted(maps.Keys(refs)) {
		if len(refs[git]) < 2 {
			continue
		}
		d := drift{Git: git, Release: strings.Join(release, " ")}
		for _, ref := range slices.Sorted(maps.Keys(refs[git])) {
			d.Refs = append(d.Refs, driftRef{ref, refs[git][ref]})
		}
		out = append(out, d)
	}
	return out
}

// addressOf is the address of a repository, the same for the spellings that people use.
func addressOf(o definition.Origin) string {
	git := o.Where.Value
	if !strings.Contains(git, "://") {
		git = filepath.Join(o.Dir, git)
	}
	return strings.TrimSuffix(strings.TrimRight(git, "/"), ".git")
}
