"""apk, the package manager of Alpine."""

import os
import re
import shutil
import subprocess

import repositories
from common import environment, mirror, run

INDEX = "/tmp/pbrx/apk-index"  # of this build; what one step fetched, the others take
CACHE = "/tmp/pbrx/apk-cache"  # packages of all builds on this release

# A line of /etc/apk/repositories: a tag, where the mirror begins, the release, the rest.
REPOSITORY = re.compile(r"(\s*(?:@\S+\s+)?)([a-z]+://\S+?)/(v\d[\w.]*|edge|latest-stable)/(\S+)\s*")


LIST = "/etc/apk/repositories"
KEYS = "/etc/apk/keys"
TRUSTED = "/tmp/apk-keys"


def apk(*arguments):
    # Only the index step asks for an index: one that is older than apk likes is still the one of this build.
    argv = ["apk", "--no-progress", "--cache-max-age", "100000000"]
    url, beside = mirror(), repositories.declared()
    if url or beside:
        lines = [r.uri for r in beside]
        with open("/tmp/repositories", "w") as f:
            f.write(own(url, lines) + "".join(line + "\n" for line in lines))
        argv += ["--repositories-file", "/tmp/repositories"]
    if beside:
        argv += ["--keys-dir", TRUSTED]
        for folder in (KEYS, "/usr/lib/apk/keys"):
            if os.path.isdir(folder):
                shutil.copytree(folder, TRUSTED, dirs_exist_ok=True)
        put_keys(beside, TRUSTED)
    return argv + list(arguments)


def put_keys(some, folder):
    for repository in some:
        repositories.put(os.path.join(folder, repository.key_name), repository.read_key())


def keep(kept):
    if not kept:
        return
    put_keys(kept, KEYS)
    text = listed()
    new = [r.uri for r in kept if r.uri not in text.splitlines()]
    if new:
        with open(LIST, "w") as f:
            f.write("".join(line + "\n" for line in text.splitlines() + new))


def listed():
    """What the base's list of repositories says."""
    if not os.path.exists(LIST):
        return ""
    with open(LIST) as f:
        return f.read()


def own(url, without=()):
    """The base's own repositories, with the mirror, if there is one, in place of their hosts. Some lines are no business of it."""
    lines = []
    for line in listed().splitlines():
        if line in without:
            continue
        m = REPOSITORY.fullmatch(line) if url else None
        if m:
            line = "%s%s/%s/%s" % (m[1], url, m[3], m[4])
        elif url and line.strip() and not line.lstrip().startswith("#"):
            print("not from the mirror, for want of a release in its path: %s" % line, flush=True)
        lines.append(line + "\n")
    return "".join(lines)


def index():
    run(apk("--cache-dir", INDEX, "--force-refresh", "update"), environment(), explain=explain)


def missing(names):
    env, argv = environment(), apk("--cache-dir", INDEX, "--no-network", "search", "--exact", "--quiet")
    gone = []
    for name in names:
        # What provides the name counts as well.
        found = subprocess.run(argv + [name], env=env, stdout=subprocess.PIPE, text=True).stdout
        if not found.strip():
            gone.append(name)
    return gone


def install(names):
    for name in os.listdir(INDEX):
        if name.startswith("APKINDEX."):
            shutil.copyfile(os.path.join(INDEX, name), os.path.join(CACHE, name))
    argv = apk("--cache-dir", CACHE, "add", "--no-interactive")
    if any(name.startswith("/") for name in names):
        argv.append("--allow-untrusted")  # the definition says by digest what package files are; the index was verified when it was fetched
    run(argv + names, environment(), explain=explain)


def explain(output):
    """Why apk failed, in a line: the last error with what is indented below it, else what it warned of."""
    error = []
    for line in output.splitlines():
        if line.startswith("ERROR: "):
            error = [line.removeprefix("ERROR: ").strip()]
        elif error and line.startswith("  "):
            error.append(line.strip())
    warnings = [line.removeprefix("WARNING: ").strip() for line in output.splitlines() if line.startswith("WARNING: ")]
    said = " ".join(error) or "; ".join(warnings)
    return "ERROR: " + said if said else ""
