// Package deliver hands a finished set of images to where the user wants them: OCI layouts and
// archives, docker-archives, a Docker Engine, a registry.
//
// A set is delivered in two phases. First every destination gets all blobs of all images under no
// name that anybody would look for; whatever fails then leaves nothing behind. Then the names are given,
// destination by destination in the order asked for, registries last: those may fail for reasons of their
// own when the others are done. No transaction spans two destinations: an error says which names were
// given and which were not.
//
// Terms: a destination is one place; its names are NAME:TAG of every image and tag of the set.
package deliver
