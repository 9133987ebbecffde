"""Tests of the step programs that a definition has a use for, as far as they need no container; run by TestConfiguredStepPrograms."""

import contextlib
import io
import os
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

import accounts
import apk
import apt
import dnf
import files
import machines
import made
import packages
import passwd
import repositories


class Folder(unittest.TestCase):
    """Has a folder with files."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = self.folder.name

    def write(self, name, text):
        path = os.path.join(self.root, name.lstrip("/"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)
        return path

    def read(self, name):
        with open(os.path.join(self.root, name.lstrip("/"))) as f:
            return f.read()

    @contextlib.contextmanager
    def fails(self, want):
        with contextlib.redirect_stderr(io.StringIO()) as said, self.assertRaises(SystemExit):
            yield
        self.assertEqual(said.getvalue(), "pbrx-go: " + want + "\n")


def account(**some):
    return dict({"name": "keeper", "uid": 42424, "gid": 42424, "group": "keeper", "groups": None, "home": "/", "shell": "", "comment": "", "directories": None}, **some)


class Accounts(Folder):
    def setUp(self):
        super().setUp()
        self.write("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nbroken\n+::::::\nlamp:x:7:7::/:/bin/sh")
        self.write("etc/group", "root:x:0:\nadm:x:4:syslog\nlamp:x:7:\n")
        self.write("etc/shadow", "root:*:19000:0:99999:7:::\nlamp:$6$hash:19000:0:99999:7:::\n")

    def make(self, *all, later=False):
        accounts.make(accounts.Files(self.root), all, later)

    def test_rows_stay_as_they_are(self):
        self.make(account(groups=["adm"], shell="/bin/bash"))
        self.assertEqual(self.read("etc/passwd"), "root:x:0:0:root:/root:/bin/sh\nbroken\n+::::::\nlamp:x:7:7::/:/bin/sh\nkeeper:x:42424:42424::/:/bin/bash\n")
        self.assertEqual(self.read("etc/group"), "root:x:0:\nadm:x:4:syslog,keeper\nlamp:x:7:\nkeeper:x:42424:\n")
        self.assertEqual(self.read("etc/shadow").splitlines()[2], "keeper:!:::::::")
        self.assertFalse(os.path.exists(self.root + "/etc/gshadow"))

    def test_only_line_feeds_end_rows(self):
        self.write("etc/passwd", "lamp:x:7:7:a\x0cb\u2028c\x85d:/:/bin/sh\n")
        self.make(account(shell="/bin/bash"))
        self.assertEqual(self.read("etc/passwd"), "lamp:x:7:7:a\x0cb\u2028c\x85d:/:/bin/sh\nkeeper:x:42424:42424::/:/bin/bash\n")

    def test_again_nothing_changes(self):
        self.make(account(groups=["adm"]))
        for name in ("passwd", "group", "shadow"):
            os.utime("%s/etc/%s" % (self.root, name), (1, 1))
        self.make(account(groups=["adm"]))
        self.assertEqual([os.stat("%s/etc/%s" % (self.root, n)).st_mtime for n in ("passwd", "group", "shadow")], [1, 1, 1])

    def test_an_account_of_the_base_is_taken(self):
        self.make(account(name="lamp", uid=7, gid=7, group="lamp", home="/var/lib/lamp", shell="/bin/false"))
        self.assertEqual(self.read("etc/passwd").splitlines()[3], "lamp:x:7:7::/var/lib/lamp:/bin/false")
        self.assertEqual(self.read("etc/shadow").splitlines()[1], "lamp:$6$hash:19000:0:99999:7:::")

    def test_groups_that_come_later(self):
        self.make(account(groups=["kvm"]), later=True)
        with self.fails('account keeper: there is no group "kvm"; make it with [user.X] group, or install the package that makes it'):
            accounts.join(accounts.Files(self.root), [account(groups=["kvm"])])

    def test_nothing_is_written_where_anything_clashes(self):
        before = self.read("etc/passwd")
        with self.fails('account lighter: uid 7 is "lamp" in the base; choose another uid or take that name'):
            self.make(account(), account(name="lighter", uid=7))
        self.assertEqual(self.read("etc/passwd"), before)
        with self.fails("account keeper: 'a:b' has a character that files of accounts cannot have"):
            self.make(account(comment="a:b"))

    def test_two_with_one_group(self):
        self.make(account(), account(name="zuul", uid=42425))
        self.assertEqual(self.read("etc/group").count("keeper"), 1)

    def test_owner(self):
        for text, want in (("0:0", (0, 0)), ("lamp", (7, 7)), ("7", (7, 7)), ("99", (99, 99)), ("lamp:adm", (7, 4)), ("99:4", (99, 4))):
            self.assertEqual(passwd.owner(text, self.root), want, text)
        for text in ("nosuch", "lamp:nosuch"):
            with self.assertRaises(passwd.Unknown):
                passwd.owner(text, self.root)


class Repositories(Folder):
    ARMOURED, BINARY = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n", "\x01\x02"

    def repository(self, text, **said):
        r = repositories.Repository(0, dict({"uri": "http://sea.example/debian"}, **said))
        r.key = self.write("key", text)
        return r

    def test_apt_source(self):
        r = self.repository(self.ARMOURED, suite="stable", components=["main", "extra"], name="the/sea")
        self.assertEqual(apt.put_key(r, self.root + "/rings"), self.root + "/rings/the-sea.asc")
        self.assertEqual(apt.source(r, "/k"), b"Types: deb\nURIs: http://sea.example/debian\nSuites: stable\nComponents: main extra\nSigned-By: /k\n")
        self.assertEqual(apt.source(self.repository("", suite="./"), "/k"), b"Types: deb\nURIs: http://sea.example/debian\nSuites: ./\nSigned-By: /k\n")
        self.assertEqual(apt.put_key(self.repository(self.BINARY), self.root + "/rings"), self.root + "/rings/pbrx-0.gpg")
        with self.fails("the key of http://sea.example/debian is a keybox, which package managers do not read: give what `gpg --export` makes of it"):
            apt.put_key(self.repository("12345678KBXf"), self.root)

    def test_names_of_the_base(self):
        self.write("sources.list.d/sea.sources", "Types: deb\nURIs: http://deb.example/debian\n")
        sea = self.repository("", suite="stable", name="sea")
        with (
            unittest.mock.patch("apt.SOURCES", self.root + "/sources.list.d"),
            unittest.mock.patch("apt.PARTS", self.root + "/parts"),
            unittest.mock.patch("repositories.declared", lambda: [sea]),
        ):
            with self.fails("repository.sea: the base has %s/sources.list.d/sea.sources, which is another repository; choose another name" % self.root):
                apt.settings()
        repositories.refuse_taken(sea, self.write("same", "x"), b"x")
        repositories.refuse_taken(self.repository(""), self.write("another", "x"), b"y")

    def test_mirrors_are_of_the_base_only(self):
        self.write("sources.list.d/debian.list", "deb http://deb.example/debian bookworm main\n")
        self.write("sources.list.d/sea.sources", "Types: deb\nURIs: http://sea.example/debian\nSuites: stable\nComponents: main\n")
        with unittest.mock.patch("apt.SOURCES", self.root + "/sources.list.d"):
            self.assertEqual(apt.sources("http://mirror.example/debian", ["sea.sources"]).count("mirror.example"), 1)
        self.write("repositories", "http://dl.example/alpine/v3.20/main\nhttp://sea.example/alpine/v3.20/main\n")
        with unittest.mock.patch("apk.LIST", self.root + "/repositories"):
            self.assertEqual(apk.own("http://mirror.example", ["http://sea.example/alpine/v3.20/main"]), "http://mirror.example/v3.20/main\n")

    def test_what_the_index_has_decides_offline(self):
        names = ["m.example_debian-security_dists_bookworm-security_InRelease", "lock"]
        with unittest.mock.patch("os.listdir", lambda folder: names):
            self.assertTrue(apt.fetched("http://m.example/debian-security", "bookworm-security"))
            self.assertFalse(apt.fetched("http://m.example/ubuntu", "bookworm-security"))

    def test_apk_keeps_once(self):
        self.write("repositories", "http://dl.example/alpine/v3.20/main")
        r = self.repository("a key", name="sea", key="keeper.rsa.pub", uri="http://sea.example")
        with unittest.mock.patch("apk.LIST", self.root + "/repositories"), unittest.mock.patch("apk.KEYS", self.root + "/keys"):
            for _ in range(2):
                apk.keep([r])
        self.assertEqual((self.read("repositories"), self.read("keys/keeper.rsa.pub")), ("http://dl.example/alpine/v3.20/main\nhttp://sea.example\n", "a key"))

    def test_dnf(self):
        want = b"[sea]\nname=sea\nbaseurl=http://sea.example\nenabled=1\ngpgcheck=1\ngpgkey=file:///k\n"
        self.assertEqual(dnf.repo(self.repository("", name="sea", uri="http://sea.example"), "/k"), want)

    def test_content_is_that_of_every_mirror(self):
        digests = []
        for number, address in enumerate(("a.example_debian", "b.example_pub_debian")):
            self.write("%d/%s_dists_sid_InRelease" % (number, address), "signed")
            self.write("%d/APKINDEX.%d2ab.tar.gz" % (number, number), "index")
            self.write("%d/baseos-%016x/repodata/repomd.xml" % (number, number), "xml")
            digests.append([packages.content("%s/%d" % (self.root, number))] + [packages.content("%s/%d" % (self.root, number), *a) for a in packages.ADDRESSES.values()])
        self.assertEqual([a == b for a, b in zip(*digests)], [False] * 4)  # each of them takes care of its own only
        for number, name in enumerate(("_dists_sid_InRelease", "APKINDEX", "baseos-")):
            for mirror in ("0", "1"):
                for path in os.listdir(os.path.join(self.root, mirror)):
                    if name in path:
                        os.renames(os.path.join(self.root, mirror, path), os.path.join(self.root, "alone%d" % number, mirror, path))
            a, b = (packages.content("%s/alone%d/%s" % (self.root, number, m), *list(packages.ADDRESSES.values())[number]) for m in "01")
            self.assertEqual(a, b)
        self.write("x/c_dists_sid_InRelease", "signed anew")
        self.assertNotEqual(packages.content(self.root + "/x", *packages.ADDRESSES["apt"]), packages.content(self.root + "/alone0/0", *packages.ADDRESSES["apt"]))

    def test_mirror_id(self):
        want = "7db39083d773b2e2ecd5aeb9d0a3e398cef498a1e29963bb04ad407371ad35d1"
        for url, want in (("", ""), ("https://u:p@m.example/debian", want), ("https://m.example/debian", want)):
            with unittest.mock.patch("packages.mirror", lambda: url or None):
                self.assertEqual(packages.mirror_id(), want)

    def test_distrusted(self):
        said = "Get:1 http://sea stable InRelease\nReading package lists...\nW: GPG error: http://sea stable InRelease: The following signatures couldn't be verified: NO_PUBKEY 12\nE: The repository 'http://sea stable InRelease' is not signed.\n"
        self.assertEqual(apt.distrusted(said), "E: http://sea stable InRelease: The following signatures couldn't be verified: NO_PUBKEY 12")
        self.assertEqual(apt.distrusted("E: Failed to fetch http://sea\n"), "")


class Made(Folder):
    def setUp(self):
        super().setUp()
        self.tree = self.root + "/src"
        self.write("src/tool/__init__.py", "")
        self.write("src/.gitignore", "static\n")
        for argv in (["init", "-q"], ["add", "."], ["-c", "user.name=K", "-c", "user.email=k@example.org", "commit", "-qm", "One"]):
            subprocess.run(["git", "-C", self.tree, *argv], check=True)
        self.write("run/made/0/js/app.js", "app\n")
        self.write("run/made/1", "one file\n")
        self.write("run/made.json", '["tool/static", "tool/words"]')

    def put(self, git):
        with unittest.mock.patch("made.RUN", self.root + "/run/"), unittest.mock.patch("common.RUN", self.root + "/run/"):
            return made.put(self.tree, git)

    def listed(self):
        return subprocess.run(["git", "-C", self.tree, "ls-files"], stdout=subprocess.PIPE, check=True, text=True).stdout.split()

    def test_put(self):
        self.assertEqual(self.put(True), ["tool/static", "tool/words"])
        self.assertEqual(self.listed(), [".gitignore", "tool/__init__.py", "tool/static/js/app.js", "tool/words"])
        self.assertEqual(self.read("src/tool/static/js/app.js"), "app\n")

    def test_without_git(self):
        self.put(False)
        self.assertEqual(self.listed(), [".gitignore", "tool/__init__.py"])

    def test_not_outside(self):
        self.write("run/made.json", '["../elsewhere"]')
        with self.fails("../elsewhere is not in the project's tree"):
            self.put(False)

    def test_check(self):
        wanted = self.put(False)
        with contextlib.redirect_stdout(io.StringIO()) as said:
            made.check(self.tree, wanted, ["tool/__init__.py", "tool/words"])
        self.assertEqual(said.getvalue(), "pbrx-go: note: nothing of tool/static, which commands made, is in the wheel: does the project declare it as package data, and not ignore it?\n")


class Machines(Folder):
    def test_foreign(self):
        self.write("program", "")
        path = self.root + "/program"
        for (ours, head), want in {
            (62, b"\x7fELF\2\1\1" + bytes(9) + b"\2\0\xb7\0"): ("arm64", "amd64"),
            (62, b"\x7fELF\2\1\1" + bytes(9) + b"\3\0\xb7\0"): ("arm64", "amd64"),
            (183, b"\x7fELF\2\1\1" + bytes(9) + b"\2\0\x3e\0"): ("amd64", "arm64"),
            (62, b"\x7fELF\2\2\1" + bytes(9) + b"\0\2\0\x16"): ("s390x", "amd64"),
            (62, b"\x7fELF\1\1\1" + bytes(9) + b"\2\0\x99\x09"): ("machine 2457", "amd64"),
            (62, b"\x7fELF\2\1\1" + bytes(9) + b"\2\0\x3e\0"): None,
            (62, b"\x7fELF\1\1\1" + bytes(9) + b"\2\0\x03\0"): None,  # starts there, too
            (62, b"\x7fELF\2\1\1" + bytes(9) + b"\1\0\xf7\0"): None,  # an object, as of BPF
            (62, b"\x7fELF\2\1\1"): None,
            (62, b"#!/bin/sh\nexec true\n"): None,
            (0, b"\x7fELF\2\1\1" + bytes(9) + b"\2\0\xb7\0"): None,
        }.items():
            with open(path, "wb") as f:
                f.write(head)
            real = machines.machine
            with self.subTest(head), unittest.mock.patch("machines.machine", lambda p: ours if p == sys.executable else real(p)):
                self.assertEqual(machines.foreign(path), want)
        self.assertNotEqual(machines.machine(sys.executable), 0)


class Files(unittest.TestCase):
    def test_beneath(self):
        self.assertEqual([files.beneath(p, "/a") for p in ("/a", "/a/b", "/ab", "/")], [True, True, False, False])


if __name__ == "__main__":
    unittest.main()
