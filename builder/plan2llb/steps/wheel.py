"""Builds the project's wheel by PEP 517: wheel.py tree|sdist

The source is at /src, writable and thrown away. tree builds from it, sdist makes a
source distribution first and the wheel from that, as `python -m build` does.
Out come /out/dist/*.whl and what it says of itself in /out/meta.
"""

import glob
import json
import os
import sys
import tarfile
import zipfile

import build
import build.env

from common import fail, pip_environment


def unpack(sdist, into):
    with tarfile.open(sdist) as tar:
        if hasattr(tarfile, "data_filter"):
            tar.extractall(into, filter="data")
        else:
            tar.extractall(into)
    (name,) = os.listdir(into)
    return os.path.join(into, name)


def make(tree, kind, into, env):
    builder = build.ProjectBuilder.from_isolated_env(env, tree)
    env.install(builder.build_system_requires)
    env.install(builder.get_requires_for_build(kind))
    print("+ %s of %s" % (kind, tree), flush=True)
    return builder.build(kind, into)


def describe(wheel):
    os.makedirs("/out/meta")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        info = next(n.split("/")[0] for n in names if n.endswith(".dist-info/METADATA") and n.count("/") == 1)
        for name in ("METADATA", "entry_points.txt"):
            data = archive.read(info + "/" + name) if info + "/" + name in names else b""
            with open("/out/meta/" + name, "wb") as f:
                f.write(data)
    data = info[: -len(".dist-info")] + ".data/scripts/"
    with open("/out/meta/wheel.json", "w") as f:
        json.dump({"file": os.path.basename(wheel), "scripts": sorted(n[len(data) :] for n in names if n.startswith(data))}, f)


def main():
    os.environ.update(pip_environment())
    os.makedirs("/out/dist")
    tree = "/src"
    try:
        with build.env.DefaultIsolatedEnv() as env:
            if sys.argv[1] == "sdist":
                os.makedirs("/tmp/sdist")
                sdist = make(tree, "sdist", "/tmp/sdist", env)
                tree = unpack(sdist, "/tmp/tree")
            make(tree, "wheel", "/out/dist", env)
    except (build.BuildException, build.BuildBackendException) as e:
        fail("building the wheel: %s" % str(e).partition("\n")[0])
    wheels = glob.glob("/out/dist/*.whl")
    if len(wheels) != 1:
        fail("the build backend made %d wheels" % len(wheels))
    describe(wheels[0])


if __name__ == "__main__":
    main()
