"""Tests of the step programs' parts that need no container; run by TestStepPrograms."""

import contextlib
import io
import os
import sqlite3
import struct
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

import apk
import apt
import check
import common
import conflicts
import dnf
import packages
import resolve
import rpmdb
import toolchain
from pip._vendor.packaging.requirements import Requirement


class Files:
    """Stands in for the files of a container, by their absolute paths."""

    def __init__(self, files):
        self.files = files
        self.written = {}

    def open(self, path, mode="r", encoding=None):
        if "w" in mode:
            out = io.StringIO()
            out.close = lambda: self.written.__setitem__(path, out.getvalue())
            return contextlib.closing(out)
        return io.StringIO(self.files[path])

    def listdir(self, folder):
        return [p[len(folder) + 1 :] for p in self.files if p.startswith(folder + "/")]

    def __enter__(self):
        self.patches = [
            unittest.mock.patch("builtins.open", self.open),
            unittest.mock.patch("os.listdir", self.listdir),
            unittest.mock.patch("os.path.isdir", lambda p: any(f.startswith(p + "/") for f in self.files)),
            unittest.mock.patch("os.path.exists", lambda p: p in self.files),
            unittest.mock.patch("os.path.getsize", lambda p: len(self.files[p]) if p in self.files else self.missing()),
        ]
        for p in self.patches:
            p.start()
        return self

    def missing(self):
        raise FileNotFoundError

    def __exit__(self, *_):
        for p in self.patches:
            p.stop()


DEB822 = """\
# Comments are for people.
Types: deb deb-src
URIs: http://one.example/debian http://two.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian.gpg

Types: deb
URIs: http://security.example/debian-security
Suites: bookworm-security
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 Suites: none

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: sid
Components: main

Types: deb-src
URIs: http://source.example/debian
Suites: bookworm
Components: main
"""


class AptSources(unittest.TestCase):
    def test_deb822(self):
        key = "[signed-by=/usr/share/keyrings/debian.gpg]"
        self.assertEqual(
            list(apt.deb822_entries(DEB822)),
            [
                (key, "http://one.example/debian", "bookworm", "main contrib"),
                (key, "http://one.example/debian", "bookworm-updates", "main contrib"),
                (key, "http://two.example/debian", "bookworm", "main contrib"),
                (key, "http://two.example/debian", "bookworm-updates", "main contrib"),
                ("", "http://security.example/debian-security", "bookworm-security", "main"),
            ],
        )

    def test_all_files(self):
        files = {
            "/etc/apt/sources.list": "# deb http://off.example x main\n"
            "deb [arch=amd64 signed-by=/k.gpg] http://list.example/debian/ bookworm main non-free # why\n"
            "deb-src http://source.example bookworm main\n",
            "/etc/apt/sources.list.d/b.list": "  deb http://b.example/debian ./\n",
            "/etc/apt/sources.list.d/a.sources": "Types: deb\nURIs: http://a.example/debian\nSuites: sid\nComponents: main\n",
            "/etc/apt/sources.list.d/c.list.disabled": "deb http://c.example/debian sid main\n",
        }
        with Files(files):
            entries = list(apt.entries())
        self.assertEqual(
            entries,
            [
                ("[arch=amd64 signed-by=/k.gpg]", "http://list.example/debian/", "bookworm", "main non-free"),
                ("", "http://a.example/debian", "sid", "main"),
                ("", "http://b.example/debian", "./", ""),
            ],
        )

    def sources(self, url, entries, reached=True):
        with unittest.mock.patch("apt.entries", lambda without=(): entries), unittest.mock.patch("apt.reachable", lambda u: self.asked.append(u) or reached):
            self.asked = []
            with contextlib.redirect_stdout(io.StringIO()) as self.said:
                return apt.sources(url)

    def test_mirror(self):
        entries = [("[signed-by=/k]", "http://deb.example/debian", "bookworm", "main"), ("", "http://deb.example/debian-security/", "bookworm-security", "main")]
        self.assertEqual(
            self.sources("http://mirror.example/pub/debian", entries),
            "deb [signed-by=/k] http://mirror.example/pub/debian bookworm main\n"
            "deb http://mirror.example/pub/debian-security bookworm-security main\n",
        )
        self.assertEqual(self.asked, ["http://mirror.example/pub/debian-security/dists/bookworm-security/InRelease"])

    def test_mirror_without_security(self):
        entries = [("", "http://deb.example/debian", "bookworm", "main"), ("", "http://deb.example/debian-security", "bookworm-security", "main")]
        self.assertEqual(self.sources("http://mirror.example/debian", entries, reached=False), "deb http://mirror.example/debian bookworm main\n")
        self.assertEqual(self.said.getvalue(), "the mirror has no bookworm-security: left out\n")

    def test_ubuntu_has_security_beside_the_rest(self):
        entries = [("", "http://security.example/ubuntu/", "noble-security", "main")]
        self.assertEqual(self.sources("http://mirror.example/ubuntu", entries, reached=False), "deb http://mirror.example/ubuntu noble-security main\n")

    def test_environment(self):
        files = {"/tmp/pbrx/ca.pem": "ca", "/tmp/pbrx/mirror": "http://mirror.example/debian/\n", "/etc/apt/sources.list": "deb http://deb.example/debian sid main\n"}
        with Files(files) as container:
            env = apt.settings()
        self.assertEqual(env["APT_CONFIG"], "/tmp/apt.conf")
        self.assertEqual(env["SSL_CERT_FILE"], "/tmp/pbrx/ca.pem")
        self.assertEqual(container.written["/tmp/sources.list"], "deb http://mirror.example/debian sid main\n")
        conf = container.written["/tmp/apt.conf"]
        for line in ('Acquire::https::CaInfo "/tmp/pbrx/ca.pem";', 'Dir::Etc::SourceList "/tmp/sources.list";', 'Dir::Etc::SourceParts "-";', 'APT::Install-Recommends "false";'):
            self.assertIn(line + "\n", conf)
        with Files({}) as container:
            apt.settings()
        self.assertEqual(container.written, {"/tmp/apt.conf": apt.CONF})


