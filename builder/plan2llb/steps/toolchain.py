"""Finds out whether a build takes the compile profile, where that is not installed."""

import json
import os
import re
import sysconfig

ASKED = "/tmp/asked-for"
STANDINS = "/tmp/standins"
PROGRAMS = (
    "cc gcc g++ c++ clang clang++ cpp gfortran ld as ar make gmake cmake ninja meson autoconf swig pkg-config pkgconf cargo rustc go protoc"
).split()

# A backend that a pip started has failed, or git is missing. What else may fail does so with every package there is, too.
FAILED = re.compile(r"subprocess-exited-with-error|metadata-generation-failed|failed-wheel-build|Failed to build|Failed building wheel|Cannot find command")


def lacking(output):
    """Why a pip may have failed for want of the compile profile, or None."""
    if not FAILED.search(output):
        return None
    named = re.search(r"(?:Failed to build|Failed building wheel for|╰─> See above for output\.|╰─>) +'?([A-Za-z0-9][\w.-]*)", output)
    return "building %s fails without it" % (named[1] if named else "a requirement")


def answer_tools(path, reason):
    """Answers that the step has to be run with the compile profile, if there is a reason."""
    if reason:
        print("once more with the compile profile: " + reason, flush=True)
        with open(path, "w") as f:
            json.dump({"needs_tools": reason}, f)
    return bool(reason)


def stand_in(env):
    """Puts programs that fail, and remember that they were asked for, in the place of those of a toolchain that are missing.

    A build that can do without a compiler does not fail then, but makes less than it would.
    """
    os.makedirs(STANDINS)
    names = set(PROGRAMS)
    for variable in ("CC", "CXX", "AR"):
        names.update((sysconfig.get_config_var(variable) or "").split()[:1])
    for name in names:
        path = os.path.join(STANDINS, os.path.basename(name))
        with open(path, "w") as f:
            f.write('#!/bin/sh\necho "${0##*/} $*" >>%s\nexit 127\n' % ASKED)
        os.chmod(path, 0o755)
    env["PATH"] = env["PATH"] + os.pathsep + STANDINS
    return env


def asked_for():
    """What a build asked for in vain, or None. Python looks for libraries with a linker (ctypes.util), and pip for the version of rustc."""
    try:
        with open(ASKED) as f:
            asked = [line.split() for line in f if not re.search(r"(-Wl,| )-t( |$)|^rustc --version$", line)]
    except OSError:
        return None
    return "its build asks for " + asked[0][0] if asked else None
