"""Installs wheels as pip does, path by path and RECORD by RECORD: install.py PYTHON [--environment ENV] [--requested]

PYTHON is the interpreter of the image, ENV the virtual environment to install into, if that
interpreter is externally managed. The wheels are /tmp/pbrx/wheels/*.whl and /tmp/pbrx/wheels/*/*.whl;
what they become is written below /out, as a tree that belongs over the root file system, which stays as
it is. --requested says that the user named these very distributions (the project, not its dependencies).

What differs from pip: bytecode is made by the processors there are, depends on nothing but the source (PEP 552,
unchecked hash), and names the file without any "..". Headers go into a folder of the name in METADATA, however a
requirement spells it. A dependency that the environment has in the same version is left out; another version has
to go from the root file system that the tree is laid over (room.py), and is taken for gone here. Of two files at one path
that of the later wheel stays, by canonical name, and a note says so.
"""

import argparse
import base64
import concurrent.futures
import csv
import glob
import hashlib
import importlib.util
import io
import multiprocessing
import os
import py_compile
import shutil
import sys
import warnings
import zipfile
import zlib

import launchers
import target
from common import RUN, began, canonical, fail, note
from tree import Tree
from wheelfile import Wheel

LARGE = 16 << 20  # bytes: files are copied in pieces, wheels are split


class Plan:
    """What is to be at a path: a member of a wheel, or data made here."""

    def __init__(self, wheel, path, place, member=None, data=None, size=0, crc=0, executable=False):
        self.wheel, self.path, self.place, self.member, self.data = wheel, path, place, member, data
        self.size = len(data) if data is not None else size
        self.crc = zlib.crc32(data) if data is not None else crc
        self.executable = executable

    def same(self, other):
        return (self.size, self.crc, self.executable) == (other.size, other.crc, other.executable)


class Installation:
    """One wheel's way into the tree, and what RECORD will say of it."""

    def __init__(self, wheel, tree):
        self.wheel, self.tree = wheel, tree
        self.scheme = target.scheme(wheel.name)
        self.library = self.scheme["purelib" if wheel.pure else "platlib"]
        self.installed = {}  # path in the wheel: path in RECORD
        self.changed = {}  # path in RECORD: hash and size, for what is not as the wheel has it
        self.generated = []  # path in RECORD, hash, size
        self.plans = {}

    def recorded(self, path):
        return os.path.relpath(path, self.library)

    def add(self, path, **what):
        self.plans[path] = Plan(self.wheel, path, self.tree.file(path), **what)

    def generate(self, path, data, executable=False):
        self.add(path, data=data, executable=executable)
        self.generated.append((self.recorded(path), *digest(data)))

    def plan(self, shebang, requested):
        wheel = self.wheel
        for f in wheel.files(self.scheme):
            data = rewritten(wheel, f) if f.script else None
            if data is None:
                self.add(f.path, member=f.member, size=f.info.file_size, crc=f.info.CRC, executable=f.executable)
            else:
                self.add(f.path, data=data, executable=f.executable)
                self.changed[self.recorded(f.path)] = digest(data)
            self.installed[f.member] = self.recorded(f.path)
        try:
            for entry in launchers.specifications(wheel.console) + ["%s = %s" % e for e in wheel.gui.items()]:
                self.generate(*launchers.script(entry, self.scheme["scripts"], shebang), executable=True)
        except launchers.Invalid as e:
            wheel.bad(str(e))
        info = os.path.join(self.library, wheel.info_dir)
        self.generate(info + "/INSTALLER", b"pip\n")
        if requested:
            self.generate(info + "/REQUESTED", b"")

    def sources(self):
        """The Python files, as pip finds those to compile: by RECORD's names."""
        paths = {os.path.normpath(os.path.join(self.library, p)) for p in self.installed.values()}
        return sorted(p for p in paths if p.endswith(".py"))

    def finish(self, compiled):
        """Writes RECORD. compiled are the places of the Python files that have bytecode."""
        for path in self.sources():
            if self.plans[path].place in compiled:
                bytecode = importlib.util.cache_from_source(path)
                self.installed[bytecode] = self.recorded(bytecode)
        rows = []
        for row in self.wheel.record:
            path = self.installed.pop(row[0], row[0])
            rows.append((path, *self.changed.get(path, (row + ["", ""])[1:3])))
        rows += self.generated
        rows += [(path, "", "") for path in self.installed.values()]
        text = io.StringIO(newline="")
        csv.writer(text).writerows(sorted(rows))
        path = os.path.join(self.library, self.wheel.info_dir, "RECORD")
        self.add(path, data=text.getvalue().encode())
        write(None, self.plans[path], self.tree.epoch)


def digest(data):
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("="), str(len(data))


def rewritten(wheel, f):
    """A script that begins with #!python, with the path of this Python there; None where it does not."""
    with wheel.archive.open(f.info) as opened:
        first = opened.readline()
        if not first.startswith(b"#!python"):
            return None
        return b"#!" + os.fsencode(sys.executable) + b"\n" + opened.read()


def write(archive, plan, epoch):
    """Writes a file, as the only one at its place: an earlier one of the same wheel is removed, not written through."""
    if os.path.lexists(plan.place):
        os.unlink(plan.place)
    with open(plan.place, "wb") as f:
        if plan.data is not None:
            f.write(plan.data)
        elif plan.size < LARGE:
            f.write(archive.read(plan.member))
        else:
            with archive.open(plan.member) as member:
                shutil.copyfileobj(member, f, 1 << 20)
        if plan.executable:
            os.fchmod(f.fileno(), 0o755)
        f.flush()
        os.utime(f.fileno(), (epoch, epoch))


