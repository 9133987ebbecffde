"""The three scripts. Their output is what tests of the images compare."""

import importlib.metadata
import importlib.resources
import importlib.util
import subprocess
import sys

# The extra (none: the requirements) that brings each distribution.
_ORIGINS = [
    ("packaging", None),
    ("iniconfig", "lightship_base"),
    ("tabulate", "lightship_keeper"),
    ("pluggy", "test"),
]


def _print_head(script):
    print(f"{script} {importlib.metadata.version('lightship')}")
    for module, extra in _ORIGINS:
        there = "yes" if importlib.util.find_spec(module) else "no"
        print(f"{module} ({extra or 'requirements'}): {there}")


def beacon():
    """Print the data file, which is in the wheel only when git listed it."""
    _print_head("lightship-beacon")
    print(importlib.resources.files("lightship").joinpath("signals.txt").read_text(), end="")


def keeper():
    """Print a table, which takes the script's extra, of a sum, which takes bc."""
    _print_head("lightship-keeper")
    try:
        import tabulate
    except ImportError:
        print("lightship-keeper: the extra lightship_keeper is not installed", file=sys.stderr)
        return 3
    total = subprocess.run(
        ["bc"], input="2+3\n", text=True, stdout=subprocess.PIPE, check=True
    ).stdout.strip()
    print(tabulate.tabulate([["lamps", total]], tablefmt="plain"))
    return 0


def leave():
    """End with the status given as the only argument."""
    return int(sys.argv[1])
