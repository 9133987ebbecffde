"""The files in which a root file system has its accounts, without the programs that edit them.

Rows keep their order, and what is not changed stays as it is.
"""

import os


class Rows:
    """A file of rows with fields between colons; one that is not there has no rows, and is made when there are some."""

    def __init__(self, path, width, mode=0o644):
        self.path, self.width, self.mode = path, width, mode
        self.exists = os.path.exists(path)
        self.changed = False
        self.rows = []
        if self.exists:
            with open(path, encoding="utf-8", errors="surrogateescape", newline="\n") as f:  # splitlines would end rows at other characters, too
                self.rows = [line.rstrip("\n").split(":") for line in f]

    def valid(self):
        """The rows that have all their fields; others are of NIS or by mistake."""
        return [r for r in self.rows if len(r) >= self.width and r[0][:1] not in ("", "+", "-", "#")]

    def named(self, name):
        return next((r for r in self.valid() if r[0] == name), None)

    def numbered(self, number):
        """The first row with an id, as programs find it."""
        return next((r for r in self.valid() if r[2] == str(number)), None)

    def set(self, row, fields):
        """Gives a row other fields, or adds one where there is none."""
        if row is None:
            self.rows.append(fields)
        elif row != fields:
            row[:] = fields
        else:
            return
        self.changed = True

    def write(self):
        """Writes what was changed, in place: mode and owner stay."""
        if not self.changed:
            return
        with open(self.path, "w", encoding="utf-8", errors="surrogateescape", newline="\n") as f:
            f.write("".join(":".join(r) + "\n" for r in self.rows))
        if not self.exists:
            os.chmod(self.path, self.mode)


def passwd(root="/"):
    return Rows(os.path.join(root, "etc/passwd"), 7)


def group(root="/"):
    return Rows(os.path.join(root, "etc/group"), 4)


def shadow(root="/"):
    return Rows(os.path.join(root, "etc/shadow"), 9)


def gshadow(root="/"):
    return Rows(os.path.join(root, "etc/gshadow"), 4)


def with_member(row, at, name):
    """A row with a name added to the list in its last field but for at."""
    members = [m for m in row[at].split(",") if m]
    return row[:at] + [",".join(members if name in members else members + [name])] + row[at + 1 :]


class Unknown(Exception):
    """There is no such name."""


def owner(text, root="/"):
    """The numbers of USER[:GROUP], by name or by number. A user's own group counts where none is said."""
    user, colon, members = text.partition(":")
    users = passwd(root)
    row = users.numbered(user) if user.isdigit() else users.named(user)
    if row is None and not user.isdigit():
        raise Unknown("there is no user %s: declare it as [user.%s], or write its number" % (user, user))
    uid = int(row[2] if row else user)
    if not colon:
        return uid, int(row[3]) if row else uid
    if members.isdigit():
        return uid, int(members)
    found = group(root).named(members)
    if found is None:
        raise Unknown("there is no group %s: name one that is there, or write its number" % members)
    return uid, int(found[2])
