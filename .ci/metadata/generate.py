"""Makes small projects of random setup.cfg, pyproject.toml and setup.py, and has setuptools and pbr prepare the
metadata of each. FOLDER/N/project is what pbrx-go reads, FOLDER/N/wheel what came of it; a project that
setuptools refuses has no wheel.

    generate.py SEED COUNT FOLDER    with a Python that has setuptools and pbr
"""

import json
import os
import pathlib
import random
import shutil
import sys
import warnings

choice, chance = random.choice, lambda p: random.random() < p

SCRIPTS = ["s1 = demo:a", "s2=demo.b:c", "s3 = demo:K.m [x, y]", "S_4-x.y = demo:d"]
REQUIREMENTS = ["aaa", "bbb>=1", "ccc[x]", 'ddd; python_version<"3"', "# comment", "eee # why", "fff>=1,<2"]
PBR_REQUIREMENTS = ["aaa", "bbb>=1", 'ddd:python_version<"3"', 'eee:(sys_platform=="linux") # c', "fff[x]>=1 # why"]
KEYWORDS = [  # of setup(), and how likely each is
    (0.2, ['name="Py_Name"']),
    (0.2, ["version=VERSION"]),
    (0.2, ["install_requires=[\"aaa>=1\", \"bbb; python_version<'3'\"]", "install_requires=[]", 'install_requires="aaa\\nbbb"', 'install_requires=[x for x in ("aaa",)]']),
    (0.2, ["extras_require={\"PyE\": [\"zz\"], \"m:python_version<'3'\": [\"yy\"], \":python_version<'4'\": [\"ww\"]}", "extras_require={}", 'extras_require={"a_b": "zz"}']),
    (0.25, ['entry_points={"console_scripts": ["y1 = demo:a"], "gui_scripts": "y2=demo:b"}', 'entry_points="[console_scripts]\\ny1=demo:c"', "entry_points={}",
            'entry_points={"plug": ["p=demo:p"]}', 'entry_points={"console_scripts": "\\ny1=demo:a\\n# c\\ny3 = demo:b\\n"}']),
    (0.2, ['python_requires=">=3.6"']),
    (0.3, ['packages=["demo"]']),
]


def some(items, most):
    return [choice(items) for _ in range(random.randint(0, most))]


def value(items):
    """A value of setup.cfg, of one line or several."""
    if len(items) == 1 and chance(0.4):
        return " " + items[0]
    return "".join("\n    " + ("\n    " if chance(0.1) else "") + item for item in items)


def scripts(prefix=""):
    return value([prefix + s for s in random.sample(SCRIPTS, random.randint(0, 3))])


def groups(spellings):
    """The lines of a section of entry points."""
    text = ""
    if chance(0.8):
        text += choice(spellings) + " =" + scripts() + "\n"
    if chance(0.3):
        text += "gui_scripts =" + scripts("g-") + "\n"
    if chance(0.3):
        text += "plug =" + value(["p = demo:p"]) + "\n"
    return text


def setup_cfg(pbr):
    text = "[metadata]\n"
    for probability, lines in ((0.9, ["name = demo", "Name: Demo.X", "name=demo"]), (0.2, ["requires_dist = zzz (>=1)"]),
                               (0.5, ["version = 1.2", "version = file: VERSION", "version = attr: demo.__version__", "version: 1.0-1"]),
                               (0.3, ["python_requires = >=3.8", "python-requires = >=3.8", "requires-python = >=3.8"])):
        if chance(probability):
            text += choice(lines) + "\n"
    if chance(0.6):
        text += "[options]\npackages = demo\n"
        if chance(0.5):
            text += choice(["python_requires", "python-requires"]) + " = >=3.7, <4\n"
        if chance(0.6):
            text += choice(["install_requires", "install-requires"]) + " =" + choice([value(some(REQUIREMENTS, 3)), " file: reqs.txt", " aaa; bbb>=2"]) + "\n"
        if chance(0.2):
            text += "entry_points = " + choice(["file: eps.txt", "\n    [console_scripts]\n    k1 = demo:k\n    [gui_scripts]\n    k2=demo:k", "\n    [other]\n    q = demo"]) + "\n"
    if chance(0.5):
        text += "[options.entry_points]\n" + groups(["console_scripts", "console_scripts", "console-scripts", "Console_Scripts"])
    if chance(0.5):
        text += "[options.extras_require]\n"
        for extra in random.sample(["ex1", "Ex_2", "ex-3", "ex.3", "test"], random.randint(0, 3)):
            text += extra + " =" + choice([value(some(REQUIREMENTS, 3)), " file: reqs.txt"]) + "\n"
    if chance(0.6 if pbr else 0.2):
        text += "[entry_points]\n" + groups(["console_scripts", "console-scripts", "Console_Scripts"])
    if chance(0.6 if pbr else 0.2):
        text += "[extras]\n"
        for extra in random.sample(["pe1", "Pe_2", "pe-3", "test"], random.randint(0, 3)):
            text += extra + " =" + value([choice(PBR_REQUIREMENTS) for _ in range(random.randint(1, 2))]) + "\n"
    return text


