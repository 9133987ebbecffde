// Package lock reads the lock file of a Python project into one form, without running Python and without a network:
// pylock.toml (PEP 751), uv.lock, poetry.lock, pdm.lock, Pipfile.lock, and a requirements.txt with hashes.
//
// An entry is one version of one package, from one source, under one condition. An index entry is pinned by its
// version and by the hashes of all artefacts that the file allows; which of them fits an interpreter is for pip to choose. A VCS
// entry is pinned by its commit. The project itself is an entry of some formats, and FromProject.
//
// A file with edges (Requires) tells what to fetch at once; what is needed in the end is what the packages' own
// metadata asks for, beginning with the project's. So groups of development and extras that no image has are never
// installed, whatever the file says of them, and a requirement that the file does not meet is an error.
//
// # Where a file is refused
//
// All problems are reported at once, with places: a format of another major version, an entry without a pin, a hash
// that pip does not check, a VCS source at a branch; and a file that its own tool would call out of date, where the tool's rule can
// be computed: poetry's and pdm's content hash, Pipfile's hash, and what uv.lock says of the project's requirements.
//
// # Limits
//
//   - groups are not chosen: what is for development only never counts;
//   - only the project's own folder is looked at: the uv.lock of a workspace is not found from a member of it;
//   - of Pipfile.lock the default section counts;
//   - options of requirements.txt that choose artefacts (--only-binary, --find-links) have no effect, which is a warning;
//   - credentials in addresses are left out, never kept: pip gets its own from netrc or its configuration;
//   - attestations, sizes and upload times are not looked at.
package lock
