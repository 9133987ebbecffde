"""Accounts: accounts.py make [--packages-follow] | join

/tmp/pbrx/accounts.json holds [{"name", "uid", "gid", "group", "groups", "home", "shell", "comment", "directories"}].

make   writes them into the root file system's own files, with a locked password and without a date, and makes their directories
join   makes them members of the groups that were not there before, and are now

No program of the root file system is used: it need not have any. With --packages-follow a group that is not there may come
with a package, so it is no error yet.
"""

import json
import os
import re
import stat
import sys

import passwd
from common import RUN, began, fail, settle

SHELLS = ("/usr/sbin/nologin", "/sbin/nologin", "/usr/bin/false", "/bin/false")


class Clash(Exception):
    """Two things cannot be at once."""


class Files:
    """The account files of one root file system."""

    def __init__(self, root="/"):
        self.root = root
        self.passwd, self.group, self.shadow, self.gshadow = passwd.passwd(root), passwd.group(root), passwd.shadow(root), passwd.gshadow(root)

    def write(self):
        for rows in (self.passwd, self.group, self.shadow, self.gshadow):
            rows.write()

    def shell(self):
        """What keeps people from logging in."""
        return next((s for s in SHELLS if os.path.exists(self.root.rstrip("/") + s)), SHELLS[0])

    def add_group(self, name, gid):
        """Makes a group of this name and number, unless it is there."""
        named, numbered = self.group.named(name), self.group.numbered(gid)
        if named and named[2] != str(gid):
            raise Clash('the group "%s" has the gid %s in the base, not %d; choose that gid, or another group' % (name, named[2], gid))
        if numbered and numbered[0] != name:
            raise Clash('gid %d is "%s" in the base; choose another gid or take that group' % (gid, numbered[0]))
        if named is None:
            self.group.set(None, [name, "x", str(gid), ""])
        if self.gshadow.exists and self.gshadow.named(name) is None:
            self.gshadow.set(None, [name, "!", "", ""])

    def add(self, account):
        """Makes an account, or what the base has of that name and number what is declared."""
        name, uid = account["name"], account["uid"]
        for text in (name, account["group"], account["home"], account["shell"], account["comment"]):
            if re.search(r"[:\n\0]", text):
                raise Clash("%r has a character that files of accounts cannot have" % text)
        row, numbered = self.passwd.named(name), self.passwd.numbered(uid)
        if row and row[2] != str(uid):
            raise Clash('"%s" has the uid %s in the base, not %d; choose that uid or another name' % (name, row[2], uid))
        if numbered and numbered[0] != name:
            raise Clash('uid %d is "%s" in the base; choose another uid or take that name' % (uid, numbered[0]))
        self.add_group(account["group"], account["gid"])
        word = row[1] if row else "x" if self.shadow.exists else "!"
        self.passwd.set(row, [name, word, str(uid), str(account["gid"]), account["comment"], account["home"], account["shell"] or self.shell()])
        if self.shadow.exists and self.shadow.named(name) is None:
            self.shadow.set(None, [name, "!", "", "", "", "", "", "", ""])

    def join(self, account, later=False):
        """Makes an account a member of its groups. Later says that one which is not there is none yet."""
        for name in account["groups"] or ():
            row, hidden = self.group.named(name), self.gshadow.named(name)
            if row is None and not later:
                raise Clash('there is no group "%s"; make it with [user.X] group, or install the package that makes it' % name)
            if row is not None:
                self.group.set(row, passwd.with_member(row, 3, account["name"]))
            if hidden is not None:
                self.gshadow.set(hidden, passwd.with_member(hidden, 3, account["name"]))

    def directory(self, path, account):
        """Makes a directory that the account owns; of one that is there only the owner is changed."""
        place = self.root.rstrip("/") + path
        device = os.lstat(self.root).st_dev
        try:
            os.makedirs(os.path.dirname(place), mode=0o755, exist_ok=True)
            if not os.path.isdir(place):
                os.mkdir(place, 0o755)
        except (FileExistsError, NotADirectoryError):
            raise Clash("%s cannot be made: there is a file in its place" % path) from None
        info = os.stat(place)
        if info.st_dev != device and self.root == "/":
            raise Clash("%s is not kept in an image; choose another place" % path)
        if (info.st_uid, info.st_gid) != (account["uid"], account["gid"]) and os.geteuid() == 0:
            os.chown(place, account["uid"], account["gid"])
            os.chmod(place, stat.S_IMODE(info.st_mode))


def make(files, accounts, later):
    for account in accounts:
        try:
            files.add(account)
        except Clash as e:
            fail("account %s: %s" % (account["name"], e))
    join(files, accounts, later)
    for account in accounts:
        for path in account["directories"] or ():
            try:
                files.directory(path, account)
            except Clash as e:
                fail("account %s: %s" % (account["name"], e))


def join(files, accounts, later=False):
    for account in accounts:
        try:
            files.join(account, later)
        except Clash as e:
            fail("account %s: %s" % (account["name"], e))
    files.write()


def main():
    started = began()
    os.umask(0o022)
    with open(RUN + "accounts.json") as f:
        accounts = json.load(f)
    if sys.argv[1] == "make":
        make(Files(), accounts, "--packages-follow" in sys.argv[2:])
    else:
        join(Files(), accounts)
    settle(started)


if __name__ == "__main__":
    main()
