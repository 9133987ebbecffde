"""Tests of the installer against pip, without a container; run by TestInstaller."""

import base64
import csv
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile

import installed

EPOCH = 315532800
NEWEST = "newest" in sys.argv[1:]  # whether the pip beside this Python is the newest, and there is more time
WHEEL = "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def make(folder, name, files, entries="", wheel=WHEEL, info="", rows=None, record=True, file="", metadata=""):
    """A wheel of files {path: text, or (text, mode)}; rows are more of RECORD's."""
    base = name.replace("-", "_")
    info = info or base + "-1.0.dist-info"
    files = dict(files)
    files[info + "/METADATA"] = metadata or "Metadata-Version: 2.1\nName: %s\nVersion: 1.0\n\nIt is\nlong: not a header\n" % name
    files[info + "/WHEEL"] = wheel
    if entries:
        files[info + "/entry_points.txt"] = entries
    listed = []
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, file or base + "-1.0-py3-none-any.whl")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, what in files.items():
            text, mode = what if isinstance(what, tuple) else (what, 0o644)
            data = text.encode()
            entry = zipfile.ZipInfo(member, (2020, 1, 1, 0, 0, 0))
            entry.external_attr = (0o100000 | mode) << 16 if not member.endswith("/") else 0o40755 << 16
            archive.writestr(entry, data)
            if not member.endswith("/"):
                digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
                listed.append((member, "sha256=" + digest, len(data)))
        if record:
            text = io.StringIO()
            csv.writer(text).writerows(listed + (rows or []) + [(info + "/RECORD", "", "")])
            archive.writestr(info + "/RECORD", text.getvalue())
    return path


GOOD = {
    "plain": dict(
        files={
            "plain/__init__.py": "import sys\nx = 1\n",
            "plain/empty.py": "",
            "plain/tool.py": ("print(1)\n", 0o755),
            "plain/data.txt": "data\n",
            "plain/program": ("#!/bin/sh\n", 0o700),
            "plain/": "",
            "plain/nothing-in-it/": "",
            "plain/a,b \"c\".txt": "quoted\n",
            "plain/größe.txt": "name\n",
            "plain/a.b.py": "y = 2\n",
            "single.py": "def f():\n    return (1, 'two')\n",
            "plain.pth": "# path\n",
        },
    ),
    "platform": dict(files={"platform_/__init__.py": "", "platform_/lib.so": ("\x7fELF", 0o755)}, wheel=WHEEL.replace("true", "false")),
    "every-folder": dict(
        files={
            "every/__init__.py": "z = 3\n",
            "every_folder-1.0.data/purelib/every/pure.py": "p = 1\n",
            "every_folder-1.0.data/platlib/every/plat.py": "q = 1\n",
            "every_folder-1.0.data/headers/every.h": "int every;\n",
            "every_folder-1.0.data/headers/sub/more.h": "int more;\n",
            "every_folder-1.0.data/data/etc/every/every.conf": "[DEFAULT]\n",
            "every_folder-1.0.data/data/lib64/through-a-link.txt": "link\n",
            "every_folder-1.0.data/data/share/every/plugin.py": "r = 1\n",
            "every_folder-1.0.data/purelib/every/__init__.py": "z = 4  # the later file of two\n",
            "other-9.data/data/share/other.txt": "a folder of another name\n",
        },
    ),
    "scripts": dict(
        files={
            "scripts_1/__init__.py": "",
            "scripts-1.0.data/scripts/rewritten": ("#!python\nprint(1)\n", 0o755),
            "scripts-1.0.data/scripts/windowed": ("#!pythonw -E\r\nprint(1)\n", 0o755),
            "scripts-1.0.data/scripts/not-executable": ("#!python\n", 0o644),
            "scripts-1.0.data/scripts/shell": ("#!/bin/sh\n#!python\n", 0o755),
            "scripts-1.0.data/scripts/module.py": ("#!python\nprint(2)\n", 0o755),
            "scripts-1.0.data/scripts/sub/deep": ("#!python", 0o755),
            "scripts-1.0.data/scripts/entered": ("#!python\nold wrapper\n", 0o755),
            "scripts-1.0.data/scripts/entered-script.py": ("#!python\nold wrapper\n", 0o755),
            "scripts-1.0.data/scripts/entered.exe": "MZ",
        },
        entries="[console_scripts]\nentered = scripts_1:main\n",
    ),
    "entries": dict(
        files={"entries/__init__.py": ""},
        entries="[console_scripts]\none = entries:main\ntwo.dots = entries.sub:Class.method\nwith-extra = entries:main [extra]\n"
        "über = entries:main\nends.py = entries:main\n[gui_scripts]\nwindow = entries:gui\n[other.group]\nnot = a.script\n",
    ),
    "versioned": dict(
        files={"versioned.py": ""},
        entries="[console_scripts]\npip = versioned:main\npip3 = versioned:main\npip3.99 = versioned:main\npipx = versioned:main\n"
        "easy_install = versioned:main\neasy_install-2.7 = versioned:main\n",
    ),
    "broken": dict(
        files={
            "broken/__init__.py": "",
            "broken/template.py": "class {{ name }}:\n",
            "broken/old.py": "print 'two'\n",
            "broken/latin.py": "# \udcff\n".encode("utf-8", "surrogatepass").decode("latin-1"),
            "broken/null.py": "x = '\0'\n",
            "broken/warns.py": "x = '\\d' is 'y'\n",
            "only_templates/one.py": "{{ one }}\n",
        },
    ),
    "records": dict(
        files={
            "records/__init__.py": "",
            "records/__pycache__/shipped.cpython-30.pyc": "not mine\n",
            "records-1.0.dist-info/INSTALLER": "hand\n",
            "records-1.0.dist-info/REQUESTED": "",
            "records-1.0.dist-info/licenses/LICENSE": "free\n",
        },
        rows=[("records/gone.py", "sha256=abc", 3), ("records/__init__.py", "", ""), ("records/short",), ("records/long", "a=b", 1, "more")],
    ),
    "name.space-a": dict(files={"space/__init__.py": "# one for all\n", "space/a.py": "a = 1\n"}),
    "name.space-b": dict(files={"space/__init__.py": "# one for all\n", "space/b.py": "b = 1\n"}),
}

