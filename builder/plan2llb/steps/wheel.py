"""Builds the project's wheel by PEP 517: wheel.py tree|sdist [--git] [--tags] [--files pbr|scm] [--below FOLDER] [--tools]

The source is at /src, writable and thrown away; --below: in FOLDER of it. tree builds from it, sdist makes a
source distribution first and the wheel from that, as `python -m build` does. With --git the repository
is at /src/.git, with --tags it must have the version, with --files the tool takes the list of files from it. /tmp/pbrx/version.json has variables that set the version,
/tmp/pbrx/made what commands made for the tree (made.py).
Out come /out/dist/*.whl and what it says of itself in /out/meta. With --tools there is a compile profile that is not
installed here: where the build asks for a compiler, or fails, /out/meta/wheel.json is {"needs_tools": REASON}.
"""

import argparse
import glob
import json
import os
import re
import subprocess
import sys
import tarfile
import zipfile

import build
import build.env

import contents
import history
import made
import steady
from common import fail, given, pip_environment, refusal
from toolchain import answer_tools, asked_for, lacking, stand_in

SOURCE = "/src"
OUT = "/out"
WORK = "/tmp"


def unpack(sdist, into):
    with tarfile.open(sdist) as tar:
        if hasattr(tarfile, "data_filter"):
            tar.extractall(into, filter="data")
        else:
            tar.extractall(into)
    (name,) = os.listdir(into)
    return os.path.join(into, name)


def versions():
    """Variables that set the version of the project."""
    path = given("version.json")
    if not path:
        return {}
    with open(path) as f:
        return json.load(f)


def hooks(tree):
    """Puts a tree with setup hooks of its own on the path: pbr imports them, where backends do not have it there."""
    cfg = contents.settings(tree)
    for key in ("setup_hooks", "setup-hooks"):
        for hook in cfg.get("global", key, fallback="").replace(",", " ").split():
            if glob.glob(os.path.join(glob.escape(tree), hook.split(".")[0] + "*")):
                os.environ["PYTHONPATH"] = tree


class Output:
    """Runs what build runs, and remembers what it printed last."""

    def __init__(self):
        self.lines = []

    def __call__(self, cmd, cwd=None, extra_environ=None):
        env = dict(os.environ, PYTHONUNBUFFERED="1", **(extra_environ or {}))
        with subprocess.Popen(cmd, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", bufsize=1) as process:
            for line in process.stdout:
                print(line, end="", flush=True)
                self.lines = self.lines[-50:] + [line.strip()]
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, cmd)

    def explained(self):
        """What the last lines say of a build environment that is too new for the project, or that lacks something."""
        for line in reversed(self.lines):
            if re.search(r"No module named '(pkg_resources|distutils)\b", line):
                return line + ": what builds this is from before that was removed: constrain it, as with setuptools<81 in the file that PIP_BUILD_CONSTRAINT names"
            if "use_2to3 is invalid" in line:
                return line + " constrain what builds it to setuptools<58, in the file that PIP_BUILD_CONSTRAINT names"
            if line.startswith(("ModuleNotFoundError: ", "ImportError: ")):
                return line
        return ""


OUTPUT = Output()


def install(env, requirements):
    """Installs what the build requires; build says what pip said to a log that nobody sees."""
    try:
        env.install(requirements)
    except subprocess.CalledProcessError as e:
        said = ((e.stdout or b"") + (e.stderr or b"")).decode(errors="replace")
        print(said, flush=True)
        if "--tools" in sys.argv and lacking(said):
            raise build.BuildException("a requirement of the build could not be built") from e
        print(refusal([sys.executable, "-m", "pip", "install"], os.environ, said), flush=True)
        fail("installing what the build requires (%s): pip ended with status %d" % (", ".join(sorted(requirements)), e.returncode))


def make(tree, kind, into, env):
    hooks(tree)
    builder = build.ProjectBuilder.from_isolated_env(env, tree, OUTPUT)
    install(env, builder.build_system_requires)
    install(env, builder.get_requires_for_build(kind))
    print("+ %s of %s" % (kind, tree), flush=True)
    # Only here: what the build needs may be compiled, too, and its version is its own.
    os.environ.update(versions())
    try:
        return builder.build(kind, into)
    finally:
        for name in versions():
            del os.environ[name]


