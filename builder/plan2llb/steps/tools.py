"""Makes the builder's own Python tools, a current pip and the PEP 517 front end build, in a virtual environment."""

import importlib.util
import sys
import venv

from common import TOOLS, asked, fail, pip_environment, run


def main():
    # The distribution's package for virtual environments may bring the one, or the other.
    has_ensurepip = sys.argv[1] == "ensurepip" or importlib.util.find_spec("pip") is None
    venv.EnvBuilder(symlinks=True, with_pip=has_ensurepip).create(TOOLS)
    env = pip_environment()
    env.pop("PIP_CONSTRAINT", None)
    if has_ensurepip:
        pip = [TOOLS + "/bin/python", "-m", "pip"]
    else:
        pip = [sys.executable, "-m", "pip", "--python", TOOLS + "/bin/python"]
    run(pip + ["install", "--upgrade", "pip", "build"], env)
    asked("/out/asked.json")


if __name__ == "__main__":
    if sys.version_info < (3, 9):
        fail("Python %d.%d is too old to build wheels with: 3.9 is needed" % sys.version_info[:2])
    main()
