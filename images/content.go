package images

import (
	"path"
	"slices"
	"strings"
)

// What a definition adds to a plan. Everything is as steps take it: selected for the base's architecture, braces
// filled in, origins pinned.

// Level is one file of a definition's chain. Its accounts and its distro packages are layers of their own, which all that
// extend the file share.
type Level struct {
	// From is the file.
	From     string    `json:"from"`
	Accounts []Account `json:"accounts,omitempty"`
	DistroContent
}

// DistroContent is what a package manager installs in one step.
type DistroContent struct {
	Packages []Package `json:"packages,omitempty"`
	// PackageFiles are installed together with the packages.
	PackageFiles []PackageFile `json:"package_files,omitempty"`
	// Repositories are those beside the base's own, of this level and those before it.
	Repositories []Repository `json:"repositories,omitempty"`
}

// Account is a user with its group and the directories that it owns.
type Account struct {
	Name  string `json:"name"`
	UID   int    `json:"uid"`
	GID   int    `json:"gid"`
	Group string `json:"group"`
	// Groups are those it is a member of beside its own; one that only a package makes is joined after the packages of its level.
	Groups []string `json:"groups,omitempty"`
	Home   string   `json:"home"`
	// Shell is empty for the base's equivalent of nologin.
	Shell       string   `json:"shell"`
	Comment     string   `json:"comment"`
	Directories []string `json:"directories,omitempty"`
	From        string   `json:"from"`
}

// PackageFile is a package behind a URL.
type PackageFile struct {
	Content Content `json:"content"`
	From    string  `json:"from"`
}

// Repository is a repository of distro packages beside the base's own.
type Repository struct {
	Name string `json:"name"`
	URI  string `json:"uri"`
	// Suite and Components are apt's.
	Suite      string   `json:"suite,omitempty"`
	Components []string `json:"components,omitempty"`
	Key        Content  `json:"key"`
	// Keep leaves its key and source file in the image.
	Keep bool   `json:"keep,omitempty"`
	From string `json:"from"`
}

// Content is what an origin was found to be.
type Content struct {
	// Origin is how the definition says it, for people, without credentials.
	Origin string `json:"origin"`
	// Pin is what decides it: sha256:… of a file or tree, or a commit and the path in it; of an image its digest and
	// the path.
	Pin string `json:"pin"`
	// Local names the local source that holds it, Path where in that it is. Folder says that it is one.
	Local  string `json:"-"`
	Path   string `json:"-"`
	Folder bool   `json:"folder,omitempty"`
	// Image is the reference of the image that it is in, in place of a local source.
	Image string `json:"image,omitempty"`
}

// File is one file, link or directory put into an image.
type File struct {
	Dest string `json:"dest"`
	// Written is Dest as the definition has it, with its braces; empty for what commands make.
	Written string  `json:"-"`
	Content Content `json:"content,omitzero"`
	// Link is the target of a symbolic link; Directory asks for an empty directory.
	Link      string `json:"link,omitempty"`
	Directory bool   `json:"directory,omitempty"`
	// Mode is octal digits; empty keeps that of the source.
	Mode string `json:"mode,omitempty"`
	// Owner is USER[:GROUP], names or numbers; empty is 0:0.
	Owner string `json:"owner,omitempty"`
	// Replace allows a file of a package or wheel at Dest.
	Replace bool   `json:"replace,omitempty"`
	From    string `json:"from"`
	// Pinned says that nothing but its pin can change it, and that it lies outside of Python's prefix: it is below the
	// Python dependencies then.
	Pinned bool `json:"pinned,omitempty"`
}

// RunStep is commands that run in the file system of an image, or in that of another.
type RunStep struct {
	Commands [][]string `json:"commands"`
	// In is the reference of another image; empty for the image itself.
	In string `json:"in,omitempty"`
	// Source is mounted at /src; nil mounts nothing.
	Source *Content `json:"source,omitempty"`
	// Out maps what is in /src, or an absolute path, to a destination.
	Out   []Output `json:"out,omitempty"`
	Env   []string `json:"env,omitempty"`
	Cache []string `json:"cache,omitempty"`
	// Network allows one, and mounts pip's configuration.
	Network bool   `json:"network,omitempty"`
	From    string `json:"from"`
}

// String is the commands for people, in one line.
func (r RunStep) String() string {
	var all []string
	for _, argv := range r.Commands {
		all = append(all, CommandLine(argv))
	}
	return strings.Join(all, "; ")
}

// CommandLine is a command for people, in one line. Programs in an argument may have several.
func CommandLine(argv []string) string {
	return strings.Join(strings.Fields(strings.Join(argv, " ")), " ")
}

// ForSource says whether something that the commands make goes into the project's tree, and so into its wheel and all images.
func (r RunStep) ForSource() bool {
	return r.In != "" && slices.ContainsFunc(r.Out, func(o Output) bool { return !path.IsAbs(o.Dest) })
}

// Output is one result of commands that run elsewhere.
type Output struct {
	Path string `json:"path"`
	// Dest is absolute for a file of the image; else it is a path in the main project's tree, which it is put into before the wheel is
	// built.
	Dest string `json:"dest"`
}
