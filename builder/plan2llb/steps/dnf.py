"""dnf and microdnf, the package managers of Fedora, Rocky Linux, AlmaLinux, CentOS Stream and Red Hat's images.

The base's configuration and repositories are copied below /tmp and changed there, because microdnf
knows few options on its command line. Whether documentation is installed stays the base's
decision: images of these distributions say tsflags=nodocs in their dnf.conf, and licences are
installed all the same. What the package manager remembers of its own deeds (history, logs) is
thrown away; the packages that a history does not know count as asked for by a person, so that
none of them is ever removed by itself.
"""

import os
import re
import shutil
import subprocess

import repositories
import rpmdb
from common import began, environment, fail, given, mirror, run

INDEX = "/tmp/pbrx/dnf-index"
PACKAGES = "/tmp/pbrx/dnf-packages"
WORK = "/tmp/dnf"

# They write into the root file system: packages that were installed; a repository and a log.
PLUGINS = ("local", "subscription-manager")
PLUGIN_FOLDERS = ("/etc/dnf/plugins", "/etc/dnf/libdnf5-plugins")

FOLDERS = ("/etc/yum.repos.d", "/etc/distro.repos.d")

# What a mirror stands in for: the part of an address before what each mirror of the distribution has below its own.
ROOTS = (
    r"https?://[^/]+/\$contentdir/",  # Rocky Linux, CentOS Stream 8
    r"https?://[^/]+/(?:pub/)?rocky/",
    r"https?://[^/]+/almalinux/",
    r"https?://[^/]+/(?:pub/)?fedora(?:/linux)?/(?=releases/|updates/)",
    r"https?://[^/]+/(?:centos-stream/)?(?=\$stream/|\$releasever-stream/|SIGs/)",
    r"https://cdn-ubi\.redhat\.com/content/public/ubi/dist/",
)

# CentOS Stream names no address, only whom to ask for one.
METALINKS = {
    "centos-baseos-$stream": "$stream/BaseOS/$basearch/os/",
    "centos-appstream-$stream": "$stream/AppStream/$basearch/os/",
    "centos-crb-$stream": "$stream/CRB/$basearch/os/",
    "centos-extras-sig-extras-common-$stream": "SIGs/$stream/extras/$basearch/extras-common/",
}


def sections(text):
    """(name, lines) of every section of a .repo file, comments among them."""
    name, lines = None, []
    for line in text.splitlines():
        head = re.match(r"\[([^]]+)\]\s*$", line)
        if head:
            if name:
                yield name, lines
            name, lines = head[1], []
        elif name:
            lines.append(line)
    if name:
        yield name, lines


def option(lines, name):
    """The value of an option, None where it is not set."""
    found = [m[1].strip() for line in lines for m in [re.match(re.escape(name) + r"\s*=(.*)", line)] if m]
    return found[-1] if found else None


def without(lines, *names):
    """The lines without these options, and without the lines that continue them."""
    kept, dropping = [], False
    for line in lines:
        if not line[:1].isspace():
            dropping = re.match(r"(\w+)\s*=", line) is not None and re.match(r"(\w+)", line)[1] in names
        if not dropping:
            kept.append(line)
    return kept


def below(lines):
    """Where a repository lies below the root of a mirror, None for one that a mirror does not have.

    Distributions that ask for a mirror by default have the address of their own in a comment.
    """
    for line in lines:
        address = re.match(r"#?\s*baseurl\s*=\s*(\S+)", line)
        for root in ROOTS if address else ():
            path, found = re.subn("^" + root, "", address[1])
            if found:
                return path
    asked = re.search(r"[?&]repo=([^&\s]+)", option(lines, "metalink") or "")
    return METALINKS.get(asked[1]) if asked else None


def moved_to(text, url):
    """A .repo file for a build, and which of its enabled repositories are asked for at the mirror and which are not.

    What was fetched for the index is good for all that is installed from it, however old it is.
    """
    out, moved, left = [], [], []
    for name, lines in sections(text):
        lines = without(lines, "metadata_expire", "countme")
        path = below(lines) if url else None
        if path is not None:
            lines = without(lines, "baseurl", "mirrorlist", "metalink") + ["baseurl=%s/%s" % (url, path)]
        if (option(lines, "enabled") or "1").lower() in ("1", "yes", "true", "on"):
            (left if path is None else moved).append(name)
        out += ["[%s]" % name, *lines, ""]
    return "\n".join(out), moved, left


def write_repositories(folder):
    url, moved, left = mirror(), [], []
    beside = repositories.declared()
    for source in FOLDERS:
        for name in sorted(os.listdir(source)) if os.path.isdir(source) else ():
            if not name.endswith(".repo") or name in [repo_name(r) for r in beside]:
                continue
            with open(os.path.join(source, name), encoding="utf-8") as f:
                text, there, elsewhere = moved_to(f.read(), url)
            with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                f.write(text)
            moved, left = moved + there, left + elsewhere
    for repository in beside:
        repositories.refuse_taken(repository, os.path.join(FOLDERS[0], repo_name(repository)), repo(repository, kept_key(repository)))
        repositories.put(os.path.join(folder, repo_name(repository)), repo(repository, repository.key))
    if url and not moved:
        fail(
            "--mirror: of the base's repositories (%s) none is known to be on mirrors; Rocky Linux, AlmaLinux, "
            "CentOS Stream, Fedora and UBI are: leave --mirror out, or change the base's /etc/yum.repos.d" % (", ".join(left) or "none is enabled")
        )
    if url and left:
        print("not from the mirror: " + ", ".join(left), flush=True)


