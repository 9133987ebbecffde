"""Loads the entry points of console scripts, as the scripts do when they start, in the finished image.

/tmp/pbrx/check.json holds {"python", "user", "workdir", "env", "scripts": [{"name", "kind", "module", "attribute"}]}: the
interpreter of the scripts, the image's configuration, and what to load: of a script, where kind is missing; of a server, where it is
"wsgi" and the attribute has to be callable; of a program nothing, where it is "command". Out comes /out/check.json, a list of
{"script", "of", "kind", ...}: of is the kind that was asked for, kind is "loaded"; "raised" with what was raised; "killed"; "slow"; "absent",
where no such program is on the image's PATH; "forbidden", where the image's user may not execute it. /out/conflicts.json says which requirements are not met (conflicts.py).
The answer is an answer, whatever it is: the step does not fail with it.
"""

import concurrent.futures
import grp
import json
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

from common import fail

PATIENCE = 120  # seconds for one script, which may have much to load from a slow disk

# It runs alone in the image's interpreter: nothing of the steps is there. argv: where to write, kind, script, module, attribute.
LOAD = r"""
import sys
out, kind, script, module, attribute = int(sys.argv[1]), *sys.argv[2:]
sys.argv[:] = [script]
if sys.path[:1] == [""]:
    sys.path[0] = script.rpartition("/")[0]
said = {"kind": "loaded"}
try:
    import importlib
    found = importlib.import_module(module)
    for name in attribute.split("."):
        found = getattr(found, name)
    if kind == "wsgi" and not callable(found):
        raise TypeError("%s of %s is %s, which cannot be called" % (attribute, module, type(found).__name__))
except BaseException as e:
    import traceback
    every = traceback.extract_tb(e.__traceback__)
    frames = [f for f in every if not f.filename.startswith("<") and not f.filename.endswith("/importlib/__init__.py")]
    said = {
        "kind": "raised",
        "type": type(e).__name__ if type(e).__module__ in ("builtins", "__main__") else type(e).__module__ + "." + type(e).__name__,
        "message": " ".join(str(e).split())[:600],
        "missing": getattr(e, "name", None) or "" if isinstance(e, ModuleNotFoundError) else "",
        "os": isinstance(e, OSError),
        "environ": isinstance(e, KeyError) and every[-1].name == "__getitem__" and every[-1].filename.endswith(("/os.py", "<frozen os>")),
        "frames": ["%s:%s" % (f.filename[-300:], f.lineno) for f in frames][-8:],
        "trace": [line[:300] for line in "".join(traceback.format_list(frames) + traceback.format_exception_only(type(e), e)).splitlines()[-12:]],
    }
    if isinstance(e, SystemExit):
        status = 0 if e.code is None else e.code if isinstance(e.code, int) else 1
        said = dict(said, status=status) if status else {"kind": "loaded"}
    if said.get("missing", "").partition(".")[0] in ("pkg_resources", "setuptools", "distutils"):
        try:
            import importlib.metadata
            said["setuptools"] = importlib.metadata.version("setuptools")
        except importlib.metadata.PackageNotFoundError:
            said["setuptools"] = ""
import json, os
said["python"] = "%d.%d" % sys.version_info[:2]
try:
    os.write(out, json.dumps(said).encode())  # less than a pipe holds: nobody reads yet
finally:
    os._exit(0)  # threads that were started while loading are none of our business
"""


def identity(user):
    """What a process is started with to be the image's user, and that user's home."""
    name, _, group = user.partition(":")
    try:
        entry = pwd.getpwuid(int(name or "0")) if not name or name.isdigit() else pwd.getpwnam(name)
    except KeyError:
        if not name.isdigit():
            fail("the image's user %s is not in its /etc/passwd" % name)
        entry = None
    uid, gid = (entry.pw_uid, entry.pw_gid) if entry else (int(name), 0)
    groups = os.getgrouplist(entry.pw_name, gid) if entry else []
    if group:
        try:
            gid = int(group) if group.isdigit() else grp.getgrnam(group).gr_gid
        except KeyError:
            fail("the image's group %s is not in its /etc/group" % group)
        groups = []
    home = entry.pw_dir if entry else "/"
    return ({"user": uid, "group": gid, "extra_groups": groups} if uid or gid else {}), home


