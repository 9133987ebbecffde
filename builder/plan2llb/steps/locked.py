"""Takes the exact versions of the dependencies from the project's lock file.

resolve(requirements, lock, constraints, run, extras, siblings) answers what pip's --report would, for what is needed
of the lock here: lock is lock.json, as setupcfg/lock writes it; run is what pip_runner makes. The packages' own metadata says
what is needed, beginning with requirements; the graph of the lock only tells what to fetch at once. Every artefact is one
whose hash the lock has: pip is in its hash-checking mode, but for sources that have no hash (a commit, or an index that tells none).
"""

import ast
import collections
import json
import os
import re
import subprocess
import sys
import tempfile

from pip._vendor.packaging.markers import Marker
from pip._vendor.packaging.requirements import InvalidRequirement, Requirement
from pip._vendor.packaging.specifiers import SpecifierSet
from pip._vendor.packaging.utils import canonicalize_name
from pip._vendor.packaging.version import InvalidVersion, Version

from common import fail, note, refusal, watch

TRUE, FALSE = 'python_version >= "0"', 'python_version < "0"'
IN_SET = re.compile(r"""("[^"]*"|'[^']*')\s+(not\s+in|in)\s+(extras|dependency_groups)\b""")
IS_EXTRA = re.compile(r"""\bextra\s*(==|!=)\s*("[^"]*"|'[^']*')|("[^"]*"|'[^']*')\s*(==|!=)\s*extra\b""")


def pip_runner(python, env, failed=lambda output: None):
    """What runs pip: run(arguments) shows its output and returns the status, run(arguments, show=False) returns the output.

    failed gets the output of a pip that ended with another status than 0, and may raise.
    """

    def run(arguments, show=True):
        argv = [python, "-m", "pip", *arguments]
        if show:
            print("+ " + " ".join(argv), flush=True)
            status, output = watch(argv, env, lambda line: None)
            if status:
                print(refusal(argv, env, output), flush=True)
                failed(output)
            return status
        return subprocess.run(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, errors="replace").stdout

    return run


def holds(marker, extras, groups=()):
    """Whether a marker holds here, for a set of extras. Old pips know neither the sets of PEP 751 nor several extras at once."""
    if not marker:
        return True
    sets = {"extras": {canonicalize_name(e) for e in extras}, "dependency_groups": {canonicalize_name(g) for g in groups}}

    def in_set(m):
        return TRUE if (canonicalize_name(m[1][1:-1]) in sets[m[3]]) == (m[2] == "in") else FALSE

    def is_extra(m):
        return TRUE if (canonicalize_name((m[2] or m[3])[1:-1]) in sets["extras"]) == ((m[1] or m[4]) == "==") else FALSE

    return Marker(IS_EXTRA.sub(is_extra, IN_SET.sub(in_set, str(marker)))).evaluate({"extra": ""})


class Closure:
    """What is reached from some requirements, as far as is known."""

    def __init__(self):
        self.extras = {}  # name: extras it was asked for with
        self.wants = collections.defaultdict(list)  # name: [(requirement, who has it)]
        self.picked = {}  # name: entry of the lock
        self.problems = []


