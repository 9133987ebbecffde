"""Tests of steps/locked.py with a pip that is made up: it has what INDEX holds."""

import contextlib
import io
import os
import re
import sys
import tempfile
import unittest

import locked
from pip._vendor.packaging.requirements import Requirement

DIGEST = {"a": "a" * 64, "b": "b" * 64, "c": "c" * 64, "d": "d" * 64, "g": "0" * 64, "wrong": "f" * 64}


class Pip:
    """Answers pip install --report for name==version and name @ url, with requirements by name and version."""

    def __init__(self, index, config=""):
        self.index, self.config, self.calls = index, config, []

    def __call__(self, arguments, show=True):
        if not show:
            return self.config
        with open(arguments[arguments.index("-r") + 1]) as f:
            lines = f.read().replace("\\\n", " ").splitlines()
        hashed = "--require-hashes" in arguments
        assert {"--no-deps", "--dry-run", "--ignore-installed"} <= set(arguments), arguments
        self.calls.append([hashed] + [re.sub(r"\s+", " ", line) for line in lines])
        install = []
        for line in lines:
            name, version = re.match(r"([\w-]+)(?:==(\S+))?", line).groups()
            if (name, version) not in self.index:
                return 1
            version_here, requires, digest = self.index[name, version]
            install.append({"metadata": {"name": name, "version": version_here, "requires_dist": requires},
                            "download_info": {"url": "https://x/" + name, "archive_info": {"hashes": {"sha256": digest}} if digest else {}}})
        with open(arguments[arguments.index("--report") + 1], "w") as f:
            locked.json.dump({"version": "1", "pip_version": "24", "environment": {"x": "y"}, "install": install}, f)
        return 0


def entry(name, version="1", **more):
    more.setdefault("source", {"kind": "index"})
    more.setdefault("hashes", ["sha256:" + DIGEST.get(name, "e" * 64)])
    return dict(more, name=name, version=version, at="uv.lock:%d:1" % (ord(name[0]) - 96))


def index(**packages):
    return {(n, "1"): ("1", r, DIGEST.get(n, "e" * 64)) for n, r in packages.items()}


def lock(*packages, **more):
    return dict({"file": "uv.lock", "kind": "uv", "renew": "uv lock", "packages": list(packages)}, **more)


