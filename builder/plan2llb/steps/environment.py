"""Makes a virtual environment: environment.py PYTHON ENV [--system-site-packages]

It is made at its own place, because it has that written down in it, on a root file system that
is thrown away, and then moved below /out. It has no pip: nothing is installed by one.
"""

import os
import shutil
import sys
import venv

import target
from common import began, fail
from tree import Tree, own


def make(place, out, started, system=False):
    if os.path.lexists(place):
        fail("%s is there already: there is no place for a virtual environment" % place)
    tree = Tree(out, started)
    moved = tree.file(place)
    venv.EnvBuilder(system_site_packages=system, symlinks=True, with_pip=False).create(place)
    shutil.move(place, moved)
    for folder, folders, files in os.walk(moved):
        for name in folders + files:
            clean(os.path.join(folder, name), tree.epoch)
    clean(moved, tree.epoch)
    tree.settle()


def clean(path, epoch):
    own(path)
    os.utime(path, (epoch, epoch), follow_symlinks=False)


def main():
    python, place, *system = sys.argv[1:]
    target.become(python)
    os.umask(0o022)
    make(place, "/out", began(), system == ["--system-site-packages"])


if __name__ == "__main__":
    main()
