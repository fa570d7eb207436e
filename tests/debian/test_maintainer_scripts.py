"""postinst and postrm below a root directory: who may look, and what a purge leaves."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import List

import pytest

from tests.helpers.cli import BIN

STATE = "var/lib/snf-upgrade"
BACKUPS = "var/backups/snf-upgrade"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("var/lib", "var/backups", "etc/snf-upgrade"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path


def script(root: Path, name: str, *arguments: str) -> str:
    """Run a maintainer script below the root; what it says."""
    path = BIN.parent / "debian" / ("snf-upgrade-tools." + name)
    done = subprocess.run(["sh", "-eu", str(path), *arguments],
                          env={**os.environ, "DPKG_ROOT": str(root)}, capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    return done.stderr


def modes(root: Path) -> List[int]:
    return [(root / name).stat().st_mode & 0o777 for name in (STATE, BACKUPS)]


def test_configure_makes_directories_for_root_alone(root: Path) -> None:
    previous = os.umask(0o002)
    try:
        script(root, "postinst", "configure")
    finally:
        os.umask(previous)
    assert modes(root) == [0o700, 0o700]


def test_configuring_again_leaves_what_is_there(root: Path) -> None:
    script(root, "postinst", "configure")
    (root / BACKUPS).chmod(0o750)
    (root / STATE / "kept").touch()
    script(root, "postinst", "configure", "0.1.0")
    assert modes(root) == [0o700, 0o750]
    assert (root / STATE / "kept").exists()


def test_backups_elsewhere_by_a_link_stay_there(root: Path) -> None:
    elsewhere = root / "srv"
    elsewhere.mkdir()
    (root / BACKUPS).symlink_to(elsewhere)
    script(root, "postinst", "configure")
    (elsewhere / "set").touch()
    assert "are kept" in script(root, "postrm", "purge")
    assert (elsewhere / "set").exists()


@pytest.mark.parametrize("how", ["remove", "upgrade", "failed-upgrade", "disappear"])
def test_without_purge_everything_stays(root: Path, how: str) -> None:
    script(root, "postinst", "configure")
    (root / STATE / "kept").touch()
    (root / "etc/snf-upgrade/site.conf").touch()
    assert script(root, "postrm", how) == ""
    assert (root / STATE / "kept").exists()
    assert (root / "etc/snf-upgrade/site.conf").exists()


def test_purge_takes_state_and_configuration_but_no_backup(root: Path) -> None:
    script(root, "postinst", "configure")
    (root / STATE / "runs").mkdir()
    (root / STATE / "runs/journal.jsonl").touch()
    (root / "etc/snf-upgrade/site.conf").touch()
    (root / BACKUPS / "set").mkdir()
    said = script(root, "postrm", "purge")
    assert not (root / STATE).exists()
    assert not (root / "etc/snf-upgrade/site.conf").exists()
    assert (root / BACKUPS / "set").is_dir()
    assert "%s are kept" % (root / BACKUPS) in said


def test_purge_without_backups_leaves_nothing_and_says_nothing(root: Path) -> None:
    script(root, "postinst", "configure")
    assert script(root, "postrm", "purge") == ""
    assert not (root / BACKUPS).exists()
