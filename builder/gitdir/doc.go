// Package gitdir finds the git repository that a project lies in and reduces it to what a version and a
// list of files are read from: HEAD, the index, refs and objects, with a configuration of its own.
//
// A work tree may have its repository in .git, or in .git a file that says where it is: a linked worktree
// (git worktree add) keeps HEAD and index apart from the rest, a submodule keeps all of it with its parent. A
// repository may borrow objects from others (alternates). What Files returns is one folder, whole in itself, whatever it was.
//
// Nothing here runs git or obeys a repository's configuration: a repository is the project's, and the
// project is not trusted on the host. So it is not known here which tags HEAD can reach, only which there are; the step that
// has git asks it. Tags of repositories in the reftable format are not even listed, and a linked worktree
// of such a repository, whose HEAD is in a table of its own, is refused.
package gitdir