class Explained(unittest.TestCase):
    """What programs printed when they failed, as they printed it."""

    def test_apt_conflict(self):
        self.assertEqual(
            apt.explain(
                "Reading state information...\nSome packages could not be installed. This may mean that you have\n"
                "The following packages have unmet dependencies:\n libcurl4-gnutls-dev : Conflicts: libcurl4-openssl-dev but 7.88.1-10 is to be installed\n"
                " libcurl4-openssl-dev : Conflicts: libcurl4-gnutls-dev but 7.88.1-10 is to be installed\n"
                "E: Unable to correct problems, you have held broken packages.\n"
            ),
            "E: libcurl4-gnutls-dev : Conflicts: libcurl4-openssl-dev but 7.88.1-10 is to be installed; "
            "libcurl4-openssl-dev : Conflicts: libcurl4-gnutls-dev but 7.88.1-10 is to be installed",
        )

    def test_apt_script(self):
        self.assertEqual(
            apt.explain(
                "Setting up boom (1.0) ...\nboom\ndpkg: error processing package boom (--configure):\n"
                " installed boom package post-installation script subprocess returned error exit status 3\n"
                "Errors were encountered while processing:\n boom\nE: Sub-process /usr/bin/dpkg returned an error code (1)\n"
            ),
            "E: boom: installed boom package post-installation script subprocess returned error exit status 3",
        )

    def test_apk_conflict(self):
        self.assertEqual(
            apk.explain("ERROR: unable to select packages:\n  libffi-3.5.0-r0:\n    breaks: clash-1-r0[!libffi]\n    satisfies: world[libffi]\n"),
            "ERROR: unable to select packages: libffi-3.5.0-r0: breaks: clash-1-r0[!libffi] satisfies: world[libffi]",
        )

    def test_apk_script(self):
        self.assertEqual(
            apk.explain("(1/1) Installing boom (1-r0)\nExecuting boom-1-r0.post-install\nboom\nERROR: boom-1-r0.post-install: script exited with error 3\n1 error; 8 MiB in 17 packages\n"),
            "ERROR: boom-1-r0.post-install: script exited with error 3",
        )

    def test_apk_warning(self):
        self.assertEqual(
            apk.explain("fetch http://m.example/main/x86_64/APKINDEX.tar.gz\nWARNING: updating and opening http://m.example/main: UNTRUSTED signature\n1 unavailable, 0 stale; 18 distinct packages available\n"),
            "ERROR: updating and opening http://m.example/main: UNTRUSTED signature",
        )

    def test_nothing_said(self):
        self.assertEqual((apt.explain("Reading package lists...\n"), apk.explain("OK\n")), ("", ""))


class Announced(unittest.TestCase):
    def said(self, **distribution):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            resolve.announce([dict({"name": "netifaces", "version": "0.11.0"}, **distribution)])
        return printed.getvalue().partition(" (")[0]

    def test_a_source(self):
        said = self.said(source=True, requirement="netifaces @ https://index.invalid/netifaces-0.11.0.tar.gz")
        self.assertEqual(said, "pbrx-go: note: no wheel of netifaces 0.11.0 fits this base")

    def test_a_wheel(self):
        self.assertEqual(self.said(source=False, requirement="netifaces @ https://index.invalid/netifaces-0.11.0-py3-none-any.whl"), "")

    def test_a_repository(self):
        self.assertEqual(self.said(source=True, requirement="netifaces @ git+https://forge.invalid/netifaces@1234"), "")


class Secrets(unittest.TestCase):
    def test_a_password_in_metadata(self):
        item = {"metadata": {"name": "foo", "version": "1", "requires_dist": ["a", "bar @ https://user:word@forge.invalid/bar.whl"]}}
        with self.assertRaises(SystemExit), contextlib.redirect_stderr(io.StringIO()) as said:
            resolve.no_secrets(item)
        self.assertEqual(said.getvalue(), "pbrx-go: foo 1 requires bar with a password in its address, which would be in the images\n")

    def test_none(self):
        for line in ("bar @ https://forge.invalid/bar.whl", "bar @ git+ssh://git@forge.invalid/bar", "bar>1"):
            resolve.no_secrets({"metadata": {"name": "foo", "requires_dist": [line]}})


