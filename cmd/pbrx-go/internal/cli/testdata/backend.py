"""A build backend that needs nothing: the project's name, version and requirements are in project.json."""

import json
import os
import zipfile

with open("project.json") as f:
    PROJECT = json.load(f)
MODULE = PROJECT["name"].lower().replace(".", "_").replace("-", "_")


def make(folder, files):
    info = "%s-%s.dist-info/" % (MODULE, PROJECT["version"])
    lines = ["Metadata-Version: 2.1", "Name: " + PROJECT["name"], "Version: " + PROJECT["version"]]
    lines += ["Requires-Dist: " + r for r in PROJECT["requires"]]
    files = dict(files)
    files[info + "METADATA"] = "\n".join(lines) + "\n"
    files[info + "WHEEL"] = "Wheel-Version: 1.0\nGenerator: backend\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files[info + "RECORD"] = "".join(name + ",,\n" for name in [*files, info + "RECORD"])
    name = "%s-%s-py3-none-any.whl" % (MODULE, PROJECT["version"])
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
    return name


def build_wheel(folder, config_settings=None, metadata_directory=None):
    return make(folder, {MODULE + ".py": ""})


def build_editable(folder, config_settings=None, metadata_directory=None):
    return make(folder, {"__editable__." + MODULE + ".pth": os.getcwd() + "\n"})
