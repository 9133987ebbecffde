"""What machines programs are for, as the heads of ELF files say it."""

import struct
import sys

# As images call them.
NAMES = {3: "386", 21: "ppc64le", 22: "s390x", 40: "arm", 62: "amd64", 183: "arm64", 243: "riscv64", 258: "loong64"}

# What kernels of other machines start as well.
ALSO = {62: 3, 183: 40}


def machine(path):
    """The machine of a program or shared library; 0 of everything else."""
    with open(path, "rb") as f:
        head = f.read(20)
    if len(head) < 20 or head[:4] != b"\x7fELF":
        return 0
    kind, number = struct.unpack((">" if head[5] == 2 else "<") + "HH", head[16:])
    return number if kind in (2, 3) else 0


def foreign(path):
    """The machines of a program and of this Python, if one cannot start on the other."""
    theirs, ours = machine(path), machine(sys.executable)
    if not theirs or not ours or theirs == ours or ALSO.get(ours) == theirs:
        return None
    return NAMES.get(theirs, "machine %d" % theirs), NAMES.get(ours, "machine %d" % ours)
