"""Installs all wheels below /tmp/pbrx/wheels: install.py PYTHON [ENVIRONMENT]

PYTHON is the interpreter of the image, ENVIRONMENT the virtual environment to make and
install into where that interpreter is externally managed. pip installs, without looking
for anything beyond the wheels; bytecode is made here, once, so that it depends on
nothing but the source (PEP 552, unchecked hash).
"""

import compileall
import concurrent.futures
import glob
import os
import py_compile
import subprocess
import sys
import venv

from common import TOOLS, began, environment, run, settle


def target(arguments):
    python = arguments[0]
    if len(arguments) == 1:
        return python
    if not os.path.exists(arguments[1]):
        venv.EnvBuilder(symlinks=True, with_pip=False).create(arguments[1])
    return arguments[1] + "/bin/python"


def requirements(wheels):
    """name==version, never a path: a path would stay in the image as direct_url.json."""
    for path in wheels:
        name, version = os.path.basename(path).split("-")[:2]
        yield "%s==%s" % (name, version.replace("_", "+"))


def compiled(path):
    compileall.compile_file(path, quiet=2, force=True, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)


def sources(python, names):
    """The Python files that the distributions installed, by their own RECORD."""
    ask = (
        "import importlib.metadata as m, sys\n"
        "for n in sys.argv[1:]:\n"
        "    for f in m.files(n) or ():\n"
        "        if f.suffix == '.py': print(f.locate())\n"
    )
    shown = subprocess.run([python, "-I", "-B", "-c", ask, *names], stdout=subprocess.PIPE, check=True, text=True).stdout
    return sorted(set(os.path.normpath(p) for p in shown.splitlines()))


def main():
    os.umask(0o022)
    started = began()
    python = target(sys.argv[1:])
    wheels = sorted(glob.glob("/tmp/pbrx/wheels/*.whl"))
    if wheels:
        wanted = list(requirements(wheels))
        with open("/tmp/requirements.txt", "w") as f:
            f.write("\n".join(wanted) + "\n")
        env = dict(environment(), PIP_CONFIG_FILE=os.devnull, PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_ROOT_USER_ACTION="ignore")
        pip = [TOOLS + "/bin/python", "-m", "pip", "--python", python, "install"]
        offline = ["--no-index", "--find-links", "/tmp/pbrx/wheels", "--no-deps", "--no-cache-dir", "--no-compile", "--no-warn-script-location"]
        run(pip + offline + ["-r", "/tmp/requirements.txt"], env)
        with concurrent.futures.ProcessPoolExecutor() as pool:
            list(pool.map(compiled, sources(python, [w.split("==")[0] for w in wanted]), chunksize=32))
    settle(started)


if __name__ == "__main__":
    main()
