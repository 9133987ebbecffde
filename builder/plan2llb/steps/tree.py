"""A tree of new files that is laid over a root file system later, by a merge or a copy.

Folders that the root has as well must look in the tree as they do there, because the upper one
counts; and a link to a folder must not be hidden by a folder.
"""

import os
import stat

from common import fail


class Tree:
    def __init__(self, out, started):
        """out is an empty folder for the tree; what changed in the root since started is this step's own doing."""
        self.out = out.rstrip("/")
        self.started = started
        self.epoch = int(os.environ["SOURCE_DATE_EPOCH"])
        self.real = {}  # folder as it is called: as it is called without links
        self.made = {}  # folder without links: its state in the root, or None
        self.touched = set()  # those that something is put into
        self.claimed = {}  # those that get another owner and mode than they would: (uid, gid, mode)
        self.make("/")

    def folder(self, path):
        """Makes a folder and returns where it is in the tree."""
        if path not in self.real:
            self.real[path] = os.path.realpath(path)
            self.make(self.real[path])
        return self.out + self.real[path].rstrip("/")

    def file(self, path):
        """Where in the tree the file is that will be at path. Its folder is made."""
        folder, name = os.path.split(path)
        place = self.folder(folder)
        if os.path.isdir(path) and not os.path.islink(path) or os.path.isdir(place + "/" + name):
            fail("%s is a folder already" % path)
        self.touched.add(self.real[folder])
        return place + "/" + name

    def make(self, path):
        if path in self.made:
            return
        above = os.path.dirname(path)
        if path != "/":
            self.make(above)
        try:
            self.made[path] = os.lstat(path)
        except FileNotFoundError:
            self.made[path] = None
            self.touched.add(above)
        except NotADirectoryError:
            fail("%s is not a folder" % above)
        if self.made[path] and not stat.S_ISDIR(self.made[path].st_mode):
            fail("%s is not a folder" % path)
        if path == "/":
            return
        try:
            os.mkdir(self.out + path)
        except FileExistsError:
            if os.path.islink(self.out + path):
                fail("%s is a link here, and has to be a folder" % path)
            if not os.path.isdir(self.out + path):
                fail("%s is a file and a folder, by different wheels" % path)

    def settle(self):
        """Gives every folder its mode, owner and times. Files have theirs from settled."""
        for path in sorted(self.made, reverse=True):
            info, place = self.made[path], self.out + path
            uid, gid, mode, time = 0, 0, 0o755, self.epoch
            if info:
                uid, gid, mode = info.st_uid, info.st_gid, stat.S_IMODE(info.st_mode)
                if path not in self.touched and info.st_mtime < self.started:
                    time = None
            uid, gid, mode = self.claimed.get(path, (uid, gid, mode))
            own(place, uid, gid)
            os.chmod(place, mode)
            if time is None:
                os.utime(place, ns=(info.st_mtime_ns, info.st_mtime_ns))
            else:
                os.utime(place, (time, time))


def own(path, uid=0, gid=0):
    """Steps run as root; tests need not."""
    if os.geteuid() == 0:
        os.chown(path, uid, gid, follow_symlinks=False)
