"""No file and no package of ours has the name of one that Synnefo or an old package has."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import List, Set

import pytest

from tests.debian.conftest import Built
from tests.helpers.cli import COMMANDS

LINES = [line for line in (Path(__file__).parent / "taken.txt").read_text().splitlines()
         if not line.startswith("#")]
TAKEN = [line for line in LINES if line.startswith("/")]
PACKAGES = {line.split()[1] for line in LINES if line.startswith("package ")}


def contents(built: Built) -> List[str]:
    """Every path of both packages, directories with a slash at the end."""
    found: Set[str] = set()
    for deb in built.debs.values():
        listing = subprocess.run(["dpkg-deb", "-c", str(deb)], check=True, capture_output=True,
                                 text=True).stdout
        found |= {line.split(None, 5)[5].split(" -> ")[0][1:] for line in listing.splitlines()}
    return sorted(found)


def test_no_file_is_another_packages(built: Built) -> None:
    ours = contents(built)
    assert "/usr/bin/snf-upgrade" in ours
    assert [path for path in ours for taken in TAKEN
            if path == taken or (taken.endswith("/") and path.startswith(taken))] == []


def test_no_package_has_a_taken_name_and_none_needs_a_conflict(built: Built) -> None:
    assert not set(built.debs) & PACKAGES
    for package in built.debs:
        assert not built.field(package, "Conflicts")
        assert not built.field(package, "Provides")


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_shadows_another_on_the_path(command: str) -> None:
    """Wherever it is installed, a shell that types the name means ours alone."""
    assert command not in {Path(path).name for path in TAKEN}
    assert command not in PACKAGES
