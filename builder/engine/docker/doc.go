// Package docker opens the BuildKit inside a Docker Engine, and does what only Docker can do
// with images that are finished: load, save, name, remove and describe them. What is built,
// and how, is the business of builder/engine, which solves through [Daemon.Client].
//
// Terms. An endpoint is the address of a Docker Engine and the reason for it, found as docker
// itself finds it: DOCKER_HOST, else the context named by DOCKER_CONTEXT or docker's
// configuration, else docker's default socket. A store is where an engine keeps images: graph
// drivers (all of Docker 20.10, most of later ones), where an image is known by the digest of
// its configuration, its ID; or containerd's, where it is known by the digest of its manifest
// ([Daemon.Containerd]). What an engine can do is asked of its BuildKit, never concluded from
// its version.
//
// Facts of Docker 20.10 (BuildKit 0.8, graph driver), each of them executed:
//
//   - The exporter "moby" without a name makes an image without one (docker's <none>:<none>)
//     and answers only containerimage.digest, the image ID.
//   - The configuration given as containerimage.config is kept, "created" and unknown keys
//     included; only rootfs is filled in. The history is kept if it has a non-empty entry for
//     each layer and each entry has a time; without one, the exporter writes one with the
//     times at which the layers were made. So the same input gives the same ID only with a
//     history that is complete.
//   - Because the ID is a digest, an export without a name may give an image that an earlier
//     build has already named: see [Daemon.Discard].
//   - A local image is preferred to the registry's, is found by name and tag but neither by ID
//     nor by a digest it was not pulled with, and ResolveImageConfig answers its configuration
//     with an empty digest.
//   - A load whose archive has configurations and no layers works when the layers are there,
//     if only in the build cache; a load of several images has no transaction.
//   - Containers of the gateway have standard input, terminals and exit statuses; signals to
//     them are ignored without an error. Releasing the container kills.
//   - The worker has no labels, and Info is not implemented.
//   - A user that is a number without a group is looked for in /etc/passwd, and it is an error if
//     there is no such file; "0:0" is not looked for.
//   - The mount points of a step that the base does not have are folders of the layer afterwards.
//     Empty files are removed again (/etc/hosts and /etc/resolv.conf, for each step), but the folders they were
//     in keep the time of that: on a base without them, a layer made twice has two digests.
//
// Limits: one platform, the engine's own. SSH addresses need ssh on this machine and docker on
// the other one.
package docker
