"""Prints which requirements of the distributions that this Python sees are not met, as JSON: conflicts.py

It is run by the interpreter of an image, in the image's environment. What is installed is asked of importlib.metadata, before
anything else is on the path; requirements are read with the packaging of the builder's own pip, which is mounted. A line of it is
{"name", "version", "requires", "found"}: found is the version there is, empty where there is none. Requirements of extras do not
count, as nobody knows who asked for them; nor do those that nobody can read.
"""

import glob
import importlib.metadata
import json
import re
import sys

TOOLS = "/tmp/pbrx/tools"


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def visible(path):
    """{canonical name: distribution} as imports find them: the first on the path counts."""
    found = {}
    for distribution in importlib.metadata.distributions(path=path):
        name = (distribution.metadata or {}).get("Name")
        if name:
            found.setdefault(canonical(name), distribution)
    return found


def unmet(distributions):
    """What is required and is not there, in the order of names."""
    from pip._vendor.packaging.requirements import InvalidRequirement, Requirement
    from pip._vendor.packaging.version import InvalidVersion, Version

    for name in sorted(distributions):
        distribution = distributions[name]
        for line in distribution.requires or ():
            try:
                requirement = Requirement(line)
                if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
                    continue
                there = distributions.get(canonical(requirement.name))
                version = there.version or "" if there else ""
                if there and requirement.specifier.contains(Version(version), prereleases=True):
                    continue
            except (InvalidRequirement, InvalidVersion, ValueError):
                continue
            yield {"name": name, "version": distribution.version, "requires": requirement.name + str(requirement.specifier), "found": version}


def main():
    path = [p for p in sys.path if not p.startswith("/tmp/pbrx/")]
    distributions = visible(path)
    # Before what the image has: the pip of a distribution may have nothing of its own, or be too old.
    sys.path[:] = glob.glob(TOOLS + "/lib/python*/site-packages") + path
    print(json.dumps(list(unmet(distributions))))


if __name__ == "__main__":
    main()
