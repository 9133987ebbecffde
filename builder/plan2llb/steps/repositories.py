"""Repositories of distro packages beside the base's own, which a definition names.

/tmp/pbrx/repositories.json holds [{"uri", "suite", "components", "name", "key"}], and /tmp/pbrx/keys/N the key of the
N-th. Only those that stay in the image have a name. key is the name of the key's file, for apk, which knows keys by it.
"""

import json
import os
import re

from common import RUN, fail, given


class Repository:
    def __init__(self, number, said):
        self.uri, self.suite = said["uri"], said.get("suite", "")
        self.components = said.get("components") or []
        self.name = re.sub(r"[^A-Za-z0-9_.-]", "-", said.get("name", ""))  # of files, of which apt ignores others
        self.label = self.name or "pbrx-%d" % number
        self.key_name = said.get("key", "")
        self.key = "%skeys/%d" % (RUN, number)

    def read_key(self):
        with open(self.key, "rb") as f:
            return f.read()

    def armoured(self):
        """Whether the key is text rather than bytes."""
        data = self.read_key()
        if data[8:12] == b"KBXf":
            fail("the key of %s is a keybox, which package managers do not read: give what `gpg --export` makes of it" % self.uri)
        return b"-----BEGIN PGP" in data


def declared():
    path = given("repositories.json")
    if not path:
        return []
    with open(path) as f:
        return [Repository(n, said) for n, said in enumerate(json.load(f))]


def refuse_taken(repository, path, data):
    """A file that is to be kept may not be one that the base has, unless it says the same."""
    if not repository.name or not os.path.exists(path):
        return
    with open(path, "rb") as f:
        if f.read() != data:
            fail("repository.%s: the base has %s, which is another repository; choose another name" % (repository.name, path))


def put(path, data):
    """Writes a file that everybody may read, unless it says that already."""
    try:
        with open(path, "rb") as f:
            if f.read() == data:
                return path
    except FileNotFoundError:
        pass
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)
    os.chmod(path, 0o644)
    return path
