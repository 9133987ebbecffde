// Package projectfiles chooses the files of a project that its wheel is built from: the context of the build.
//
// What git tracks is sent, whatever its name. Backends take more from the tree than that, so of what git does not track is sent
//
//   - code (by its suffix, and the files that compilers' build systems read), wherever it lies;
//   - below the project's packages and source roots everything, unless the backend takes its list of files from git;
//   - what the metadata names as files, folders or patterns: setup.cfg, the tables of pyproject.toml that the backend
//     reads, and the strings of setup.py;
//   - what MANIFEST.in names;
//   - at the top of the project the small files by which backends and hooks are configured.
//
// Whether git ignores a file makes no difference: what is generated for a wheel often is ignored. Untracked folders
// that tools make (virtual environments, caches, node_modules, clones of other repositories, hidden ones) are not looked into, unless they are named.
// What else git does not track is left out and counted, so that it can be said.
//
// Without git, or where git tracks nothing of the project, everything is sent but what tools make.
//
// A .dockerignore (Docker's syntax) takes away from that, tracked files, too, but not the files that the metadata is
// read from. It is the project's own: that of a folder above does not count.
//
// Names and patterns are taken generously: any string at the place of a path is one. To send a file too many
// costs time, to leave one out makes a wheel that lacks it.
package projectfiles
