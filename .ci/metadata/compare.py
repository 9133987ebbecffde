"""Compares what pbrx-go reads from sdists with what Python's configparser reads and what the wheels say.

    compare.py PBRX-GO LIST FOLDER       prints a table; ends with 1 where something differs
    compare.py PBRX-GO --built FOLDER    the same for what generate.py left, in one line

Nothing of the sdists is run: they are unpacked, and read by pbrx-go and by configparser.
"""

import configparser
import io
import json
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from email.parser import HeaderParser

from pip._vendor.packaging.utils import canonicalize_version

READINGS = ("raw", "setuptools", "pbr")
COLUMNS = ("name", "version", "console_scripts", "gui_scripts", "extras", "requires_python", "dependencies", "data_scripts")


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def python_reads(path, reading):
    parser = configparser.RawConfigParser() if reading == "raw" else configparser.ConfigParser()
    if reading == "setuptools":
        parser.optionxform = str
    fold = (lambda key: key.replace("-", "_")) if reading == "pbr" else str
    try:
        with io.open(path, encoding="utf-8") as file:
            parser.read_file(file)
        return {s: {fold(k): v for k, v in parser.items(s)} for s in parser.sections()}
    except (configparser.Error, UnicodeDecodeError) as e:
        return {"error": type(e).__name__}