class Toolchain(unittest.TestCase):
    def test_what_fails_for_want_of_it(self):
        for output, reason in (
            ("ERROR: Failed building wheel for psycopg2\n", "building psycopg2 fails without it"),
            ("ERROR: Failed to build 'netifaces' when getting requirements to build wheel\n", "building netifaces fails without it"),
            ("error: subprocess-exited-with-error\n", "building a requirement fails without it"),
            ("ERROR: Cannot find command 'git' - do you have 'git' installed and in your PATH?\n", "building a requirement fails without it"),
            ("ERROR: No matching distribution found for nonesuch\n", None),
            ("ERROR: ResolutionImpossible: for help visit …\n", None),
        ):
            self.assertEqual(toolchain.lacking(output), reason)

    def test_stand_ins(self):
        with tempfile.TemporaryDirectory() as folder, unittest.mock.patch.multiple(toolchain, ASKED=folder + "/asked", STANDINS=folder + "/bin"):
            env = toolchain.stand_in({"PATH": folder})
            self.assertIsNone(toolchain.asked_for())
            subprocess.run(["gcc", "-Wl,-t", "-o", "x", "-lc"], env=env)
            subprocess.run(["ld", "-t", "-o", "x", "-lc"], env=env)
            subprocess.run(["rustc", "--version"], env=env)
            self.assertIsNone(toolchain.asked_for(), "ctypes.util and pip ask so")
            self.assertEqual(subprocess.run(["swig", "-python"], env=env).returncode, 127)
            self.assertEqual(toolchain.asked_for(), "its build asks for swig")


