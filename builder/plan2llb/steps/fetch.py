"""Downloads wheels whose addresses are known: each to /out/wheels/NAME/, and {"wheels": [{"name", "version", "file", "size"}]} to /out/wheels.json.

/tmp/pbrx/fetch.json holds [{"name", "requirement", "hashes"}]. What has hashes must have one of them.
"""

import glob
import json
import os
import shutil

from pip._vendor.packaging.utils import canonicalize_name, parse_wheel_filename

from common import TOOLS, pip_environment, run

WHEELS = "/tmp/wheels"


def write(path, items):
    with open(path, "w") as f:
        for item in items:
            f.write(item["requirement"] + "".join(" --hash=" + h for h in item["hashes"]) + "\n")


def download(items):
    """One pip for those with hashes, one for those without: a hash anywhere asks for hashes everywhere."""
    for hashed in (True, False):
        some = [i for i in items if bool(i["hashes"]) == hashed]
        if some:
            write("/tmp/requirements.txt", some)
            run([TOOLS + "/bin/python", "-m", "pip", "download", "--no-deps", "--dest", WHEELS, "-r", "/tmp/requirements.txt"], pip_environment())


def give(paths):
    """Puts wheels where they are looked for, each into a folder of its own."""
    found = []
    for path in paths:
        name, version = parse_wheel_filename(os.path.basename(path))[:2]
        folder = "/out/wheels/" + canonicalize_name(name)
        os.makedirs(folder)
        shutil.move(path, folder)
        size = os.path.getsize(os.path.join(folder, os.path.basename(path)))
        found.append({"name": canonicalize_name(name), "version": str(version), "file": os.path.basename(path), "size": size})
    with open("/out/wheels.json", "w") as f:
        json.dump({"wheels": found}, f)


def main():
    with open("/tmp/pbrx/fetch.json") as f:
        items = json.load(f)
    os.makedirs(WHEELS)
    download(items)
    give(sorted(glob.glob(WHEELS + "/*.whl")))


if __name__ == "__main__":
    main()
