"""Siblings in the resolution: pip is shown a wheel of each that holds nothing but what the sibling requires.

Their real wheels change with every commit, which is nobody's question here. The version is marked by a local part, so
that no index has it, and limited to by a constraint: a sibling that nothing requires is not chosen.
"""

import os
import re
import zipfile

from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.utils import canonicalize_name

MARK = "+sibling"
FOLDER = "/tmp/siblings"


class Siblings:
    def __init__(self, releases):
        self.releases = releases
        self.names = {canonicalize_name(r["name"]) for r in releases}

    def options(self):
        """What pip is told of them."""
        if not self.releases:
            return []
        os.makedirs(FOLDER)
        with open("/tmp/siblings.txt", "w") as f:
            for release in self.releases:
                stand_in(release)
                f.write("%s==%s%s\n" % (release["name"], release["version"], MARK))
        return ["--find-links", FOLDER, "-c", "/tmp/siblings.txt"]

    def requirements(self):
        """What they require, for a lock file that has releases of them at most."""
        return {canonicalize_name(r["name"]): [Requirement(line) for line in r["requires_dist"] or ()] for r in self.releases}

    def items(self):
        """What pip's report would have of them."""
        return [{"metadata": dict(r, requires_dist=r["requires_dist"] or [])} for r in self.releases]

    def needs_versions(self, output):
        """Whether pip failed for a version that is not the whole one."""
        return any(r["rounded"] and r["version"] + MARK in output for r in self.releases) and "ResolutionImpossible" in output

    def explain(self, output):
        """What pip said of a conflict, in words that say that it is a sibling's version."""
        limit = re.compile(r"The user requested \(constraint\) (\S+?)==(\S+?)" + re.escape(MARK))
        start = output.find(MARK)
        lines = output[max(0, output.rfind("\n", 0, start)) :].splitlines()
        return "\n".join(limit.sub(r"the sibling \1 is \2", line).replace(MARK, "") for line in lines) if start >= 0 else None


def stand_in(release):
    """Writes a wheel with the metadata of a sibling."""
    version = release["version"] + MARK
    stem = "%s-%s" % (canonicalize_name(release["name"]).replace("-", "_"), version)
    lines = ["Metadata-Version: 2.1", "Name: " + release["name"], "Version: " + version]
    if release["requires_python"]:
        lines.append("Requires-Python: " + release["requires_python"])
    lines += ["Requires-Dist: " + r for r in release["requires_dist"] or ()]
    lines += ["Provides-Extra: " + e for e in release["extras"] or ()]
    files = {"METADATA": "\n".join(lines) + "\n", "WHEEL": "Wheel-Version: 1.0\nGenerator: pbrx-go\nRoot-Is-Purelib: true\nTag: py3-none-any\n", "RECORD": ""}
    with zipfile.ZipFile("%s/%s-py3-none-any.whl" % (FOLDER, stem), "w") as wheel:
        for name, text in files.items():
            wheel.writestr("%s.dist-info/%s" % (stem, name), text)
