package images

import (
	"strings"

	"github.com/pbrx-go/pbrx-go/bindep"
)

// Base is what was learnt about a base image from the image itself.
type Base struct {
	// Ref is the reference as the user wrote it, with its transport.
	Ref string `json:"ref"`
	// Digest is the digest of the base's manifest.
	Digest string `json:"digest"`
	// Platform is the OCI platform of the base, such as linux/amd64.
	Platform string `json:"platform"`
	// Distro is the distribution its os-release names.
	Distro bindep.Distro `json:"-"`
	// DistroName is the distribution for people to read, such as debian-12.
	DistroName string `json:"distro"`
	// Libc is the C library with its version, as in glibc 2.36, or musl.
	Libc string `json:"-"`
	// PackageManager is the program that installs distro packages: apt, apk,
	// dnf, or empty where none was found.
	PackageManager string `json:"package_manager"`
	// Python is the interpreter that images of this base will run.
	Python Python `json:"python"`
	// Distributions maps the canonical names (PEP 503) of what is already installed where
	// packages of Python would go to their versions, as their metadata spells them. It is empty
	// where that is a virtual environment still to be made (Python.ExternallyManaged).
	Distributions map[string]string `json:"distributions,omitempty"`
	// Inits maps the init programs already in the base to their paths.
	Inits map[string]string `json:"inits"`
	// Env is the environment of the base's configuration.
	Env []string `json:"env"`
}

// NoPython is why the distribution's Python is among the packages of an image.
const NoPython = "the base has no Python"

// Python is the interpreter of a base image, as sysconfig of that interpreter describes it.
type Python struct {
	// Executable is the absolute path of the interpreter.
	Executable string `json:"executable"`
	// Prefix is where it is installed: /usr for the distribution's own.
	Prefix string `json:"-"`
	// Package is the distro package that was added because the base has no Python; empty where it has one.
	Package string `json:"package,omitempty"`
	// Version is the full version, such as 3.13.1.
	Version string `json:"version"`
	// Purelib is the directory that pure Python packages are installed into.
	Purelib string `json:"purelib"`
	// Scripts is the directory that console scripts are installed into.
	Scripts string `json:"scripts"`
	// ExternallyManaged says that PEP 668's marker forbids pip to install into this Python.
	ExternallyManaged bool `json:"externally_managed"`
	// Pip is the version of the pip in the base, or empty.
	Pip string `json:"pip"`
	// Ensurepip says whether virtual environments of this Python can have a pip.
	Ensurepip bool `json:"ensurepip"`
}

// Minor is X.Y of its version X.Y.Z.
func (p Python) Minor() string {
	parts := strings.SplitN(p.Version, ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}
