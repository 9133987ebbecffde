"""What the steps share: the host's certificates and pip configuration, times of files.

Every step runs in a container of the builder, as root, with these mounted where they exist:
/tmp/pbrx/ca.pem       certificate authorities of the host
/tmp/pbrx/pip-ca.pem   those that pip alone is told to use
/tmp/pbrx/pip.conf     the host's pip configuration, reduced to what makes sense here
/tmp/pbrx/netrc        the host's netrc
/tmp/pbrx/client.pem   a client certificate for the package index
/tmp/pbrx/constraints.txt, build-constraints.txt, dependency-constraints.txt
"""

import json
import os
import re
import subprocess
import sys
import time

RUN = "/tmp/pbrx/"
TOOLS = "/tmp/pbrx/tools"
STEADY_PIP = RUN + "steps/steady.py"


def fail(message):
    """Ends the step with one line that the builder shows first."""
    print("pbrx-go: " + message, file=sys.stderr, flush=True)
    sys.exit(1)


def canonical(name):
    """The name of a distribution as packages are compared by it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def given(name):
    """The path of a mounted file, or None where the host had nothing to mount."""
    path = RUN + name
    try:
        return path if os.path.getsize(path) else None
    except OSError:
        return None


def mirror():
    path = given("mirror")
    if not path:
        return None
    with open(path) as f:
        return f.read().strip().rstrip("/")


def environment():
    """The environment of programs that talk to the network."""
    env = dict(os.environ, LC_ALL="C.UTF-8", HOME="/tmp", PYTHONDONTWRITEBYTECODE="1")
    ca = given("ca.pem")
    if ca:
        for name in ("SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "GIT_SSL_CAINFO", "SSL_CA_CERT_FILE"):
            env[name] = ca
    return env


def pip_environment():
    """The environment of pip, and of whatever starts a pip of its own."""
    env = environment()
    env.update(
        PIP_CONFIG_FILE=given("pip.conf") or os.devnull,
        PIP_CACHE_DIR="/tmp/pbrx/pip-cache",
        PIP_DISABLE_PIP_VERSION_CHECK="1",
        PIP_NO_INPUT="1",
        PIP_PROGRESS_BAR="off",
        PIP_ROOT_USER_ACTION="ignore",
    )
    for variable, name in (
        ("PIP_CERT", "pip-ca.pem"),
        ("PIP_CLIENT_CERT", "client.pem"),
        ("NETRC", "netrc"),
        ("PIP_CONSTRAINT", "constraints.txt"),
        ("PIP_BUILD_CONSTRAINT", "build-constraints.txt"),
    ):
        if given(name):
            env[variable] = given(name)
    if "PIP_CERT" not in env and given("ca.pem"):
        env["PIP_CERT"] = given("ca.pem")
    elif given("ca.pem"):
        # requests, and so pip, believes these two rather than pip's own option; other programs need the host's.
        env["REQUESTS_CA_BUNDLE"] = env["CURL_CA_BUNDLE"] = joined("/tmp/both-ca.pem", given("pip-ca.pem"), given("ca.pem"))
    return env


def joined(path, *parts):
    """Writes one file of several, and returns its path."""
    with open(path, "w", encoding="latin-1") as out:  # any bytes: comments have every encoding
        for part in parts:
            with open(part, encoding="latin-1") as f:
                out.write(f.read() + "\n")
    return path


def note(message):
    """Tells the user something at once, whatever else the step prints."""
    print("pbrx-go: note: " + message, flush=True)


def asked(path, answer=None):
    """Writes down when somebody else was asked, with the answer; no later step may have the file among its inputs."""
    with open(path, "w") as f:
        json.dump(dict(answer or {}, asked=int(time.time())), f)


def run(argv, env, explain=None, notice=None, instead=None):
    """Runs a program, and says whether it succeeded; when it fails the step ends with its exit status.

    What explain makes of the program's output comes last then, for the builder to show first.
    notice gets each line as it is printed. instead gets the output of a program that failed; where it returns
    true it has dealt with that.
    """
    print("+ " + " ".join(argv), flush=True)
    pip = argv[1:3] == ["-m", "pip"] or argv[2:3] == [STEADY_PIP]
    if not pip and explain is None and notice is None and instead is None:
        done, output = subprocess.run(argv, env=env).returncode, ""
    else:
        done, output = watch(argv, env, notice or (lambda line: None))
    if done and instead and instead(output):
        return False
    if done:
        reason = explain and explain(output) or pip and refusal(argv, env, output)
        if reason:
            print(reason, flush=True)  # where the rest was printed: two streams have no order
        fail("%s ended with status %d" % (os.path.basename(argv[0]), done))
    return True


def refusal(argv, env, output):
    """What an index said to pip that let it in to nothing, as a line for people; empty where that was not the reason.

    To pip, a page that it may not see is one that is not there, and it says so only where somebody wants to know more.
    """
    missing = re.search(r"No matching distribution found for (([\w.-]+).*)", output)
    if not missing:
        return ""
    found = re.search(r"(40[13]) Error, Credentials not correct for (\S+)", output)
    if found is None:
        commands = [n for n, word in enumerate(argv) if word in ("install", "wheel", "download")]
        again = argv[: commands[0]] + ["download", "-vv", "--retries=0", "--timeout=15", "--no-deps", "--dest", "/tmp/refused", missing[2]]
        try:
            said = subprocess.run(again, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=60).stdout
        except subprocess.TimeoutExpired:
            return ""
        found = re.search(r"Could not fetch URL (?P<page>\S+): (?P<code>40[137]) Client Error", said)
        if found is None:
            return ""
        page, code = found["page"], found["code"]
    else:
        code, page = found[1], found[2]
    index = re.sub(r"(?<=/)%s/?$" % re.escape(re.sub(r"[-_.]+", "-", missing[2]).lower()), "", re.sub(r"://[^/\s]*@", "://", page))
    word = {"401": "Unauthorized", "403": "Forbidden", "407": "Proxy Authentication Required"}[code]
    return "ERROR: No matching distribution found for %s: the package index %s answers %s %s: correct the user name and password for it in pip's configuration or netrc" % (
        missing[1].strip(),
        index,
        code,
        word,
    )


def watch(argv, env, notice):
    """Runs a program and passes on what it prints, which it returns with the exit status."""
    lines = []
    env = dict(env, PYTHONUNBUFFERED="1")
    with subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", bufsize=1) as process:
        for line in process.stdout:
            print(line, end="", flush=True)
            notice(line)
            lines.append(line)
    return process.returncode, "".join(lines)


def now():
    """The time as the kernel stamps files with it, which lags some milliseconds behind the clock."""
    path = "/tmp/now"
    with open(path, "w"):
        return os.stat(path).st_mtime


def began():
    """When the container of this step began to be made, by the same clock.

    Mount points are made before its program runs, and change the times of the folders that they are in.
    """
    here = now()
    try:
        with open("/proc/uptime") as f:
            uptime = float(f.read().split()[0])
        with open("/proc/1/stat") as f:
            start = int(f.read().rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return here
    age = uptime - start
    # Where /proc shows another machine's times (lxcfs), they make no sense together.
    return here - age - 0.05 if 0 <= age < 60 else here


def settle(started):
    """Sets the times of everything changed since started to SOURCE_DATE_EPOCH.

    A layer must not depend on when it was made. Changed is what the kernel says was:
    ctime cannot be set, and what the base brought is older. Files that came with a
    time of their own, out of a package, keep it.
    """
    epoch = int(os.environ["SOURCE_DATE_EPOCH"])
    device = os.lstat("/").st_dev
    pending = ["/"]
    while pending:
        folder = pending.pop()
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.path in ("/proc", "/sys", "/dev", "/run"):
                    continue
                info = entry.stat(follow_symlinks=False)
                if entry.is_dir(follow_symlinks=False):
                    if info.st_dev == device:
                        pending.append(entry.path)
                clamp(entry.path, info, started, epoch)
        clamp(folder, os.lstat(folder), started, epoch)


def clamp(path, info, started, epoch):
    if info.st_ctime >= started and info.st_mtime >= started:
        try:
            os.utime(path, (epoch, epoch), follow_symlinks=False)
        except OSError:
            pass  # a mount point of this step, not part of the layer
