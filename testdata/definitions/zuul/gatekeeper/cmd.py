"""The programs."""

import argparse
import getpass
import importlib.metadata
import importlib.resources
import json
import os
import pathlib
import subprocess

PREPARED = pathlib.Path("/usr/local/share/gatekeeper/ansible.json")


def arguments(program):
    parser = argparse.ArgumentParser(prog=program)
    parser.add_argument("--version", action="version", version="%(prog)s " + importlib.metadata.version("gatekeeper"))
    parser.add_argument("-f", dest="foreground", action="store_true", help="do not become a daemon")
    return parser.parse_args()


def client():
    print("gatekeeper", "in the foreground" if arguments("gatekeeper").foreground else "at your service")


def scheduler():
    if not arguments("gatekeeper-scheduler").foreground:
        raise SystemExit("gatekeeper-scheduler: a container has no use for a daemon")
    state = pathlib.Path("/var/lib/gatekeeper/state")
    state.write_text("running\n")
    print("scheduler of", getpass.getuser(), os.getuid(), state.stat().st_uid)


def executor():
    arguments("gatekeeper-executor")
    import tabulate

    print(tabulate.tabulate([[version, "ready"] for version in json.loads(PREPARED.read_text())]))
    print(subprocess.run(["kubectl", "version"], check=True, capture_output=True, text=True).stdout, end="")


def web():
    arguments("gatekeeper-web")
    print(importlib.resources.files("gatekeeper.web").joinpath("static/index.html").read_text(), end="")


def migrate():
    PREPARED.parent.mkdir(parents=True)
    PREPARED.write_text(json.dumps(["8", "9"]) + "\n")
