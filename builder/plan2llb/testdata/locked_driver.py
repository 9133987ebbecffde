"""Runs locked.resolve on lock.json for the requirements that follow, and prints what it chose."""

import json
import os
import sys

import locked
from pip._vendor.packaging.requirements import Requirement

with open(sys.argv[1]) as f:
    lock = json.load(f)
extras = sys.argv[2].split(",") if sys.argv[2] else []
run = locked.pip_runner(sys.executable, dict(os.environ))
report = locked.resolve([Requirement(r) for r in sys.argv[3:]], lock, None, run, extras)
for item in report["install"]:
    print("= %s==%s sha256:%s" % (item["metadata"]["name"].lower().replace("_", "-"), item["metadata"]["version"], locked.sha256(item)))