class Locked:
    def __init__(self, lock, run, extras, siblings, project):
        self.lock, self.run = lock, run
        self.siblings = siblings or {}
        self.entries = collections.defaultdict(list)
        self.projects = [p for p in lock["packages"] if p["source"]["kind"] == "project"]
        self.skip = {p["name"] for p in self.projects} | {canonicalize_name(project)}
        # uv's way of naming the extras of a project that conflict, in the markers of any package.
        self.conflicts = {"extra-%d-%s-%s" % (len(p["name"]), p["name"], canonicalize_name(e)) for e in extras for p in self.projects}
        self.own = set(extras) | self.conflicts
        for p in lock["packages"]:
            if p["source"]["kind"] != "project":
                self.entries[p["name"]].append(p)
        self.items = {}  # place of an entry: its item of pip's report
        self.renew = "run " + lock["renew"] if lock["renew"] else "make it anew"

    def holds(self, marker):
        return holds(marker, self.own, self.lock.get("groups", ()))

    def close(self, requirements, seed):
        """Follows metadata, and with seed the graph of the lock where there is none yet.

        Which of several entries of a name is meant may only be known when all is reached: then it is done again.
        """
        reached = self.walk(requirements, seed, {})
        for _ in range(10):
            before, reached = reached, self.walk(requirements, seed, reached.picked)
            if before.picked == reached.picked:
                break
        return reached

    def walk(self, requirements, seed, picked):
        reached = Closure()
        reached.picked = dict(picked)
        queue = collections.deque((r, None) for r in requirements)
        while queue:
            requirement, by = queue.popleft()
            name = canonicalize_name(requirement.name)
            if name in self.skip:
                continue
            reached.wants[name].append((requirement, by))
            asked = {canonicalize_name(e) for e in requirement.extras}
            if name in reached.extras and asked <= reached.extras[name]:
                continue
            reached.extras[name] = asked | reached.extras.get(name, set())
            if name in self.siblings:
                who, below = name, self.siblings[name]
            else:
                entry = picked.get(name) or self.pick(name, reached)
                if entry is None:
                    continue
                reached.picked[name] = entry
                who, below = "%s %s" % (name, self.version(entry)), self.below(entry, seed)
            queue.extend((r, who) for r in below if holds(r.marker, reached.extras[name]))
        names = [name for name in sorted(reached.wants) if name not in self.siblings]
        reached.picked = {name: reached.picked.get(name) for name in names}
        reached.picked = {name: self.pick(name, reached, reached.problems) for name in names}  # now that all are known
        return reached

    def below(self, entry, seed):
        item = self.items.get(entry["at"])
        if item is not None:
            return [Requirement(r) for r in item["metadata"].get("requires_dist", ())]
        out = []
        for d in entry.get("requires", ()) if seed else ():
            extras = "[%s]" % ",".join(d["extras"]) if d.get("extras") else ""
            r = Requirement(d["name"] + extras)
            r.marker = d.get("marker")  # perhaps with more than PEP 508 has
            out.append(r)
        return out

    def version(self, entry):
        item = self.items.get(entry["at"])
        return item["metadata"]["version"] if item else entry.get("version", "")

    def pick(self, name, reached, problems=None):
        """The entry for a name, or None; what is wrong then goes to problems."""
        problems = [] if problems is None else problems
        wants = reached.wants[name]
        asked = asking(wants)
        entries = self.entries.get(name, [])
        if not entries:
            problems.append("%s: has no %s, which is required (%s): %s" % (self.lock["file"], name, asked, self.renew))
            return None
        live = [e for e in entries if self.holds(e.get("marker"))]
        if not live:
            problems.append("%s: %s is locked only where %s, which is not so here, but it is required (%s): lock for this Python and platform as well"
                            % (entries[0]["at"], name, " or ".join(sorted({e["marker"] for e in entries})), asked))
            return None
        fit = [e for e in live if self.admitted(e, wants)]
        if not fit:
            versions = ", ".join(self.version(e) for e in live)
            problems.append("%s: %s %s is locked, but what is required is %s: %s" % (live[0]["at"], name, versions, asked, self.renew))
            return None
        if len(fit) > 1 and self.lock.get("highest"):
            fit = [e for e in fit if python_fits(e.get("requires_python"))] or fit
            fit = [max(fit, key=lambda e: Version(self.version(e)))]
        if len(fit) > 1:
            named = self.named(name, reached)
            fit = [e for e in fit if self.version(e) in named] or fit
        if len(fit) > 1:
            problems.append("%s: %s is locked in several versions for this Python and platform (%s): %s"
                            % (fit[0]["at"], name, ", ".join(self.version(e) for e in fit), self.renew))
            return None
        return fit[0]

    def admitted(self, entry, wants):
        version = self.version(entry)
        return not version or all(r.specifier.contains(version, prereleases=True) for r, _ in wants)

    def named(self, name, reached):
        """The versions of a name that edges of the lock mean here."""
        out = set()
        for p in self.projects + [p for name, p in reached.picked.items() if p and name in reached.extras]:
            extras = self.own if p in self.projects else reached.extras[p["name"]] | self.conflicts
            out |= {d.get("version") for d in p.get("requires", ()) if d["name"] == name and holds(d.get("marker"), extras)}
        return out

    def fetch(self, entries):
        """Asks pip for the metadata of entries; the status is not 0 where it could not have one of them."""
        lines = {True: [], False: []}
        for e in entries:
            hashes = e.get("hashes", ())
            lines[bool(hashes)].append(" \\\n    ".join([pin(e), *("--hash=" + h for h in hashes)]))
        for hashed, list_ in lines.items():
            if not list_:
                continue
            with tempfile.TemporaryDirectory() as folder:
                file, report = os.path.join(folder, "locked.txt"), os.path.join(folder, "report.json")
                with open(file, "w") as f:
                    f.write("\n".join(list_) + "\n")
                status = self.run(["install", "--dry-run", "--ignore-installed", "--no-deps", *(["--require-hashes"] if hashed else []),
                                   "--report", report, "-r", file])
                if status:
                    return status
                with open(report) as f:
                    self.take(json.load(f), entries)
        return 0

    def take(self, report, entries):
        self.report = report
        places = {e["name"]: e for e in entries}
        for item in report["install"]:
            entry = places[canonicalize_name(item["metadata"]["name"])]
            digest = sha256(item)
            known = [h for h in entry.get("hashes", ()) if h.startswith("sha256:")]
            if known and digest and "sha256:" + digest not in known:
                fail("%s: pip chose %s, whose hash is not in the lock file: this is a defect of that pip, take another one" % (entry["at"], item["download_info"]["url"]))
            if entry.get("hashes") and not (known and digest):  # what is downloaded later has to be one of these
                item["locked_hashes"] = entry["hashes"]
            self.items[entry["at"]] = item


