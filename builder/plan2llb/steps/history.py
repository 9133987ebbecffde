"""What the project's wheel needs of git, before a backend asks git for it.

Backends take git's silence for an answer: a version 0.0.0, a wheel without data files. So what they
would not find is looked for here, where a missing answer ends the step.
"""

import os
import re
import subprocess

from common import fail, note

# The rule of package gitdir, too: wider than that of any one tool.
VERSION = re.compile(r"(^|[^0-9A-Za-z])[vV]?[0-9]")


def git(root, *args, **options):
    command = ["git", "-C", root] + list(args)
    try:
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
    except OSError as e:
        fail("the project's version or files come from git, which the base does not have and which was not installed: %s" % e)


def answer(root, *args, **options):
    """The output of a git that must succeed."""
    done = git(root, *args, **options)
    if done.returncode:
        said = " ".join(done.stderr.decode("utf-8", "replace").split()) or "status %d" % done.returncode
        if "refstorage" in said:
            said += ": git reads reftables from 2.45 on: take a base that has it, or run `git refs migrate --ref-format=files` in the repository"
        fail("git %s: %s" % (args[0], said))
    return done.stdout


def prepare(root, below, tags):
    """Makes a work tree of root, which has .git, and of the project's files below it; with tags a version must be there."""
    answer(root, "rev-parse", "--is-inside-work-tree")
    folder = ":(top,literal)" + below
    if not answer(root, "ls-files", "-z", "--", folder if below else "."):
        fail("git tracks no file of %s: its wheel would lack data files and more: git add and commit them" % (below or "the project"))
    if below:
        # pbr gives git the repository (--git-dir), which then takes the current folder for the top of the tree.
        answer(root, "config", "core.worktree", root)
        neighbours(root, below)
    # The index knows no times or sizes (package gitdir), with which commands below git status would take every file for changed.
    git(root, "update-index", "-q", "--refresh")
    if tags:
        version(root)


def neighbours(root, below):
    """Puts the repository's other files beside the project, as they are committed: links and paths lead to them, and to
    git the tree is not one in which all of them were deleted."""
    rest = answer(root, "ls-files", "-z", "--", ":(top)", ":(top,literal,exclude)" + below)
    done = git(root, "checkout-index", "--quiet", "-z", "--stdin", input=rest)
    if not done.returncode:
        return
    # A partial clone has not all of them.
    missing = answer(root, "ls-files", "-z", "--deleted", "--", ":(top)", ":(top,literal,exclude)" + below)
    answer(root, "update-index", "--skip-worktree", "-z", "--stdin", input=missing)
    note("the clone is partial: files of the repository outside of %s are not beside it" % below)


def version(root):
    """Looks for a version that HEAD can reach."""
    if git(root, "rev-parse", "--quiet", "--verify", "HEAD").returncode:
        fail("the repository has no commit: the version would be 0.0.0: commit, or build without git")
    tags = answer(root, "tag", "--merged", "HEAD").decode("utf-8", "replace").split()
    if any(VERSION.search(t) for t in tags):
        return
    if os.path.exists(os.path.join(root, ".git", "shallow")):
        fail("a shallow clone in which HEAD reaches no version tag: run `git fetch --unshallow --tags`; in CI check out the whole history (fetch-depth: 0)")
    if answer(root, "tag"):
        note("HEAD reaches no version tag: the version is that of a project before its first release; if it has releases, run `git fetch --tags`")
