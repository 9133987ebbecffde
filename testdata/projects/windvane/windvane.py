"""The scripts. Their output is what tests of the images compare."""

NAME = "Windvane"
VERSION = "1", "5"


def _head(script):
    from importlib.util import find_spec

    there = [m for m in ("iniconfig", "tabulate", "pluggy") if find_spec(m)]
    print("%s with %s" % (script, ", ".join(there)))


def read():
    _head("windvane-read")


def log():
    _head("windvane-log")


def show():
    _head("windvane-show")
