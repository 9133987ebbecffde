"""The scripts of entry points, byte for byte as pip writes them (those of pip 26)."""

import os
import re
import sys

TEMPLATE = """\
import sys
from %(module)s import %(name)s
if __name__ == '__main__':
    sys.argv[0] = sys.argv[0].removesuffix('.exe')
    sys.exit(%(function)s())
"""

# pip joins name and object reference by " = " and looks for this anywhere in it.
ENTRY = re.compile(r"(?P<name>[^\[]\S*)\s*=\s*(?P<callable>\w+(?:[:.]\w+)*)\s*(?P<extras>\[\s*[\w-]+(?:=\w+)?(?:,\s*\w+(?:=\w+)?)*\s*\])?")

LONGEST = 127  # what every kernel takes as the first line


class Invalid(Exception):
    """An entry point that no script can be made of."""


def specifications(console):
    """The scripts that pip makes of console_scripts: those of pip and easy_install have the version of this Python."""
    rest = dict(console)
    version = "%d.%d" % sys.version_info[:2]
    out = []
    for name, variants, others in (
        ("pip", ["pip", "pip%d" % sys.version_info[0], "pip" + version], r"pip(\d+(\.\d+)?)?"),
        ("easy_install", ["easy_install", "easy_install-" + version], r"easy_install(-\d+\.\d+)?"),
    ):
        value = rest.pop(name, None)
        if value:
            out += ["%s = %s" % (v, value) for v in variants]
            rest = {n: v for n, v in rest.items() if not re.match(others + "$", n)}
    return out + ["%s = %s" % entry for entry in rest.items()]


def script(specification, folder, shebang):
    """The path and the bytes of the script for "NAME = MODULE:FUNCTION"."""
    m = ENTRY.search(specification)
    if not m or not m["extras"] and ("[" in specification or "]" in specification) or m["callable"].count(":") > 1:
        raise Invalid("the entry point %r cannot be understood" % specification)
    module, colon, function = m["callable"].partition(":")
    if not colon:
        raise Invalid("the entry point %r names no function: MODULE:FUNCTION is wanted" % specification)
    path = os.path.abspath(os.path.join(folder, m["name"]))
    if not path.startswith(os.path.abspath(folder) + "/"):
        raise Invalid("the script of the entry point %r would be outside of %s" % (specification, folder))
    text = TEMPLATE % {"module": module, "name": function.split(".")[0], "function": function}
    return path, shebang + text.encode()


def first_line(executable):
    """The beginning of scripts that executable is to run: through a shell where a kernel might not take its path."""
    simple = " " not in executable and len(os.fsencode(executable)) + 3 <= LONGEST
    if " " in executable:
        executable = '"%s"' % executable
    if simple:
        with open(executable, "rb") as f:
            simple = f.read(2) != b"#!"
    executable = executable.encode()
    if simple:
        return b"#!" + executable + b"\n"
    return b"#!/bin/sh\n'''exec' " + executable + b' "$0" "$@"\n' + b"' '''\n"
