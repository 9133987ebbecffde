// Package layout reads and writes OCI image layouts: a folder with oci-layout,
// index.json and content-addressed blobs (OCI image spec, image-layout.md).
//
// Several images share one layout; each has its name in the annotations
// org.opencontainers.image.ref.name (as a user writes it) and
// io.containerd.image.name (normalised), and shared blobs lie there once.
// A Writer collects blobs in a staging folder and names nothing until Commit:
// blobs move in first, then the index is replaced in one step, then the blobs
// that only replaced images used are removed. An interrupted build leaves the
// layout as it was.
//
// Limits: SHA-256 only; indexes inside the index are followed for reading and
// kept when writing.
package layout