class Check(unittest.TestCase):
    """Entry points of scripts, loaded by this Python."""

    modules = {
        "alive": "import os, sys\nassert sys.argv == [sys.path[0] + '/it'] and os.environ.get('SET') == 'yes' and 'PYTHONPATH' not in os.environ\nclass Main:\n    def run(): pass\n",
        "wants": "import missing.part\n",
        "asks": "import os\nos.environ['DATABASE']\n",
        "reads": "open('/nowhere/at/all')\n",
        "library": "import ctypes\nctypes.CDLL('libnowhere.so.7')\n",
        "ends": "raise SystemExit\n",
        "dies": "import sys\nsys.exit('no database')\n",
        "kills": "import os, sys\nprint('bye', flush=True)\nos.kill(os.getpid(), 9)\n",
        "waits": "import time\ntime.sleep(60)\n",
        "forks": "import subprocess, threading, time\nsubprocess.Popen(['/bin/sleep', '60'], start_new_session=True)\nthreading.Thread(target=time.sleep, args=(60,)).start()\n",
        "loud": "raise ValueError('x' * 1000000)\n",
    }

    def load(self, module, attribute="__name__", **more):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in dict(self.modules, it="").items():
                path = os.path.join(folder, name + (".py" if text else ""))
                with open(path, "w") as f:
                    f.write(text)
                os.chmod(path, 0o755)
            with unittest.mock.patch("check.PATIENCE", 2):
                spec = {"python": sys.executable, "workdir": folder if more else "/"}
                got = check.load(dict({"name": "it", "module": module, "attribute": attribute}, **more), spec, {"PATH": folder, "SET": "yes"}, {})
                return {k: str(v).replace(folder + "/", "") for k, v in got.items() if v not in ("", False) and k not in ("python", "trace")}

    def test_load(self):
        self.maxDiff = None
        for (module, attribute), want in {
            ("alive", "Main.run"): {"kind": "loaded"},
            ("alive", "Main.walk"): {"kind": "raised", "type": "AttributeError", "message": "type object 'Main' has no attribute 'walk'", "frames": "[]"},
            ("nowhere", "main"): {"kind": "raised", "type": "ModuleNotFoundError", "message": "No module named 'nowhere'", "missing": "nowhere", "frames": "[]"},
            ("wants", "__name__"): {"kind": "raised", "type": "ModuleNotFoundError", "message": "No module named 'missing'", "missing": "missing", "frames": "['wants.py:1']"},
            ("asks", "__name__"): {"kind": "raised", "type": "KeyError", "message": "'DATABASE'", "environ": "True", "frames": "['asks.py:2']"},
            ("reads", "__name__"): {"kind": "raised", "type": "FileNotFoundError", "message": "[Errno 2] No such file or directory: '/nowhere/at/all'", "os": "True", "frames": "['reads.py:1']"},
            ("ends", "__name__"): {"kind": "loaded"},
            ("dies", "__name__"): {"kind": "raised", "type": "SystemExit", "message": "no database", "status": "1", "frames": "['dies.py:2']"},
            ("kills", "__name__"): {"kind": "killed", "status": "-9"},
            ("waits", "__name__"): {"kind": "slow", "seconds": "2"},
            ("forks", "__name__"): {"kind": "loaded"},
        }.items():
            with self.subTest(module + ":" + attribute):
                self.assertEqual(self.load(module, attribute), want)

    def test_more(self):
        self.assertIn("libnowhere.so.7: cannot open shared object file", self.load("library")["message"])
        self.assertEqual(len(self.load("loud")["message"]), 600)

    def test_application(self):
        for (module, attribute), want in {
            ("alive", "Main"): {"kind": "raised", "type": "AssertionError", "frames": "['alive.py:2']"},
            ("ends", "__name__"): {"kind": "loaded"},
            ("json", "loads"): {"kind": "loaded"},
            ("json", "__doc__"): {"kind": "raised", "type": "TypeError", "message": "__doc__ of json is str, which cannot be called", "frames": "[]"},
            ("wants", "application"): {"kind": "raised", "type": "ModuleNotFoundError", "message": "No module named 'missing'", "missing": "missing", "frames": "['wants.py:1']"},
        }.items():
            with self.subTest(module + ":" + attribute):
                self.assertEqual(self.load(module, attribute, kind="wsgi"), want)

    def test_command(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, mode in (("may", 0o755), ("may-not", 0o644)):
                with open(os.path.join(folder, name), "w") as f:
                    f.write("#!/bin/sh\n")
                os.chmod(f.name, mode)
            spec = {"python": sys.executable, "workdir": folder}
            for name, want in {"may": {"kind": "loaded"}, folder + "/may": {"kind": "loaded"}, "./may": {"kind": "loaded"}, "nowhere": {"kind": "absent"}, "/nowhere": {"kind": "absent"},
                               "may-not": {"kind": "forbidden", "path": folder + "/may-not"}}.items():  # fmt: skip
                with self.subTest(name):
                    self.assertEqual(check.load({"name": name, "kind": "command"}, spec, {"PATH": "/nowhere:" + folder}, {}), want)

    def test_enter(self):
        with tempfile.TemporaryDirectory() as folder:
            for _ in range(2):
                check.enter(folder + "/a/b")
            self.assertTrue(os.path.isdir(folder + "/a/b"))
            with open(folder + "/file", "w"):
                pass
            for path in folder + "/file", folder + "/file/b":
                with self.assertRaises(SystemExit), contextlib.redirect_stderr(io.StringIO()) as said:
                    check.enter(path)
                self.assertEqual(said.getvalue(), "pbrx-go: the image's working directory %s is a file, or in one; choose another workdir\n" % path)

    def test_absent(self):
        self.assertEqual(check.load({"name": "nowhere", "module": "os", "attribute": "x"}, {}, {"PATH": "/nowhere"}, {}), {"kind": "absent"})

    def test_identity(self):
        root = {"user": 0, "group": 0, "extra_groups": []}
        for user, want in {"": {}, "0": {}, "root": {}, "0:0": {}, "12345": dict(root, user=12345), "12345:678": dict(root, user=12345, group=678), "root:12": dict(root, group=12)}.items():
            with self.subTest(user):
                self.assertEqual(check.identity(user)[0], want)
        self.assertEqual((check.identity("12345")[1], check.identity("")[1]), ("/", os.path.expanduser("~root")))
        with self.assertRaises(SystemExit), contextlib.redirect_stderr(io.StringIO()) as said:
            check.identity("nobody-of-that-name")
        self.assertEqual(said.getvalue(), "pbrx-go: the image's user nobody-of-that-name is not in its /etc/passwd\n")


class Conflicts(unittest.TestCase):
    """What distributions in a folder require and there is not."""

    def unmet(self, *metadata):
        with tempfile.TemporaryDirectory() as folder:
            for number, text in enumerate(metadata):
                info = os.path.join(folder, "d%d.dist-info" % number)
                os.mkdir(info)
                with open(os.path.join(info, "METADATA"), "w") as f:
                    f.write("Metadata-Version: 2.1\n" + text)
            return ["%(name)s %(version)s: %(requires)s, not %(found)s" % c for c in conflicts.unmet(conflicts.visible([folder]))]

    def test_unmet(self):
        foo = "Name: Foo.Bar\nVersion: 1.0\nRequires-Dist: %s\n"
        for line, want in {
            "baz": [],
            "Baz>=2": [],
            "baz>=1.9,<3": [],
            "baz<2": ["foo-bar 1.0: baz<2, not 2.1.dev3"],
            "nowhere (>1)": ["foo-bar 1.0: nowhere>1, not "],
            "nowhere; python_version<'3'": [],
            "nowhere; python_version>'3'": ["foo-bar 1.0: nowhere, not "],
            "nowhere; extra=='more'": [],
            "baz @ https://example.com/baz.whl": [],
            "this is no requirement": [],
        }.items():
            with self.subTest(line):
                self.assertEqual(self.unmet(foo % line, "Name: baz\nVersion: 2.1.dev3\n"), want)

    def test_versions_of_distributions(self):
        self.assertEqual(self.unmet("Name: foo\nVersion: 1\nRequires-Dist: odd>1\n", "Name: odd\nVersion: 1-of-a-kind\n"), [])


class Apk(unittest.TestCase):
    repositories = "# https://cdn.example/alpine/v3.20/main\nhttps://cdn.example/alpine/v3.20/main\n@edge https://cdn.example/alpine/edge/testing\n/local/packages\nhttps://other.example/a/latest-stable/community\n"
    always = ["apk", "--no-progress", "--cache-max-age", "100000000"]

    def test_base(self):
        with Files({}):
            self.assertEqual(apk.apk("update"), self.always + ["update"])

    def test_mirror(self):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), Files({"/tmp/pbrx/mirror": "http://mirror.example/alpine/\n", "/etc/apk/repositories": self.repositories}) as container:
            argv = apk.apk("add", "bc")
        self.assertEqual(argv, self.always + ["--repositories-file", "/tmp/repositories", "add", "bc"])
        self.assertEqual(
            container.written["/tmp/repositories"],
            "# https://cdn.example/alpine/v3.20/main\nhttp://mirror.example/alpine/v3.20/main\n@edge http://mirror.example/alpine/edge/testing\n/local/packages\nhttp://mirror.example/alpine/latest-stable/community\n",
        )
        self.assertEqual(printed.getvalue(), "not from the mirror, for want of a release in its path: /local/packages\n")


def repo(name, *lines):
    return "\n".join(["[%s]" % name, "name=Of the distribution", *lines, "gpgcheck=1", "gpgkey=file:///etc/pki/rpm-gpg/KEY", ""])


