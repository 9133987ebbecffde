"""The database of rpm, without the time of its last change.

rpm notes when a package was installed: its own clock says so up to rpm 4.17 (Enterprise Linux 9),
SOURCE_DATE_EPOCH from rpm 4.18 on. Only the database of these years, an SQLite file, can be changed
here; the one of Enterprise Linux 8 is left as rpm wrote it.
"""

import os
import shutil
import struct

FOLDERS = ("/usr/lib/sysimage/rpm", "/var/lib/rpm")

INSTALLTIME, INSTALLTID = 1008, 1128
INT32 = 4


def settle(started):
    epoch = int(os.environ["SOURCE_DATE_EPOCH"])
    for folder in sorted({os.path.realpath(f) for f in FOLDERS}):
        path = folder + "/rpmdb.sqlite"
        if os.path.exists(path):
            settle_file(path, int(started), epoch)


def settle_file(path, started, epoch):
    """Puts epoch for the times since started, and ends the write-ahead log, whose head is made of random numbers."""
    import sqlite3  # some bases' Python lacks it, and has no such database

    beside = {end: os.stat(path + end) for end in ("-wal", "-shm") if os.path.exists(path + end)}
    db = sqlite3.connect(path)
    changed = False
    for number, blob in db.execute("SELECT hnum, blob FROM Packages").fetchall():
        settled = header(blob, started, epoch)
        if settled != blob:
            changed = True
            db.execute("UPDATE Packages SET blob = ? WHERE hnum = ?", (settled, number))
            for order in "<>":
                db.execute("UPDATE Installtid SET key = ? WHERE hnum = ?", (struct.pack(order + "I", epoch), number)) if order == native(db, number) else None
    db.commit()
    if changed:
        db.execute("VACUUM")  # no free page keeps what was there
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    for end, info in beside.items():
        restore(path + end, info)
