"""Distro packages: packages.py index|wanted|install MANAGER FOLDER NAME…

index    fetches the package index to FOLDER and writes to /out/index.json what it is
wanted   looks into the index fetched before, and writes to /out/index.json which NAMEs it lacks
install  installs NAMEs, and the files in /tmp/pbrx/package-files, on the root file system, from that index

Which mirror is used is no part of what is built. An index that was kept may be from another one, in which package managers
find nothing: then wanted and install fetch it again, for themselves.

Nothing but the packages stays: caches, lists and logs are mounts, times are settled. Of repositories beside
the base's own (repositories.py) those stay that are to be kept.
"""

import contextlib
import filecmp
import hashlib
import json
import os
import re
import shutil
import sys

import apk
import apt
import dnf
import repositories
from common import RUN, asked, began, fail, mirror, settle

# Written by the package manager, of no use in an image. What was there before is put back.
TRACES = (
    "/var/cache/ldconfig/aux-cache",
    "/var/cache/debconf/config.dat-old",
    "/var/cache/debconf/templates.dat-old",
    "/var/lib/dpkg/status-old",
    "/var/lib/dpkg/available-old",
    "/var/lib/dpkg/diversions-old",
    "/var/lib/dpkg/statoverride-old",
    "/var/lib/dpkg/lock",
    "/var/lib/dpkg/lock-frontend",
    "/var/lib/dpkg/triggers/Lock",
    "/var/log/fontconfig.log",
    "/etc/.pwd.lock",
    "/etc/passwd-",
    "/etc/group-",
    "/etc/shadow-",
    "/etc/gshadow-",
    "/etc/subuid-",
    "/etc/subgid-",
    "/var/log/apk.log",
    "/var/log/dnf.log",
    "/var/log/dnf.librepo.log",
    "/var/log/dnf.rpm.log",
    "/var/log/dnf5.log",
    "/var/log/hawkey.log",
    "/var/lib/dnf/history.sqlite",
    "/var/lib/dnf/history.sqlite-shm",
    "/var/lib/dnf/history.sqlite-wal",
    "/usr/lib/sysimage/libdnf5/transaction_history.sqlite",
    "/usr/lib/sysimage/libdnf5/transaction_history.sqlite-shm",
    "/usr/lib/sysimage/libdnf5/transaction_history.sqlite-wal",
)

# Written anew each time, the same or not. What is the same keeps its time, and stays out of the layer.
RECORDS = ("/var/lib/apt/extended_states", "/var/lib/dpkg/triggers/File", "/var/lib/dpkg/triggers/Unincorp")


def install(manager, folder, names):
    started = began()
    files = package_files()
    if names or files:
        use(manager, folder)
    with tidy():
        if names or files:
            MANAGERS[manager].install(names + files)
    MANAGERS[manager].keep([r for r in repositories.declared() if r.name])
    settle(started)


@contextlib.contextmanager
def tidy():
    """Takes away what package managers leave while this lasts."""
    kept = {}
    for path in TRACES + RECORDS:
        if os.path.exists(path):
            kept[path] = "/tmp/" + path.replace("/", "_")
            shutil.copy2(path, kept[path])
    yield
    for path in TRACES + RECORDS:
        if path in kept:
            put_back(kept[path], path)
        elif path in TRACES and os.path.lexists(path):
            os.remove(path)


def put_back(copy, path):
    """Gives a file the content and the time it had; a record only its time, and only if it says the same."""
    if path in TRACES and not (os.path.exists(path) and filecmp.cmp(copy, path, shallow=False)):
        shutil.copy2(copy, path)
    elif os.path.exists(path) and filecmp.cmp(copy, path, shallow=False):
        shutil.copystat(copy, path)


def package_files():
    """The package files that are mounted."""
    folder = RUN + "package-files"
    return [os.path.join(folder, n) for n in sorted(os.listdir(folder))] if os.path.isdir(folder) else []


def index(manager, folder):
    MANAGERS[manager].index()
    with open(os.path.join(folder, MIRROR), "w") as f:
        f.write(mirror_id())
    asked("/out/index.json", {"content": content(folder, *ADDRESSES[manager])})


def use(manager, folder):
    """Fetches the index again if the one that was kept is from another mirror."""
    with open(os.path.join(folder, MIRROR)) as f:
        kept = f.read()
    if kept != mirror_id():
        print("the package index is from another mirror: it is fetched again", flush=True)
        MANAGERS[manager].index()


def wanted(manager, folder, names):
    use(manager, folder)
    with open("/out/index.json", "w") as f:
        json.dump({"missing": MANAGERS[manager].missing(names)}, f)


def mirror_id():
    """What tells the mirror from others, without saying which it is; empty where there is none."""
    url = re.sub(r"//[^/@]*@", "//", mirror() or "")
    return url and hashlib.sha256(url.encode()).hexdigest()


def content(folder, address=None, neutral=""):
    """A digest of all files below a folder: their names, less what in them is of the address they are from, and what is in them."""
    found = []
    for place, _, files in os.walk(folder):
        for name in files:
            path = os.path.join(place, name)
            if name == MIRROR or not os.path.isfile(path):  # gpg's sockets
                continue
            with open(path, "rb") as f:
                each = hashlib.sha256(f.read()).hexdigest()
            name = os.path.relpath(path, folder)
            found.append("%s\0%s\n" % (re.sub(address, neutral, name) if address else name, each))
    return "sha256:" + hashlib.sha256("".join(sorted(found)).encode("utf-8", "surrogateescape")).hexdigest()


# A file in the folder of the index: which mirror it is from.
MIRROR = ".pbrx-go-mirror"

# What package managers make of addresses in the names of an index's files: another mirror with the same index makes no difference.
ADDRESSES = {"apt": (r"^.*_dists_", "dists_"), "apk": (r"\bAPKINDEX\.[0-9a-f]+", "APKINDEX"), "dnf": (r"-[0-9a-f]{16}(?=[./])", "")}

MANAGERS = {"apt": apt, "apk": apk, "dnf": dnf}


def main():
    action, manager, folder, names = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
    if manager not in MANAGERS:
        fail("no way is known to install packages with %r" % manager)
    if action == "index":
        index(manager, folder)
    elif action == "wanted":
        wanted(manager, folder, names)
    else:
        install(manager, folder, names)


if __name__ == "__main__":
    main()
