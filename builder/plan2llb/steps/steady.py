"""A pip whose temporary folders have the same names every time: steady.py ARGUMENT…

A compiler writes the folders that it works in and takes headers from into what it makes (debug information), and one
source has to give one wheel, byte by byte.
"""

import itertools
import runpy
import sys
import tempfile
import uuid


def names():
    """Makes each temporary file of this process be called the first of 00000000, 00000001 and so on that does not exist.

    Not the next one: how many there were before depends on what pip found in its cache.
    """
    tempfile._get_candidate_names = lambda: map("{:08d}".format, itertools.count())


if __name__ == "__main__":
    del sys.path[0]  # the folder of the step programs, which are no modules of pip's
    names()
    only = uuid.UUID(int=0)
    uuid.uuid4 = lambda: only  # the folder of a requirement with a name; there is one requirement
    runpy.run_module("pip", run_name="__main__", alter_sys=True)
