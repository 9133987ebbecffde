"""Resolves the dependencies of all images together: resolve.py [--tools]

/tmp/pbrx/requirements.json holds {"project", "requires_dist", "images": [{"name", "extras", "lines"}]}, the base image
first; lines are requirements beside the project's. pip decides which versions all requirements of all images take together, so that the extra of one script
cannot move a version of the base, and installs nothing. Out comes /out/resolved.json:
{"distributions": [{"name", "version", "requirement", "hashes", "source", "why"}], "sets": [[NAME…]…]}, where requirement
says where the file is, source that it has to be built, why the chain of requirements that leads to it, and set N has what
image N needs beyond those of the base image (image 0). With "siblings" in the requirements, those are chosen in place of any
release, without a file: "sibling" says so (see neighbours.py). "asked" is when that was.

With --tools there is a compile profile that is not installed here. Where a build backend fails for want of it, the
answer is {"needs_tools": REASON}, and the step is run again where it is installed.
"""

import json
import re
import sys

import locked
from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.tags import sys_tags
from pip._vendor.packaging.utils import canonicalize_name

from common import TOOLS, asked, fail, given, note, pip_environment, run
from neighbours import Siblings
from toolchain import answer_tools, lacking

OUT = "/out/resolved.json"


def wanted(requirements, extras):
    """The requirements whose markers hold here for one of the extras, or without any."""
    for requirement in requirements:
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": e}) for e in ["", *sorted(extras)]):
            yield requirement


class Set:
    """The distributions reachable from some requirements, out of those that pip chose."""

    def __init__(self, project, own, chosen):
        self.project, self.own, self.chosen = project, own, chosen
        self.extras = {}  # canonical name: extras it was asked for with
        self.why = {}  # canonical name: the requirements that lead to it, the project's first

    def add(self, requirements, extras, because=()):
        for requirement in wanted(requirements, extras):
            name = canonicalize_name(requirement.name)
            asked = {canonicalize_name(e) for e in requirement.extras}
            if name == self.project:  # all = ["project[this,that]"]
                self.add(self.own, asked, because)
                continue
            known = self.extras.get(name)
            if known is not None and asked <= known:
                continue
            self.extras[name] = asked | (known or set())
            self.why.setdefault(name, [*because, short(requirement)])
            if name not in self.chosen:
                fail("pip chose nothing for %s" % short(requirement))
            requires = self.chosen[name]["metadata"].get("requires_dist") or ()
            self.add([Requirement(r) for r in requires], self.extras[name], self.why[name])


def short(requirement):
    """A requirement for people: without its marker, and without an address, which may hold a password."""
    extras = "[%s]" % ",".join(sorted(requirement.extras)) if requirement.extras else ""
    return requirement.name + extras + str(requirement.specifier)


def direct(requirements, project, own, extras, into, siblings=()):
    """What pip is asked for: the requirements without their markers, the project itself opened up."""
    for requirement in wanted(requirements, extras):
        if canonicalize_name(requirement.name) == project:
            direct(own, project, own, {canonicalize_name(e) for e in requirement.extras}, into, siblings)
            continue
        requirement.marker = None
        if canonicalize_name(requirement.name) in siblings:
            requirement.url = None
        into.append(str(requirement))


def ask_pip(lines, tools, siblings):
    """The answer of pip: its installation report (pip's documentation, "Installation Report")."""
    with open("/tmp/requirements.txt", "w") as f:
        f.write("\n".join(lines) + "\n")
    print("requirements: " + ", ".join(short(Requirement(line)) for line in lines), flush=True)
    argv = [TOOLS + "/bin/python", "-m", "pip", "install", "--dry-run", "--ignore-installed", "--report", "/tmp/report.json"]
    argv += ["-r", "/tmp/requirements.txt"]
    if given("dependency-constraints.txt"):
        argv += ["-c", given("dependency-constraints.txt")]
    argv += siblings.options()

    def instead(output):
        if siblings.needs_versions(output):
            with open(OUT, "w") as f:
                json.dump({"needs_versions": True}, f)
            return True
        return tools and answer_tools(OUT, lacking(output))

    if not run(argv, pip_environment(), explain=siblings.explain, instead=instead):
        return None
    with open("/tmp/report.json") as f:
        return json.load(f)["install"]


