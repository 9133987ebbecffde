"""apk, the package manager of Alpine."""

import os
import re
import shutil
import subprocess

from common import environment, mirror, run

INDEX = "/tmp/pbrx/apk-index"  # of this build; what one step fetched, the others take
CACHE = "/tmp/pbrx/apk-cache"  # packages of all builds on this release

# A line of /etc/apk/repositories: a tag, where the mirror begins, the release, the rest.
REPOSITORY = re.compile(r"(\s*(?:@\S+\s+)?)([a-z]+://\S+?)/(v\d[\w.]*|edge|latest-stable)/(\S+)\s*")


def apk(*arguments):
    # Only the index step asks for an index: one that is older than apk likes is still the one of this build.
    argv = ["apk", "--no-progress", "--cache-max-age", "100000000"]
    url = mirror()
    if url:
        with open("/tmp/repositories", "w") as f:
            f.write(repositories(url))
        argv += ["--repositories-file", "/tmp/repositories"]
    return argv + list(arguments)


def repositories(url):
    """The base's own repositories, with the mirror in place of their hosts."""
    with open("/etc/apk/repositories") as f:
        text = f.read()
    lines = []
    for line in text.splitlines():
        m = REPOSITORY.fullmatch(line)
        if m:
            line = "%s%s/%s/%s" % (m[1], url, m[3], m[4])
        elif line.strip() and not line.lstrip().startswith("#"):
            print("not from the mirror, for want of a release in its path: %s" % line, flush=True)
        lines.append(line + "\n")
    return "".join(lines)


def index(names):
    env, argv = environment(), apk("--cache-dir", INDEX)
    run(argv + ["--force-refresh", "update"], env, explain=explain)
    missing = []
    for name in names:
        # What provides the name counts as well.
        found = subprocess.run(argv + ["search", "--exact", "--quiet", name], env=env, stdout=subprocess.PIPE, text=True).stdout
        if not found.strip():
            missing.append(name)
    return missing


def install(names):
    for name in os.listdir(INDEX):
        if name.startswith("APKINDEX."):
            shutil.copyfile(os.path.join(INDEX, name), os.path.join(CACHE, name))
    run(apk("--cache-dir", CACHE, "add", "--no-interactive", *names), environment(), explain=explain)


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