def pbrx_go(*args):
    done = subprocess.run(args, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def config_differences(program, path):
    for reading in READINGS:
        want = python_reads(path, reading)
        code, out, err = pbrx_go(program, "setupcfg", "--reading", reading, str(path))
        got = json.loads(out) if out else {"error": err}
        failed = isinstance(want.get("error"), str)
        if failed:
            got.pop("line", None)
        if got != want or list(got) != list(want) or (code != 0) != failed:
            yield f"{path.name} as {reading} reads it: Python {want}, pbrx-go {got}"


class Wheel:
    def __init__(self, metadata, entry_points, programs):
        self.metadata = HeaderParser().parsestr(metadata)
        self.programs = programs
        # importlib.metadata's rules, by hand so that the wheel need not be installed.
        self.groups, group = {}, None
        for line in map(str.strip, entry_points.splitlines()):
            if not line or line.startswith("#"):
                continue
            if line.startswith("[") and line.endswith("]"):
                group = self.groups.setdefault(line.strip("[]"), {})
            else:
                name, _, value = line.partition("=")
                group[name.strip()] = re.sub(r"\s*\[.*", "", value.strip())
        self.extras = {canonical(e) for e in self.metadata.get_all("Provides-Extra", [])}
        self.requires = {requirement_name(r) for r in self.metadata.get_all("Requires-Dist", []) if not re.search(r"\bextra\b", r.partition(";")[2])}

    @classmethod
    def packed(cls, path):
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            info = next(n for n in names if re.fullmatch(r"[^/]+\.dist-info/METADATA", n)).rpartition("/")[0]
            text = archive.read(info + "/entry_points.txt").decode() if info + "/entry_points.txt" in names else ""
            programs = sorted({n.split("/")[2] for n in names if re.match(r"[^/]+\.data/scripts/[^/]+$", n)})
            return cls(archive.read(info + "/METADATA").decode(), text, programs)

    @classmethod
    def prepared(cls, folder):
        entry_points = folder / "entry_points.txt"
        return cls((folder / "METADATA").read_text(), entry_points.read_text() if entry_points.exists() else "", [])


def requirement_name(text):
    return canonical(re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", text).group())


def specifiers(text):
    return sorted(filter(None, re.sub(r"\s", "", text or "").split(",")))


class Comparison:
    """One project: what each fact says beside the wheel."""

    def __init__(self, report, wheel):
        self.facts = {f["fact"]: f for f in report["facts"]}
        self.differences = []
        self.cells = {}
        self.lost = []
        scripts = {s["name"]: s["value"] for s in report["console_scripts"]}
        gui = {s["name"]: s["value"] for s in report["gui_scripts"]}
        self.one("name", canonical(report["name"] or ""), canonical(wheel.metadata["Name"]))
        self.one("version", canonicalize_version(report["version"] or ""), canonicalize_version(wheel.metadata["Version"]))
        self.many("console_scripts", scripts.items(), wheel.groups.get("console_scripts", {}).items())
        self.many("gui_scripts", gui.items(), wheel.groups.get("gui_scripts", {}).items())
        self.many("extras", map(canonical, report["extras"]), wheel.extras)
        self.one("requires_python", specifiers(report["requires_python"]), specifiers(wheel.metadata["Requires-Python"]))
        self.dependencies(report["dependencies"], wheel.requires)
        self.many("data_scripts", [s["name"] for s in report["data_scripts"]], wheel.programs)

    def one(self, fact, here, wheel):
        self.note(fact, here == wheel, here, wheel, "=")

    def many(self, fact, here, wheel):
        here, wheel = set(here), set(wheel)
        same = here <= wheel if self.facts[fact].get("may_grow") else here == wheel
        self.note(fact, same, sorted(here - wheel), sorted(wheel - here), str(len(wheel)))

    def dependencies(self, requirements, wheel):
        """One with a marker may be missing: pbr before 7.1 loses it, and some ways of building evaluate it."""
        lost = [r for r in requirements if ";" in r and requirement_name(r) not in wheel]
        self.lost += lost
        self.many("dependencies", (requirement_name(r) for r in requirements if r not in lost), wheel)

    def note(self, fact, same, here, wheel, cell):
        status = self.facts[fact]
        if status["status"] == "unknown":
            self.cells[fact] = "?"
        elif same:
            self.cells[fact] = cell
        else:
            self.cells[fact] = "**differs**"
            self.differences.append(f"{fact}: pbrx-go {here} ({status['status']}, {status.get('file')}:{status.get('line')}), the wheel {wheel}")


def unpack(path, folder):
    if path.name.endswith(".zip"):
        with zipfile.ZipFile(path) as archive:
            archive.extractall(folder)
    else:
        with tarfile.open(path) as archive:
            archive.extractall(folder, filter="data")
    (root,) = [p for p in pathlib.Path(folder).iterdir() if p.is_dir()]
    return root


class Report:
    """What is said of all projects together."""

    def __init__(self):
        self.projects = self.configs = self.known = self.unknown = self.differences = 0
        self.problems, self.reasons, self.notes = [], [], []

    def add(self, name, version, compared, backend):
        self.projects += 1
        self.problems += [f"{name} {version}: {d}" for d in compared.differences]
        self.differences += len(compared.differences)
        self.notes += [f"{name} {version}: the wheel lacks `{r}`, which has a marker" for r in compared.lost]
        why = {}
        for fact in COLUMNS:
            if compared.cells[fact] == "?":
                self.unknown += 1
                f = compared.facts[fact]
                where = ":".join(str(f[k]) for k in ("file", "line") if f.get(k))
                why.setdefault(f"{where}: {f.get('why')}", []).append(fact.replace("_", " "))
            else:
                self.known += 1
        self.reasons += [f"{name} {version}: {', '.join(facts)}: {reason}" for reason, facts in why.items()]
        print(f"| {name} {version} | {backend} | " + " | ".join(compared.cells[c] for c in COLUMNS) + " |", flush=True)

    def close(self):
        print(f"\n{self.projects} projects: {self.known} facts known, {self.differences} of them not as in the wheel; {self.unknown} left to the wheel.")
        print(f"{self.configs} files setup.cfg in {len(READINGS)} readings compared with configparser of Python {sys.version.split()[0]}: {len(self.problems) - self.differences} differences.")
        for title, lines in (("Lost by the wheel", self.notes), ("Left to the wheel, and why", self.reasons)):
            print(f"\n## {title}\n")
            for line in lines:
                print("- " + line)
        for problem in self.problems:
            print(problem, file=sys.stderr)


def compare_built(program, folder):
    made = refused = known = unknown = 0
    problems = []
    for root in sorted(folder.iterdir()):
        code, out, err = pbrx_go(program, "project", "--format", "json", str(root / "project"))
        if not (root / "wheel").exists():
            refused += 1
            continue
        if code != 0:
            problems.append(f"{root}: setuptools builds it, but pbrx-go says: {err.strip()}")
            continue
        made += 1
        compared = Comparison(json.loads(out), Wheel.prepared(root / "wheel"))
        problems += [f"{root}: {d}" for d in compared.differences]
        facts = [compared.cells[c] for c in COLUMNS if c != "data_scripts"]
        unknown += facts.count("?")
        known += len(facts) - facts.count("?")
    print(f"{made} generated projects and their metadata: {known} facts known, {unknown} left to the wheel, {len(problems)} differences; {refused} more that setuptools refuses")
    return problems


def main():
    if sys.argv[2] == "--built":
        problems = compare_built(sys.argv[1], pathlib.Path(sys.argv[3]))
        for problem in problems:
            print(problem, file=sys.stderr)
        sys.exit(1 if problems else 0)
    program, listed, folder = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    report = Report()
    print("| project | backend | " + " | ".join(c.replace("_", " ") for c in COLUMNS) + " |")
    print("|---|---|" + "---|" * len(COLUMNS))
    for line in listed.read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        name, version, sdist, _, wheel, _ = line.split()
        with tempfile.TemporaryDirectory() as work:
            root = unpack(folder / sdist, work)
            for cfg in sorted(root.rglob("setup.cfg")):
                report.configs += 1
                report.problems += [f"{name}: {cfg.relative_to(root)}: {d}" for d in config_differences(program, cfg)]
            code, out, err = pbrx_go(program, "project", "--format", "json", str(root))
        if code != 0:
            report.problems.append(f"{name} {version}: pbrx-go project ends with {code}: {err.strip()}")
            continue
        understood = json.loads(out)
        report.add(name, version, Comparison(understood, Wheel.packed(folder / wheel)), understood["build_backend"])
    report.close()
    sys.exit(1 if report.problems else 0)


if __name__ == "__main__":
    main()
