package images

import "encoding/json"

// Plan is everything that will be built and why. It encodes to stable JSON: the
// same inputs give the same bytes.
type Plan struct {
	Project Project `json:"project"`
	Base    Base    `json:"base"`
	// Builder is the image that wheels are made in; nil where that is the base.
	Builder     *Base  `json:"builder,omitempty"`
	Environment string `json:"environment"`
	// EnvironmentFrom is where somebody asks for it, if anybody does.
	EnvironmentFrom string `json:"-"`
	// SystemSitePackages says that the environment sees the modules of the base's interpreter, too.
	SystemSitePackages bool `json:"system_site_packages,omitempty"`
	Init               Init `json:"init"`
	// Compile are the packages to compile with, which are installed only if something is compiled.
	Compile []Package `json:"compile"`
	// Tools are packages that wheels are made with beyond these.
	Tools   []Package `json:"tools"`
	Runtime []Package `json:"runtime"`
	// Levels are the files of a definition with accounts, repositories or packages of their own; none where Runtime says it all.
	Levels []Level `json:"levels,omitempty"`
	Source Source  `json:"source"`
	// Siblings are made from source, too, in the order in which they were named.
	Siblings []Sibling `json:"siblings,omitempty"`
	// Constraints limit the versions of the dependencies; nil where there are none.
	Constraints *Constraints `json:"constraints,omitempty"`
	// Lock is the lock file that gives the versions of the dependencies; nil where there is none.
	Lock   *Lock   `json:"lock,omitempty"`
	Images []Image `json:"images"`
	// LeftOut are entries of the definition for other architectures than that of the base.
	LeftOut []string `json:"left_out,omitempty"`
	// Unbuilt are programs that the project installs, too, and that get no image unless they are asked for.
	Unbuilt  []Program `json:"unbuilt,omitempty"`
	Warnings []string  `json:"warnings"`

	pending bool
	// noScripts says that the definition wants no image of any script.
	noScripts bool
}

// Pending says that the wheel will tell what images there are, all or some of them.
func (p *Plan) Pending() bool { return p.pending }

// Program is one command that the project installs.
type Program struct {
	Name string `json:"name"`
	// Kind is console_script, gui_script or data_script.
	Kind string `json:"kind"`
	// From is where the project or its wheel declares it.
	From string `json:"from"`
}

// Project is the identity of the project that is built.
type Project struct {
	Name string `json:"name"`
	// Version is empty until the wheel has said it.
	Version string `json:"version"`
}

// Package is one distro package and the reason it is wanted.
type Package struct {
	Name string `json:"name"`
	// From is the input line that asked for it (bindep.txt:3:1), or what the
	// plan itself needs it for.
	From string `json:"from"`
	// Why is the selector that decided, for people to read.
	Why string `json:"why"`
}

// Init is the program put before every command, as process 1.
type Init struct {
	// Path is set by the user, or where a candidate that the base already has lies; empty
	// otherwise.
	Path string `json:"path"`
	// Candidates are the programs to be looked for in the distribution, best
	// first; empty when Path is set or no init is wanted.
	Candidates []InitCandidate `json:"candidates"`
}

// InitCandidate is an init program that a distribution may have as a package.
type InitCandidate struct {
	Package string `json:"package"`
	Path    string `json:"path"`
}

// Source says how the project's own wheel is made.
type Source struct {
	// Git is whether the step gets the repository: version and file list come from it.
	Git bool `json:"git"`
	// Tags is whether the version is read from the repository's tags.
	Tags bool `json:"tags,omitempty"`
	// Files is the tool that takes the list of the wheel's files from the repository: pbr, scm (setuptools_scm), or none.
	Files string `json:"files,omitempty"`
	// Environment are variables of the user that set the version instead (PBR_VERSION).
	Environment map[string]string `json:"environment,omitempty"`
	// Sdist is whether the wheel is made from a source distribution made first.
	Sdist bool `json:"sdist"`
	// Toolchain is why the project's wheel is made where the packages to compile with are; empty where it is made without.
	Toolchain string `json:"toolchain,omitempty"`
}

// Constraints are the files that limit the versions of dependencies.
type Constraints struct {
	Files []ConstraintFile `json:"files"`
	// Dropped are the entries of the files that do not count.
	Dropped []Constraint `json:"dropped"`
}

// ConstraintFile is one file of constraints, with all that it includes.
type ConstraintFile struct {
	// From is the file as it was named, without credentials; Digest that of the entries that count.
	From   string `json:"from"`
	Digest string `json:"digest"`
	// Entries are how many count.
	Entries int `json:"entries"`
}

