"""What commands made elsewhere, put into the project's tree before its wheel is built.

/tmp/pbrx/made.json holds [PATH…] in the tree, and /tmp/pbrx/made/N what belongs at the N-th, a file or a folder.
"""

import json
import os
import shutil

from common import RUN, fail, given, note
from history import answer


def put(tree, git):
    """Puts everything into the tree, and into git's list of files where backends take that for the files there are."""
    path = given("made.json")
    if not path:
        return []
    with open(path) as f:
        wanted = json.load(f)
    for n, dest in enumerate(wanted):
        if os.path.isabs(dest) or os.path.normpath(dest).startswith(".."):
            fail("%s is not in the project's tree" % dest)
        source, place = "%smade/%d" % (RUN, n), os.path.join(tree, dest)
        if os.path.isdir(source):
            shutil.copytree(source, place, symlinks=True, dirs_exist_ok=True)
        else:
            os.makedirs(os.path.dirname(place), exist_ok=True)
            shutil.copy(source, place)
        if git:
            answer(tree, "add", "--force", "--", dest)
    return wanted


def check(tree, wanted, names):
    """Says what did not get into the wheel, whose paths may lack folders that the tree has in front."""
    for dest in wanted:
        place = os.path.join(tree, dest)
        files = [os.path.relpath(os.path.join(f, n), tree) for f, _, some in os.walk(place) for n in some] if os.path.isdir(place) else [dest]
        if files and not any(("/" + f).endswith("/" + n) for f in files for n in names):
            note("nothing of %s, which commands made, is in the wheel: does the project declare it as package data, and not ignore it?" % dest)
