// Package push sends a set of images to registries, so that a reader of the tags sees
// all of the set or, when a push breaks off, is told exactly how much of it.
//
// First every blob and every manifest (by its digest) of the whole set goes up, then
// the tags are written, one after the other in the order of the set. Registries have no
// transaction for several tags; what there is instead is Error, which lists the tags
// that were and were not written, and that a push can be run again: what is there is
// not sent a second time.
//
// Blobs that another repository of the set has on the same registry are mounted from
// there. A request that fails for a moment (408, 429, 5xx, a connection that breaks,
// stalls or cannot be made) is tried again with growing waits, Retry-After is heeded within
// limits; what will not change (401, 403, 404, certificates, unknown hosts) is not.
//
// TLS is spoken to every host; plain HTTP only to a registry on this machine's loopback
// addresses, and only when it does not speak TLS. Credentials are those of docker's
// configuration and its helpers, else of Podman's. They are never part of a message.
//
// Limits: layers go up in one request each, not in pieces that could be resumed; layers
// that may not be distributed are left out; a token server must not have a private
// IP address for a name unless it is the registry itself (go-containerregistry refuses it).
package push

import (
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// Image is one image of the set.
type Image struct {
	// Name is the repository as users write it: registry.example.org/team/foo, or foo for
	// docker.io/library/foo.
	Name string
	// Tags are written in this order. Without any the image is there by its digest only.
	Tags []string
	// Descriptor is the manifest, or an index of manifests.
	Descriptor v1.Descriptor
}

// Options are the limits and surroundings of a push. The zero value is useful.
type Options struct {
	// Keychain finds credentials; nil is docker's configuration ($DOCKER_CONFIG/config.json
	// and credential helpers), else Podman's.
	Keychain authn.Keychain
	// CertsDirs hold a folder host[:port] for a registry, with CA certificates (*.crt), which
	// are trusted beside the system's, and client certificates (*.cert with *.key), as docker
	// has them. nil is /etc/docker/certs.d and /etc/containers/certs.d.
	CertsDirs []string
	// Tries is how often a request is tried in all; 0 is 4.
	Tries int
	// Wait is the time before the second try, which doubles before each further one; 0 is one second.
	Wait time.Duration
	// MaxWait limits what Retry-After may ask for; 0 is one minute.
	MaxWait time.Duration
	// Stall ends a request on which nothing moves; 0 is 30 seconds.
	Stall time.Duration
	// Log gets one line a step, from one goroutine at a time; nil is silence.
	Log func(string)
}

func (o Options) withDefaults() Options {
	if o.Keychain == nil {
		o.Keychain = authn.DefaultKeychain
	}
	if o.CertsDirs == nil {
		o.CertsDirs = []string{"/etc/docker/certs.d", "/etc/containers/certs.d"}
	}
	if o.Tries == 0 {
		o.Tries = 4
	}
	if o.Wait == 0 {
		o.Wait = time.Second
	}
	if o.MaxWait == 0 {
		o.MaxWait = time.Minute
	}
	if o.Stall == 0 {
		o.Stall = 30 * time.Second
	}
	if o.Log == nil {
		o.Log = func(string) {}
	}
	return o
}
