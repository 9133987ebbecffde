"""A wheel, read and judged as pip does before it installs one (binary distribution format 1.0).

A wheel that pip refuses for what it holds ends the step with one line. Its tags are not looked at,
nor the hashes in its RECORD: whoever chose the wheel did the one, and pip does not do the other.
"""

import csv
import importlib.metadata
import os
import re
import stat
import zipfile
from email.parser import HeaderParser

from common import canonical, fail


class Metadata(importlib.metadata.Distribution):
    """What a wheel says of itself, understood as the target's Python will once it is installed."""

    def __init__(self, texts):
        self.texts = texts

    def read_text(self, filename):
        return self.texts.get(filename)

    def locate_file(self, path):
        return path


class File:
    """One file of a wheel: member is its name in the archive, path where it is to be."""

    def __init__(self, info, path, script):
        self.info = info
        self.member = info.filename
        self.path = path
        self.script = script

    @property
    def executable(self):
        mode = self.info.external_attr >> 16
        return bool(stat.S_ISREG(mode) and mode & 0o111)


class Wheel:
    def __init__(self, path):
        self.path = path
        self.file = os.path.basename(path)
        parts = self.file[: -len(".whl")].split("-")
        if len(parts) not in (5, 6):
            self.bad("this is no name of a wheel: NAME-VERSION[-BUILD]-PYTHON-ABI-PLATFORM.whl is wanted")
        try:
            self.archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError) as e:
            self.bad("this cannot be read as a zip file: %s" % e)
        self.members = [n for n in self.archive.namelist() if not n.endswith("/")]
        self.info_dir = self.find_info(parts[0])
        self.pure = self.format()
        metadata = HeaderParser().parsestr(self.text("METADATA"))
        self.name, self.version = metadata.get("Name") or "", metadata.get("Version") or ""
        if canonical(self.name) != canonical(parts[0]):
            self.bad("METADATA says that this is %r" % self.name)
        self.record = self.rows()
        self.console, self.gui = self.entries()

    def bad(self, why):
        fail("%s: %s" % (self.file, why))

    def find_info(self, name):
        tops = {n.split("/", 1)[0] for n in self.archive.namelist()}
        found = sorted(t for t in tops if t.endswith(".dist-info"))
        if len(found) != 1:
            self.bad("it has %s.dist-info folder%s" % ("no " if not found else "more than one ", ": " + ", ".join(found) if found else ""))
        if not canonical(found[0]).startswith(canonical(name)):
            self.bad("its folder %s is of another project" % found[0])
        return found[0]

    def text(self, name):
        try:
            return self.archive.read("%s/%s" % (self.info_dir, name)).decode()
        except KeyError:
            self.bad("it has no %s/%s" % (self.info_dir, name))
        except (zipfile.BadZipFile, RuntimeError, UnicodeDecodeError) as e:
            self.bad("%s/%s cannot be read: %s" % (self.info_dir, name, e))

    def format(self):
        """Whether files of no other folder belong to purelib."""
        said = HeaderParser().parsestr(self.text("WHEEL"))
        version = (said["Wheel-Version"] or "").strip()
        if not re.fullmatch(r"\d+(\.\d+)*", version):
            self.bad("WHEEL has no usable Wheel-Version: %r" % version)
        if int(version.split(".")[0]) > 1:
            self.bad("its Wheel-Version is %s: 1 is what can be installed" % version)
        return said.get("Root-Is-Purelib", "").lower() == "true"

    def rows(self):
        try:
            rows = list(csv.reader(self.text("RECORD").splitlines()))
        except csv.Error as e:
            self.bad("RECORD cannot be read: %s" % e)
        if not all(rows):
            self.bad("RECORD has an empty line")
        return rows

    def entries(self):
        """Console scripts and gui scripts, {name: object reference}."""
        found = {"console_scripts": {}, "gui_scripts": {}}
        name = self.info_dir + "/entry_points.txt"
        if name in self.members:
            try:
                for entry in Metadata({"entry_points.txt": self.text("entry_points.txt")}).entry_points:
                    if entry.group in found:
                        found[entry.group][entry.name] = entry.value
            except Exception as e:  # whatever the parser of this Python's release makes of bad text
                self.bad("entry_points.txt cannot be read: %s" % str(e).replace("\n", " "))
        return found["console_scripts"], found["gui_scripts"]

    def files(self, scheme):
        """What is to be written, in pip's order: a later file replaces an earlier one at the same path."""
        root, data, scripts = [], [], []
        for member in self.members:
            parts = member.split("/", 2)
            if not parts[0].endswith(".data"):
                root.append(self.place(member, scheme["purelib" if self.pure else "platlib"], member, False))
            elif len(parts) > 2 and parts[1] == "scripts":
                if not self.wrapper(os.path.basename(member)):
                    scripts.append(self.place(member, scheme["scripts"], parts[2], True))
            elif len(parts) > 2 and parts[1] in scheme:
                data.append(self.place(member, scheme[parts[1]], parts[2], False))
            else:
                self.bad("%s is in no folder that a wheel may have: %s" % (member, ", ".join(sorted(scheme))))
        return root + data + scripts

    def wrapper(self, name):
        """Whether a script is what setuptools makes for an entry point, which gets its script here."""
        for end in (".exe", "-script.py", ".pya"):
            if name.lower().endswith(end):
                name = name[: -len(end)]
                break
        return name in self.console or name in self.gui

    def place(self, member, folder, below, script):
        path = os.path.normpath(os.path.join(folder, below))
        if not path.startswith(os.path.normpath(folder) + "/"):
            self.bad("%s would be outside of %s" % (member, folder))
        return File(self.archive.getinfo(member), path, script)
