"""Removes distributions from the environment of PYTHON as pip does: room.py PYTHON NAME…

The root file system is changed: another version is to be installed into it. Nothing is removed
before it is known that all of them can be.
"""

import importlib.util
import os
import sys

import target
from common import began, canonical, fail, settle


def listed(distribution):
    """All that a distribution may have put somewhere."""
    name, version = distribution.metadata["Name"], distribution.version
    if not (distribution.files and distribution.read_text("RECORD")):
        by = (distribution.read_text("INSTALLER") or "").strip() or "something that left no word of itself"
        fail("%s %s cannot make room for another version: %s installed it without a list of its files (RECORD); constrain it to %s, or choose another base" % (name, version, by, version))
    paths = set()
    for file in distribution.files:
        path = str(distribution.locate_file(file))
        paths.add(path)
        if path.endswith(".py"):
            paths |= {path + "c", path + "o", importlib.util.cache_from_source(path)}
    scripts = target.scheme(name)["scripts"]
    paths |= {os.path.join(scripts, e.name) for e in distribution.entry_points if e.group in ("console_scripts", "gui_scripts")}
    # Links above a file are followed, the file itself may be one.
    real = {os.path.join(os.path.realpath(os.path.dirname(p)), os.path.basename(p)) for p in paths}
    for path in sorted(real):
        if os.path.isdir(path) and not os.path.islink(path):
            fail("%s %s cannot make room for another version: its RECORD lists the folder %s as a file" % (name, version, path))
    return real


def remove(paths):
    """Removes files, and the folders they are in where there is nothing else below."""
    for path in paths:
        os.unlink(path)
    for folder in sorted({os.path.dirname(p) for p in paths}, reverse=True):
        if not any(files for _, _, files in os.walk(folder)):
            clear(folder)


def clear(folder):
    for below, folders, _ in os.walk(folder, topdown=False):
        if any(os.path.islink(os.path.join(below, f)) for f in folders):
            return  # a link to a folder is something
        os.rmdir(below)


def main():
    python, names = sys.argv[1], sys.argv[2:]
    target.become(python)
    started = began()
    present = target.installed()
    going = []
    for name in sorted(set(map(canonical, names))):
        if name not in present:
            fail("%s is not installed: there is nothing to remove" % name)
        going.append(("%s-%s" % (present[name].metadata["Name"], present[name].version), listed(present[name])))
    for _, paths in going:
        remove({p for p in paths if os.path.lexists(p)})
    print("removed: " + " ".join(name for name, _ in going), flush=True)
    settle(started)


if __name__ == "__main__":
    main()
