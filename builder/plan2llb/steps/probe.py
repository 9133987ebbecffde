"""Writes what there is to know about a base image to /out/base.json."""

import glob
import importlib.metadata
import importlib.util
import json
import os
import shutil
import sys
import sysconfig

import target


def has_module(name):
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def pip_version():
    try:
        return importlib.metadata.version("pip")
    except importlib.metadata.PackageNotFoundError:
        return ""


def libc():
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (ValueError, OSError):
        return "musl" if glob.glob("/lib/ld-musl-*") else ""


def os_release():
    for path in ("/etc/os-release", "/usr/lib/os-release"):
        if os.path.exists(path):
            with open(path, encoding="utf-8", errors="replace") as f:
                return f.read()
    return ""


def main():
    managers = (("apt", "apt-get"), ("apk", "apk"), ("dnf", "dnf"), ("dnf", "microdnf"))
    search = os.environ["PATH"]
    managed = os.path.exists(os.path.join(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED"))
    facts = {
        "os_release": os_release(),
        "package_manager": next((n for n, p in managers if shutil.which(p, path=search)), ""),
        "inits": {n: shutil.which(n, path=search) for n in ("dumb-init", "tini", "catatonit") if shutil.which(n, path=search)},
        "prefix": sys.base_prefix,
        "libc": libc(),
        "python": {
            "executable": os.environ["PBRX_PYTHON"],
            "version": "%d.%d.%d" % sys.version_info[:3],
            "purelib": sysconfig.get_path("purelib"),
            "scripts": sysconfig.get_path("scripts"),
            "externally_managed": managed,
            "pip": pip_version(),
            "ensurepip": has_module("ensurepip") and has_module("venv"),
        },
        # A virtual environment, which is what one installs into where this is not allowed, begins with none.
        "distributions": {} if managed else {n: d.version for n, d in target.installed().items()},
    }
    with open("/out/base.json", "w") as f:
        json.dump(facts, f, indent=1, sort_keys=True)


if __name__ == "__main__":
    main()
