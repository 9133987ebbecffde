// Package definition reads the optional configuration of a set of images: pbrx-go.toml, or the table tool.pbrx-go of
// pyproject.toml, with the files that it extends and the overlays of the releases that are chosen.
//
// Untouched projects have none. What there is to say, where, and what becomes of it is one table of rows; decoding,
// errors, suggestions, the JSON Schema and the reference page follow from it.
//
// Terms used here and in what is made of it:
//
//   - chain: the file and the parents that it extends, outermost first; each file is a level, with accounts and distro
//     packages of its own, so that services which extend one file share these layers;
//   - release: an overlay of the file, chosen by name;
//   - origin: where something comes from: a path, a URL, a git repository, an image, one of the projects, or a text;
//   - handle: the name by which a file speaks of a project, an account, a repository;
//   - set: what all of this comes down to, for one set of images.
//
// Reading is pure: files in, a Set or errors with their places out. Nothing is fetched, and no engine asked. What
// depends on the base (its architecture, codename, Python) stays in braces until On is told of it.
package definition