def asking(wants):
    seen = []
    for requirement, by in wants:
        requirement = Requirement(str(requirement).split(";")[0])
        text = "%s by %s" % (requirement, by or "the project")
        if text not in seen:
            seen.append(text)
    return ", ".join(seen[:4])


def python_fits(specifiers):
    here = ".".join(map(str, sys.version_info[:3]))
    return not specifiers or SpecifierSet(specifiers).contains(here, prereleases=True)


def sha256(item):
    archive = item["download_info"].get("archive_info", {})
    digest = archive.get("hashes", {}).get("sha256")
    return digest or (archive.get("hash", "").startswith("sha256=") and archive["hash"][len("sha256="):]) or None


def pin(entry):
    """One line of a requirements file for an entry."""
    source = entry["source"]
    if source["kind"] == "index":
        return "%s==%s" % (entry["name"], entry["version"])
    address = source["url"]
    if source["kind"] == "vcs":
        address = "%s+%s@%s" % (source["vcs"], address, source["commit"])
    if source.get("subdirectory"):
        address += "#subdirectory=" + source["subdirectory"]
    return "%s @ %s" % (entry["name"], address)


def unusable(entry, lock):
    """Why pip cannot be asked for an entry, or None."""
    source = entry["source"]
    if source["kind"] == "local":
        return "%s: %s is at %s beside the project, which is not sent to this step: name it with --sibling %s" % (entry["at"], entry["name"], source["path"], source["path"])
    if source["kind"] == "index" and not entry.get("version"):
        return "%s: %s has no version here, as it was not needed where the file was made: lock where it is" % (entry["at"], entry["name"])
    return None


def environment_problems(lock):
    here = "%d.%d.%d" % sys.version_info[:3]
    if not python_fits(lock.get("requires_python")):
        yield "%s: it is for Python %s, and the base has %s: take another base, or lock for this one" % (lock["file"], lock["requires_python"], here)
    environments = lock.get("environments")
    if environments and not any(holds(m, ()) for m in environments):
        yield "%s: it is for %s only, which this base is not: lock for it as well" % (lock["file"], " or ".join(environments))


def plain(address):
    return re.sub(r"^([a-z+]+://)[^/@]*@", r"\1", address).rstrip("/").lower()