def field(dynamic, name, given, listed):
    """Says whether a field of [project] is given; else it may be dynamic."""
    x = random.random()
    if given <= x < given + listed:
        dynamic.append(name)
    return x < given


def pyproject():
    text = ""
    if chance(0.6):
        text += '[build-system]\nrequires=["setuptools", "pbr>=7.1"]\n' + choice(['build-backend="setuptools.build_meta"\n', 'build-backend="pbr.build"\n', ""])
    if chance(0.5):
        return text
    dynamic, below = [], ""
    text += '[project]\nname="Demo.Pro"\n'
    if field(dynamic, "version", 0.5, 0.5):
        text += 'version="3.1"\n'
    if field(dynamic, "dependencies", 0.4, 0.3):
        text += "dependencies=" + json.dumps(some(["aaa", "bbb>=1", 'x[y]; python_version<"3"'], 2)) + "\n"
    if field(dynamic, "requires-python", 0.4, 0.15):
        text += 'requires-python=">=3.9"\n'
    if field(dynamic, "optional-dependencies", 0.3, 0.3):
        below += '[project.optional-dependencies]\nO_1=["aaa"]\n' + choice(['"o.1"=["ccc"]\no2=[]\n', ""])
    if field(dynamic, "scripts", 0.3, 0.4):
        below += '[project.scripts]\nt1="demo:a"\n'
    if field(dynamic, "gui-scripts", 0.2, 0.2):
        below += '[project.gui-scripts]\nt2="demo:a [x]"\n'
    if field(dynamic, "entry-points", 0.2, 0.2):
        below += choice(['[project.entry-points.plug]\np="demo:p"\n', '[project.entry-points.console_scripts]\nt3="demo:c"\n'])
    text += ("dynamic=" + json.dumps(dynamic) + "\n" if dynamic else "") + below
    if dynamic and chance(0.5):
        text += "[tool.setuptools.dynamic]\n"
        if "version" in dynamic and chance(0.7):
            text += "version=" + choice(['{file="VERSION"}', '{attr="demo.__version__"}']) + "\n"
        if "dependencies" in dynamic and chance(0.5):
            text += 'dependencies={file=["reqs.txt"]}\n'
        if "optional-dependencies" in dynamic and chance(0.5):
            text += 'optional-dependencies.D_1={file="reqs.txt"}\n'
        if {"scripts", "entry-points"} & set(dynamic) and chance(0.4):
            text += 'entry-points={file="eps.txt"}\n'
    return text


def setup_py(pbr):
    keywords = ["pbr=True"] if pbr else []
    keywords += [choice(texts) for probability, texts in KEYWORDS if chance(probability)]
    return 'from setuptools import setup\nVERSION = "7.0"\nsetup(\n    ' + ",\n    ".join(keywords) + ")\n"


def project(root):
    pbr = chance(0.5)
    files = {"demo/__init__.py": '__version__="9.8"\n', "VERSION": "5.5\n", "reqs.txt": "rrr>=1\n# c\nsss # why\n",
             "eps.txt": "[console_scripts]\nf1 = demo:f\n" + choice(["[gui_scripts]\nf2=demo:g\n", ""])}
    if chance(0.5):
        files["requirements.txt"] = 'req1>=2 # c\n# x\nreq2;python_version<"3"\n'
    if chance(0.3):
        files["test-requirements.txt"] = "treq>=2\n"
    if chance(0.85):
        files["setup.cfg"] = setup_cfg(pbr)
    files["pyproject.toml"] = pyproject()
    if pbr or not files["pyproject.toml"] or chance(0.5):
        files["setup.py"] = setup_py(pbr)
    for name, text in files.items():
        if text:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
    return files


def build(files, root, wheel):
    """Prepares the metadata in a child, since setuptools changes the process."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        os.chdir(root)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        os.environ["PBR_VERSION"] = "4.4"
        warnings.simplefilter("ignore")
        if "pbr.build" in files["pyproject.toml"]:
            import pbr.build as backend
        elif "build-backend" in files["pyproject.toml"]:
            import setuptools.build_meta as backend
        else:
            from setuptools.build_meta import __legacy__ as backend
        wheel.mkdir()
        name = backend.prepare_metadata_for_build_wheel(str(wheel))
        for file in (wheel / name).iterdir():
            shutil.move(file, wheel)
    except BaseException as e:  # whatever it is, setuptools has refused the project
        (root.parent / "refused").write_text(repr(e))
        shutil.rmtree(wheel, ignore_errors=True)
    finally:
        os._exit(0)


def main():
    random.seed(int(sys.argv[1]))
    for i in range(int(sys.argv[2])):
        root = pathlib.Path(sys.argv[3]).absolute() / str(i) / "project"
        files = project(root)
        build(files, root, root.parent / "wheel")


if __name__ == "__main__":
    main()
