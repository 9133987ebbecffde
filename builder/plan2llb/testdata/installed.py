"""What the tests of the installer share: pip's tree and ours, at the same place, to be compared."""

import marshal
import os
import shutil
import stat
import subprocess
import sys
import venv

HERE = os.path.dirname(os.path.abspath(__file__))
STEPS = os.path.join(os.path.dirname(HERE), "steps")


def environment(place):
    shutil.rmtree(place, ignore_errors=True)
    venv.EnvBuilder(symlinks=True, with_pip=False).create(place)


def pip(place, *arguments):
    """Runs the pip beside this Python for the environment at place."""
    env = {"PATH": os.environ["PATH"], "PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    command = [sys.executable, "-m", "pip", "--python", place + "/bin/python", *arguments]
    return subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def pip_install(place, wheels, names):
    """names are NAME==VERSION: of a path pip leaves a word in direct_url.json."""
    folders = sorted({os.path.dirname(w) for w in wheels})
    find = [a for f in folders for a in ("--find-links", f)]
    return pip(place, "install", "--no-index", "--no-deps", "--no-cache-dir", "--no-warn-script-location", *find, *names)


def ours(place, wheels, out, *options, python=sys.executable):
    env = {"PATH": os.environ["PATH"], "SOURCE_DATE_EPOCH": "315532800"}
    command = [python, "-B", STEPS + "/install.py", python, "--environment", place, "--wheels", wheels, "--out", out, *options]
    return subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def overlay(out, root="/"):
    """Lays a tree over a root as a merge does: links and folders that are there stay."""
    for folder, folders, files in os.walk(out):
        for name in folders:
            there = os.path.join(root, os.path.relpath(os.path.join(folder, name), out))
            assert not os.path.islink(there), there
        for name in files:
            there = os.path.join(root, os.path.relpath(os.path.join(folder, name), out))
            os.makedirs(os.path.dirname(there), exist_ok=True)
            if os.path.lexists(there):
                os.unlink(there)
            shutil.copy2(os.path.join(folder, name), there, follow_symlinks=False)


def read(place):
    """{path: (kind, mode, what it holds)} of everything below place."""
    found = {}
    for folder, folders, files in os.walk(place):
        for name in folders + files:
            path = os.path.join(folder, name)
            info = os.lstat(path)
            if stat.S_ISLNK(info.st_mode):
                what = os.readlink(path)
            elif stat.S_ISDIR(info.st_mode):
                what = None
            else:
                with open(path, "rb") as f:
                    what = f.read()
            found[os.path.relpath(path, place)] = (stat.S_IFMT(info.st_mode), stat.S_IMODE(info.st_mode), what)
    return found


def differences(theirs, mine, place):
    """What is not the same in pip's tree and ours, a line each. Bytecode is the same code, with unchecked hash and the final path."""
    out = []
    for path in sorted(set(theirs) | set(mine)):
        a, b = theirs.get(path), mine.get(path)
        if a is None or b is None:
            out.append("only %s: %s" % ("ours" if a is None else "pip's", path))
        elif a[:2] != b[:2]:
            out.append("%s: mode %o, pip has %o" % (path, b[0] | b[1], a[0] | a[1]))
        elif path.endswith(".pyc") and "/__pycache__/" in path:
            out += bytecode(path, a[2], b[2], place)
        elif a[2] != b[2]:
            out.append("%s:\n%r\nwhere pip has\n%r" % (path, b[2], a[2]))
    return out


def bytecode(path, theirs, mine, place):
    if theirs == mine:
        return []  # it came with the wheel
    if mine[4:8] != b"\x01\0\0\0":
        return ["%s: flags %r" % (path, mine[4:8])]
    code = marshal.loads(mine[16:])
    folder, name = os.path.split(os.path.join(place, path))
    source = os.path.join(os.path.dirname(folder), name.split(".")[0] + ".py")
    if code.co_filename != source and "." in name[: -len(".cpython-311.pyc")]:
        source = code.co_filename  # a.b.py
    if code.co_filename != source:
        return ["%s: it names %s" % (path, code.co_filename)]
    return [] if code == marshal.loads(theirs[16:]) else ["%s: other code" % path]


def compare(place, folder, wheels, names, out):
    """Installs by pip and by us; returns the differences and what was printed."""
    environment(place)
    done = pip_install(place, wheels, names)
    if done.returncode:
        raise AssertionError(done.stdout)
    theirs = read(place)
    environment(place)
    mine = ours(place, folder, out, "--requested")
    if mine.returncode:
        raise AssertionError(mine.stdout)
    overlay(out)
    return differences(theirs, read(place), place), mine.stdout
