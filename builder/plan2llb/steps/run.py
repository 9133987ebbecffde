"""Runs the commands of a definition in the file system of the image, as root: run.py

/tmp/pbrx/run.json holds {"commands": [ARGV…], "env": [NAME=VALUE…], "network", "source"}. They run in their order, and the first
that fails ends the step. Where there is a source, /tmp/pbrx/src, they work in it, under the name /src. With a network they get what pip gets of the host.
What they write stays, but for what is below /tmp, /run, /root and the caches of package managers, which are mounts.
"""

import contextlib
import json
import os

import packages
from common import RUN, began, environment, fail, pip_environment, settle, watch

SOURCE = "/src"


def variables(said):
    """The environment of the commands."""
    env = pip_environment() if said["network"] else environment()
    env.update(HOME="/root")
    for variable in said["env"] or ():
        name, _, value = variable.partition("=")
        env[name] = value
    return env


def run(argv, env):
    print("+ " + " ".join(argv), flush=True)
    try:
        status, output = watch(argv, env, lambda line: None)
    except OSError as e:
        fail("run: %s: %s" % (argv[0], e.strerror))
    if status:
        last = ([line.strip() for line in output.splitlines() if line.strip()] or ["it printed nothing"])[-1]
        fail("run: %s ended with status %d: %s" % (" ".join(argv)[:200], status, last[:400]))


@contextlib.contextmanager
def source(there, env):
    """The working directory. Its name is a link, which goes again: some engines leave mount points in the image. Where that has a /src of
    its own it stays."""
    if not there:
        os.chdir("/")
        yield
        return
    if not os.path.isdir(RUN + "src"):
        fail("run: source is a file; name the folder that it is in")
    linked = not os.path.lexists(SOURCE)
    if linked:
        os.symlink(RUN + "src", SOURCE)
        env["PWD"] = SOURCE  # which shells believe
    os.chdir(RUN + "src")
    yield
    os.chdir("/")
    if linked:
        os.unlink(SOURCE)


def main():
    started = began()
    os.umask(0o022)
    with open(RUN + "run.json") as f:
        said = json.load(f)
    env = variables(said)
    with packages.tidy(), source(said["source"], env):
        for argv in said["commands"]:
            run(argv, env)
    settle(started)


if __name__ == "__main__":
    main()
