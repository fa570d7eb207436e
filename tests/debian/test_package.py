"""What is in the two binary packages, and that the commands work as they are installed."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Dict, Iterator

import pytest

from tests.debian.conftest import PACKAGES, TREE, Built, files
from tests.helpers.cli import COMMANDS, environment
from tests.helpers.site import new_directory

LIBRARY = "usr/lib/python3/dist-packages"
NODES = ["astakos", "cyclades", "ganeti", "pithos"]
PRACTICE = "snf-practice-site"
ON_A_NODE = [command for command in COMMANDS if command != PRACTICE]
PAGES = {"man5": ["snf-upgrade-release.5.gz", "snf-upgrade-site.conf.5.gz"],
         "man7": ["snf-upgrade-tools.7.gz"],
         "man8": [command + ".8.gz" for command in COMMANDS]}


@pytest.fixture(scope="module")
def both(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The files of both packages below a directory."""
    yield built.unpack(tmp_path_factory.mktemp("both"))


@pytest.fixture(scope="module")
def node(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The files of snf-upgrade-tools alone, as a machine of a real site has them."""
    yield built.unpack(tmp_path_factory.mktemp("node"), "snf-upgrade-tools")


def environment_of(root: Path) -> Dict[str, str]:
    return {**environment(), "PYTHONPATH": str(root / LIBRARY)}


def run(root: Path, command: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([str(root / "usr/bin" / command), *arguments], cwd="/",
                          env=environment_of(root), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=100)


def test_every_command_with_its_page_and_its_completions(both: Path) -> None:
    assert len(COMMANDS) == 13
    assert sorted(os.listdir(str(both / "usr/bin"))) == list(COMMANDS)
    for section, pages in PAGES.items():
        assert sorted(os.listdir(str(both / "usr/share/man" / section))) == pages
    shells = both / "usr/share"
    assert sorted(os.listdir(str(shells / "bash-completion/completions"))) == list(COMMANDS)
    assert sorted(os.listdir(str(shells / "zsh/vendor-completions"))) == [
        "_" + command for command in COMMANDS]


def test_the_library_is_whole(both: Path) -> None:
    """Code, release data, and all that the practice site is made of."""
    library = files(both / LIBRARY / "snftools")
    assert library == files(TREE / "snftools")
    for name in ("releases/0.14/settings.conf", "releases/0.14/settings.conf.spec",
                 "practice/packages.conf", "practice/programs/manage/south.py",
                 "practice/sql/0.14/pithos/4c8ccdc58192.sql", "practice/wrappers/ps"):
        assert name in library


def test_nothing_else_is_in_it(both: Path) -> None:
    """No tests, no leftovers of the build, nothing where Synnefo's own packages put files."""
    known = re.compile(
        r"(usr/bin/snf-|usr/share/(man/man[578]|bash-completion/completions|lintian/overrides|"
        r"zsh/vendor-completions|doc/snf-upgrade-(tools|practice)|snf-upgrade-tools/ansible)/|"
        r"%s/(snftools/|snf_upgrade_tools-[0-9.]+\.egg-info))" % LIBRARY)
    assert [name for name in files(both) if not known.match(name)] == []
    assert (both / "etc/snf-upgrade").is_dir()
    assert (both / "usr/share/doc/snf-upgrade-tools/examples/site.conf.example").is_file()


def test_the_playbook_is_shipped(node: Path) -> None:
    """As it is in the source, and the inventory may be executed."""
    shipped = node / "usr/share/snf-upgrade-tools/ansible"
    assert files(shipped) == files(TREE / "ansible")
    told = subprocess.run([str(shipped / "inventory"), "--list", "--site", "/none"],
                          env={**environment_of(node), "PATH": "%s:/usr/bin:/bin"
                               % (node / "usr/bin")}, capture_output=True, text=True)
    assert told.returncode == 78 and "snf-upgrade: /none: No such file" in told.stderr


def test_a_node_gets_nothing_of_the_practice_site(node: Path) -> None:
    assert [name for name in files(node) if "practice" in name] == []
    assert sorted(os.listdir(str(node / "usr/bin"))) == ON_A_NODE


def test_no_file_is_in_both(built: Built, tmp_path: Path) -> None:
    parts = [set(files(built.unpack(tmp_path / name, name))) for name in PACKAGES]
    assert not parts[0] & parts[1]


def test_fields(built: Built) -> None:
    from snftools import __version__
    assert sorted(built.debs) == list(PACKAGES)
    for package in PACKAGES:
        assert built.field(package, "Version") == __version__
        assert built.field(package, "Architecture") == "all"
        assert not built.field(package, "Conflicts")
    assert "postgresql-client" in built.field("snf-upgrade-tools", "Recommends")
    assert "snf-upgrade-practice" in built.field("snf-upgrade-tools", "Suggests")
    practice = built.depends("snf-upgrade-practice")
    assert "snf-upgrade-tools (= %s)" % __version__ in practice
    assert "postgresql" in practice


def test_a_node_depends_on_the_libraries_and_nothing_more(built: Built) -> None:
    assert {re.split(r"[ :]", word)[0] for word in built.depends("snf-upgrade-tools")} == {
        "procps", "python3", "python3-configobj", "python3-plumbum", "python3-psycopg2"}


def test_setup_and_control_ask_for_the_same(built: Built) -> None:
    asked = re.search(r"install_requires=\[(.*?)\]", (TREE / "setup.py").read_text(), re.S)
    assert asked
    setup = {"python3-%s (>= %s)" % pair for pair in
             re.findall(r'"(\w+)>=([\d.]+)"', asked.group(1))}
    assert setup == {word for word in built.depends("snf-upgrade-tools")
                     if word.startswith("python3-")}


def test_nothing_of_the_build_is_told(both: Path) -> None:
    """No path of the build, no name of its user or machine."""
    for name in files(both / "usr/bin") + files(both / "usr/share/bash-completion"):
        assert b"/tmp/" not in next((both / "usr").rglob(Path(name).name)).read_bytes()


@pytest.mark.parametrize("command", ON_A_NODE)
def test_the_command_of_a_node_finds_its_library(node: Path, command: str) -> None:
    version = run(node, command, "--version")
    assert (version.returncode, version.stderr) == (0, "")
    assert version.stdout.startswith(command + " (snf-upgrade-tools) ")
    assert run(node, command, "--help").returncode == 0


def test_a_practice_site_from_the_installed_package(both: Path) -> None:
    """The stand-ins need no mode of a checkout: as installed they make a site that answers."""
    directory = new_directory()
    created = run(both, PRACTICE, "create", str(directory))
    try:
        assert created.returncode == 0, created.stderr
        assert sorted(os.listdir(str(directory / "nodes"))) == NODES
        status = run(both, "snf-services", "status", "--site", str(directory / "site.conf"))
        assert status.returncode == 0, status.stderr
        plan = run(both, "snf-upgrade", "plan", "--json", "--site",
                   str(directory / "site.conf"))
        steps = json.loads(plan.stdout)["result"]["steps"]
        assert {os.path.dirname(step["command"][0]) for step in steps} == {str(both / "usr/bin")}
    finally:
        destroyed = run(both, PRACTICE, "destroy", str(directory))
    assert destroyed.returncode == 0, destroyed.stderr
    assert not directory.exists()
    directory.parent.rmdir()