BAD = {
    "no-info": (dict(files={}, info="other-1.0.dist-info"), "its folder other-1.0.dist-info is of another project"),
    "two-infos": (dict(files={"b-1.0.dist-info/METADATA": ""}), "it has more than one .dist-info folder: b-1.0.dist-info, two_infos-1.0.dist-info"),
    "above": (dict(files={"../above.py": ""}), "../above.py would be outside of {purelib}"),
    "absolute": (dict(files={"/etc/absolute": ""}), "/etc/absolute would be outside of {purelib}"),
    "data-above": (dict(files={"a-1.data/data/../../up": ""}), "a-1.data/data/../../up would be outside of {data}"),
    "unknown": (dict(files={"a-1.data/stuff/x": ""}), "a-1.data/stuff/x is in no folder that a wheel may have: data, headers, platlib, purelib, scripts"),
    "loose": (dict(files={"a-1.data/x": ""}), "a-1.data/x is in no folder that a wheel may have: data, headers, platlib, purelib, scripts"),
    "new": (dict(files={}, wheel=WHEEL.replace("1.0", "2.0", 1)), "its Wheel-Version is 2.0: 1 is what can be installed"),
    "versionless": (dict(files={}, wheel="Root-Is-Purelib: true\n"), "WHEEL has no usable Wheel-Version: ''"),
    "recordless": (dict(files={}, record=False), "it has no recordless-1.0.dist-info/RECORD"),
    "gap": (dict(files={}, rows=[()]), "RECORD has an empty line"),
    "renamed": (dict(files={}, metadata="Metadata-Version: 2.1\nName: other\nVersion: 1.0\n"), "METADATA says that this is 'other'"),
    "no-function": (dict(files={}, entries="[console_scripts]\na = b\n"), "the entry point 'a = b' names no function: MODULE:FUNCTION is wanted"),
    "spaces": (dict(files={}, entries="[console_scripts]\na = b : c\n"), "the entry point 'a = b : c' names no function: MODULE:FUNCTION is wanted"),
    "brackets": (dict(files={}, entries="[console_scripts]\na = b:c [x\n"), "the entry point 'a = b:c [x' cannot be understood"),
    "leaves": (dict(files={}, entries="[console_scripts]\n../a = b:c\n"), "the script of the entry point '../a = b:c' would be outside of {scripts}"),
}


