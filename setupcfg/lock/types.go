package lock

import (
	"text/scanner"

	"github.com/pbrx-go/pbrx-go/setupcfg"
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
