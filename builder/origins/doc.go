// Package origins fetches what a definition names (specs/configuration.md, 2.5): files and folders beside it, downloads, parts of
// git repositories, texts, and the work trees of projects with their patches.
//
// Everything is fetched here, on the host, and not by an engine: all engines behave alike then, credentials stay outside
// of the build, and histories are complete. What was fetched stays in a folder of state, by what it is: downloads by their
// digest, trees by commit. So a second run asks nobody. A branch or tag is asked for once and its commit remembered until it is to
// be refreshed. Everything in that folder may be removed at any time; it is fetched again.
//
// Nothing of what is fetched is believed or run. Paths may not lead out of the tree of the definition, members of archives
// not out of the archive; git runs without hooks, without its users' configuration where it need not reach others, and what a
// repository names (filters, submodules) is not started. Owners are always root; modes are those of the source.
//
// Terms: a store is a bare repository with all that its origin has; a checkout is a work tree with a repository of its own, which has
// the history of one commit and the tags in it; a pin is what decides a content.
//
// Limits: content is pinned when it is fetched; a file beside the definition that changes later in the run is sent as it is then.
// What nobody has used for two months is removed when something new is made, but stores of repositories only grow. Only downloads are
// on the disk for certain before they are named: after a loss of power, remove the folder. Submodules and git-lfs are not fetched.
package origins
