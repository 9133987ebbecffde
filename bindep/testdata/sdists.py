"""Fetch the bindep files of sdists, by the index that pip is configured to use.

    python sdists.py FOLDER <sdists.txt

reads requirements, one NAME==VERSION a line, and writes the bindep.txt or
other-requirements.txt at the root of each sdist to FOLDER/NAME==VERSION. What is there
already is not fetched again. "pip download" would run the projects' code to read
their metadata; this takes pip's own finder and session, and unpacks one file.
"""

import os
import sys
import tarfile
import tempfile

from pip._internal.commands import create_command
from pip._internal.models.link import Link
from pip._vendor.packaging.requirements import Requirement

NAMES = ("bindep.txt", "other-requirements.txt")


def find(finder, requirement):
    """The link of the newest sdist that satisfies the requirement."""
    wanted = Requirement(requirement)
    best = finder.find_best_candidate(wanted.name, specifier=wanted.specifier).best_candidate
    if best is None:
        raise LookupError("no sdist of %s on the configured index" % requirement)
    return best


def fetch(session, link, out):
    """Stream the file of a link and check the digest that the index gave."""
    with session.get(link.url_without_fragment, stream=True, headers={"Accept-Encoding": "identity"}) as response:
        response.raise_for_status()
        digests = link.as_hashes()
        chunks = iter(lambda: response.raw.read(1 << 16), b"")

        def tee():
            for chunk in chunks:
                out.write(chunk)
                yield chunk

        if digests:
            digests.check_against_chunks(tee())
        else:
            for _ in tee():
                pass


def bindep_of(path):
    """The text of the bindep file at the root of an sdist."""
    with tarfile.open(path) as sdist:
        for member in sdist:
            parts = member.name.split("/")
            if len(parts) == 2 and parts[1] in NAMES and member.isfile():
                return sdist.extractfile(member).read()
    raise LookupError("no bindep.txt in %s" % os.path.basename(path))


def main():
    folder = sys.argv[1]
    command = create_command("download")
    options, _ = command.parse_args(["--no-deps", "--no-binary", ":all:", "--no-cache-dir", "-q"])
    failed = False
    with command.main_context():
        session = command.get_default_session(options)
        finder = command._build_package_finder(options, session)
        for line in sys.stdin:
            requirement = line.split("#")[0].strip()
            path = os.path.join(folder, requirement)
            if not requirement or os.path.exists(path):
                continue
            try:
                best = find(finder, requirement)
                with tempfile.NamedTemporaryFile(suffix="-" + best.link.filename) as sdist:
                    fetch(session, best.link, sdist)
                    sdist.flush()
                    text = bindep_of(sdist.name)
            except Exception as e:
                print("%s: %s: %s" % (requirement, type(e).__name__, e), file=sys.stderr)
                failed = True
                continue
            name = "%s==%s" % (Requirement(requirement).name, best.version)
            with open(os.path.join(folder, name + ".part"), "wb") as f:
                f.write(text)
            os.rename(f.name, os.path.join(folder, name))
    sys.exit(1 if failed else 0)


main()
