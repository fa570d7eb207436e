"""What stdeb makes of the sdist against what debian/ makes of the tree: a second builder's view."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Set

import pytest

from tests.debian.conftest import TREE, Built, files
from tests.helpers.cli import environment

# What setup.py cannot say; debian/ alone has it (doc/packaging.md).
ONLY_DEBIAN = re.compile(r"usr/share/(bash-completion|zsh|lintian|doc)/")


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The package that `make deb-quick` makes."""
    if shutil.which("py2dsc") is None:
        pytest.skip("stdeb is not installed")
    directory = tmp_path_factory.mktemp("quick")
    done = subprocess.run([str(TREE / "debian/build-quick"), str(directory)], env=environment(),
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return Built(directory)


def test_one_package_under_the_same_name(quick: Built) -> None:
    assert sorted(quick.debs) == ["snf-upgrade-tools"]


def test_the_same_files(quick: Built, built: Built, tmp_path: Path) -> None:
    """A file that MANIFEST.in or setup.py forgets is in one of them only."""
    by_stdeb = files(quick.unpack(tmp_path / "quick"))
    by_hand = files(built.unpack(tmp_path / "built"))
    assert [name for name in by_stdeb if not ONLY_DEBIAN.match(name)] == [
        name for name in by_hand if not ONLY_DEBIAN.match(name)]


def relations(built: Built, field: str) -> Set[str]:
    """Names and versions; 3.9~ is dh-python's way to write 3.9."""
    return {word.strip().replace("~)", ")")
            for word in built.field("snf-upgrade-tools", field).split(",")}


@pytest.mark.parametrize("field", ["Depends", "Recommends"])
def test_the_same_relations(quick: Built, built: Built, field: str) -> None:
    assert relations(quick, field) == relations(built, field)


def test_nothing_is_left_in_the_tree() -> None:
    for name in ("deb_dist", "snf_upgrade_tools.egg-info", "debian/compat"):
        assert not (TREE / name).exists()
