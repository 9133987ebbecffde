"""Makes files, links and directories: files.py PYTHON [--environment ENV]

/tmp/pbrx/files.json holds [{"dest", "link", "directory", "mode", "owner", "replace"}], sorted, and /tmp/pbrx/files/N the content
of the N-th, a file or a folder. They are written below /out, as a tree that belongs over the root file system, which stays as it is.

In a virtual environment, or in the libraries of a Python that has none, the folder that something is put into must be there,
and Python files must compile; they get bytecode as wheels do. A program must be for the machine of the images.
"""

import argparse
import importlib.metadata
import importlib.util
import json
import os
import py_compile
import re
import shutil
import stat
import subprocess
import sysconfig

import passwd
import target
from common import RUN, began, fail
from machines import foreign
from tree import Tree, own

# Not in any image: every container has its own.
ELSEWHERE = ("/dev", "/proc", "/sys", "/tmp")


class Wrong(Exception):
    """What is wrong with a file that is asked for."""


class Laying:
    """Puts what is asked for into a tree."""

    def __init__(self, tree, prefixes, root="/"):
        self.tree, self.root = tree, root
        self.prefixes = [os.path.realpath(p) for p in prefixes]

    def lay(self, said, source):
        dest = said["dest"]
        if os.path.normpath(dest) != dest or not dest.startswith("/") or dest == "/":
            raise Wrong("it is no absolute path of a file")
        if any(beneath(path, folder) for folder in ELSEWHERE for path in (dest, os.path.realpath(os.path.dirname(dest)))):
            raise Wrong("%s is not kept in an image; choose another place" % dest)
        try:
            owner = passwd.owner(said.get("owner") or "0:0", self.root)
        except passwd.Unknown as e:
            raise Wrong(str(e)) from None
        mode, replace = said.get("mode") and int(said["mode"], 8), said.get("replace", False)
        self.parent(dest)
        if said.get("directory"):
            self.directory(dest, owner if said.get("owner") else None, mode)
        elif said.get("link"):
            self.link(dest, said["link"], owner, replace)
        elif os.path.isdir(source):
            self.folder(dest, source, owner, mode, replace)
        else:
            machines = foreign(source)  # in folders there may be programs for others
            if machines:
                raise Wrong("it is a program for %s, and the images are for %s; write {arch} or {machine} where it comes from, or arch = [\"%s\"]" % (*machines, machines[0]))
            self.file(dest, source, owner, mode, replace)

    def guarded(self, path):
        return any(beneath(os.path.realpath(os.path.dirname(path)), p) for p in self.prefixes)

    def parent(self, dest):
        """The folder of what belongs to Python is there, or its name is wrong."""
        above = os.path.realpath(os.path.dirname(dest))
        there = above
        while not os.path.lexists(there):
            there = os.path.dirname(there)
        if not os.path.isdir(there):
            raise Wrong("%s is a file, not a folder; choose another place" % there)
        if self.guarded(dest) and not os.path.isdir(above) and above not in self.tree.claimed:
            raise Wrong("there is no folder %s; correct the path, or make the folder with directory = true" % above)

    def directory(self, dest, owner, mode):
        self.tree.folder(dest)
        real = self.tree.real[dest]
        info = self.tree.made[real]
        uid, gid = owner or ((info.st_uid, info.st_gid) if info else (0, 0))
        self.tree.claimed[real] = (uid, gid, mode or (stat.S_IMODE(info.st_mode) if info else 0o755))

    def place(self, dest, replace):
        """Where in the tree a file goes; what is there in the root file system may be in the way."""
        real = os.path.join(os.path.realpath(os.path.dirname(dest)), os.path.basename(dest))
        if os.path.isdir(real) and not os.path.islink(real):
            raise Wrong("%s is a folder; choose another place" % dest)
        place = self.tree.file(dest)
        if os.path.lexists(place):
            raise Wrong("%s is written twice; keep one of them" % dest)
        if os.path.lexists(real) and not replace:
            whose = belongs_to(real)
            raise Wrong("%s is %s; add replace = true if that is meant" % (dest, "a file of " + whose if whose else "there already"))
        return place

    def link(self, dest, to, owner, replace):
        place = self.place(dest, replace)
        os.symlink(to, place)
        own(place, *owner)
        os.utime(place, (self.tree.epoch, self.tree.epoch), follow_symlinks=False)

    def file(self, dest, source, owner, mode, replace):
        place = self.place(dest, replace)
        shutil.copyfile(source, place)
        mode = mode or (0o755 if os.stat(source).st_mode & 0o111 else 0o644)
        self.finish(place, owner, mode)
        if dest.endswith(".py") and self.guarded(dest):
            self.compile(dest, place, owner, mode & 0o666)

    def finish(self, place, owner, mode):
        own(place, *owner)
        os.chmod(place, mode)  # the kernel takes setuid away from what gets another owner
        os.utime(place, (self.tree.epoch, self.tree.epoch))

    def compile(self, dest, place, owner, mode):
        bytecode = self.tree.file(importlib.util.cache_from_source(dest))
        try:
            py_compile.compile(place, cfile=bytecode, dfile=dest, doraise=True, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
        except py_compile.PyCompileError as e:
            e = e.exc_value
            raise Wrong("%s does not compile: %s" % (dest, "line %s: %s" % (e.lineno, e.msg) if isinstance(e, SyntaxError) else e)) from None
        self.finish(bytecode, owner, mode)

    def folder(self, dest, source, owner, mode, replace):
        for folder, folders, names in os.walk(source):
            below = os.path.normpath(os.path.join(dest, os.path.relpath(folder, source)))
            self.tree.folder(below)
            real = self.tree.real[below]
            if self.tree.made[real] is None:  # those that are there stay as they are
                self.tree.claimed.setdefault(real, (*owner, 0o755 if not mode else mode | (mode & 0o444) >> 2))
            for name in sorted(folders + names):
                self.member(os.path.join(folder, name), os.path.join(below, name), owner, mode, replace)
            folders[:] = sorted(n for n in folders if not os.path.islink(os.path.join(folder, n)))

    def member(self, path, dest, owner, mode, replace):
        info = os.lstat(path)
        if stat.S_ISLNK(info.st_mode):
            self.link(dest, os.readlink(path), owner, replace)
        elif stat.S_ISREG(info.st_mode):
            self.file(dest, path, owner, mode, replace)
        elif not stat.S_ISDIR(info.st_mode):
            raise Wrong("%s is neither a file nor a folder nor a link; leave it out" % dest)


def beneath(path, folder):
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def belongs_to(path):
    """Whose file it is: a distribution's, a package's; empty where nobody says."""
    for distribution in importlib.metadata.distributions():
        for file in distribution.files or ():
            if file.name == os.path.basename(path) and os.path.realpath(str(distribution.locate_file(file))) == path:
                return distribution.metadata["Name"]
    return package_of(path)


def package_of(path):
    """The distro package that a file is of; it may be known by its name from before /bin and others became links into /usr."""
    for name in [path] + [path[4:]] * path.startswith("/usr/"):
        for argv, pattern in (
            (["dpkg-query", "--search", name], r"(\S+?)(?::\w+)?: "),
            (["apk", "info", "--quiet", "--who-owns", name], r"(\S+?)(?:-\d[^-]*-r\d+)?$"),
            (["rpm", "-qf", "--qf", "%{name}", name], r"(\S+)$"),
        ):
            if shutil.which(argv[0]):
                said = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
                found = re.match(pattern, said.stdout.strip())
                if found and said.returncode == 0:
                    return "the package " + found[1]
    return ""


def prefixes(environment):
    """Where nothing but Python's is."""
    if environment:
        return [environment]
    paths = target.scheme("x")
    return [paths["purelib"], paths["platlib"], sysconfig.get_path("stdlib")]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("python")
    parser.add_argument("--environment", default="")
    args = parser.parse_args()
    python = args.environment + "/bin/python"
    target.become(python if args.environment and os.path.exists(python) else args.python)
    os.umask(0o022)
    tree = Tree("/out", began())
    laying = Laying(tree, prefixes(args.environment))
    with open(RUN + "files.json") as f:
        wanted = json.load(f)
    for n, said in enumerate(wanted):
        try:
            laying.lay(said, "%sfiles/%d" % (RUN, n))
        except Wrong as e:
            fail('file."%s": %s' % (said["dest"], e))
    tree.settle()


if __name__ == "__main__":
    main()