def unpack(path, plans, epoch):
    """Writes some files of one wheel; in a process of its own. It returns what is wrong, if anything."""
    try:
        with zipfile.ZipFile(path) as archive:
            for plan in plans:
                write(archive, plan, epoch)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError) as e:
        return "%s: %s" % (os.path.basename(path), e)
    return ""


def compile_all(pairs):
    """Makes the bytecode of files (place, final path); it returns the places of those that have any now."""
    made = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for place, path in pairs:
            try:
                py_compile.compile(place, dfile=path, doraise=True, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
                made.append(place)
            except (py_compile.PyCompileError, OSError, UnicodeError):
                pass  # a template, or for another release of Python: pip leaves it out as quietly
    return made


class Workers:
    """As many processes as there are processors, or this one for little work."""

    def __init__(self, files):
        self.count = len(os.sched_getaffinity(0))
        self.pool = None
        if self.count > 1 and files > 100:
            try:
                self.pool = concurrent.futures.ProcessPoolExecutor(self.count, multiprocessing.get_context("fork"))
            except (ImportError, NotImplementedError, OSError) as e:
                print("one process installs, for want of semaphores: %s" % e, flush=True)

    def run(self, function, jobs):
        if not self.pool:
            return [function(*job) for job in jobs]
        try:
            return [f.result() for f in [self.pool.submit(function, *job) for job in jobs]]
        except concurrent.futures.BrokenExecutor:
            fail("a process that unpacks or compiles was killed: is there too little memory?")

    def close(self):
        if self.pool:
            self.pool.shutdown()


def settle(installations, winners):
    """Decides between files at one place: winners gets the plan for each, that of the later wheel."""
    for installation in installations:
        for path, plan in installation.plans.items():
            other = winners.get(plan.place)
            if other and not plan.same(other):
                note("%s is in %s and, with other content, in %s, whose file is installed" % (path, other.wheel.file, plan.wheel.file))
            winners[plan.place] = plan
    for place, plan in winners.items():
        if os.path.isdir(place):
            fail("%s is a file in %s, and a folder in another" % (plan.path, plan.wheel.file))


def unpacking(winners, count, epoch):
    """Jobs for unpack, the large ones first."""
    wheels = {}
    for plan in winners.values():
        wheels.setdefault(plan.wheel.path, []).append(plan)
    jobs = []
    for path, plans in wheels.items():
        plans.sort(key=lambda p: -p.size)
        parts = count if sum(p.size for p in plans) > LARGE else 1
        jobs += [(path, plans[n::parts], epoch) for n in range(parts)]
    # Processes get plans by value: of a wheel they need no more than its path.
    for plan in winners.values():
        plan.wheel = None
    return sorted(jobs, key=lambda j: -sum(p.size for p in j[1]))


def install(wheels, out, requested, started):
    tree = Tree(out, started)
    installations = [Installation(w, tree) for w in wheels]
    shebang = launchers.first_line(sys.executable)
    winners = {}
    for i in installations:
        i.plan(shebang, requested)
    settle(installations, winners)
    workers = Workers(len(winners))
    for problem in workers.run(unpack, unpacking(winners, workers.count, tree.epoch)):
        if problem:
            fail(problem)
    # Two names of one place (lib, lib64) are one file.
    sources = {i.plans[path].place: path for i in installations for path in i.sources()}
    pairs = sorted(sources.items(), key=lambda p: (-winners[p[0]].size, p))
    jobs = max(1, min(len(pairs) // 8, 32 * workers.count))
    compiled = {place for made in workers.run(compile_all, [(pairs[n::jobs],) for n in range(jobs)]) for place in made}
    workers.close()
    for place in compiled:
        bytecode = tree.file(importlib.util.cache_from_source(sources[place]))
        os.utime(bytecode, (tree.epoch, tree.epoch))
    for i in installations:
        i.finish(compiled)
    tree.settle()


def find(folder, requested):
    """The wheels to install, by canonical name; of dependencies those whose version is not there."""
    present = target.installed()
    wheels, seen = [], {}
    for path in sorted(glob.glob(folder + "/*.whl") + glob.glob(folder + "/*/*.whl")):
        wheel = Wheel(path)
        name = canonical(wheel.name)
        if name in seen:
            fail("%s and %s are of one project" % (seen[name], wheel.file))
        seen[name] = wheel.file
        if not requested and name in present and present[name].version == wheel.version:
            print("already there: %s %s" % (wheel.name, wheel.version), flush=True)
        else:
            wheels.append(wheel)
    return sorted(wheels, key=lambda w: canonical(w.name))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("python")
    parser.add_argument("--environment", default="")
    parser.add_argument("--requested", action="store_true")
    parser.add_argument("--wheels", default=RUN + "wheels", help="for tests")
    parser.add_argument("--out", default="/out", help="for tests")
    args = parser.parse_args()
    target.become(args.environment + "/bin/python" if args.environment else args.python)
    os.umask(0o022)
    started = began()
    wheels = find(args.wheels, args.requested)
    install(wheels, args.out, args.requested, started)
    if wheels:
        print("installed: " + " ".join("%s-%s" % (w.name, w.version) for w in wheels), flush=True)


if __name__ == "__main__":
    main()