class DnfRepositories(unittest.TestCase):
    """The files of the distributions' own images, with what matters of them."""

    def moved(self, *lines):
        text, moved, left = dnf.moved_to(repo("it", *lines), "http://mirror.example/pub")
        found = [line for line in text.splitlines() if "://" in line and not line.startswith(("#", "gpgkey="))]
        self.assertEqual((moved, left), (["it"], []))
        self.assertEqual(len(found), 1, text)
        return found[0]

    def test_mirrors(self):
        for want, lines in {
            # Rocky Linux 8 and 9; an image where somebody set a mirror for good
            "$releasever/BaseOS/$basearch/os/": ("mirrorlist=https://mirrors.rockylinux.org/mirrorlist?arch=$basearch&repo=BaseOS-$releasever$rltype", "#baseurl=http://dl.rockylinux.org/$contentdir/$releasever/BaseOS/$basearch/os/"),
            "$releasever/extras/$basearch/os/": ("baseurl=https://other.example/rocky/$releasever/extras/$basearch/os/", "  https://third.example/rocky/$releasever/extras/$basearch/os/"),
            # AlmaLinux
            "$releasever/AppStream/$basearch/os/": ("mirrorlist=https://mirrors.almalinux.org/mirrorlist/$releasever/appstream", "# baseurl=https://repo.almalinux.org/almalinux/$releasever/AppStream/$basearch/os/"),
            # Fedora
            "releases/$releasever/Everything/$basearch/os/": ("#baseurl=http://download.example/pub/fedora/linux/releases/$releasever/Everything/$basearch/os/", "metalink=https://mirrors.fedoraproject.org/metalink?repo=fedora-$releasever&arch=$basearch"),
            "updates/$releasever/Everything/$basearch/": ("#baseurl=http://download.example/pub/fedora/linux/updates/$releasever/Everything/$basearch/", "metalink=https://mirrors.fedoraproject.org/metalink?repo=updates-released-f$releasever&arch=$basearch"),
            # CentOS Stream 9 and 10
            "$stream/BaseOS/$basearch/os/": ("metalink=https://mirrors.centos.org/metalink?repo=centos-baseos-$stream&arch=$basearch&protocol=https,http",),
            "$stream/CRB/$basearch/os/": ("metalink=https://mirrors.centos.org/metalink?arch=$basearch&repo=centos-crb-$stream",),
            "SIGs/$stream/extras/$basearch/extras-common/": ("metalink=https://mirrors.centos.org/metalink?repo=centos-extras-sig-extras-common-$stream&arch=$basearch&protocol=https,http",),
            "$releasever-stream/AppStream/$basearch/os/": ("baseurl=https://other.example/centos-stream/$releasever-stream/AppStream/$basearch/os/",),
            # Red Hat's universal base images
            "ubi9/9/$basearch/baseos/os": ("baseurl = https://cdn-ubi.redhat.com/content/public/ubi/dist/ubi9/9/$basearch/baseos/os",),
        }.items():
            with self.subTest(want):
                self.assertEqual(self.moved(*lines), "baseurl=http://mirror.example/pub/" + want)

    def test_others_stay(self):
        for line in (
            "#baseurl=https://download.example/pub/epel/$releasever/Everything/$basearch/",
            "baseurl=https://download.docker.com/linux/fedora/$releasever/$basearch/stable",
            "#baseurl=http://download1.rpmfusion.org/free/fedora/releases/$releasever/Everything/$basearch/os/",
            "metalink=https://mirrors.fedoraproject.org/metalink?repo=fedora-cisco-openh264-$releasever&arch=$basearch",
        ):
            with self.subTest(line):
                text, moved, left = dnf.moved_to(repo("it", line), "http://mirror.example/pub")
                self.assertEqual((moved, left), ([], ["it"]))
                self.assertEqual(text, repo("it", line))

    def test_a_whole_file(self):
        text = "# Read the manual.\n" + repo(
            "baseos", "mirrorlist=https://mirrors.example/list", "#baseurl=http://dl.example/$contentdir/$releasever/BaseOS/$basearch/os/", "countme=1", "metadata_expire=6h"
        ) + repo("baseos-debug", "enabled=0", "baseurl=http://dl.example/$contentdir/$releasever/BaseOS/$basearch/debug/tree/") + repo(
            "mine", "baseurl=http://one.example/", "  http://two.example/", "enabled=1"
        )
        got, moved, left = dnf.moved_to(text, "http://mirror.example/rocky")
        self.assertEqual((moved, left), (["baseos"], ["mine"]))
        self.assertEqual(
            got,
            "[baseos]\nname=Of the distribution\n#baseurl=http://dl.example/$contentdir/$releasever/BaseOS/$basearch/os/\ngpgcheck=1\n"
            "gpgkey=file:///etc/pki/rpm-gpg/KEY\nbaseurl=http://mirror.example/rocky/$releasever/BaseOS/$basearch/os/\n\n"
            "[baseos-debug]\nname=Of the distribution\nenabled=0\ngpgcheck=1\n"
            "gpgkey=file:///etc/pki/rpm-gpg/KEY\nbaseurl=http://mirror.example/rocky/$releasever/BaseOS/$basearch/debug/tree/\n\n"
            "[mine]\nname=Of the distribution\nbaseurl=http://one.example/\n  http://two.example/\nenabled=1\ngpgcheck=1\ngpgkey=file:///etc/pki/rpm-gpg/KEY\n",
        )
        got, moved, left = dnf.moved_to(text, None)
        self.assertEqual((moved, left), ([], ["baseos", "mine"]))
        self.assertIn("mirrorlist=https://mirrors.example/list\n", got)
        self.assertNotIn("metadata_expire", got)

    def test_no_repository_that_a_mirror_has(self):
        files = {"/tmp/pbrx/mirror": "http://mirror.example/rocky\n", "/etc/yum.repos.d/mine.repo": repo("mine", "baseurl=http://mine.example/")}
        with Files(files), self.assertRaises(SystemExit), contextlib.redirect_stderr(io.StringIO()) as said:
            dnf.write_repositories("/tmp/dnf/repos")
        self.assertEqual(
            said.getvalue(),
            "pbrx-go: --mirror: of the base's repositories (mine) none is known to be on mirrors; Rocky Linux, AlmaLinux, CentOS Stream, Fedora and UBI are: "
            "leave --mirror out, or change the base's /etc/yum.repos.d\n",
        )


