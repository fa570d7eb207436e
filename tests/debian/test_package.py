"""The Debian package as dpkg-buildpackage makes it: what is in it, and that it works unpacked."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Dict, Iterator, List

import pytest

from tests.helpers.cli import BIN, COMMANDS, environment
from tests.helpers.site import new_directory

TREE = BIN.parent
LIBRARY = "usr/lib/python3/dist-packages"
NODES = ["astakos", "cyclades", "ganeti", "pithos"]


def why_not() -> str:
    """Why no package can be built here; empty when one can."""
    if shutil.which("dpkg-checkbuilddeps") is None:
        return "dpkg-checkbuilddeps (dpkg-dev) is not installed"
    done = subprocess.run(["dpkg-checkbuilddeps", "-I", "-Pnocheck"], cwd=str(TREE),
                          capture_output=True, text=True)
    return done.stderr.strip() if done.returncode else ""


@pytest.fixture(scope="module")
def deb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    reason = why_not()
    if reason:
        pytest.skip(reason)
    done = subprocess.run(
        [str(TREE / "debian/build-in-copy"), str(tmp_path_factory.mktemp("deb"))],
        env={**environment(), "DEB_BUILD_OPTIONS": "nocheck", "DEB_BUILD_PROFILES": "nocheck"},
        stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


@pytest.fixture(scope="module")
def unpacked(deb: Path) -> Iterator[Path]:
    """The package's files below a directory."""
    directory = deb.parent / "unpacked"
    subprocess.run(["dpkg-deb", "-x", str(deb), str(directory)], check=True)
    yield directory


def field(deb: Path, name: str) -> str:
    return subprocess.run(["dpkg-deb", "-f", str(deb), name], check=True, capture_output=True,
                          text=True).stdout.strip()


def files(directory: Path) -> List[str]:
    """Every file of the directory, without what Python compiles."""
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*")
                  if path.is_file() and "__pycache__" not in path.parts)


def environment_of(unpacked: Path) -> Dict[str, str]:
    return {**environment(), "PYTHONPATH": str(unpacked / LIBRARY)}


def run(unpacked: Path, command: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([str(unpacked / "usr/bin" / command), *arguments], cwd="/",
                          env=environment_of(unpacked), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=100)


def test_every_command_with_its_page_and_its_completion(unpacked: Path) -> None:
    assert len(COMMANDS) == 13
    assert sorted(os.listdir(str(unpacked / "usr/bin"))) == list(COMMANDS)
    assert sorted(os.listdir(str(unpacked / "usr/share/man/man8"))) == [
        command + ".8.gz" for command in COMMANDS]
    assert (unpacked / "usr/share/man/man7/snf-upgrade-tools.7.gz").is_file()
    assert sorted(os.listdir(str(unpacked / "usr/share/bash-completion/completions"))) == list(
        COMMANDS)


def test_the_library_is_whole(unpacked: Path) -> None:
    """Code, release data, and all that the practice site is made of."""
    library = files(unpacked / LIBRARY / "snftools")
    assert library == files(TREE / "snftools")
    for name in ("releases/0.14/settings.conf", "releases/0.14/settings.conf.spec",
                 "practice/packages.conf", "practice/programs/manage/south.py",
                 "practice/sql/0.14/pithos/4c8ccdc58192.sql", "practice/wrappers/ps"):
        assert name in library


def test_nothing_else_is_in_it(unpacked: Path) -> None:
    """No tests, no leftovers of the build, nothing where Synnefo's own packages put files."""
    known = re.compile(r"(usr/bin/|usr/share/(man/man[78]|bash-completion/completions|lintian/"
                       r"overrides|doc/snf-upgrade-tools)/|%s/(snftools/|snf_upgrade_tools-"
                       r"[0-9.]+\.egg-info))" % LIBRARY)
    assert [name for name in files(unpacked) if not known.match(name)] == []
    assert (unpacked / "etc/snf-upgrade").is_dir()
    assert (unpacked / "usr/share/doc/snf-upgrade-tools/examples/site.conf.example").is_file()


def test_its_fields(deb: Path) -> None:
    from snftools import __version__
    assert field(deb, "Version") == __version__
    assert field(deb, "Architecture") == "all"
    depends = field(deb, "Depends")
    for name in ("python3-plumbum (>= 1.6.9)", "python3-configobj", "python3-psycopg2"):
        assert name in depends
    assert "postgresql-client" in field(deb, "Recommends")


def test_setup_and_control_ask_for_the_same(deb: Path) -> None:
    asked = re.search(r"install_requires=\[(.*?)\]", (TREE / "setup.py").read_text(), re.S)
    assert asked
    setup = {"python3-%s (>= %s)" % pair for pair in
             re.findall(r'"(\w+)>=([\d.]+)"', asked.group(1))}
    control = {word.strip() for word in field(deb, "Depends").split(",")}
    assert setup == {word for word in control if word.startswith("python3-")}


@pytest.mark.parametrize("command", COMMANDS)
def test_the_installed_command_finds_its_library(unpacked: Path, command: str) -> None:
    version = run(unpacked, command, "--version")
    assert (version.returncode, version.stderr) == (0, "")
    assert version.stdout.startswith(command + " (snf-upgrade-tools) ")
    assert run(unpacked, command, "--help").returncode == 0


def test_a_practice_site_from_the_installed_package(unpacked: Path) -> None:
    """The stand-ins need no mode of a checkout: as installed they make a site that answers."""
    directory = new_directory()
    created = run(unpacked, "snf-practice-site", "create", str(directory))
    try:
        assert created.returncode == 0, created.stderr
        assert sorted(os.listdir(str(directory / "nodes"))) == NODES
        status = run(unpacked, "snf-services", "status", "--site", str(directory / "site.conf"))
        assert status.returncode == 0, status.stderr
        plan = run(unpacked, "snf-upgrade", "plan", "--json", "--site",
                   str(directory / "site.conf"))
        steps = json.loads(plan.stdout)["result"]["steps"]
        assert {os.path.dirname(step["command"][0]) for step in steps} == {
            str(unpacked / "usr/bin")}
    finally:
        destroyed = run(unpacked, "snf-practice-site", "destroy", str(directory))
    assert destroyed.returncode == 0, destroyed.stderr
    assert not directory.exists()
    directory.parent.rmdir()
