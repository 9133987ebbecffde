// Package archive writes finished images into one file, and reads such files back.
//
// There are two kinds. A docker-archive is what `docker save` writes and
// `docker load` reads: manifest.json, and a configuration and uncompressed layers
// for each image. An oci-archive is a tar of an OCI image layout. Both hold what
// images share once, and their bytes are a function of the images: no clock, no
// owner, no order but the given one.
//
// Extract turns either kind, compressed or not, into an OCI layout, whoever wrote
// it: Docker 20.10 (folders with a layer.tar each, some of them links), Docker 25
// and later (a layout with a manifest.json in it), skopeo and Podman. A file with a
// manifest.json is a docker-archive even where it is a layout as well: Docker 25.0
// wrote the layers of its OCI manifests in any order, while manifest.json and the
// configuration can be checked against each other. All content is checked: layers
// against the diffIDs of their configuration, blobs against their names.
//
// Terms: a diffID is the digest of a layer's uncompressed tar; a name is NAME:TAG
// as users see it.
//
// Limits: SHA-256 only; docker-archives from before manifest.json (Docker 1.9) are
// not read; layers that lie elsewhere (foreign layers) are not fetched.
package archive

import (
	"io"

	"github.com/opencontainers/go-digest"

	"github.com/pbrx-go/pbrx-go/images/layout"
)

// Opener opens a blob by its digest. The blob may be opened more than once.
type Opener func(digest.Digest) (io.ReadCloser, error)

// Image is an image to be written.
type Image struct {
	// Image is its manifest and configuration, as layout.Find returns them.
	*layout.Image
	// Names are its NAME:TAG as users see them. There may be none.
	Names []string
}

// title is what errors call the image.
func (i Image) title() string {
	if len(i.Names) > 0 {
		return i.Names[0]
	}
	return i.Descriptor.Digest.String()
}
