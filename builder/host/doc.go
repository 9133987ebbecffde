// Package host reads what of the machine a build must honour, the way the programs
// inside the build would if they ran outside of it: certificate authorities, proxies, pip's
// configuration (its files and PIP_* variables), netrc, and the distribution's package mirror.
//
// Nothing of it may reach an image: files and values become secrets, local folders and
// constraint files become mounts. pip's configuration is reduced to what makes
// sense in a container (python-metadata: index, find-links, constraints, hashes, binaries,
// timeouts, trust); paths, caches, prefixes and logs of the host are dropped.
//
// Limits: keyring providers cannot be asked from inside a build; the site configuration of
// pip is read from the active virtual environment only.
package host