class Dnf(unittest.TestCase):
    def test_configuration(self):
        with Files({}):
            got = dnf.configuration("# Defaults.\n[main]\ngpgcheck=1\ncachedir = /elsewhere\nexcludepkgs=a\n b\ntsflags=nodocs\ninstall_weak_deps=True\n[extra]\nbaseurl=http://x.example\n")
        self.assertEqual(
            got,
            "[main]\ngpgcheck=1\nexcludepkgs=a\n b\ntsflags=nodocs\ncachedir=/tmp/pbrx/dnf-index\nsystem_cachedir=/tmp/pbrx/dnf-index\npersistdir=/tmp/dnf/persist\n"
            "logdir=/tmp/dnf/log\nreposdir=/tmp/dnf/repos\nkeepcache=1\nmetadata_expire=-1\ninstall_weak_deps=0\ncolor=never\n\n[extra]\nbaseurl=http://x.example\n",
        )
        with Files({"/tmp/pbrx/ca.pem": "ca"}):
            self.assertIn("\nsslcacert=/tmp/pbrx/ca.pem\n", dnf.configuration(""))

    def command(self, found, files=(), links=None):
        with unittest.mock.patch("shutil.which", lambda n: found.get(n)), unittest.mock.patch("os.path.realpath", lambda p: (links or {}).get(p, p)), Files(dict.fromkeys(files, "")):
            return dnf.command("install", "-y", "bc")

    def test_programs(self):
        self.assertEqual(self.command({"dnf": "/usr/bin/dnf", "microdnf": "/usr/bin/microdnf"}), ["dnf", "--config=/tmp/dnf/dnf.conf", "install", "-y", "bc"])
        micro = ["--setopt=cachedir=/tmp/pbrx/dnf-index", "--setopt=reposdir=/tmp/dnf/repos", "--setopt=keepcache=1", "--setopt=install_weak_deps=0"]
        self.assertEqual(self.command({"microdnf": "/usr/bin/microdnf"}), ["microdnf", "--config=/tmp/dnf/dnf.conf", *micro, "install", "-y", "bc"])
        self.assertEqual(self.command({"microdnf": "/usr/bin/microdnf"}, links={"/usr/bin/microdnf": "/usr/bin/dnf5"}), ["microdnf", "--config=/tmp/dnf/dnf.conf", "install", "-y", "bc"])
        self.assertEqual(
            self.command({"dnf": "/usr/bin/dnf"}, ["/etc/dnf/plugins/subscription-manager.conf"]),
            ["dnf", "--config=/tmp/dnf/dnf.conf", "--disableplugin=subscription-manager", "install", "-y", "bc"],
        )
        self.assertEqual(
            self.command({"dnf": "/usr/bin/dnf"}, ["/etc/dnf/plugins/subscription-manager.conf", "/etc/dnf/libdnf5-plugins/local.conf"])[2],
            "--disableplugin=local,subscription-manager",
        )

    def test_unmatched(self):
        said = "Last metadata expiration check: 0:00:01 ago.\nNo match for argument: one\nAll matches were filtered out by exclude filtering for argument: two\nNo match for argument: pkgconfig(three)\nError: Unable to find a match: one pkgconfig(three)\n"
        self.assertEqual(dnf.unmatched(said, ["on", "one", "two", "pkgconfig(three)", "four"]), ["one", "two", "pkgconfig(three)"])

    def test_explain(self):
        for said, want in (
            ("Dependencies resolved.\nComplete!\n", ""),
            (
                "Error: \n Problem: package a-1-0.x86_64 conflicts with b\n  - conflicting requests\n(try to add '--allowerasing' to it)\n",
                "ERROR: Problem: package a-1-0.x86_64 conflicts with b - conflicting requests",
            ),
            (
                "Errors during downloading metadata for repository 'baseos':\n  - Curl error (7): Couldn't connect to server for http://m.example\nError: Failed to download metadata for repo 'baseos': All mirrors were tried\n",
                "ERROR: Failed to download metadata for repo 'baseos': All mirrors were tried Curl error (7): Couldn't connect to server for http://m.example",
            ),
            ("Failed to resolve the transaction:\nNo match for argument: one\nNo match for argument: two\nYou can try to add to command line:\n  --skip-unavailable to skip them\n", "ERROR: Failed to resolve the transaction: No match for argument: one No match for argument: two"),
            (">>> [RPM] %post(one-1-0.x86_64) scriptlet failed, exit status 3\nTransaction failed: Rpm transaction failed.\n", "ERROR: Transaction failed: Rpm transaction failed. [RPM] %post(one-1-0.x86_64) scriptlet failed, exit status 3"),
            (">>> [RPM] %post(one-1-0.x86_64) scriptlet failed, exit status 3\nComplete!\n", ""),
            ("Downloading metadata...\nerror: No package matches 'one'\n", "ERROR: No package matches 'one'"),
        ):
            with self.subTest(want):
                self.assertEqual(dnf.explain(said), want)


