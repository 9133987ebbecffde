"""Run the released bindep over cases, each with an os-release of its own.

Reads a JSON list of {"os_release", "text", "args"} from standard input and
writes a JSON list of {"exit", "stdout", "stderr"}. bindep itself runs unchanged;
only the distro library is given another os-release than the machine's, and the grammar,
which bindep compiles anew for every file, is compiled once: that is all the time it takes.
"""
import contextlib
import functools
import io
import json
import os
import sys
import tempfile
import traceback

import distro
import distro.distro
from bindep import __main__ as command
from bindep import depends

compiled = functools.cache(lambda grammar: MAKE(grammar, {}))
MAKE, depends.makeGrammar = depends.makeGrammar, lambda grammar, bindings: compiled(grammar)


def run(case):
    with open("os-release", "w", encoding="utf-8") as f:
        f.write(case["os_release"])
    with open("bindep.txt", "w", encoding="utf-8", newline="") as f:
        f.write(case["text"])
    # "" keeps distro from the machine's own lsb_release and /etc/*-release.
    distro.distro._distro = distro.LinuxDistribution(
        include_lsb=False, include_uname=False, os_release_file="os-release",
        distro_release_file="none-release", root_dir=None)
    out, err = io.StringIO(), io.StringIO()
    sys.argv = ["bindep"] + case["args"]
    code = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = command.main()
        except SystemExit as e:
            code = e.code
        except Exception:
            traceback.print_exc()
            code = 1
    return {"exit": code or 0, "stdout": out.getvalue(), "stderr": err.getvalue()}


cases = json.load(sys.stdin)
with tempfile.TemporaryDirectory() as d:
    os.chdir(d)
    results = [run(c) for c in cases]
    os.chdir("/")
json.dump(results, sys.stdout)
