"""What the project's wheel must hold: the files that git tracks in its packages.

pbr and setuptools_scm have setuptools take the list of a package's files from git. Where that goes wrong they say nothing,
and the wheel lacks templates, migrations, whole packages. So what came out is compared with what git has; what MANIFEST.in,
export-ignore or the project's own switches leave out is left out on purpose.
"""

import configparser
import json
import os
import subprocess

from common import fail
from history import answer, git

# Runs where setuptools is: which of some files the lines of MANIFEST.in leave.
TEMPLATE = """
import json, sys
from setuptools.command.egg_info import FileList
from distutils.text_file import TextFile
files = FileList()
files.files = json.load(sys.stdin)
template = TextFile("MANIFEST.in", strip_comments=1, skip_blanks=1, join_lines=1, lstrip_ws=1, rstrip_ws=1, collapse_join=1)
for line in iter(template.readline, None):
    try:
        files.process_template_line(line)
    except Exception:
        pass  # setuptools warns, and takes the next
print("\\n" + json.dumps(files.files))
"""


def tracked(root, below):
    """The files of the project that are committed and on disk, by their paths in it."""
    folder = [":(top,literal)" + below] if below else []
    known = set(names(answer(root, "ls-files", "-z", "--full-name", "--", *folder)))
    head = git(root, "ls-tree", "-r", "-z", "--full-tree", "--name-only", "HEAD")
    if not head.returncode:  # a repository may have no commit yet, a partial clone no trees
        known &= set(names(head.stdout))
    start = below + "/" if below else ""
    here = [f[len(start) :] for f in known if f.startswith(start)]
    return sorted(f for f in here if os.path.isfile(os.path.join(root, start + f)))


def names(listing):
    return [os.fsdecode(n) for n in listing.split(b"\0") if n]


def packages(files, wheel, declared):
    """Where the packages of a wheel are in the tree, as pairs: what is before a package's name, and the name."""
    inside = {n for n in wheel if n.count("/") and not n.split("/")[0].endswith((".dist-info", ".data"))}
    found = []
    for top in sorted({n.split("/")[0] for n in inside}):
        votes = {}
        for f in files:
            cut = ("/" + f).find("/" + top + "/")
            if cut >= 0 and f[cut:] in inside:
                votes[f[:cut]] = votes.get(f[:cut], 0) + 1
        if votes:
            found.append((max(sorted(votes), key=votes.get), top))
    return found + [("", p) for p in declared if ("", p) not in found]


def missing(files, wheel, declared):
    """The files of packages that the wheel lacks."""
    have, out = set(wheel), set()
    for before, package in packages(files, wheel, declared):
        out |= {f for f in files if f.startswith(before + package + "/") and f[len(before) :] not in have}
    return sorted(out)


def settings(tree):
    """setup.cfg as pbr reads it; nothing where it cannot be read, which is the backend's to say."""
    cfg = configparser.RawConfigParser()
    try:
        cfg.read(os.path.join(tree, "setup.cfg"), encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        cfg = configparser.RawConfigParser()
    return cfg


def unwanted(root, tree, below, python, tool, lost):
    """Those of the lost files that the project leaves out on purpose."""
    kept = lost
    if os.path.exists(os.path.join(tree, "MANIFEST.in")):
        done = subprocess.run([python, "-c", TEMPLATE], cwd=tree, input=json.dumps(lost), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        if not done.returncode:
            left = set(json.loads(done.stdout.splitlines()[-1]))
            kept = [f for f in kept if f in left]
    if tool == "scm" and kept:  # which asks git archive
        paths = "\0".join(os.path.join(below, f) for f in kept) + "\0"
        said = names(answer(root, "check-attr", "-z", "--stdin", "export-ignore", input=os.fsencode(paths)))
        ignored = {path for path, value in zip(said[::3], said[2::3]) if value not in ("unspecified", "unset")}
        kept = [f for f in kept if os.path.join(below, f) not in ignored]
    return set(lost) - set(kept)


def check(root, below, files, sdist, wheel, python, tool):
    """Ends the step where files are lost. files are what tracked said, sdist is an unpacked one, wheel the names in the wheel."""
    tree = os.path.join(root, below).rstrip("/")
    cfg = settings(tree)
    declared = cfg.get("files", "packages", fallback="").split() if tool == "pbr" else []
    declared = [p.replace(".", "/") for p in declared]
    lost = missing(files, wheel, [p for p in declared if any(f.startswith(p + "/") for f in files)])
    switched = tool == "pbr" and cfg.get("pbr", "skip_git_sdist", fallback="").lower() in ("1", "true", "t", "yes", "y", "on")
    if tool != "pbr" or cfg.has_section("options.exclude_package_data") or "tool.setuptools.exclude-package-data" in text(tree, "pyproject.toml"):
        lost = [f for f in lost if not os.path.lexists(os.path.join(sdist, f))]  # else setuptools was asked to leave them out
    if not lost or switched:
        return
    out = unwanted(root, tree, below, python, tool, lost)
    lost = [f for f in lost if f not in out]
    if not lost:
        return
    some = ", ".join(lost[:3]) + (", …" if len(lost) > 3 else "")
    cause = "setuptools_scm did not list them"
    if tool == "pbr":
        cause = "pbr did not ask git for them"
        if "pbr" not in text(tree, "setup.py") or not os.path.exists(os.path.join(tree, "setup.cfg")):
            cause = "without a setup.py with pbr=True and a setup.cfg, pbr asks git for the version only"
    fail("the wheel lacks %d of the files that git tracks (%s): %s: name them in MANIFEST.in, as `graft %s` does, or leave them out there (exclude, prune)" % (len(lost), some, cause, lost[0].rpartition("/")[0].split("/")[0] or "."))


def text(tree, name):
    try:
        with open(os.path.join(tree, name), encoding="utf-8", errors="replace") as f:
            return f.read()
    except OSError:
        return ""
