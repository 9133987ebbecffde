"""The Python environment that wheels are installed into: the one that runs this program."""

import importlib.metadata
import os
import sys
import sysconfig

from common import canonical


def become(python):
    """Goes on as the program of python: what is asked of the target's Python is asked of this one then."""
    if sys.executable != python and "PBRX_BECAME" not in os.environ:
        os.environ["PBRX_BECAME"] = python
        os.execv(python, [python, "-B", *sys.argv])


def installed():
    """{canonical name: distribution} of this environment; the first on its path counts, as it does for imports.

    What a virtual environment sees beyond its own is not installed in it.
    """
    found = {}
    where = {"path": [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]} if sys.prefix != sys.base_prefix else {}
    for distribution in importlib.metadata.distributions(**where):
        name = (distribution.metadata or {}).get("Name")
        if name:
            found.setdefault(canonical(name), distribution)
    return found


def scheme(name):
    """Where pip puts the files of the distribution called name, by the words that wheels use."""
    virtual = sys.prefix != sys.base_prefix
    if sys.version_info < (3, 10):  # pip asks distutils there, which distributions have patched
        paths = distutils_paths(name)
    else:
        paths = sysconfig.get_paths(sysconfig.get_preferred_scheme("prefix"))
        paths = {"platlib": paths["platlib"], "purelib": paths["purelib"], "headers": os.path.join(paths["include"], name), "scripts": paths["scripts"], "data": paths["data"]}
    if virtual:
        paths["headers"] = os.path.join(sys.prefix, "include", "site", "python%d.%d" % sys.version_info[:2], name)
    return paths


def distutils_paths(name):
    from distutils.dist import Distribution

    distribution = Distribution({"name": name})
    distribution.parse_config_files()
    command = distribution.get_command_obj("install", create=True)
    command.finalize_options()
    paths = {key: getattr(command, "install_" + key) for key in ("platlib", "purelib", "headers", "scripts", "data")}
    if "install_lib" in distribution.get_option_dict("install"):
        paths.update(purelib=command.install_lib, platlib=command.install_lib)
    return paths