# It says where a program is, and whether its user may execute it: then it ends with 0.
FIND = r"""
import os, sys
name = sys.argv[1]
places = [name] if "/" in name else [os.path.join(folder or ".", name) for folder in os.environ.get("PATH", os.defpath).split(":")]
found = [p for p in places if os.path.isfile(p)]
may = [p for p in found if os.access(p, os.X_OK)]
print((may + found + [""])[0])
sys.exit(0 if may else 3)
"""


def find(name, spec, env, who):
    """Whether a program can be started."""
    done = subprocess.run([spec["python"], "-c", FIND, name], env=env, cwd=spec["workdir"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **who)  # fmt: skip
    if done.returncode not in (0, 3):
        return {"kind": "killed", "status": done.returncode, "trace": done.stderr.splitlines()[-12:]}
    path = done.stdout.strip()
    return {"kind": "loaded"} if done.returncode == 0 else {"kind": "forbidden", "path": path} if path else {"kind": "absent"}


def load(script, spec, env, who):
    """What became of one script."""
    kind = script.get("kind", "")
    if kind == "command":
        return find(script["name"], spec, env, who)
    # A server's own path begins where it works.
    path = os.path.join(spec["workdir"], "wsgi") if kind == "wsgi" else shutil.which(script["name"], path=env.get("PATH", os.defpath))
    if not path:
        return {"kind": "absent"}
    answer, out = os.pipe()
    os.set_blocking(answer, False)  # what the script left running may hold the other end open
    with open(answer, "rb", buffering=0) as answer, tempfile.TemporaryFile() as printed:
        argv = [spec["python"], "-c", LOAD, str(out), kind, path, script["module"], script["attribute"]]
        try:
            process = subprocess.Popen(argv, env=env, cwd=spec["workdir"], stdin=subprocess.DEVNULL, stdout=printed, stderr=subprocess.STDOUT,
                                       pass_fds=(out,), start_new_session=True, **who)  # fmt: skip
        finally:
            os.close(out)
        try:
            status = process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            status = None
        try:
            os.killpg(process.pid, signal.SIGKILL)  # with what it started
        except ProcessLookupError:
            pass
        process.wait()
        if status is None:
            return {"kind": "slow", "seconds": PATIENCE}
        said = answer.read(65536)
        if said:
            return json.loads(said)
        printed.seek(0)
        trace = printed.read().decode("utf-8", "replace").splitlines()[-12:]
        return {"kind": "killed", "status": status, "trace": trace}


def enter(workdir):
    """Makes the working directory if it is not there, as what starts containers does."""
    try:
        os.makedirs(workdir, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        fail("the image's working directory %s is a file, or in one; choose another workdir" % workdir)


def conflicts(spec, env):
    """What conflicts.py prints in the image's interpreter; none where that cannot run it, which the scripts will say."""
    argv = [spec["python"], "-B", "/tmp/pbrx/steps/conflicts.py"]
    try:
        done = subprocess.run(argv, env=env, cwd=spec["workdir"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=PATIENCE)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 and done.stdout else []


def main():
    with open("/tmp/pbrx/check.json") as f:
        spec = json.load(f)
    who, home = identity(spec["user"])
    env = dict(e.partition("=")[::2] for e in spec["env"])
    env.setdefault("HOME", home)
    enter(spec["workdir"])

    def one(script):
        started = time.monotonic()
        result = dict(load(script, spec, env, who), script=script["name"], of=script.get("kind", ""))
        print("%s: %s (%.1f s)" % (script["name"], result["kind"], time.monotonic() - started), flush=True)
        return result

    with concurrent.futures.ThreadPoolExecutor(max_workers=max(2, len(os.sched_getaffinity(0)))) as pool:
        results = list(pool.map(one, spec["scripts"]))
    with open("/out/check.json", "w") as f:
        json.dump(results, f)
    unmet = conflicts(spec, env)
    for c in unmet:
        print("not met: %(name)s %(version)s requires %(requires)s, found %(found)s" % c, flush=True)
    with open("/out/conflicts.json", "w") as f:
        json.dump(unmet, f)


if __name__ == "__main__":
    main()
