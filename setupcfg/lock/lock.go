package lock

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"text/scanner"

	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// Kind is the format of a lock file.
type Kind string

// The formats, in the order in which one is preferred to the next.
const (
	Pylock       Kind = "pylock"
	UV           Kind = "uv"
	Poetry       Kind = "poetry"
	PDM          Kind = "pdm"
	Pipfile      Kind = "pipfile"
	Requirements Kind = "requirements"
)

// Lock is what a lock file says. As JSON it is what the step that resolves is given (steps/locked.py).
type Lock struct {
	// File is the name in the project's folder.
	File string `json:"file"`
	Kind Kind   `json:"kind"`
	// Renew is the command that makes the file anew.
	Renew string `json:"renew"`
	// RequiresPython are specifiers that the interpreter must meet; empty where the file has none.
	RequiresPython string `json:"requires_python,omitempty"`
	// Environments are markers one of which must hold; none where the file is for all.
	Environments []string `json:"environments,omitempty"`
	// Groups are the dependency groups that markers may take for chosen.
	Groups []string `json:"groups,omitempty"`
	// Highest says that of several versions that are admitted the highest counts, as the tool has it whose
	// file does not say which is meant.
	Highest bool `json:"highest,omitempty"`
	// Indexes are the package indexes that the file names, without credentials.
	Indexes  []string  `json:"indexes,omitempty"`
	Packages []Package `json:"packages"`

	// Others are lock files in the folder that do not count beside this one.
	Others   []string           `json:"-"`
	Warnings []setupcfg.Warning `json:"-"`
}

// Package is one entry.
type Package struct {
	// Name is canonical. Version is empty where the file has none (a source tree, an artefact with a URL).
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	// Marker is the condition for the entry, as PEP 508 and PEP 751 write it, or as uv does for extras that
	// conflict (extra-7-project-extra); empty where there is none.
	Marker string `json:"marker,omitempty"`
	// RequiresPython are specifiers, where the entry has some and the file needs them to choose.
	RequiresPython string `json:"requires_python,omitempty"`
	// Hashes are those of all artefacts that are allowed, "sha256:…", sorted.
	Hashes []string `json:"hashes,omitempty"`
	Source Source   `json:"source"`
	// Requires are the edges of the file's graph, where it has one.
	Requires []Dependency `json:"requires,omitempty"`
	// At is file:line:col of the entry.
	At string `json:"at"`

	pos scanner.Position
}

// Source is where a package comes from.
type Source struct {
	Kind SourceKind `json:"kind"`
	// URL is that of the index, artefact or repository, without credentials.
	URL string `json:"url,omitempty"`
	// VCS is git, hg, bzr or svn, and Commit what to check out.
	VCS    string `json:"vcs,omitempty"`
	Commit string `json:"commit,omitempty"`
	// Subdirectory is where in the artefact or repository the project lies.
	Subdirectory string `json:"subdirectory,omitempty"`
	// Path is that of a local source, as the file has it.
	Path string `json:"path,omitempty"`
}

// SourceKind is index, url, vcs, local (a folder or file beside the project) or project (the project itself).
type SourceKind string

// The kinds of sources.
const (
	FromIndex   SourceKind = "index"
	FromURL     SourceKind = "url"
	FromVCS     SourceKind = "vcs"
	FromLocal   SourceKind = "local"
	FromProject SourceKind = "project"
)

// Dependency is an edge from one package to another.
type Dependency struct {
	Name string `json:"name"`
	// Version is which of several entries of the name is meant; empty where there is one.
	Version string   `json:"version,omitempty"`
	Extras  []string `json:"extras,omitempty"`
	Marker  string   `json:"marker,omitempty"`
}

// format is how one kind of file is found and read.
type format struct {
	kind  Kind
	file  string
	renew string
	read  func(*reader)
}

func formats() []format {
	return []format{
		{Pylock, "pylock.toml", "", (*reader).pylock},
		{UV, "uv.lock", "uv lock", (*reader).uv},
		{Poetry, "poetry.lock", "poetry lock", (*reader).poetry},
		{PDM, "pdm.lock", "pdm lock", (*reader).pdm},
		{Pipfile, "Pipfile.lock", "pipenv lock", (*reader).pipfile},
		{Requirements, "requirements.txt", "", (*reader).requirements},
	}
}

// Read reads the lock file of a project's folder: the first there is of pylock.toml (or one pylock.NAME.toml), uv.lock, poetry.lock,
// pdm.lock, Pipfile.lock and a requirements.txt with hashes. It is nil where there is none. The error is a
// setupcfg.ErrorList with all problems of the file, or that of a file that cannot be read.
func Read(fsys fs.FS) (*Lock, error) {
	var found []format
	for _, f := range formats() {
		names := []string{f.file}
		if f.kind == Pylock {
			var err error
			if names, err = pylocks(fsys); err != nil {
				return nil, err
			}
		}
		for _, name := range names {
			there, err := isLock(fsys, f.kind, name)
			if err != nil {
				return nil, err
			}
			if there {
				f.file = name
				found = append(found, f)
			}
		}
	}
	if len(found) == 0 {
		return nil, nil
	}
	src, err := fs.ReadFile(fsys, found[0].file)
	if err != nil {
		return nil, fmt.Errorf("reading the lock file: %w", err)
	}
	r := newReader(fsys, found[0], src)
	for _, f := range found[1:] {
		r.lock.Others = append(r.lock.Others, f.file)
	}
	if len(found) > 1 && found[0].kind == Pylock && found[1].kind == Pylock && found[0].file != "pylock.toml" {
		r.fail(scanner.Position{Filename: found[0].file}, "call the one to be taken pylock.toml", "there is %s as well, and nothing says which counts", found[1].file)
		return nil, r.errs
	}
	found[0].read(r)
	if err := r.finish(); err != nil {
		return nil, err
	}
	return r.lock, nil
}

// pylocks are the files of PEP 751's names, pylock.toml first.
func pylocks(fsys fs.FS) ([]string, error) {
	names, err := fs.Glob(fsys, "pylock.*toml")
	if err != nil {
		return nil, fmt.Errorf("looking for lock files: %w", err)
	}
	names = slices.DeleteFunc(names, func(n string) bool {
		return !regexp.MustCompile(`^pylock\.([^.]+\.)?toml$`).MatchString(n)
	})
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(strings.Split(a, ".")), len(strings.Split(b, "."))), cmp.Compare(a, b))
	})
	return names, nil
}

// isLock says whether a file is there and, of requirements.txt, has a hash.
func isLock(fsys fs.FS, kind Kind, name string) (bool, error) {
	src, err := fs.ReadFile(fsys, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("reading the lock file: %w", err)
	case kind != Requirements:
		return true, nil
	}
	return regexp.MustCompile(`(?m)^[^#\n]*--hash[= ]`).Match(src), nil
}

// duplicates are two entries of one name, one version and one condition: the file was merged badly.
func (r *reader) duplicates() {
	first := map[string]Package{}
	for _, p := range r.lock.Packages {
		key := strings.Join([]string{p.Name, p.Version, p.Marker, p.Source.URL, p.Source.Path}, "\x00")
		if other, twice := first[key]; twice {
			r.fail(p.pos, r.renewHint(), "%s stands here a second time, after line %d", p.Name, other.pos.Line)
			continue
		}
		first[key] = p
	}
}
