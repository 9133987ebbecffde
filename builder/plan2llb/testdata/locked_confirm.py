"""Compares what locked.resolve takes from a lock file with what the lock file's own tool says is to be installed.

    locked_confirm.py lock.json exported.txt EXTRAS REQUIREMENT…
"""

import json
import os
import re
import sys

import locked
from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.utils import canonicalize_name


def exported(path):
    """{name: (version, hashes)} of a requirements file with hashes, for this interpreter."""
    with open(path) as f:
        text = re.sub(r"(?m)^\s*#.*$|^-.*$", "", f.read()).replace("\\\n", " ")
    out = {}
    for line in filter(str.strip, text.splitlines()):
        hashes = re.findall(r"--hash=(\S+)", line)
        requirement = Requirement(re.sub(r"--hash=\S+", "", line).strip())
        if locked.holds(requirement.marker, ()):
            out[canonicalize_name(requirement.name)] = (str(requirement.specifier)[2:], sorted(hashes))
    return out


def main():
    with open(sys.argv[1]) as f:
        lock = json.load(f)
    run = locked.pip_runner(sys.executable, dict(os.environ))
    report = locked.resolve([Requirement(r) for r in sys.argv[4:]], lock, None, run, sys.argv[3].split(","))
    want = exported(sys.argv[2])
    got = {canonicalize_name(i["metadata"]["name"]): (i["metadata"]["version"], "sha256:" + locked.sha256(i)) for i in report["install"]}
    if {n: v for n, (v, _) in got.items()} != {n: v for n, (v, _) in want.items()}:
        sys.exit("got %s\nwant %s" % (got, want))
    for name, (_, digest) in got.items():
        if digest not in want[name][1]:
            sys.exit("%s: %s is none of %s" % (name, digest, want[name][1]))
    print("CONFIRMED %d packages" % len(got))


main()