class RpmDatabase(unittest.TestCase):
    epoch = 315532800

    def header(self, installed, transaction):
        """A header as rpm stores it: entries, the name between two times, then the data."""
        entries = [(1008, 4, 0, 1), (1000, 6, 4, 1), (1128, 4, 12, 1), (1008, 6, 4, 1)]
        data = struct.pack(">I8sI", installed, b"lamp\0\0\0\0", transaction)
        return struct.pack(">II", len(entries), len(data)) + b"".join(struct.pack(">IIII", *e) for e in entries) + data

    def test_header(self):
        self.assertEqual(rpmdb.header(self.header(1800000001, 1800000000), 1800000000, self.epoch), self.header(self.epoch, self.epoch))
        self.assertEqual(rpmdb.header(self.header(1700000001, 1700000000), 1800000000, self.epoch), self.header(1700000001, 1700000000))

    def database(self, folder, installed):
        path = os.path.join(folder, "rpmdb.sqlite")
        db = sqlite3.connect(path, isolation_level=None)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
        db.execute("CREATE TABLE Installtid (key BLOB NOT NULL, hnum INTEGER NOT NULL, idx INTEGER NOT NULL)")
        for n, time in enumerate((1700000000, installed)):
            db.execute("INSERT INTO Packages VALUES (?, ?)", (n + 1, self.header(time, time)))
            db.execute("INSERT INTO Installtid VALUES (?, ?, 0)", (struct.pack("=I", time), n + 1))
        db.close()
        for end in ("-wal", "-shm"):
            with open(path + end, "w"):
                os.chmod(path + end, 0o640)
        return path

    def test_settled(self):
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
            contents = []
            for path in self.database(one, 1800000001), self.database(two, 1800000099):
                rpmdb.settle_file(path, 1800000000, self.epoch)
                for end in ("-wal", "-shm"):
                    self.assertEqual((os.stat(path + end).st_size, os.stat(path + end).st_mode & 0o777), (0, 0o640))
                with open(path, "rb") as f:
                    contents.append(f.read())
            self.assertEqual(contents[0], contents[1])
            db = sqlite3.connect(path)
            self.assertEqual(db.execute("SELECT blob FROM Packages ORDER BY hnum").fetchall(), [(self.header(1700000000, 1700000000),), (self.header(self.epoch, self.epoch),)])
            self.assertEqual(db.execute("SELECT key FROM Installtid ORDER BY hnum").fetchall(), [(struct.pack("=I", 1700000000),), (struct.pack("=I", self.epoch),)])
            db.close()


class Environment(unittest.TestCase):
    def test_nothing_given(self):
        with Files({}):
            env = common.pip_environment()
        self.assertEqual(env["PIP_CONFIG_FILE"], os.devnull)
        for name in ("PIP_CERT", "PIP_CLIENT_CERT", "NETRC", "PIP_CONSTRAINT", "PIP_BUILD_CONSTRAINT"):
            self.assertNotIn(name, env)

    def test_everything_given(self):
        names = ("ca.pem", "pip-ca.pem", "pip.conf", "netrc", "client.pem", "constraints.txt", "build-constraints.txt")
        with Files({"/tmp/pbrx/" + n: n for n in names}) as files:
            env = common.pip_environment()
        self.assertEqual([env["REQUESTS_CA_BUNDLE"], env["CURL_CA_BUNDLE"], files.written], ["/tmp/both-ca.pem"] * 2 + [{"/tmp/both-ca.pem": "pip-ca.pem\nca.pem\n"}])
        want = {"PIP_CONFIG_FILE": "pip.conf", "PIP_CERT": "pip-ca.pem", "PIP_CLIENT_CERT": "client.pem", "NETRC": "netrc", "PIP_CONSTRAINT": "constraints.txt", "PIP_BUILD_CONSTRAINT": "build-constraints.txt", "SSL_CERT_FILE": "ca.pem"}
        self.assertEqual({n: env[n] for n in want}, {n: "/tmp/pbrx/" + f for n, f in want.items()})

    def test_pip_trusts_whom_the_host_trusts(self):
        with Files({"/tmp/pbrx/ca.pem": "ca", "/tmp/pbrx/pip-ca.pem": ""}):
            self.assertEqual(common.pip_environment()["PIP_CERT"], "/tmp/pbrx/ca.pem")


class Times(unittest.TestCase):
    epoch = 315532800

    def settled(self, mtime, started):
        with tempfile.NamedTemporaryFile() as f:
            os.utime(f.name, (mtime, mtime))
            common.clamp(f.name, os.lstat(f.name), started, self.epoch)
            return os.lstat(f.name).st_mtime

    def test_what_was_made_is_settled(self):
        with tempfile.NamedTemporaryFile() as f:
            info = os.lstat(f.name)
            common.clamp(f.name, info, info.st_ctime, self.epoch)
            self.assertEqual(os.lstat(f.name).st_mtime, self.epoch)

    def test_what_came_with_a_time_keeps_it(self):
        self.assertEqual(self.settled(1000000000, 1500000000), 1000000000)

    def test_what_is_older_stays(self):
        self.assertEqual(self.settled(4000000000, 3900000000), 4000000000)


