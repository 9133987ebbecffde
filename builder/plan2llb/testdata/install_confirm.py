"""Installs real projects by pip and by us, at one place; run by TestConfirmInstaller with a folder to keep wheels in."""

import glob
import os
import shutil
import sys
import tempfile
import time
import unittest
import zipfile

import installed

# Large ones, of C and of Python only, with scripts, headers and data of their own, and those that install themselves.
PROJECTS = ("python-openstackclient", "ironic", "numpy", "PyYAML", "cryptography", "uv", "greenlet", "pip", "setuptools")
DATA = ("scripts/", "headers/", "data/")


def collect(folder):
    """The wheels of all projects and of what they need; taken from the package index once."""
    folder = os.path.join(folder, sys.implementation.cache_tag)
    if not os.path.exists(folder + "/complete"):
        shutil.rmtree(folder, ignore_errors=True)
        done = installed.subprocess.run([sys.executable, "-m", "pip", "wheel", "--quiet", "--wheel-dir", folder, *PROJECTS])
        if done.returncode:
            raise AssertionError("pip wheel ended with status %d" % done.returncode)
        with open(folder + "/complete", "w"):
            pass
    return folder


class RealProjects(unittest.TestCase):
    maxDiff = 4000

    def test_as_pip(self):
        folder = collect(sys.argv[1])
        wheels = sorted(glob.glob(folder + "/*.whl"))
        members = [m for w in wheels for m in zipfile.ZipFile(w).namelist()]
        for data in DATA:
            self.assertTrue([m for m in members if ".data/" + data in m], "no wheel has " + data)
        names = ["%s==%s" % (n, v.replace("_", "+")) for n, v, *_ in (os.path.basename(w).split("-") for w in wheels)]
        top = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, top)
        os.mkdir(top + "/out")
        began = time.time()
        found, said = installed.compare(top + "/venv", folder, wheels, names, top + "/out")
        self.assertEqual(found, [])
        print("%d wheels, %d files, %.0f s: %s" % (len(wheels), len(members), time.time() - began, said), flush=True)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
