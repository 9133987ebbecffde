"""Builds the project's wheel by PEP 517: wheel.py tree|sdist [--git] [--tags] [--below FOLDER]

The source is at /src, writable and thrown away; --below: in FOLDER of it. tree builds from it, sdist makes a
source distribution first and the wheel from that, as `python -m build` does. With --git the repository
is at /src/.git, with --tags it must have the version. /tmp/pbrx/version.json has variables that set the version.
Out come /out/dist/*.whl and what it says of itself in /out/meta.
"""

import argparse
import glob
import json
import os
import subprocess
import sys
import tarfile
import zipfile

import build
import build.env

import history
from common import fail, given, pip_environment, refusal

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


def install(env, requirements):
    """Installs what the build requires; build says what pip said to a log that nobody sees."""
    try:
        env.install(requirements)
    except subprocess.CalledProcessError as e:
        said = ((e.stdout or b"") + (e.stderr or b"")).decode(errors="replace")
        print(said, flush=True)
        print(refusal([sys.executable, "-m", "pip", "install"], os.environ, said), flush=True)
        fail("installing what the build requires (%s): pip ended with status %d" % (", ".join(sorted(requirements)), e.returncode))


def make(tree, kind, into, env):
    builder = build.ProjectBuilder.from_isolated_env(env, tree)
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


def describe(wheel):
    os.makedirs(OUT + "/meta")
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
    parser.add_argument("--below", default="")
    args = parser.parse_args()
    os.environ.update(pip_environment())
    os.makedirs(OUT + "/dist")
    tree = os.path.join(SOURCE, args.below).rstrip("/")
    if args.below:
        os.environ["GIT_DISCOVERY_ACROSS_FILESYSTEM"] = "1"  # the project is a mount of its own
    if args.git:
        history.prepare(SOURCE, args.below, args.tags)
    try:
        with build.env.DefaultIsolatedEnv() as env:
            if args.how == "sdist":
                os.makedirs(WORK + "/sdist")
                sdist = make(tree, "sdist", WORK + "/sdist", env)
                tree = unpack(sdist, WORK + "/tree")
            make(tree, "wheel", OUT + "/dist", env)
    except (build.BuildException, build.BuildBackendException) as e:
        fail("building the wheel: %s" % str(e).partition("\n")[0])
    wheels = glob.glob(OUT + "/dist/*.whl")
    if len(wheels) != 1:
        fail("the build backend made %d wheels" % len(wheels))
    if args.tags and os.path.basename(wheels[0]).split("-")[1] == "0.0.0":
        fail("pbr made the version 0.0.0 of this history: tag a commit with a version, as `git tag 0.1.0` does, or set PBR_VERSION")
    describe(wheels[0])


if __name__ == "__main__":
    main()
