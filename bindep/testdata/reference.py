"""Answer questions about the bindep that is installed here, one JSON line each.

A question has one of

    main      [{os_release, text, args, stdin}]: run the command; {exit, stdout, stderr} of each
    platforms [os_release]: the platform profiles of each, null where bindep fails
    files     {texts, profiles}: what bindep reads in each text, and the names that
              are active under each of the lists of profiles; null where it is refused. A
              text that starts with "-" is read as standard input, after "+" as a file
    macos     [brew]: the platform profiles of macOS with or without Homebrew
    versions  [[installed, operator, version]]: true, false, or null where bindep fails

All texts are bytes, a character each. bindep itself is untouched, but for its
grammar, which is compiled once and not for every file.
"""

import contextlib
import functools
import gc
import io
import json
import os
import sys
import tempfile
import traceback
from unittest import mock

import distro
import distro.distro
from bindep import __main__ as command
from bindep import depends

compiled = functools.cache(lambda grammar: MAKE(grammar, {}))
MAKE, depends.makeGrammar = depends.makeGrammar, lambda grammar, bindings: compiled(grammar)


def write(name, text):
    with open(name, "wb") as f:
        f.write(text.encode("latin-1"))


def run_on(os_release):
    write("etc/os-release", os_release)
    # The root keeps distro from the machine's own lsb_release, /etc/*-release and /etc/debian_version.
    distro.distro._distro = distro.LinuxDistribution(include_lsb=False, include_uname=False, root_dir=os.getcwd())


def main(case):
    run_on(case["os_release"])
    write("bindep.txt", case["text"])
    out, err = io.StringIO(), io.StringIO()
    sys.argv = ["bindep"] + case["args"]
    code = 0
    if case["stdin"]:
        # As Python opens it on POSIX.
        sys.stdin = open("bindep.txt", encoding="utf-8", newline="\n")
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = command.main()
        except SystemExit as e:
            code = e.code
        except Exception:
            traceback.print_exc()
            code = 1
    return {"exit": code or 0, "stdout": out.getvalue(), "stderr": err.getvalue()}


def platforms(os_release):
    run_on(os_release)
    try:
        return depends.Depends("").platform_profiles()
    except Exception:
        return None


def macos(brew):
    with mock.patch("platform.system", lambda: "Darwin"), mock.patch("os.system", lambda _: 0 if brew else 256):
        return depends.Depends("").platform_profiles()


def selector(s):
    if isinstance(s, list):
        return "(" + " ".join(map(selector, s)) + ")"
    return ("" if s[0] else "!") + s[1]


def rule(r):
    return "%s sel{%s} ver{%s}" % (r[0], " ".join(map(selector, r[1])), " ".join(o + v for o, v in r[2]))


def file(text, profiles):
    newline = "\n" if text[0] == "-" else None
    data = io.BytesIO(text[1:].encode("latin-1"))
    try:
        read = depends.Depends(io.TextIOWrapper(data, encoding="utf-8", newline=newline).read())
    except (depends.DependsException, UnicodeDecodeError):
        return None
    return {"rules": [rule(r) for r in read._rules], "profiles": read.profiles(),
            "active": [[r[0] for r in read.active_rules(p)] for p in profiles]}


def holds(installed, operator, version):
    try:
        return depends._eval(installed, operator, version)
    except Exception:
        return None


def answer(question):
    if "main" in question:
        return [main(c) for c in question["main"]]
    if "platforms" in question:
        return [platforms(p) for p in question["platforms"]]
    if "macos" in question:
        return [macos(b) for b in question["macos"]]
    if "files" in question:
        return [file(t, question["files"]["profiles"]) for t in question["files"]["texts"]]
    return [holds(*v) for v in question["versions"]]


# Parsley leaves so much garbage behind that collecting it takes five times as long as parsing:
# each question is answered by a child, whose memory goes when it ends.
depends.Depends("")
gc.freeze()
gc.disable()
with tempfile.TemporaryDirectory() as d:
    os.chdir(d)
    os.mkdir("etc")
    for line in sys.stdin.buffer:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                print(json.dumps(answer(json.loads(line))), flush=True)
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(status)
        if os.waitpid(child, 0)[1] != 0:
            sys.exit("the child failed")
    os.chdir("/")
