package images

import "github.com/pbrx-go/pbrx-go/images/naming"

// The words of package naming that all who speak of images use.
type (
	// Location is a place images come from or go to, such as oci:DIR:REF.
	Location = naming.Location
	// Transport is how an image is reached.
	Transport = naming.Transport
)

// The transports.
const (
	Registry      = naming.Registry
	DockerDaemon  = naming.DockerDaemon
	OCILayout     = naming.OCILayout
	OCIArchive    = naming.OCIArchive
	DockerArchive = naming.DockerArchive
	RootFS        = naming.RootFS
)

// ParseLocation is naming's.
func ParseLocation(s string) (Location, error) { return naming.ParseLocation(s) }

// ImageName is naming's.
func ImageName(name string) (string, error) { return naming.ImageName(name) }

// CheckPrefix is naming's.
func CheckPrefix(prefix string) error { return naming.CheckPrefix(prefix) }

// CheckTag is naming's.
func CheckTag(tag string) error { return naming.CheckTag(tag) }

// FullName is naming's.
func FullName(name, tag string) (string, error) { return naming.FullName(name, tag) }

// NormalizeRef is naming's.
func NormalizeRef(ref string) (string, error) { return naming.NormalizeRef(ref) }
