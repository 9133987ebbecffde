"""Distro packages: packages.py index|install MANAGER NAME…

index    fetches the package index and writes to /out/index.json which NAMEs it lacks
install  installs NAMEs on the root file system, from the index fetched before

Nothing but the packages stays: caches, lists and logs are mounts, times are settled.
"""

import filecmp
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request

from common import environment, fail, given, now, run, settle

APT_CONF = """\
APT::Sandbox::User "root";
APT::Install-Recommends "false";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
Dpkg::Use-Pty "false";
Dpkg::Options:: "--force-confdef";
Dpkg::Options:: "--force-confold";
"""

# Written by the package manager, of no use in an image. What was there before is put back.
TRACES = (
    "/var/cache/ldconfig/aux-cache",
    "/var/cache/debconf/config.dat-old",
    "/var/cache/debconf/templates.dat-old",
    "/var/lib/dpkg/status-old",
    "/var/lib/dpkg/available-old",
    "/var/lib/dpkg/diversions-old",
    "/var/lib/dpkg/statoverride-old",
    "/var/lib/dpkg/lock",
    "/var/lib/dpkg/lock-frontend",
    "/var/lib/dpkg/triggers/Lock",
    "/var/log/fontconfig.log",
    "/etc/.pwd.lock",
    "/etc/passwd-",
    "/etc/group-",
    "/etc/shadow-",
    "/etc/gshadow-",
    "/etc/subuid-",
    "/etc/subgid-",
    "/var/log/apk.log",
)


def mirror():
    path = given("mirror")
    if not path:
        return None
    with open(path) as f:
        return f.read().strip().rstrip("/")


# --- apt ---------------------------------------------------------------------


def apt_environment():
    conf = APT_CONF
    if given("ca.pem"):
        conf += 'Acquire::https::CaInfo "%s";\n' % given("ca.pem")
    url = mirror()
    if url:
        with open("/tmp/sources.list", "w") as f:
            f.write(apt_sources(url))
        conf += 'Dir::Etc::SourceList "/tmp/sources.list";\nDir::Etc::SourceParts "-";\n'
    with open("/tmp/apt.conf", "w") as f:
        f.write(conf)
    return dict(environment(), APT_CONFIG="/tmp/apt.conf", DEBIAN_FRONTEND="noninteractive", LC_ALL="C")


def apt_sources(url):
    """The base's own sources, with the mirror in place of their hosts.

    A security suite moves to <mirror>-security beside the mirror if there is one
    (debian, debian-security), and is left out otherwise.
    """
    lines = []
    for options, base, suite, components in apt_entries():
        target = url
        if "-security" in suite and not base.rstrip("/").endswith("/ubuntu"):
            target = re.sub(r"/[^/]+$", "/" + base.rstrip("/").rsplit("/", 1)[-1], url)
            if not reachable("%s/dists/%s/InRelease" % (target, suite)):
                print("the mirror has no %s: left out" % suite, flush=True)
                continue
        lines.append(" ".join(x for x in ("deb", options, target, suite, components) if x))
    return "\n".join(lines) + "\n"


def reachable(url):
    import ssl

    context = ssl.create_default_context(cafile=given("ca.pem"))
    try:
        request = urllib.request.Request(url, method="HEAD")
        with urllib.request.urlopen(request, timeout=10, context=context):
            return True
    except (OSError, urllib.error.URLError):
        return False


def apt_entries():
    """(options, URI, suite, components) of every binary source of the base."""
    folder = "/etc/apt/sources.list.d"
    files = ["/etc/apt/sources.list"]
    if os.path.isdir(folder):
        files += [os.path.join(folder, n) for n in sorted(os.listdir(folder))]
    for path in files:
        if not os.path.exists(path):
            continue
        with open(path, encoding="utf-8") as f:
            text = f.read()
        if path.endswith(".sources"):
            yield from deb822_entries(text)
        elif path.endswith(".list"):
            for line in text.splitlines():
                m = re.match(r"deb\s+(\[[^]]*\]\s+)?(\S+)\s+(\S+)\s*([^#]*)", line.strip())
                if m:
                    yield (m[1] or "").strip(), m[2], m[3], m[4].strip()