// Constraint is one entry of such a file.
type Constraint struct {
	// Name is canonical, Text the entry without its hashes, From where it is written (upper-constraints.txt:12:1).
	Name string `json:"name"`
	Text string `json:"text"`
	From string `json:"from"`
	// Why is the reason for which it does not count.
	Why string `json:"why,omitempty"`
}

// Lock is the lock file that a plan is made for.
type Lock struct {
	File string `json:"file"`
	// Kind is pylock, uv, poetry, pdm, pipfile or requirements.
	Kind string `json:"kind"`
	// Packages are how many entries it has, of which an image need not have all.
	Packages int `json:"packages"`
	// Others are lock files that do not count beside it.
	Others []string `json:"others,omitempty"`
}

// Image is one image of the set.
type Image struct {
	// Name is the repository with its prefix, without a tag.
	Name string `json:"name"`
	// Script is the script the image runs; empty for the base image.
	Script string `json:"script"`
	// Extras are the project's extras installed in the image beyond those of the base
	// image, spelled as the project's metadata does.
	Extras []string `json:"extras"`
	// Cmd is the command; nil leaves the base's own.
	Cmd []string `json:"cmd"`
	// CmdFrom is where a definition says so.
	CmdFrom string `json:"-"`
	// WSGI is module:attribute of an application; without a Cmd, a server among the image's distributions runs it.
	WSGI     string `json:"wsgi,omitempty"`
	WSGIFrom string `json:"-"`
	// Distro is what is installed beyond the distro packages of the base image.
	Distro DistroContent `json:"distro,omitzero"`
	// Requirements are those beyond the project's, and beyond those of the base image.
	Requirements []Requirement `json:"requirements,omitempty"`
	// Files and Runs are those beyond the base image's.
	Files []File    `json:"files,omitempty"`
	Runs  []RunStep `json:"runs,omitempty"`
	// Config is what the definition says of the image's configuration, the base image's included.
	Config Config `json:"config,omitzero"`
	// Dockerfile is the file of the project that makes the image on top of the base image; empty where pbrx-go does.
	Dockerfile string `json:"dockerfile,omitempty"`
	// From is where the project declares it (setup.cfg:12:5).
	From string `json:"from"`
	// Selected is whether the image is built; --only leaves others out. All console scripts are planned, so
	// that what is left out does not change what is built.
	Selected bool `json:"selected"`
}

// IsZero says that there is nothing.
func (d DistroContent) IsZero() bool {
	return len(d.Packages) == 0 && len(d.PackageFiles) == 0 && len(d.Repositories) == 0
}

// Requirement is one that the definition adds.
type Requirement struct {
	// Text is in PEP 508 form.
	Text string `json:"text"`
	From string `json:"from"`
}

// Config is what a definition says of how an image runs. Nothing of it is in a layer.
type Config struct {
	Env    []string          `json:"env,omitempty"`
	Labels map[string]string `json:"labels,omitempty"`
	// Volumes and Workdir are absolute paths.
	Volumes []string `json:"volumes,omitempty"`
	Workdir string   `json:"workdir,omitempty"`
	// User is UID[:GID] in numbers, or a name that the base has to have, and UserFrom who says so.
	User     string `json:"user,omitempty"`
	UserFrom string `json:"-"`
	// Entrypoint replaces the init and the base's entrypoint, as a whole; empty, but not nil, takes them away.
	Entrypoint *[]string `json:"entrypoint,omitempty"`
	// EntrypointFrom is who says so.
	EntrypointFrom string `json:"-"`
}

// IsZero says that the definition says nothing.
func (c Config) IsZero() bool {
	return len(c.Env)+len(c.Labels)+len(c.Volumes) == 0 && c.Workdir == "" && c.User == "" && c.Entrypoint == nil
}

// JSON is the plan as indented JSON with a final newline.
func (p *Plan) JSON() ([]byte, error) {
	data, err := json.MarshalIndent(p, "", "  ")
	return append(data, '\n'), err
}

// Built is one finished image.
type Built struct {
	Name       string   `json:"name"`
	Tags       []string `json:"tags"`
	Digest     string   `json:"digest"`
	DigestKind string   `json:"digest_kind"`
	// Script is nil for the base image.
	Script   *string  `json:"script"`
	Cmd      []string `json:"cmd"`
	Platform string   `json:"platform"`
	// Size and OwnSize are bytes as stored in the output; OwnSize counts the
	// layers that neither the base nor the project's base image has.
	Size        int64   `json:"size"`
	OwnSize     int64   `json:"own_size"`
	Compression string  `json:"compression"`
	Layers      []Layer `json:"layers"`
}

// Layer is one layer of a finished image and what it holds.
type Layer struct {
	Digest string `json:"digest"`
	Size   int64  `json:"size"`
	// Content is base, accounts, distro, environment, dependencies, sibling, project, files, run, extra or dockerfile.
	Content string `json:"content"`
}
