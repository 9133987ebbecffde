"""The database of rpm, without the time of its last change.

rpm notes when a package was installed: by the clock up to rpm 4.17 (Enterprise Linux 9), by
SOURCE_DATE_EPOCH from rpm 4.18 on. Only the database of these years, an SQLite file, can be
changed here; that of Enterprise Linux 8 stays as rpm wrote it.
"""

import os
import re
import struct
import subprocess

FOLDERS = ("/usr/lib/sysimage/rpm", "/var/lib/rpm")

INSTALLTIME, INSTALLTID = 1008, 1128
INT32 = 4


def keys(*options):
    """The keys that rpm trusts, by the names that it gives them."""
    done = subprocess.run(["rpm", *options, "-q", "gpg-pubkey"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return set(re.findall(r"^gpg-pubkey-\S+$", done.stdout, re.M))


def forget(files, before):
    """Takes out of the database the keys in files, which were imported to verify packages with, but for those that were there
    before. It says whether there were any."""
    found = False
    for n, path in enumerate(files):
        scratch = "--dbpath=/tmp/rpmdb-%d" % n
        subprocess.run(["rpm", scratch, "--import", path], stderr=subprocess.DEVNULL)
        for key in sorted(keys(scratch) & keys() - before):
            subprocess.run(["rpm", "-e", "--allmatches", key], check=True)
            found = True
    return found


def settle(started, deleted=False):
    """Puts epoch for the times of this build; deleted says that something was taken out, of which nothing is to be left."""
    epoch = int(os.environ["SOURCE_DATE_EPOCH"])
    for folder in sorted({os.path.realpath(f) for f in FOLDERS}):
        path = folder + "/rpmdb.sqlite"
        if os.path.exists(path):
            settle_file(path, int(started), epoch, deleted)


def settle_file(path, started, epoch, deleted=False):
    """Puts epoch for times since started, and empties the files beside the database, which are made of random numbers."""
    try:
        import sqlite3
    except ImportError:
        print("the base's Python has no sqlite3: the database of rpm keeps the time of this build", flush=True)
        return
    beside = {end: os.stat(path + end) for end in ("-wal", "-shm") if os.path.exists(path + end)}
    db = sqlite3.connect(path, isolation_level=None)
    for number, blob in db.execute("SELECT hnum, blob FROM Packages").fetchall():
        settled = header(blob, started, epoch)
        if settled != blob:
            db.execute("UPDATE Packages SET blob = ? WHERE hnum = ?", (settled, number))
            db.execute("UPDATE Installtid SET key = ? WHERE hnum = ?", (struct.pack("=I", epoch), number))
    if deleted:
        db.execute("VACUUM")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    # They are empty now or gone; that they are there lets users other than root read the database.
    for end, info in beside.items():
        with open(path + end, "w"):
            os.chown(path + end, info.st_uid, info.st_gid)
            os.chmod(path + end, info.st_mode & 0o7777)


def header(blob, started, epoch):
    """The header of an installed package with epoch as its time, if it was installed since started."""
    entries, _ = struct.unpack_from(">II", blob)
    out = bytearray(blob)
    for n in range(entries):
        tag, kind, offset, count = struct.unpack_from(">IIII", blob, 8 + 16 * n)
        if tag not in (INSTALLTIME, INSTALLTID) or (kind, count) != (INT32, 1):
            continue
        at = 8 + 16 * entries + offset
        if struct.unpack_from(">I", blob, at)[0] >= started:
            struct.pack_into(">I", out, at, epoch)
    return bytes(out)
