"""Fetches the sdists and wheels of a list with pip's own index client, so that whatever pip on this
machine is configured to use is used: index, mirror, certificates, proxies, credentials. pip download
would run the build backend of every sdist to learn its metadata; nothing is run here.

    fetch.py LIST FOLDER            fetches what FOLDER lacks and checks the digests
    fetch.py --pin NAME[==VERSION]  prints the line of a list for a release (the latest that has both)

A line of the list is: name version sdist sha256 wheel sha256.
"""

import hashlib
import pathlib
import sys

from pip._internal.commands import create_command
from pip._internal.index.package_finder import LinkType
from pip._vendor.packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename
from pip._vendor.packaging.version import InvalidVersion


class Everything:
    """Takes every link of a project's page, whatever machine or Python it is for."""

    def __init__(self, name):
        self.project_name = name

    def evaluate_link(self, link):
        return (LinkType.candidate, "0") if link.filename.endswith((".whl", ".tar.gz", ".zip")) and not link.is_yanked else (LinkType.format_unsupported, "")


class Index:
    def __init__(self):
        command = create_command("download")
        options, _ = command.parse_args(["pip"])
        self.session = command._build_session(options)
        self.finder = command._build_package_finder(options, self.session)

    def links(self, name):
        evaluator = Everything(name)
        sources = self.finder._link_collector.collect_sources(
            project_name=name, candidates_from_page=lambda link: self.finder.process_project_url(link, evaluator))
        for source in sources.index_urls:
            if source is not None:
                for candidate in source.page_candidates():
                    yield candidate.link

    def get(self, link):
        answer = self.session.get(link.url_without_fragment, headers={"Accept-Encoding": "identity"})
        answer.raise_for_status()
        return answer.content


def wheel_rank(tags):
    """The wheel to compare with: of any machine, else of Linux, else another."""
    platforms = {tag.platform for tag in tags}
    if "any" in platforms:
        return 0
    if any("manylinux" in p and "x86_64" in p for p in platforms):
        return 1
    return 2


def pin(index, requirement):
    name, _, wanted = requirement.partition("==")
    sdists, wheels = {}, {}
    for link in index.links(name):
        try:
            if link.filename.endswith(".whl"):
                project, version, _, tags = parse_wheel_filename(link.filename)
                wheels.setdefault(version, []).append((wheel_rank(tags), link.filename, link))
            else:
                project, version = parse_sdist_filename(link.filename)
                sdists.setdefault(version, link)
        except (InvalidSdistFilename, InvalidWheelFilename, InvalidVersion):
            continue
    versions = [v for v in sdists if v in wheels and (str(v) == wanted if wanted else not v.is_prerelease)]
    if not versions:
        sys.exit(f"{requirement}: the index has no release with an sdist and a wheel")
    version = max(versions)
    sdist, wheel = sdists[version], min(wheels[version], key=lambda w: w[:2])[2]
    return " ".join([name, str(version), sdist.filename, sdist.hash or digest(index.get(sdist)), wheel.filename, wheel.hash or digest(index.get(wheel))])


def digest(data):
    return hashlib.sha256(data).hexdigest()


def read_list(path):
    for line in pathlib.Path(path).read_text().splitlines():
        if line and not line.startswith("#"):
            yield line.split()


def fetch(index, path, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, _, *files in read_list(path):
        wanted = {files[0]: files[1], files[2]: files[3]}
        missing = {f: d for f, d in wanted.items() if not (folder / f).exists() or digest((folder / f).read_bytes()) != d}
        if not missing:
            continue
        links = {link.filename: link for link in index.links(name)}
        for filename, want in missing.items():
            if filename not in links:
                sys.exit(f"{name}: the index has no file {filename}")
            data = index.get(links[filename])
            if digest(data) != want:
                sys.exit(f"{filename}: the index has another file than the list: sha256 {digest(data)}, want {want}")
            (folder / filename).write_bytes(data)
        print(f"fetched {name}", file=sys.stderr)


def main():
    if sys.argv[1] == "--pin":
        index = Index()
        for requirement in sys.argv[2:]:
            print(pin(index, requirement), flush=True)
        return
    fetch(Index(), sys.argv[1], pathlib.Path(sys.argv[2]))


if __name__ == "__main__":
    main()
