"""A build backend that does not keep to pyproject.toml."""

import os
import zipfile

METADATA = """\
Metadata-Version: 2.1
Name: kept-promise
Version: 1.0
Requires-Dist: iniconfig
"""

ENTRY_POINTS = """\
[console_scripts]
kept-promise = broken_promise:main
"""

WHEEL = """\
Wheel-Version: 1.0
Generator: backend
Root-Is-Purelib: true
Tag: py3-none-any
"""


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    name = "kept_promise-1.0-py3-none-any.whl"
    info = "kept_promise-1.0.dist-info/"
    with zipfile.ZipFile(os.path.join(wheel_directory, name), "w") as wheel:
        wheel.write("broken_promise.py")
        wheel.writestr(info + "METADATA", METADATA)
        wheel.writestr(info + "entry_points.txt", ENTRY_POINTS)
        wheel.writestr(info + "WHEEL", WHEEL)
        wheel.writestr(info + "RECORD", "")
    return name


def build_sdist(sdist_directory, config_settings=None):
    raise NotImplementedError
