from pathlib import Path

from setuptools import setup

HERE = Path(__file__).parent
COMMANDS = ["read", "log"]

about = {}
exec((HERE / "windvane.py").read_text(), about)

setup(
    name=about["NAME"],
    version=".".join(about["VERSION"]),
    py_modules=["windvane"],
    entry_points={
        "console_scripts": ["windvane-%s = windvane:%s" % (c, c) for c in COMMANDS],
        "gui_scripts": ["windvane-%s = windvane:%s" % (c, c) for c in ["show"]],
    },
    extras_require={
        "%s_%s" % (about["NAME"], extra): [requirement]
        for extra, requirement in [
            ("Base", "iniconfig>=1.1"),
            ("log", "tabulate>=0.8"),
            ("reed", "pluggy"),
        ]
    },
    scripts=[str(p.relative_to(HERE)) for p in (HERE / "bin").iterdir()],
)