class Case(unittest.TestCase):
    def setUp(self):
        self.top = os.path.realpath(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.top)
        self.folder = self.top + "/case"  # in a folder that nobody else writes into
        os.mkdir(self.folder)
        self.place, self.out, self.wheels = self.folder + "/venv", self.folder + "/out", self.folder + "/wheels"
        os.mkdir(self.out)

    def library(self):
        return self.place + "/lib/python%d.%d/site-packages" % sys.version_info[:2]

    def install(self, *options):
        """Ours, into a tree that is laid over the environment."""
        shutil.rmtree(self.out)
        os.mkdir(self.out)
        return installed.ours(self.place, self.wheels, self.out, *options)


class AsPip(Case):
    maxDiff = None

    def test_every_rule(self):
        if NEWEST:  # those before 24.2 write "tool"
            GOOD["spaced"] = dict(files={}, entries="[console_scripts]\nmy tool = spaced:main\n")
        wheels = [make("%s/%d" % (self.wheels, n), name, **what) for n, (name, what) in enumerate(GOOD.items())]
        found, said = installed.compare(self.place, self.wheels, wheels, [name + "==1.0" for name in GOOD], self.out)
        self.assertEqual(found, [])
        self.assertEqual(said, "installed: %s\n" % " ".join(n + "-1.0" for n in sorted(GOOD, key=lambda n: n.replace(".", "-"))))
        self.check_times()
        self.check_again()

    def check_times(self):
        for folder, folders, files in os.walk(self.out):
            for name in folders + files:
                path = os.path.join(folder, name)
                there, info = path[len(self.out) :], os.lstat(path)
                if name in folders and not there.startswith(self.place):
                    root = os.lstat(there)
                    self.assertEqual((info.st_mode, info.st_uid, info.st_gid), (root.st_mode, root.st_uid, root.st_gid), there)
                    if there.startswith(self.top):
                        self.assertEqual(info.st_mtime_ns, root.st_mtime_ns, there)
                elif there not in (self.place, self.place + "/lib", self.place + "/lib/python%d.%d" % sys.version_info[:2]):
                    self.assertEqual(info.st_mtime, EPOCH, there)

    def check_again(self):
        first, once = installed.read(self.out), self.out
        self.out = self.folder + "/again"
        os.mkdir(self.out)
        installed.environment(self.place)
        self.assertEqual(self.install("--requested").returncode, 0)
        self.assertEqual([p for p, what in installed.read(self.out).items() if first.get(p) != what], [], once)

    def test_paths_that_kernels_do_not_take(self):
        for place in (self.folder + "/a path/venv", self.folder + "/" + "long/" * 24 + "venv"):
            self.place = place
            shutil.rmtree(self.wheels, ignore_errors=True)
            wheel = make(self.wheels, "scripts", **GOOD["scripts"])
            shutil.rmtree(self.out)
            os.mkdir(self.out)
            found, _ = installed.compare(place, self.wheels, [wheel], ["scripts==1.0"], self.out)
            self.assertEqual(found, [])
            with open(place + "/bin/entered", "rb") as f:
                self.assertEqual(f.readline(), b"#!/bin/sh\n")

    def test_refused(self):
        installed.environment(self.place)
        paths = {"purelib": self.library(), "data": self.place, "scripts": self.place + "/bin"}
        for name, (what, message) in BAD.items():
            with self.subTest(name):
                shutil.rmtree(self.wheels, ignore_errors=True)
                wheel = make(self.wheels, name, **what)
                done = self.install()
                want = "pbrx-go: %s: %s\n" % (os.path.basename(wheel), message.format(**paths))
                self.assertEqual((done.returncode, done.stdout), (1, want))
                self.assertEqual([files for _, _, files in os.walk(self.out) if files], [])
                if NEWEST:  # a second each
                    pip = installed.pip_install(self.place, [wheel], [name + "==1.0"])
                    self.assertNotEqual(pip.returncode, 0, pip.stdout)

    def test_files_that_are_no_wheels(self):
        installed.environment(self.place)
        for file, message in (
            ("what.whl", "this is no name of a wheel: NAME-VERSION[-BUILD]-PYTHON-ABI-PLATFORM.whl is wanted"),
            ("cut-1.0-py3-none-any.whl", "this cannot be read as a zip file: File is not a zip file"),
        ):
            shutil.rmtree(self.wheels, ignore_errors=True)
            os.mkdir(self.wheels)
            with open(self.wheels + "/" + file, "w") as f:
                f.write("text")
            self.assertEqual(self.install().stdout, "pbrx-go: %s: %s\n" % (file, message))

    def test_a_damaged_file(self):
        installed.environment(self.place)
        path = make(self.wheels, "plain", **GOOD["plain"])
        with zipfile.ZipFile(path) as archive:
            at = archive.getinfo("plain/data.txt").header_offset + 30 + len("plain/data.txt")
        with open(path, "r+b") as f:
            f.seek(at)
            f.write(b"\xff\xff")
        self.assertEqual(self.install().stdout, "pbrx-go: plain-1.0-py3-none-any.whl: Bad CRC-32 for file 'plain/data.txt'\n")