def version(wheel, env):
    """Ends the step where the version stands for none: tools make one up where they find none."""
    made = os.path.basename(wheel).split("-")[1]
    if made.partition("+")[0] not in ("0", "0.0", "0.0.0") and not made.endswith("+unknown"):
        return
    ask = "import importlib.metadata as m; print(m.version('pbr'))"
    pbr = subprocess.run([env.python_executable, "-c", ask], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout.strip()
    if pbr and tuple(int(n) for n in re.findall(r"\d+", pbr)[:2]) < (7, 1) and not os.path.exists(SOURCE + "/setup.py"):
        fail("pbr %s made the version %s, and takes no requirements and no list of files either: before 7.1 it needs a setup.py with pbr=True and a setup.cfg: add them, or require pbr>=7.1" % (pbr, made))
    fail("the version that was made of this history is %s, which stands for none: tag a commit with a version, as `git tag 0.1.0` does, or say it in the environment (as PBR_VERSION, SETUPTOOLS_SCM_PRETEND_VERSION)" % made)


def describe(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        info = next(n.split("/")[0] for n in names if n.endswith(".dist-info/METADATA") and n.count("/") == 1)
        for name in ("METADATA", "entry_points.txt"):
            data = archive.read(info + "/" + name) if info + "/" + name in names else b""
            with open(OUT + "/meta/" + name, "wb") as f:
                f.write(data)
    data = info[: -len(".dist-info")] + ".data/scripts/"
    with open(OUT + "/meta/wheel.json", "w") as f:
        json.dump({"file": os.path.basename(wheel), "scripts": sorted(n[len(data) :] for n in names if n.startswith(data))}, f)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("how", choices=("tree", "sdist"))
    parser.add_argument("--git", action="store_true")
    parser.add_argument("--tags", action="store_true")
    parser.add_argument("--files", choices=("", "pbr", "scm"), default="")
    parser.add_argument("--below", default="")
    parser.add_argument("--tools", action="store_true")
    args = parser.parse_args()
    steady.names()
    os.environ.update(pip_environment())
    os.makedirs(OUT + "/dist")
    os.makedirs(OUT + "/meta")
    if args.tools:
        stand_in(os.environ)
    tree = os.path.join(SOURCE, args.below).rstrip("/")
    if args.below:
        os.environ["GIT_DISCOVERY_ACROSS_FILESYSTEM"] = "1"  # the project is a mount of its own
    if args.git:
        history.prepare(SOURCE, args.below, args.tags)
    files = contents.tracked(SOURCE, args.below) if args.git and args.files else []
    # setuptools_scm lists what is committed, and to it a changed list is another version.
    added = made.put(tree, args.git and args.files != "scm")
    checkout = tree
    try:
        with build.env.DefaultIsolatedEnv() as env:
            if args.how == "sdist":
                os.makedirs(WORK + "/sdist")
                sdist = unpack(make(tree, "sdist", WORK + "/sdist", env), WORK + "/tree")
                if args.files == "pbr" and os.path.exists(tree + "/setup.py") and not os.path.exists(sdist + "/setup.py"):
                    fail("pbr's source distribution lacks setup.py: it did not ask git for the files: remove skip_git_sdist from setup.cfg, or name all of them in MANIFEST.in")
                tree = sdist
            make(tree, "wheel", OUT + "/dist", env)
            wheels = glob.glob(OUT + "/dist/*.whl")
            if len(wheels) != 1:
                fail("the build backend made %d wheels" % len(wheels))
            wheel = wheels[0]
            if added:
                with zipfile.ZipFile(wheel) as archive:
                    made.check(checkout, added, archive.namelist())
            if args.tags:
                version(wheel, env)
            if files:
                with zipfile.ZipFile(wheel) as archive:
                    contents.check(SOURCE, args.below, files, tree, archive.namelist(), env.python_executable, args.files)
    except (build.BuildException, build.BuildBackendException) as e:
        if args.tools:
            answer_tools(OUT + "/meta/wheel.json", asked_for() or "it fails without it")
            return
        fail("building the wheel: %s" % (OUTPUT.explained() or str(e).partition("\n")[0]))
    if not (args.tools and answer_tools(OUT + "/meta/wheel.json", asked_for())):
        describe(wheel)


if __name__ == "__main__":
    main()
