// Package gitdir finds the git repository that a project lies in and reduces it to what a version and a
// list of files are read from: HEAD, the index, refs and objects, with a configuration of its own.
//
// A work tree may have its repository in .git, or in .git a file that says where it is: a linked worktree
// (git worktree add) keeps HEAD and index apart from the rest, a submodule keeps all of it with its parent. A
// repository may borrow objects from others (alternates). What Files returns is one folder, whole in itself, whatever it was.
//
// What Files returns is the same for every checkout of a commit as far as that is cheap: the index says nothing of
// the files on disk, references are one sorted file with the tags and the branch that is checked out. Objects come in the packs that the clone has, and packs
// depend on how it was made: two clones made the same way from the same place are the same bytes, one that grew by fetching is not. To
// repack them, or to leave out what no version needs, would take reading all objects, and some backends look at old trees, too.
//
// Nothing here runs git or obeys a repository's configuration: a repository is the project's, and the
// project is not trusted on the host. So it is not known here which tags HEAD can reach, only which there are; the step that
// has git asks it. Tags of repositories in the reftable format are not even listed, and a linked worktree
// of such a repository, whose HEAD is in a table of its own, is refused.
package gitdir
