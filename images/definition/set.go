package definition

import (
	"text/scanner"

	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// Text is a string and where it is set: a place in a file; or the name of a flag or variable in Filename, without a line.
// The zero value is one that nobody set.
type Text struct {
	Value string
	At    scanner.Position
}

// IsSet says whether anybody set it.
func (t Text) IsSet() bool { return t.At.Filename != "" }

// Switch is a boolean and where it is set.
type Switch struct {
	Value bool
	At    scanner.Position
}

// Argv is a command line, a word each. nil is one that nobody set; without words it takes an inherited one back.
type Argv struct {
	Words []string
	At    scanner.Position
}

// Variable is a name with a value: of an environment, a label, an output of a run.
type Variable struct {
	Name string
	Text
}

// Set is the effective configuration of one set of images.
type Set struct {
	// Files are those of the chain, outermost parent first, as messages name them. Each is a level; Level fields count
	// from 0 in this list.
	Files []string
	// Dir is the folder of the last one; Root a folder that no path leads out of; each
	// file may have a smaller one, which its reader checked.
	Dir, Root string
	// Releases are the overlays that were chosen, Defined all that there are.
	Releases, Defined []Text

	Name Text
	// Base and Builder are references as --base takes them.
	Base, Builder      Text
	Python, Venv       Text
	SystemSitePackages Switch
	Constraints        []Requirement
	ConstraintsExclude []Text
	Resolver, Init     Text
	Check, Prefix      Text
	Platforms          []Text
	// Bindep is a file; empty, but set, for none.
	Bindep Text
	// Scripts are patterns; nil where nobody set them.
	Scripts []Text
	// BuildEnv is sorted by name.
	BuildEnv []Variable
	// Projects are sorted by handle, Users by uid.
	Projects []Project
	Users    []User
	// Content is that of the base image, and so of all images.
	Content
	// Images are in the order of the files.
	Images []Image
	// Values are all that files set, in their order.
	Values []Value
	// Warnings are what is legal and probably not what was meant.
	Warnings []setupcfg.Warning
	// LeftOut are entries for other architectures than that of the base, a line each, after On.
	LeftOut []string
}

// Content is what an image holds and how it runs.
type Content struct {
	Packages     []Package
	Profiles     []Text
	Requirements []Requirement
	Extras       []Text
	// Repositories are sorted by handle, Files by destination, Env and Labels by name.
	Repositories []Repository
	Files        []File
	Env, Labels  []Variable
	Volumes      []Text
	Workdir      Text
	RunAs        Text
	Entrypoint   *Argv
	// Runs are in the order of the files.
	Runs []Run
	// Args are appended to the script; at the top level to every script that does not say its own.
	Args *Argv
	// Command is the whole command line after the init.
	Command *Argv
	// WSGI is module:attribute.
	WSGI Text
}

// Kind is the word of an origin.
type Kind string

// The kinds of origins.
const (
	Path        Kind = "path"
	URL         Kind = "url"
	Git         Kind = "git"
	FromImage   Kind = "image"
	FromProject Kind = "project"
	LiteralText Kind = "text"
)

// AnyArch is the key of a digest that holds for all architectures.
const AnyArch = ""

// Origin says where something comes from.
type Origin struct {
	Kind Kind
	// Where is the value of the kind's key: the path, URL, repository, image, handle or text.
	Where Text
	// Part is the path within it; for Kind Path it is empty.
	Part Text
	// Ref is the commit, tag or branch of a git repository.
	Ref Text
	// SHA256 are hexadecimal digits, by architecture (amd64) or AnyArch.
	SHA256 map[string]Text
	// Arch are the architectures that the entry is for; none: all.
	Arch []string
	// Dir is the folder of the file in which it is written: relative paths begin there.
	Dir string
	At  scanner.Position
}

// Package is one entry of packages: a line of bindep, or a package file behind a URL.
type Package struct {
	Line   Text
	Origin *Origin
	Arch   []string
	Level  int
	At     scanner.Position
}

// Requirement is a PEP 508 line (of requirements or constraints), or a file of such lines.
type Requirement struct {
	Line   Text
	Origin *Origin
}

// Repository is a repository of distro packages.
type Repository struct {
	Handle     string
	URI, Suite Text
	Components []Text
	Key        Origin
	Arch       []string
	// Keep leaves it in the image.
	Keep  bool
	Level int
	At    scanner.Position
}

// User is an account with its group and the directories it owns. Everything that may be left out is filled in.
type User struct {
	Handle, Name string
	UID, GID     int
	Group        string
	// Groups are those it is a member of beside its own.
	Groups      []string
	Home, Shell string // Shell is empty for the base's equivalent of nologin
	Comment     string
	Directories []string
	Level       int
	At          scanner.Position
}

// File is something put at a destination: an origin, a link or a directory.
type File struct {
	Dest string
	// Written is the destination as the file has it, with its braces.
	Written string
	Origin  *Origin
	// Link is the target of a symbolic link.
	Link      Text
	Directory bool
	// Mode is octal digits, empty for the default.
	Mode Text
	// Owner is NAME|UID[:NAME|GID], empty for 0:0.
	Owner   Text
	Replace bool
	Arch    []string
	At      scanner.Position
}

// Run is one step of commands.
type Run struct {
	Commands []Argv
	// In is an image reference as --base takes it; empty for the image itself.
	In     Text
	Source *Origin
	// Out maps paths in the source's folder, or absolute ones, to destinations.
	Out     []Variable
	Env     []Variable
	Cache   []Text
	Network bool
	Arch    []string
	At      scanner.Position
}

// Project is source that is built, beside the main project or as it.
type Project struct {
	Handle string
	// Origin is of Kind Git or Path.
	Origin Origin
	// Subdirectory is where in it the project lies.
	Subdirectory Text
	// Patches are files, or one directory of *.patch files, relative to Origin.Dir.
	Patches []Text
	Extras  []Text
	At      scanner.Position
}

// Image is an image beside the base image: that of a script, refined, or one declared here.
type Image struct {
	Name string
	// Script is the script it runs under another name.
	Script Text
	At     scanner.Position
	Content
}

// Facts are what of a base, and of the Python in it, values may name in braces.
type Facts struct {
	// Arch is as in amd64, Machine as in x86_64.
	Arch, Machine string
	// Codename and VersionID are those of os-release.
	Codename, VersionID string
	// Prefix is that of the Python environment of the images, SitePackages its purelib.
	Prefix, SitePackages string
}
