"""Prints texts and what the library packaging makes of them, as requirements and as versions, one JSON
document a line, the version of packaging first. Arguments: seed, how many."""

import json
import random
import sys

import packaging
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_version
from packaging.version import InvalidVersion, Version

PIECES = ["\\", "\r", "a", "foo", "Foo.Bar-1", "x_", "[x]", "[x, y-z]", "[]", ">=1", "==1.*", "~=1.2", "<2.0rc1", "!=1+l", "(>=1,<2)", "( ==1 )",
          ",", ";", " ; ", " @ ", "https://h/x", "git+https://u:p@h/x#egg=y", " ", "  ", "\t", 'extra == "t"', '"t" == extra', 'python_version<"3"',
          "os.name=='nt'", 'sys_platform in "linux"', 'platform_machine not in "x"', " and ", " or ", "(", ")", '"', "'", "extra", "in", "not", "1", ".",
          "-", "#", "é", "==", "=", ">", "*", "+", "!", "1.0.post1", "v1", "1!2", "_", "\n", "extras", '"a" in extras', "dependency_groups"]
PARTS = [["foo", "a", "Foo.Bar_1"], ["", "[x]", "[x,y]", " "], ["", " >=1", "==1.*", " (>=1, <2)", " @ https://h/x ", "~=1.2,!=1.3", ">=1.2a1.dev2", " ===foo"],
         ["", "; ", " ;"], ["", 'extra=="x"', "python_version<\"3\" and (extra=='b' or \"c\"==extra)", '(os_name=="nt")', 'sys.platform not in "a b"']]
VERSIONS = ["1", "0", "00", "01", "2026", ".", ".0", "-", "_", "a", "alpha", "b", "beta", "rc", "c", "pre", "preview", "post", "rev", "r", "dev", "+", "!", "v", "V",
            "A", "x", "local", "1.0", "-1", " ", "\t", "é"]


def requirement():
    if random.random() < 0.2:
        return "".join(random.choice(PIECES) for _ in range(random.randint(1, 8)))
    text = "".join(map(random.choice, PARTS))
    for _ in range(random.randint(0, 3)):
        start = random.randint(0, len(text))
        end = min(len(text), start + random.randint(0, 3))
        text = text[:start] + random.choice(PIECES + [""]) + text[end:]
    return text


def read_requirement(text):
    try:
        r = Requirement(text)
    except InvalidRequirement as e:
        return {"error": str(e).split("\n")[0]}
    return {"name": r.name, "extras": sorted(r.extras), "specifiers": sorted({str(s) for s in r.specifier}), "url": r.url or "", "marker": r.marker is not None}


def read_version(text):
    try:
        Version(text)
    except InvalidVersion:
        return None
    return canonicalize_version(text)


random.seed(int(sys.argv[1]))
print(json.dumps(packaging.__version__))
for _ in range(int(sys.argv[2])):
    text, version = requirement(), random.choice(["", "1", "1.0", "0!1.2", "v1.2"]) + "".join(random.choice(VERSIONS) for _ in range(random.randint(0, 6)))
    print(json.dumps({"requirement": text, "read": read_requirement(text), "version": version, "normal": read_version(version)}))
