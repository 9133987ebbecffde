"""Builds the wheel of one distribution from its source: compile.py [--tools|--bare]

/tmp/pbrx/fetch.json holds [{"name", "requirement", "hashes"}] with one entry. Out come what fetch.py makes.

With --tools there is a compile profile that is not installed here. Where the build asks for a compiler, or fails,
/out/wheels.json is {"needs_tools": REASON}, and the step is run again where the profile is installed. With --bare
there is none, and what the build asks for in vain is said.
"""

import glob
import json
import os
import sys

from common import STEADY_PIP, TOOLS, note, pip_environment, run
from fetch import WHEELS, give, write
from toolchain import answer_tools, asked_for, lacking, stand_in

OUT = "/out/wheels.json"
ADVICE = "list the packages that it is compiled with in bindep.txt, as in `gcc [compile]`"


def main():
    with open("/tmp/pbrx/fetch.json") as f:
        items = json.load(f)
    write("/tmp/requirements.txt", items)
    os.makedirs(WHEELS)
    env = pip_environment()
    argv = [TOOLS + "/bin/python", "-B", STEADY_PIP, "wheel", "--no-deps", "--wheel-dir", WHEELS, "-r", "/tmp/requirements.txt"]
    if "--tools" in sys.argv[1:]:
        built = run(argv, stand_in(env), instead=lambda output: answer_tools(OUT, asked_for() or lacking(output)))
        if not built or answer_tools(OUT, asked_for()):
            return
    elif "--bare" in sys.argv[1:]:
        run(argv, stand_in(env), explain=lambda output: asked_for() and "pbrx-go: %s: %s, which is not there: %s" % (items[0]["name"], asked_for(), ADVICE))
        if asked_for():
            note("%s was built without what it can make use of: %s: %s" % (items[0]["name"], asked_for(), ADVICE))
    else:
        run(argv, env)
    give(glob.glob(WHEELS + "/*.whl"))


if __name__ == "__main__":
    main()
