"""Says what a virtual environment has. A JSON object comes in, one goes out.

In: {"requirements": [[text, …], …], "siblings": [name, …], "project": name}, all of which may be empty.
Out: "required" are the names of each list of requirements whose markers hold here; "clashes" are requirements of what is
installed that a sibling's version does not meet. With siblings, the project's requires.txt loses their versions.
"""

import json
import os
import sys
from importlib import metadata

try:
    import pip
    from pip._vendor.packaging.requirements import InvalidRequirement, Requirement
    from pip._vendor.packaging.utils import canonicalize_name
except ImportError:
    pip = None


def parsed(texts):
    """The requirements that hold here. What cannot be read is no requirement of anything known."""
    for text in texts:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield requirement


def names(texts):
    return sorted({canonicalize_name(r.name) for r in parsed(texts)})


def installed():
    """The distributions by canonical name; of several with one name Python takes the first."""
    found = {}
    for dist in metadata.distributions():
        name = dist.metadata["Name"]
        if name:
            found.setdefault(canonicalize_name(name), dist)
    return found


def clashes(found, siblings):
    for dist in found.values():
        for r in parsed(dist.requires or ()):
            sibling = found.get(canonicalize_name(r.name))
            if sibling is None or canonicalize_name(r.name) not in siblings or r.specifier.contains(sibling.version, prereleases=True):
                continue
            yield {"by": "%s %s" % (dist.metadata["Name"], dist.version), "requirement": "%s%s" % (r.name, r.specifier), "version": sibling.version}


def relax(dist, siblings):
    """Programs of an egg-info look at the versions of its requires.txt when they start."""
    path = os.path.join(str(getattr(dist, "_path", "")), "requires.txt")
    if not path.endswith(".egg-info/requires.txt") or not os.path.exists(path):
        return
    lines = []
    with open(path) as f:
        for line in f.read().splitlines():
            try:
                requirement = Requirement(line)
            except InvalidRequirement:
                requirement = None
            if requirement is not None and canonicalize_name(requirement.name) in siblings:
                extras = "[%s]" % ",".join(sorted(requirement.extras)) if requirement.extras else ""
                line = requirement.name + extras
            lines.append(line)
    with open(path + ".new", "w") as f:
        f.write("\n".join(lines) + "\n")
    os.replace(path + ".new", path)


def main():
    asked = json.load(sys.stdin)
    out = {"prefix": sys.prefix, "virtual": sys.prefix != sys.base_prefix, "pip": pip and pip.__version__}
    if pip:
        found, siblings = installed(), set(asked["siblings"])
        if siblings and asked["project"] in found:
            relax(found[asked["project"]], siblings)
        out["installed"] = {name: {"version": d.version, "requires": names(d.requires or ())} for name, d in found.items()}
        out["required"] = [names(texts) for texts in asked["requirements"]]
        out["clashes"] = sorted(clashes(installed(), siblings), key=lambda c: (c["by"], c["requirement"]))
    json.dump(out, sys.stdout)


main()