def deb822_entries(text):
    for stanza in re.split(r"\n\s*\n", text):
        fields = {}
        for line in stanza.splitlines():
            name, colon, value = line.partition(":")
            if colon and not line.startswith(("#", " ", "\t")):
                fields[name.strip().lower()] = value.strip()
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").lower() == "no":
            continue
        key = fields.get("signed-by", "")
        options = "[signed-by=%s]" % key if key.startswith("/") else ""
        for uri in fields.get("uris", "").split():
            for suite in fields.get("suites", "").split():
                yield options, uri, suite, fields.get("components", "")


def apt_index(names):
    env = apt_environment()
    os.makedirs("/var/lib/apt/lists/partial", exist_ok=True)
    run(["apt-get", "update", "-q", "-o", "APT::Update::Error-Mode=any"], env)
    if not names:
        return []
    shown = subprocess.run(["apt-cache", "policy"] + names, env=env, stdout=subprocess.PIPE, check=True, text=True).stdout
    candidates = dict(re.findall(r"^(\S+):\n  Installed: .*\n  Candidate: (.*)$", shown, re.M))
    return [n for n in names if candidates.get(n, "(none)") == "(none)" and not apt_provided(n, env)]


def apt_provided(name, env):
    shown = subprocess.run(["apt-cache", "showpkg", name], env=env, stdout=subprocess.PIPE, text=True).stdout
    return bool(shown.partition("Reverse Provides:")[2].strip())


def apt_install(names):
    os.makedirs("/var/cache/apt/archives/partial", exist_ok=True)
    run(["apt-get", "install", "-q", "-y", "--no-install-recommends"] + names, apt_environment())


# --- apk ---------------------------------------------------------------------


def apk(*arguments):
    argv = ["apk", "--cache-dir", "/tmp/pbrx/apk-cache", "--no-progress"]
    url = mirror()
    if url:
        with open("/etc/apk/repositories") as f:
            text = f.read()
        with open("/tmp/repositories", "w") as f:
            f.write(re.sub(r"(?m)^(\s*(?:@\S+\s+)?)\S+?/(v\d[\w.]*|edge|latest-stable)/", r"\g<1>%s/\g<2>/" % url, text))
        argv += ["--repositories-file", "/tmp/repositories"]
    return argv + list(arguments)


def apk_index(names):
    env = environment()
    run(apk("update"), env)
    missing = []
    for name in names:
        found = subprocess.run(apk("search", "--exact", "--quiet", name), env=env, stdout=subprocess.PIPE, text=True).stdout
        if not found.strip():
            missing.append(name)
    return missing


def apk_install(names):
    run(apk("add", "--no-interactive", *names), environment())


# -----------------------------------------------------------------------------


# Written anew each time, the same or not. What is the same keeps its time, and stays out of the layer.
RECORDS = ("/var/lib/apt/extended_states", "/var/lib/dpkg/triggers/File", "/var/lib/dpkg/triggers/Unincorp")


def install(manager, names):
    started = now()
    kept = {}
    for path in TRACES + RECORDS:
        if os.path.exists(path):
            kept[path] = "/tmp/" + path.replace("/", "_")
            shutil.copy2(path, kept[path])
    MANAGERS[manager][1](names)
    for path in TRACES + RECORDS:
        if path in kept:
            put_back(kept[path], path)
        elif path in TRACES and os.path.lexists(path):
            os.remove(path)
    settle(started)


def put_back(copy, path):
    """Gives a file the content and the time it had; a record only its time, and only if it says the same."""
    if path in TRACES and not (os.path.exists(path) and filecmp.cmp(copy, path, shallow=False)):
        shutil.copy2(copy, path)
    elif os.path.exists(path) and filecmp.cmp(copy, path, shallow=False):
        shutil.copystat(copy, path)


def index(manager, names):
    missing = MANAGERS[manager][0](names)
    with open("/out/index.json", "w") as f:
        json.dump({"missing": missing}, f)


MANAGERS = {"apt": (apt_index, apt_install), "apk": (apk_index, apk_install)}


def main():
    action, manager, names = sys.argv[1], sys.argv[2], sys.argv[3:]
    if manager not in MANAGERS:
        fail("no way is known to install packages with %r" % manager)
    {"index": index, "install": install}[action](manager, names)


if __name__ == "__main__":
    main()