def repo_name(repository):
    return repository.label + ".repo"


def repo(repository, key):
    """What a .repo file says of a repository."""
    return "".join(
        "%s\n" % line
        for line in ("[%s]" % repository.label, "name=%s" % repository.label, "baseurl=%s" % repository.uri, "enabled=1", "gpgcheck=1", "gpgkey=file://%s" % key)
    ).encode()


def kept_key(repository):
    return "/etc/pki/rpm-gpg/RPM-GPG-KEY-" + repository.label


def keep(kept):
    for repository in kept:
        key = repositories.put(kept_key(repository), repository.read_key())
        repositories.put(os.path.join(FOLDERS[0], repo_name(repository)), repo(repository, key))


def configuration(base):
    """The base's dnf.conf with our own settings in [main]."""
    ours = {
        "cachedir": INDEX,
        "system_cachedir": INDEX,  # dnf 5, as root
        "persistdir": WORK + "/persist",
        "logdir": WORK + "/log",
        "reposdir": WORK + "/repos",
        "keepcache": "1",
        "metadata_expire": "-1",
        "install_weak_deps": "0",
        "color": "never",
    }
    if given("ca.pem"):
        ours["sslcacert"] = given("ca.pem")
    found = dict(sections(base))
    lines = ["[main]", *without(found.pop("main", []), *ours), *("%s=%s" % item for item in ours.items()), ""]
    for name, rest in found.items():
        lines += ["[%s]" % name, *rest, ""]
    return "\n".join(lines)


def prepare():
    for folder in ("/repos", "/log"):
        os.makedirs(WORK + folder)
    if os.path.isdir("/var/lib/dnf"):
        shutil.copytree("/var/lib/dnf", WORK + "/persist", symlinks=True)
    write_repositories(WORK + "/repos")
    base = ""
    if os.path.exists("/etc/dnf/dnf.conf"):
        with open("/etc/dnf/dnf.conf", encoding="utf-8") as f:
            base = f.read()
    with open(WORK + "/dnf.conf", "w", encoding="utf-8") as f:
        f.write(configuration(base))


def program():
    """The program's name, and whether it is microdnf as it was before dnf 5 took its place."""
    path = shutil.which("dnf") or shutil.which("microdnf")
    name = os.path.basename(path)
    return name, name == "microdnf" and not os.path.realpath(path).endswith("/dnf5")


def command(*arguments):
    name, micro = program()
    argv = [name, "--config=%s/dnf.conf" % WORK]
    if micro:  # it has some of its settings from its command line only
        argv += ["--setopt=cachedir=" + INDEX, "--setopt=reposdir=%s/repos" % WORK, "--setopt=keepcache=1", "--setopt=install_weak_deps=0"]
    plugins = [n for n in PLUGINS if any(os.path.exists("%s/%s.conf" % (folder, n)) for folder in PLUGIN_FOLDERS)]
    if plugins:
        argv.append("--disableplugin=" + ",".join(plugins))
    return argv + list(arguments)


def said(argv):
    return subprocess.run(argv, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout


def index():
    prepare()
    run(command("makecache"), environment(), explain=explain)


def missing(names):
    prepare()
    if program()[1]:
        return [n for n in names if not said(command("repoquery", n)).strip()]
    # Nothing is installed. Whether it could be, all at once, is not the question here.
    return unmatched(said(command("install", "--assumeno", *names)), names)


def unmatched(text, names):
    """The names for which dnf says that there is no package."""
    found = re.findall(r"^(?:No match for argument|All matches were filtered out by [\w ]+ for argument): (\S+)\s*$", text, re.M)
    return [n for n in names if n in found]


def install(names):
    started = began()
    had, times = os.path.exists("/run/dnf"), os.stat("/run") if os.path.isdir("/run") else None
    prepare()
    keep_packages()
    passing = [r.key for r in repositories.declared() if not r.name]
    trusted = rpmdb.keys() if passing else set()
    run(command("install", "-y", *names), environment(), explain=explain)
    forgotten = rpmdb.forget(passing, trusted)
    if not had and os.path.isdir("/run/dnf"):  # where dnf 5 had its lock
        shutil.rmtree("/run/dnf")
        if times:
            os.utime("/run", ns=(times.st_atime_ns, times.st_mtime_ns))
    rpmdb.settle(started, forgotten)


def keep_packages():
    """Puts what is downloaded into the cache of packages, which outlives the build."""
    for folder, subfolders, _ in os.walk(INDEX):
        if "repodata" not in subfolders:
            continue
        cache = os.path.join(PACKAGES, os.path.basename(folder))
        os.makedirs(cache, exist_ok=True)
        packages = os.path.join(folder, "packages")
        shutil.rmtree(packages, ignore_errors=True)
        os.symlink(cache, packages)


def explain(output):
    """Why it failed, in a line: the last error with what belongs to it (microdnf writes error:, dnf 5 what did not work)."""
    reasons, causes, more = [], [], False
    for line in output.splitlines():
        start = re.match(r"(?:(?:Error|error): *)(.*)|(Failed to .*|Transaction failed: .*)", line)
        cause = re.match(r"\s+- ((?:Curl error|Status code).*)|>>> (\[RPM\] .*)", line)
        if start:
            reasons, more = [start[1] if start[2] is None else start[2]], True
        elif cause:  # said before the error
            causes = [cause[1] or cause[2]]
        elif more and line.startswith((" ", "Problem", "No match for argument:")):
            reasons.append(line)
        else:
            more = False  # advice, which is about a command line that is ours
    said = " ".join(" ".join(reasons + causes).split())
    return "ERROR: " + said if reasons else ""
