"""apk, the package manager of Alpine."""

import re
import subprocess

from common import environment, mirror, run


def apk(*arguments):
    argv = ["apk", "--cache-dir", "/tmp/pbrx/apk-cache", "--no-progress"]
    url = mirror()
    if url:
        with open("/etc/apk/repositories") as f:
            text = f.read()
        with open("/tmp/repositories", "w") as f:
            f.write(re.sub(r"(?m)^(\s*(?:@\S+\s+)?)\S+?/(v\d[\w.]*|edge|latest-stable)/", r"\g<1>%s/\g<2>/" % url, text))
        argv += ["--repositories-file", "/tmp/repositories"]
    return argv + list(arguments)


def index(names):
    env = environment()
    run(apk("update"), env)
    missing = []
    for name in names:
        found = subprocess.run(apk("search", "--exact", "--quiet", name), env=env, stdout=subprocess.PIPE, text=True).stdout
        if not found.strip():
            missing.append(name)
    return missing


def install(names):
    run(apk("add", "--no-interactive", *names), environment())
