// Package naming has the grammar of names: what images may be called and tagged, and the words for where images come from and go to (transports).
// Nothing is looked up.
package naming

import (
	"fmt"
	"slices"
	"strings"
)

// Transport is how an image is reached. The words are those of skopeo; rootfs is ours.
type Transport string

// The transports.
const (
	Registry      Transport = "docker"
	DockerDaemon  Transport = "docker-daemon"
	OCILayout     Transport = "oci"
	OCIArchive    Transport = "oci-archive"
	DockerArchive Transport = "docker-archive"
	RootFS        Transport = "rootfs"
)

// Location is a place images come from or go to, such as oci:DIR:REF.
type Location struct {
	Transport Transport
	// Name is the reference (docker, docker-daemon) or the path of a file or folder.
	Name string
	// Ref is the name of an image inside a layout or archive; empty where the
	// transport has none or it was not given.
	Ref string
}

// String is the location as a user writes it.
func (l Location) String() string {
	s := string(l.Transport) + ":" + l.Name
	if l.Transport == Registry {
		s = string(l.Transport) + "://" + l.Name
	}
	if l.Ref != "" {
		s += ":" + l.Ref
	}
	return s
}

// ParseLocation reads a location as --base and --output take it. A word without
// a transport is an image in a registry, as docker has it. What errors leave to the caller is which transports
// would do.
func ParseLocation(s string) (Location, error) {
	word, rest, found := strings.Cut(s, ":")
	known := []Transport{Registry, DockerDaemon, OCILayout, OCIArchive, DockerArchive, RootFS}
	if !found || !slices.Contains(known, Transport(word)) || (word == "docker" && !strings.HasPrefix(rest, "//")) {
		if s == "" || strings.Contains(s, "://") {
			return Location{}, fmt.Errorf("%q names no transport", s)
		}
		return Location{Transport: Registry, Name: s}, nil
	}
	l := Location{Transport: Transport(word), Name: rest}
	switch l.Transport {
	case Registry:
		l.Name = strings.TrimPrefix(rest, "//")
	case OCILayout, OCIArchive, DockerArchive:
		l.Name, l.Ref, _ = strings.Cut(rest, ":")
	case DockerDaemon, RootFS: // all of it is the name
	}
	if l.Name == "" && l.Transport != Registry && l.Transport != DockerDaemon {
		return Location{}, fmt.Errorf("%q has no path behind the transport", s)
	}
	return l, nil
}