def resolve(requirements, lock, pip, constraints=None, **more):
    """(names==versions, output), or (None, error)."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            report = locked.resolve([Requirement(r) for r in requirements], lock, constraints, pip, **more)
        except SystemExit:
            return None, out.getvalue().strip()
    return [i["metadata"]["name"] + "==" + i["metadata"]["version"] for i in report["install"]], out.getvalue()


class Resolve(unittest.TestCase):
    maxDiff = None

    def error(self, want, *args, **more):
        got, text = resolve(*args, **more)
        self.assertIsNone(got, text)
        self.assertEqual("pbrx-go: " + want, text)

    def test_graph_is_one_call(self):
        pip = Pip(index(a=["b; extra == 'x'", "c; python_version < '3'"], b=["d"], d=[]))
        l = lock(entry("a", requires=[{"name": "b", "marker": "extra == 'x'"}, {"name": "c", "marker": "python_version < '3'"}]),
                 entry("b", requires=[{"name": "d"}]), entry("c"), entry("d"))
        self.assertEqual(["a==1", "b==1", "d==1"], resolve(["a[x]"], l, pip)[0])
        self.assertEqual([[True] + ["%s==1 --hash=sha256:%s" % (n, DIGEST[n]) for n in "abd"]], pip.calls)
        self.assertEqual(["a==1"], resolve(["a"], l, pip)[0])

    def test_metadata_beats_the_graph(self):
        pip = Pip(index(a=["c"], b=[], c=["d"], d=[]))
        l = lock(entry("a", requires=[{"name": "b"}]), entry("b"), entry("c"), entry("d"))
        self.assertEqual(["a==1", "c==1", "d==1"], resolve(["a"], l, pip)[0])
        self.assertEqual(["a==1 b==1", "c==1", "d==1"], [" ".join(line.split()[0] for line in c[1:]) for c in pip.calls])

    def test_list_is_one_call_and_what_it_has_too_much_is_left_out(self):
        pip = Pip(index(a=["b"], b=[], d=[]))
        self.assertEqual(["a==1", "b==1"], resolve(["a"], lock(entry("a"), entry("b"), entry("d")), pip)[0])
        self.assertEqual(1, len(pip.calls))

    def test_what_cannot_be_had_and_is_not_needed_is_no_error(self):
        pip = Pip(index(a=["b"], b=[]))
        got, text = resolve(["a"], lock(entry("a"), entry("b"), entry("d")), pip)
        self.assertEqual(["a==1", "b==1"], got)
        self.assertIn("note: uv.lock has more than could be had here", text)

    def test_what_cannot_be_had(self):
        got, text = resolve(["a"], lock(entry("a")), Pip({}))
        self.assertIsNone(got)
        self.assertIn("pip could not get what uv.lock pins (status 1)", text)

    def test_missing(self):
        pip = Pip(index(a=[]))
        resolve(["a", "b"], lock(entry("a")), pip)
        self.assertEqual([], pip.calls)
        self.error("uv.lock:1:1: a 1 is locked, but what is required is a>=2 by the project: run uv lock\n"
                   "uv.lock: has no b, which is required (b>=2 by the project): run uv lock",
                   ["b>=2", "a>=2"], lock(entry("a")), Pip({}))

    def test_cycle(self):
        pip = Pip(index(a=["Sea.Fog[x]"]))
        self.assertEqual(["a==1"], resolve(["a"], lock(entry("a")), pip, project="sea-fog")[0])

    def test_missing_below(self):
        pip = Pip(index(a=["c", "b>1"], b=[]))
        got, text = resolve(["a"], lock(entry("a"), entry("b"), renew=""), pip)
        self.assertIsNone(got)
        self.assertTrue(text.endswith("pbrx-go: uv.lock:2:1: b 1 is locked, but what is required is b>1 by a 1: make it anew\n"
                                      "uv.lock: has no c, which is required (c by a 1): make it anew"), text)

    def test_marker(self):
        l = lock(entry("a", marker="python_version < '3'"))
        self.error("uv.lock:1:1: a is locked only where python_version < '3', which is not so here, but it is required (a by the project): "
                   "lock for this Python and platform as well", ["a"], l, Pip({}))
        self.assertEqual([], resolve(["a; python_version < '3'"], l, Pip({}))[0])

    def test_forks(self):
        l = lock(entry("a", "1", marker="python_version < '3'"), dict(entry("a", "2", marker="python_version >= '3'"), at="uv.lock:9:1"))
        pip = Pip({("a", "2"): ("2", [], DIGEST["a"])})
        self.assertEqual(["a==2"], resolve(["a"], l, pip)[0])

    def test_conflicting_extras(self):
        one, two = entry("a", "1"), dict(entry("a", "2"), at="uv.lock:9:1")
        project = {"name": "leaf", "version": "1", "source": {"kind": "project"}, "at": "uv.lock:8:1", "requires": [
            {"name": "a", "version": "1", "marker": "extra == 'extra-4-leaf-cpu'"},
            {"name": "a", "version": "2", "marker": "extra == 'extra-4-leaf-gpu' or extra != 'extra-4-leaf-cpu'"}]}
        l = lock(one, two, project)
        pip = Pip({("a", v): (v, ["leaf"], DIGEST["a"]) for v in "12"})
        self.assertEqual(["a==1"], resolve(["a"], l, pip, extras=["cpu"])[0])
        self.assertEqual(["a==2"], resolve(["a"], l, pip, extras=["gpu"])[0])
        self.error("uv.lock:1:1: a is locked in several versions for this Python and platform (1, 2): run uv lock", ["a"], lock(one, two), pip)

    def test_conflicting_extras_below(self):
        project = {"name": "leaf", "version": "1", "source": {"kind": "project"}, "at": "uv.lock:8:1"}
        b = entry("b", requires=[{"name": "a", "version": "1", "marker": "extra == 'extra-4-leaf-cpu'"}, {"name": "a", "version": "2", "marker": "extra == 'gpu'"}])
        pip = Pip({("a", "1"): ("1", [], DIGEST["a"]), ("a", "2"): ("2", [], DIGEST["a"]), ("b", "1"): ("1", ["a"], DIGEST["b"])})
        l = lock(entry("a", "1"), dict(entry("a", "2"), at="uv.lock:9:1"), b, project)
        self.assertEqual(["a==1", "b==1"], resolve(["b"], l, pip, extras=["cpu"])[0])
        self.assertEqual(["a==2", "b==1"], resolve(["b[gpu]"], l, pip)[0])
        # An extra of the project's is not one of b's.
        self.assertIsNone(resolve(["b"], l, pip, extras=["gpu"])[0])

    def test_highest(self):
        l = lock(entry("a", "1"), dict(entry("a", "10"), at="x"), dict(entry("a", "20", requires_python=">=4"), at="y"), dict(entry("a", "9"), at="z"), highest=True)
        pip = Pip({("a", v): (v, [], DIGEST["a"]) for v in ("1", "9", "10", "20")})
        self.assertEqual(["a==10"], resolve(["a"], l, pip)[0])
        self.assertEqual(["a==9"], resolve(["a<10"], l, pip)[0])

    def test_sets(self):
        marker = "'Web_UI' in extras and 'svc' in dependency_groups and \"x\" not in extras"
        self.assertTrue(locked.holds(marker, ["web-ui"], ["svc"]))
        self.assertFalse(locked.holds(marker, ["web-ui"]))
        self.assertFalse(locked.holds(marker, ["web-ui", "x"], ["svc"]))
        self.assertTrue(locked.holds("extra == 'A.b' and 'c' != extra", ["a-b"]))
        self.assertFalse(locked.holds("'c' == extra", ["a-b"]))

    def test_python_and_environments(self):
        here = "%d.%d.%d" % sys.version_info[:3]
        self.error("uv.lock: it is for Python >=4, and the base has %s: take another base, or lock for this one\n"
                   "uv.lock: it is for sys_platform == 'x' or sys_platform == 'y' only, which this base is not: lock for it as well" % here,
                   [], lock(requires_python=">=4", environments=["sys_platform == 'x'", "sys_platform == 'y'"]), Pip({}))

    def test_vcs_and_url(self):
        g = entry("g", "1", hashes=[], source={"kind": "vcs", "vcs": "git", "url": "https://x/g", "commit": "abc", "subdirectory": "py"})
        a = entry("a", "", source={"kind": "url", "url": "https://x/a.zip"})
        pip = Pip({("g", None): ("1", ["a>1"], None), ("a", None): ("2", [], DIGEST["a"])})
        l = lock(g, a, entry("z", requires=[{"name": "a"}]))  # a graph, that is: one after the other
        self.assertEqual(["a==2", "g==1"], resolve(["g @ git+https://x/g"], l, pip)[0])
        self.assertEqual([[False, "g @ git+https://x/g@abc#subdirectory=py"], [True, "a @ https://x/a.zip --hash=sha256:" + DIGEST["a"]]], pip.calls)

    def test_pip_chose_another_hash(self):
        pip = Pip({("a", "1"): ("1", [], DIGEST["wrong"])})
        self.error("uv.lock:1:1: pip chose https://x/a, whose hash is not in the lock file: this is a defect of that pip, take another one", ["a"], lock(entry("a")), pip)

    def test_hashes_that_pip_does_not_tell(self):
        hashes = ["sha512:" + "1" * 128, "sha512:" + "2" * 128]
        with contextlib.redirect_stdout(io.StringIO()):
            report = locked.resolve([Requirement("a")], lock(entry("a", hashes=hashes)), None, Pip(index(a=[])))
        self.assertEqual([hashes], [i.get("locked_hashes") for i in report["install"]])

    def test_failed_is_told(self):
        seen = []
        run = locked.pip_runner(sys.executable, dict(os.environ), seen.append)
        with contextlib.redirect_stdout(io.StringIO()):
            self.assertNotEqual(0, run(["install", "--no-such-option"]))
        self.assertIn("no such option", seen[0])

    def test_local(self):
        near = entry("a", source={"kind": "local", "path": "../a"})
        self.error("uv.lock:1:1: a is at ../a beside the project, which is not sent to this step: name it with --sibling ../a", ["a"], lock(near), Pip({}))
        pip = Pip(index(b=[]))
        self.assertEqual(["b==1"], resolve(["a>=5"], lock(near, entry("b")), pip, siblings={"a": [Requirement("b")]})[0])

    def test_not_pinned(self):
        self.error("uv.lock:1:1: a has no version here, as it was not needed where the file was made: lock where it is", ["a"], lock(entry("a", "")), Pip({}))
        self.assertEqual(["b==1"], resolve(["b"], lock(entry("a", ""), entry("b")), Pip(index(b=[])))[0])

    def test_constraints(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "constraints.txt")
            with open(path, "w") as f:
                f.write("a<1 --hash=sha256:00\nb==7\na<1; python_version < '3'\nhttps://x/c.zip\n")
            self.error("uv.lock:1:1: a 1 is locked, which the constraint a<1 does not admit: run uv lock, or leave the name out with --constraint-exclude a",
                       ["a"], lock(entry("a")), Pip(index(a=[])), path)

    def test_indexes(self):
        l = lock(entry("a"), indexes=["https://pypi.org/simple", "https://own.example.org/Simple/", "https://other.example.org/simple"])
        pip = Pip(index(a=[]), "global.extra-index-url='\\nhttps://user:secret@own.example.org/simple/\\nhttps://third.example.org'\n:env:.x='y'\n")
        text = resolve(["a"], l, pip)[1]
        self.assertEqual(["pbrx-go: note: uv.lock names the index https://other.example.org/simple, which pip is not configured for: what only that one has will not be found"],
                         [line for line in text.splitlines() if "index" in line])
        self.assertNotIn("secret", text)

    def test_report(self):
        pip = Pip(index(a=["b; extra == 'x'"], b=[]))
        report = None
        with contextlib.redirect_stdout(io.StringIO()):
            report = locked.resolve([Requirement("a[X]")], lock(entry("a"), entry("b")), None, pip)
        self.assertEqual({"x": "y"}, report["environment"])
        self.assertEqual([("a", True, ["x"]), ("b", False, None)],
                         [(i["metadata"]["name"], i["requested"], i.get("requested_extras")) for i in report["install"]])


unittest.main()