class Rules(Case):
    def setUp(self):
        super().setUp()
        installed.environment(self.place)

    def test_dependencies_are_not_requested(self):
        make(self.wheels, "plain", **GOOD["plain"])
        self.assertEqual(self.install().stdout, "installed: plain-1.0\n")
        info = os.listdir(self.out + self.library() + "/plain-1.0.dist-info")
        self.assertEqual(sorted(info), ["INSTALLER", "METADATA", "RECORD", "WHEEL"])

    def test_later_file_wins(self):
        make(self.wheels, "b-first", {"both.py": "b\n", "only_b.py": ""})
        make(self.wheels, "a", {"both.py": "a\n", "same.py": "1\n"})
        make(self.wheels, "c", {"same.py": "1\n"})
        note = "pbrx-go: note: %s/both.py is in a-1.0-py3-none-any.whl and, with other content, in b_first-1.0-py3-none-any.whl, whose file is installed\n"
        self.assertEqual(self.install().stdout, note % self.library() + "installed: a-1.0 b-first-1.0 c-1.0\n")
        with open(self.out + self.library() + "/both.py") as f:
            self.assertEqual(f.read(), "b\n")

    def test_a_file_and_a_folder(self):
        for wheels in (("a", {"x": ""}, "b", {"x/y": ""}), ("a", {"x/y": ""}, "b", {"x": ""})):
            shutil.rmtree(self.wheels, ignore_errors=True)
            make(self.wheels, *wheels[:2])
            make(self.wheels, *wheels[2:])
            done = self.install()
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stdout, r"\Apbrx-go: %s/x is a (file in a-1.0-py3-none-any.whl, and a folder in another|folder already)\n\Z" % self.library())

    def test_one_project_twice(self):
        make(self.wheels + "/1", "a", {})
        make(self.wheels + "/2", "a", {}, file="A-1.0-1-py3-none-any.whl")
        self.assertEqual(self.install().stdout, "pbrx-go: a-1.0-py3-none-any.whl and A-1.0-1-py3-none-any.whl are of one project\n")

    def test_what_is_there(self):
        make(self.wheels, "Some.name", {"some.py": ""})
        self.assertEqual(self.install().returncode, 0)
        installed.overlay(self.out)
        self.assertEqual(self.install().stdout, "already there: Some.name 1.0\n")
        self.assertEqual([files for _, _, files in os.walk(self.out) if files], [])
        self.assertEqual(self.install("--requested").stdout, "installed: Some.name-1.0\n")
        make(self.wheels, "Some.name", {}, metadata="Metadata-Version: 2.1\nName: Some.name\nVersion: 2.0\n")
        self.assertEqual(self.install().stdout, "installed: Some.name-2.0\n")

    def test_nothing_to_install(self):
        self.assertEqual((self.install().returncode, self.install().stdout), (0, ""))