def note_indexes(lock, run):
    """Says which indexes of the lock pip does not know; of PyPI's own, a mirror may stand in."""
    named = [i for i in lock.get("indexes", ()) if not re.match(r"https://pypi\.(org|python\.org)(/simple)?/?$", i)]
    if not named:
        return
    known = set()
    for line in run(["config", "list"], show=False).splitlines():
        key, _, value = line.partition("=")
        if key.rpartition(".")[2] in ("index-url", "extra-index-url"):
            try:
                known |= {plain(v) for v in ast.literal_eval(value).split()}
            except (SyntaxError, ValueError):
                pass  # not what pip prints
    for index in named:
        if plain(index) not in known:
            note("%s names the index %s, which pip is not configured for: what only that one has will not be found" % (lock["file"], index))


def constraint_problems(path, reached, locked):
    """Constraints limit what a lock may say, too; their URLs are compared by pip where it is given them."""
    if not path:
        return
    with open(path, encoding="utf-8") as f:
        lines = [line.split(" --hash")[0].strip() for line in f]
    for line in lines:
        try:
            c = Requirement(line)
        except InvalidRequirement:
            continue  # an option, or a bare URL: a constraint without a name limits nothing here
        entry = reached.picked.get(canonicalize_name(c.name))
        if entry is None or not holds(c.marker, ()) or c.specifier.contains(locked.version(entry), prereleases=True):
            continue
        yield "%s: %s %s is locked, which the constraint %s does not admit: %s, or leave the name out with --constraint-exclude %s" % (
            entry["at"], entry["name"], locked.version(entry), line, locked.renew, entry["name"])


def stop(problems):
    problems = list(dict.fromkeys(problems))
    if problems:
        more = len(problems) - 20
        fail("\n".join(problems[:20]) + ("\nand %d more" % more if more > 0 else ""))


def resolve(requirements, lock, constraints, run, extras=(), siblings=None, project=""):
    """pip's report for what the requirements need of the lock; the step ends where it has not got it.

    requirements are those of the project without markers, or with markers that are evaluated for extras, the extras of the project that
    any image has. An item of the report may have "locked_hashes" besides what pip says: its artefact must have one of these, as
    the lock has no sha256 that pip could have told. constraints is the path of a file, or None. siblings are {canonical name: [Requirement]} of what
    is built from source instead. project is the name of the project, which its dependencies may require in turn.
    """
    requirements = [r for r in requirements if holds(r.marker, extras)]
    stop(environment_problems(lock))
    locked = Locked(lock, run, extras, siblings, project)
    # What the project itself asks for is known before anything is fetched.
    stop(locked.close(requirements, seed=False).problems)
    note_indexes(lock, run)
    seed = True
    while True:
        reached = locked.close(requirements, seed)
        missing = [e for e in reached.picked.values() if e and e["at"] not in locked.items]
        if seed and not any(p.get("requires") for p in lock["packages"]):  # a list, which has all that is needed and perhaps more
            missing = [e for name in sorted(locked.entries) for e in [locked.pick(name, reached)] if e and e["at"] not in locked.items and name not in locked.siblings]
        wrong = [(e, unusable(e, lock)) for e in missing]
        if seed:
            missing = [e for e, why in wrong if not why]
        else:
            stop(why for _, why in wrong if why)
        if missing:
            status = locked.fetch(missing)
            if status and not seed:
                fail("pip could not get what %s pins (status %d): the reason is above" % (lock["file"], status))
            if status:
                note("%s has more than could be had here: again with what is needed" % lock["file"])
            seed = seed and not status and any(p.get("requires") for p in lock["packages"])
            continue
        if seed:  # once more by metadata alone: the graph may have had too much
            seed = False
            continue
        break
    problems = list(reached.problems) + list(constraint_problems(constraints, reached, locked))
    stop(problems)
    install = []
    for name, entry in sorted(reached.picked.items()):
        item = dict(locked.items[entry["at"]], requested=any(by is None for _, by in reached.wants[name]))
        item.pop("requested_extras", None)
        if reached.extras[name]:
            item["requested_extras"] = sorted(reached.extras[name])
        install.append(item)
    print("%d packages out of %s" % (len(install), lock["file"]), flush=True)
    return dict(getattr(locked, "report", {"version": "1"}), install=install)
