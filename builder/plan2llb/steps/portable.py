"""Copies this Python below /out so that it runs at any place, on a root file system that has no Python: portable.py

/out/loader is the dynamic linker, /out/shared the libraries beyond it, /out/bin/python3 the interpreter, which finds the standard
library beside it. Run is it as

    loader --library-path …/shared …/bin/python3

so that nothing of the root file system is needed, and no program that it starts sees any of this. What the step programs do
not use is left out.
"""

import os
import re
import shutil
import sys
import sysconfig

OUT = "/out"
LEFT_OUT = ("test", "tests", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3", "pydoc_data", "site-packages", "dist-packages", "__pycache__", "config-*")


def mapped():
    """The files that this process has in its memory, once it has loaded all that the step programs may."""
    import ctypes, hashlib, sqlite3, ssl, urllib.request, zlib  # noqa: E401, F401

    with open("/proc/self/maps") as f:
        return sorted({m[1] for m in re.finditer(r" (/.*)$", f.read(), re.M)})


def copy_library(path, folder):
    """Copies a library, by the name of its file and by all that it has beside it: programs ask for it by one of those."""
    real = os.path.realpath(path)
    for name in os.listdir(os.path.dirname(real)):
        other = os.path.join(os.path.dirname(real), name)
        if os.path.realpath(other) == real:
            shutil.copyfile(real, os.path.join(folder, name))


def main():
    standard = {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}
    os.makedirs(OUT + "/shared")
    for path in mapped():
        name = os.path.basename(path)
        if name.startswith("ld-"):
            shutil.copyfile(path, OUT + "/loader")
            os.chmod(OUT + "/loader", 0o755)
        elif ".so" in name and not any(path.startswith(s + "/") for s in standard):
            copy_library(path, OUT + "/shared")
    os.makedirs(OUT + "/bin")
    shutil.copyfile(os.path.realpath(sys.executable), OUT + "/bin/python3")
    os.chmod(OUT + "/bin/python3", 0o755)
    for folder in standard:
        place = os.path.join(OUT, os.path.relpath(folder, sys.base_prefix))
        shutil.copytree(folder, place, ignore=shutil.ignore_patterns(*LEFT_OUT), ignore_dangling_symlinks=True)


if __name__ == "__main__":
    main()
