"""apt, the package manager of Debian and Ubuntu."""

import os
import re
import shutil
import subprocess
import urllib.error
import urllib.request

import repositories
from common import environment, given, mirror, run

CONF = """\
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


LISTS = "/var/lib/apt/lists"
PARTS = "/tmp/sources.d"
KEYRINGS = "/etc/apt/keyrings"
SOURCES = "/etc/apt/sources.list.d"


def settings(fetching=False):
    """The environment of apt. The mirror is asked what it has only where the index is fetched."""
    conf = CONF
    if given("ca.pem"):
        conf += 'Acquire::https::CaInfo "%s";\n' % given("ca.pem")
    url, beside = mirror(), repositories.declared()
    if url:
        with open("/tmp/sources.list", "w") as f:
            f.write(sources(url, [source_name(r) for r in beside], fetching))
        conf += 'Dir::Etc::SourceList "/tmp/sources.list";\nDir::Etc::SourceParts "%s";\n' % (PARTS if beside else "-")
    elif beside:
        conf += 'Dir::Etc::SourceParts "%s";\n' % PARTS
        if os.path.isdir(SOURCES):
            shutil.copytree(SOURCES, PARTS, dirs_exist_ok=True)
    for repository in beside:  # in the place of what was kept of it
        repositories.refuse_taken(repository, os.path.join(SOURCES, source_name(repository)), source(repository, os.path.join(KEYRINGS, key_name(repository))))
        repositories.put(os.path.join(PARTS, source_name(repository)), source(repository, put_key(repository, "/tmp/keyrings")))
    with open("/tmp/apt.conf", "w") as f:
        f.write(conf)
    return dict(environment(), APT_CONFIG="/tmp/apt.conf", DEBIAN_FRONTEND="noninteractive", LC_ALL="C")


def source_name(repository):
    return repository.label + ".sources"


def source(repository, key):
    """What a .sources file says of a repository."""
    fields = [("Types", "deb"), ("URIs", repository.uri), ("Suites", repository.suite), ("Components", " ".join(repository.components)), ("Signed-By", key)]
    return "".join("%s: %s\n" % f for f in fields if f[1]).encode()


def key_name(repository):
    """The name of a key's file: what it is, apt knows by that."""
    return repository.label + (".asc" if repository.armoured() else ".gpg")


def put_key(repository, folder):
    """Puts a key where apt reads it."""
    return repositories.put(os.path.join(folder, key_name(repository)), repository.read_key())


def keep(kept):
    for repository in kept:
        repositories.put(os.path.join(SOURCES, source_name(repository)), source(repository, put_key(repository, KEYRINGS)))


def sources(url, kept=(), fetching=True):
    """The base's own sources, with the mirror in place of their hosts. Those in files called as kept are no business of the mirror.

    A security suite moves to <mirror>-security beside the mirror if there is one
    (debian, debian-security), and is left out otherwise.
    """
    lines = []
    for options, base, suite, components in entries(kept):
        target = url
        if "-security" in suite and not base.rstrip("/").endswith("/ubuntu"):
            target = re.sub(r"/[^/]+$", "/" + base.rstrip("/").rsplit("/", 1)[-1], url)
            if not (reachable("%s/dists/%s/InRelease" % (target, suite)) if fetching else fetched(target, suite)):
                print("the mirror has no %s: left out" % suite, flush=True)
                continue
        lines.append(" ".join(x for x in ("deb", options, target, suite, components) if x))
    return "\n".join(lines) + "\n"


def fetched(target, suite):
    """Whether the index has something of a suite: its files are called by where they come from."""
    part = "_%s_dists_%s_" % (target.rpartition("/")[2].replace("_", "%5f"), suite.replace("_", "%5f").replace("/", "_"))
    return any(part in name for name in os.listdir(LISTS))


def reachable(url):
    import ssl

    context = ssl.create_default_context(cafile=given("ca.pem"))
    try:
        request = urllib.request.Request(url, method="HEAD")
        with urllib.request.urlopen(request, timeout=10, context=context):
            return True
    except (OSError, urllib.error.URLError):
        return False


def entries(without=()):
    """(options, URI, suite, components) of every binary source of the base, but for those in files of some names."""
    files = ["/etc/apt/sources.list"]
    if os.path.isdir(SOURCES):
        files += [os.path.join(SOURCES, n) for n in sorted(os.listdir(SOURCES)) if n not in without]
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


def index():
    os.makedirs(LISTS + "/partial", exist_ok=True)
    run(["apt-get", "update", "-q", "-o", "APT::Update::Error-Mode=any"], settings(fetching=True), explain=distrusted)


def distrusted(output):
    """Which signature was not to be verified, and why: apt says so in a warning, and less in its error."""
    said = re.findall(r"^[WE]: (?:GPG error|An error occurred during the signature verification)[^:]*: (.*)$", output, re.M)
    return "E: " + "; ".join(dict.fromkeys(said)) if said else ""


def missing(names):
    env = settings()
    shown = subprocess.run(["apt-cache", "policy"] + names, env=env, stdout=subprocess.PIPE, check=True, text=True).stdout
    candidates = dict(re.findall(r"^(\S+):\n  Installed: .*\n  Candidate: (.*)$", shown, re.M))
    return [n for n in names if candidates.get(n, "(none)") == "(none)" and not provided(n, env)]


def provided(name, env):
    shown = subprocess.run(["apt-cache", "showpkg", name], env=env, stdout=subprocess.PIPE, text=True).stdout
    return bool(shown.partition("Reverse Provides:")[2].strip())


def install(names):
    os.makedirs("/var/cache/apt/archives/partial", exist_ok=True)
    run(["apt-get", "install", "-q", "-y", "--no-install-recommends"] + names, settings(), explain=explain)


def explain(output):
    """Why apt-get failed, in a line: the packages that cannot be together, or those that dpkg could not set up."""
    unmet = output.rpartition("The following packages have unmet dependencies:\n")[2] if "have unmet dependencies:\n" in output else ""
    said = []
    for line in unmet.splitlines():
        if not line.startswith(" "):
            break
        said.append(" ".join(line.split()))
    for package, why in re.findall(r"^dpkg: error processing (?:package|archive) (\S+) .*:\n (.*)$", output, re.M):
        said.append("%s: %s" % (os.path.basename(package), " ".join(why.split())))
    return "E: " + "; ".join(said) if said else ""