def ask_lock(lines, project, extras, tools, siblings):
    """The same of the project's lock file."""
    with open(given("lock.json")) as f:
        lock = json.load(f)

    def failed(output):
        if tools and answer_tools(OUT, lacking(output)):
            sys.exit(0)

    run_pip = locked.pip_runner(TOOLS + "/bin/python", pip_environment(), failed)
    return locked.resolve([Requirement(line) for line in lines], lock, given("dependency-constraints.txt"), run_pip, extras, siblings.requirements(), project)["install"] + siblings.items()


def describe(item, why, siblings):
    """One distribution of the answer."""
    metadata, info = item["metadata"], item["download_info"]
    name = canonicalize_name(metadata["name"])
    if name in siblings:
        return {"name": name, "version": "", "requirement": "", "hashes": [], "source": False, "sibling": True, "why": why}
    url, hashes = info["url"], []
    if "vcs_info" in info:
        url = "%s+%s@%s" % (info["vcs_info"]["vcs"], url, info["vcs_info"]["commit_id"])
    elif "archive_info" in info:
        hashes = item.get("locked_hashes") or ["%s:%s" % pair for pair in sorted((info["archive_info"].get("hashes") or {}).items())]
    else:
        fail("%s is a folder, %s, which only exists where it was written: name a release of it, or a repository" % (metadata["name"], url))
    if info.get("subdirectory"):
        url += "#subdirectory=" + info["subdirectory"]
    source = not url.partition("#")[0].endswith(".whl")
    return {"name": name, "version": metadata["version"], "requirement": "%s @ %s" % (name, url), "hashes": hashes, "source": source, "why": why}


def no_secrets(item):
    """Ends the step at a requirement that holds a password or token: METADATA tells it to whoever has the image."""
    metadata = item["metadata"]
    for line in metadata.get("requires_dist") or ():
        if re.search(r"://[^/@\s]+:[^/@\s]*@", line):
            fail("%s %s requires %s with a password in its address, which would be in the images" % (metadata["name"], metadata.get("version", ""), Requirement(line).name))


def announce(distributions):
    """Says before any compiler runs what has no wheel here: on musl that may take its time."""
    tags = list(sys_tags())
    tag = next((t for t in tags if "linux_" in t.platform and not t.platform.startswith("linux_")), tags[0])
    for d in distributions:
        if d["source"] and "+" not in d["requirement"].partition(":")[0]:
            note("no wheel of %s %s fits this base (%s, %s): it is built from its source" % (d["name"], d["version"], tag.interpreter, tag.platform))


def main():
    with open("/tmp/pbrx/requirements.json") as f:
        spec = json.load(f)
    project = canonicalize_name(spec["project"])
    parse = lambda: [Requirement(r) for r in spec["requires_dist"]]
    siblings = Siblings(spec.get("siblings", []))
    lines = []
    beside = lambda image: [Requirement(r) for r in image.get("lines", ())]
    for image in spec["images"]:
        direct(parse(), project, parse(), set(image["extras"]), lines, siblings.names)
        direct(beside(image), project, parse(), set(), lines, siblings.names)
    lines = sorted(set(lines))
    tools = "--tools" in sys.argv[1:]
    if lines and given("lock.json"):
        report = ask_lock(lines, project, {e for image in spec["images"] for e in image["extras"]}, tools, siblings)
    else:
        report = ask_pip(lines, tools, siblings) if lines else []
    if report is None:
        return
    for item in report:
        no_secrets(item)
    chosen = {canonicalize_name(item["metadata"]["name"]): item for item in report}
    why, sets = {}, []
    for number, image in enumerate(spec["images"]):
        reached = Set(project, parse(), chosen)
        reached.add(parse(), set(image["extras"]))
        for some in (spec["images"][0], image):
            reached.add(beside(some), set())
        sets.append(sorted(set(reached.extras) - set(sets[0] if sets else ())))
        for name, chain in reached.why.items():
            why.setdefault(name, chain)
    distributions = [describe(chosen[name], why[name], siblings.names) for name in sorted(why)]
    announce(distributions)
    asked(OUT, {"distributions": distributions, "sets": sets})


if __name__ == "__main__":
    try:
        main()
    except ValueError as e:
        fail("reading requirements: %s" % e)
