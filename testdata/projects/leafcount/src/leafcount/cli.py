"""The two scripts. Their output is what tests of the images compare."""

import argparse
import importlib.metadata
import importlib.resources
import sys

import packaging.version

from leafcount import _leaves


def _sample():
    return importlib.resources.files("leafcount").joinpath("sample.yaml").read_bytes()


def _document(name):
    if name is None:
        return "sample.yaml", _sample()
    if name == "-":
        return "-", sys.stdin.buffer.read()
    with open(name, "rb") as file:
        return name, file.read()


def count():
    """Print the versions and the number of leaves; --exit N ends with status N."""
    parser = argparse.ArgumentParser(prog="leafcount")
    parser.add_argument("file", nargs="?", help="a YAML file, - for stdin; the sample by default")
    parser.add_argument("--exit", type=int, default=0, metavar="N", help="status to end with")
    args = parser.parse_args()
    version = packaging.version.Version(importlib.metadata.version("leafcount"))
    print(f"leafcount {version} with libyaml {_leaves.libyaml_version()}")
    name, text = _document(args.file)
    try:
        print(f"{name}: {_leaves.count(text)} leaves")
    except ValueError as err:
        print(f"leafcount: {name}: {err}", file=sys.stderr)
        return 2
    return args.exit


def report():
    """Print a table, which takes the extra leafcount-report; status 3 without it."""
    try:
        import tabulate
    except ImportError:
        print("leafcount-report: the extra leafcount-report is not installed", file=sys.stderr)
        return 3
    rows = [["sample.yaml", _leaves.count(_sample())]]
    print(tabulate.tabulate(rows, headers=["document", "leaves"]))
    return 0