class Dependencies(unittest.TestCase):
    def reached(self, requirements, extras, **requires):
        return sorted(self.set(requirements, extras, **requires).extras)

    def set(self, requirements, extras, **requires):
        chosen = {n.replace("_", "-"): {"metadata": {"requires_dist": r}} for n, r in requires.items()}
        own = [Requirement(r) for r in requirements]
        reached = resolve.Set("foo", own, chosen)
        reached.add(own, extras)
        return reached

    def test_what_leads_to_it(self):
        reached = self.set(["a[x]>=1; python_version > '3'", "b @ https://user:word@forge.invalid/b.whl"], set(), a=["c<2; extra == 'x'"], b=["c"], c=[])
        self.assertEqual(reached.why, {"a": ["a[x]>=1"], "b": ["b"], "c": ["a[x]>=1", "c<2"]})

    def test_markers_and_extras(self):
        requirements = ["a", "b; python_version < '3'", "c; extra == 'x'", "d; extra == 'y' and python_version > '3'"]
        self.assertEqual(self.reached(requirements, set(), a=[], c=[], d=[]), ["a"])
        self.assertEqual(self.reached(requirements, {"y"}, a=[], c=[], d=[]), ["a", "d"])

    def test_extras_of_dependencies(self):
        self.assertEqual(self.reached(["a[fast]"], set(), a=["b; extra == 'fast'", "c; extra == 'slow'"], b=["d"], c=[], d=["a"]), ["a", "b", "d"])

    def test_an_extra_asked_for_later(self):
        self.assertEqual(self.reached(["a", "b"], set(), a=["c; extra == 'more'"], b=["A[More]"], c=[]), ["a", "b", "c"])

    def test_extras_of_the_project_itself(self):
        requirements = ["foo[x,y]; extra == 'all'", "a; extra == 'x'", "b; extra == 'y'", "c; extra == 'z'"]
        self.assertEqual(self.reached(requirements, {"all"}, a=[], b=[], c=[]), ["a", "b"])
        lines = []
        resolve.direct([Requirement(r) for r in requirements], "foo", [Requirement(r) for r in requirements], {"all"}, lines)
        self.assertEqual(lines, ["a", "b"])

    def test_a_wheel_that_is_not_there(self):
        with self.assertRaises(SystemExit), contextlib.redirect_stderr(io.StringIO()) as said:
            self.reached(["a>=1"], set())
        self.assertEqual(said.getvalue(), "pbrx-go: pip chose nothing for a>=1\n")

    def test_what_pip_is_asked_for(self):
        requirements = ["a>=1; python_version > '3'", "b; extra == 'x'", "c @ https://c.example/c.whl ; extra == 'x'"]
        lines = []
        resolve.direct([Requirement(r) for r in requirements], "foo", [], {"x"}, lines)
        self.assertEqual(lines, ["a>=1", "b", str(Requirement("c @ https://c.example/c.whl"))])


class RefusalTest(unittest.TestCase):
    """What pip 26 says of an index that does not let it in."""

    WARNING = "WARNING: 401 Error, Credentials not correct for https://host.example/x/simple/foo-bar/\n"
    MISSING = "ERROR: No matching distribution found for Foo.bar>=1\n"
    HINT = ": correct the user name and password for it in pip's configuration or netrc"

    def refusal(self, output, again=""):
        done = unittest.mock.Mock(stdout=again)
        with unittest.mock.patch("subprocess.run", return_value=done) as self.run_again:
            return common.refusal(["python", "-m", "pip", "--python", "x", "install", "--upgrade", "foo"], {}, output)

    def test_said_at_once(self):
        want = "ERROR: No matching distribution found for Foo.bar>=1: the package index https://host.example/x/simple/ answers 401 Unauthorized" + self.HINT
        self.assertEqual(self.refusal(self.WARNING + self.MISSING), want)
        self.run_again.assert_not_called()

    def test_said_when_asked_again(self):
        again = "Could not fetch URL https://me:s3cret@host.example/simple/foo-bar/: 403 Client Error: Forbidden for url: https://host.example/simple/foo-bar/ - skipping\n"
        want = "ERROR: No matching distribution found for Foo.bar>=1: the package index https://host.example/simple/ answers 403 Forbidden" + self.HINT
        self.assertEqual(self.refusal(self.MISSING, again), want)
        self.assertEqual(self.run_again.call_args.args[0][:6], ["python", "-m", "pip", "--python", "x", "download"])
        self.assertEqual(self.run_again.call_args.args[0][-1], "Foo.bar")

    def test_other_reasons(self):
        self.assertEqual(self.refusal(self.MISSING, "Could not fetch URL https://h/foo/: 404 Client Error: Not Found - skipping\n"), "")
        self.assertEqual(self.refusal(self.WARNING + "ERROR: something else\n"), "")


class AskedTest(unittest.TestCase):
    def test_answer_and_time(self):
        with tempfile.TemporaryDirectory() as folder, unittest.mock.patch("time.time", return_value=1700000000.7):
            common.asked(folder + "/a.json", {"missing": ["x"]})
            with open(folder + "/a.json") as f:
                self.assertEqual(f.read(), '{"missing": ["x"], "asked": 1700000000}')


if __name__ == "__main__":
    unittest.main()