class Room(Case):
    """room.py against pip uninstall."""

    def setUp(self):
        super().setUp()
        names = [n for n in GOOD if n not in ("entries", "records")]
        self.names = names
        for name in names:
            make(self.wheels, name, **GOOD[name])
        installed.environment(self.place)
        self.assertEqual(self.install().returncode, 0)
        installed.overlay(self.out)
        # What imports write later is in no RECORD.
        record = self.library() + "/plain-1.0.dist-info/RECORD"
        with open(record) as f:
            lines = [line for line in f if ".pyc," not in line]
        with open(record, "w") as f:
            f.writelines(lines)
        for late in ("/single.pyc", "/plain/tool.pyo", "/plain/__pycache__/tool.cpython-20.pyc"):
            with open(self.library() + late, "w"):
                pass
        self.fresh = self.folder + "/fresh"
        shutil.copytree(self.place, self.fresh, symlinks=True)

    def restore(self):
        shutil.rmtree(self.place)
        shutil.copytree(self.fresh, self.place, symlinks=True)

    def room(self, *names):
        """Without settling the times of all files of this machine."""
        program = "import sys; sys.path.insert(0, sys.argv.pop(1)); import room; room.settle = lambda started: None; sys.argv[0] = 'room.py'; room.main()"
        command = [self.place + "/bin/python", "-B", "-c", program, installed.STEPS, self.place + "/bin/python", *names]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={"SOURCE_DATE_EPOCH": str(EPOCH)})

    def test_as_pip(self):
        for names in (["Name_Space.a"], sorted(self.names)):
            self.restore()
            self.assertEqual(installed.pip(self.place, "uninstall", "--yes", *names).returncode, 0)
            theirs = installed.read(self.place)
            self.restore()
            done = self.room(*names)
            self.assertEqual((done.returncode, done.stdout.split(":")[0]), (0, "removed"), done.stdout)
            self.assertEqual(installed.differences(theirs, installed.read(self.place), self.place), [])

    def test_refused(self):
        os.unlink(self.library() + "/plain-1.0.dist-info/RECORD")
        before = installed.read(self.place)
        want = "pbrx-go: plain 1.0 cannot make room for another version: pip installed it without a list of its files (RECORD); constrain it to 1.0, or choose another base\n"
        self.assertEqual(self.room("scripts", "plain").stdout, want)
        self.assertEqual(self.room("nothing").stdout, "pbrx-go: nothing is not installed: there is nothing to remove\n")
        self.assertEqual(installed.read(self.place), before)


class Environment(Case):
    def test_moved_as_it_was_made(self):
        installed.environment(self.place)
        want = installed.read(self.place)
        shutil.rmtree(self.place)
        sys.path.insert(0, installed.STEPS)
        os.environ["SOURCE_DATE_EPOCH"] = str(EPOCH)
        import common
        import environment

        environment.make(self.place, self.out, common.now())
        self.assertFalse(os.path.lexists(self.place))
        self.assertEqual(installed.differences(want, installed.read(self.out + self.place), self.place), [])
        for folder, folders, files in os.walk(self.out + self.place):
            for name in folders + files:
                self.assertEqual(os.lstat(os.path.join(folder, name)).st_mtime, EPOCH, name)
        for folder in (self.place, self.folder):
            self.assertEqual(os.lstat(self.out + folder).st_mtime, EPOCH, folder)
        self.assertEqual(os.lstat(self.out + self.top).st_mtime_ns, os.lstat(self.top).st_mtime_ns)
        os.mkdir(self.place)
        with self.assertRaises(SystemExit):
            environment.make(self.place, self.out, common.now())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
