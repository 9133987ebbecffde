"""Resolves and makes the wheels of all dependencies, once for the whole set of images.

/tmp/pbrx/requirements.json holds {"project", "requires_dist", "images": [{"name", "extras"}]}, the base
image first. All requirements of all images are resolved together, so that the extra of one
script cannot move a version of the base. Out come /out/sets/N/*.whl, the wheels that image N
needs beyond those of the base image (image 0), and /out/sets.json, their names and versions.
"""

import glob
import json
import os
import re
import shutil
import sys
import zipfile
from email.parser import HeaderParser

from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.tags import sys_tags
from pip._vendor.packaging.utils import canonicalize_name, parse_wheel_filename

from common import TOOLS, fail, given, note, pip_environment, run


def wanted(requirements, extras):
    """The requirements whose markers hold here for one of the extras, or without any."""
    for requirement in requirements:
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": e}) for e in ["", *sorted(extras)]):
            yield requirement


class Set:
    """The distributions reachable from some requirements, out of wheels that are there."""

    def __init__(self, project, own, wheels):
        self.project, self.own, self.wheels = project, own, wheels
        self.extras = {}  # canonical name: extras it was asked for with

    def add(self, requirements, extras):
        for requirement in wanted(requirements, extras):
            name = canonicalize_name(requirement.name)
            if name == self.project:  # all = ["project[this,that]"]
                self.add(self.own, {canonicalize_name(e) for e in requirement.extras})
                continue
            asked = {canonicalize_name(e) for e in requirement.extras}
            known = self.extras.get(name)
            if known is not None and asked <= known:
                continue
            self.extras[name] = asked | (known or set())
            if name not in self.wheels:
                fail("pip made no wheel for %s" % requirement)
            self.add(requires(self.wheels[name]), self.extras[name])


def requires(path):
    with zipfile.ZipFile(path) as archive:
        name = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA") and n.count("/") == 1)
        headers = HeaderParser().parsestr(archive.read(name).decode("utf-8", "replace"))
    return [Requirement(r) for r in headers.get_all("Requires-Dist") or ()]


def direct(requirements, project, own, extras, into):
    """What pip is asked for: the requirements without their markers, the project itself opened up."""
    for requirement in wanted(requirements, extras):
        if canonicalize_name(requirement.name) == project:
            direct(own, project, own, {canonicalize_name(e) for e in requirement.extras}, into)
            continue
        requirement.marker = None
        into.append(str(requirement))


# What pip prints when it has found no wheel that fits and takes the source, before it looks into it.
SOURCE = re.compile(r"\s*(?:Downloading|Using cached|Processing) (?:\S*/)?([^\s/]+)-(\d[^\s/-]*)\.(?:tar\.gz|tar\.bz2|tar\.xz|tgz|zip)(?:\s|$)")


def announce(line):
    """Says before any compiler runs what has no wheel here: on musl that may take its time."""
    m = SOURCE.match(line)
    if m:
        tags = list(sys_tags())
        tag = next((t for t in tags if "linux_" in t.platform and not t.platform.startswith("linux_")), tags[0])
        note("no wheel of %s %s fits this base (%s, %s): it is built from its source" % (m[1], m[2], tag.interpreter, tag.platform))


def main():
    with open("/tmp/pbrx/requirements.json") as f:
        spec = json.load(f)
    project = canonicalize_name(spec["project"])
    parse = lambda: [Requirement(r) for r in spec["requires_dist"]]
    lines = []
    for image in spec["images"]:
        direct(parse(), project, parse(), set(image["extras"]), lines)
    lines = sorted(set(lines))
    with open("/tmp/requirements.txt", "w") as f:
        f.write("\n".join(lines) + "\n")
    os.makedirs("/tmp/wheels")
    if lines:
        print("requirements: " + ", ".join(lines), flush=True)
        argv = [TOOLS + "/bin/python", "-m", "pip", "wheel", "--wheel-dir", "/tmp/wheels", "-r", "/tmp/requirements.txt"]
        if given("dependency-constraints.txt"):
            argv += ["-c", given("dependency-constraints.txt")]
        run(argv, pip_environment(), notice=announce)
    wheels = {canonicalize_name(parse_wheel_filename(os.path.basename(p))[0]): p for p in glob.glob("/tmp/wheels/*.whl")}
    base, sets = set(), []
    for number, image in enumerate(spec["images"]):
        reached = Set(project, parse(), wheels)
        reached.add(parse(), set(image["extras"]))
        names = sorted(set(reached.extras) - base)
        if number == 0:
            base = set(names)
        folder = "/out/sets/%d" % number
        os.makedirs(folder)
        for name in names:
            shutil.copy2(wheels[name], folder)
        sets.append({"image": image["name"], "wheels": [identify(wheels[n]) for n in names]})
    with open("/out/sets.json", "w") as f:
        json.dump(sets, f)


def identify(path):
    name, version = parse_wheel_filename(os.path.basename(path))[:2]
    return {"name": name, "version": str(version), "file": os.path.basename(path)}


if __name__ == "__main__":
    try:
        main()
    except ValueError as e:
        fail("reading requirements: %s" % e)
