"""What Debian's archive would ask: lintian is silent, and a second build gives the same bytes."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from pathlib import Path
from typing import Dict, Tuple

import pytest

from tests.debian.conftest import TREE, Built, build


# One package serves three releases: the policy is that of Debian 12, whose lintian knows no later.
NEWER = "I: snf-upgrade-tools source: out-of-date-standards-version 4.6.2 "


def lintian() -> Tuple[int, ...]:
    """The version of lintian, () when there is none."""
    if shutil.which("lintian") is None:
        return ()
    told = subprocess.run(["lintian", "--print-version"], capture_output=True, text=True).stdout
    return tuple(int(word) for word in re.findall(r"\d+", told)[:2])


@pytest.mark.skipif(lintian() < (2, 116), reason="no lintian that knows overrides of Debian 12")
def test_lintian_has_no_tag(built: Built) -> None:
    """Binary, source and changes, pedantic and experimental tags too."""
    [changes] = built.directory.glob("*.changes")
    done = subprocess.run(["lintian", "--pedantic", "-EI", "--allow-root", str(changes)],
                          capture_output=True, text=True)
    assert done.returncode in (0, 2), done.stderr       # 2: there are errors
    tags = [line for line in done.stdout.splitlines() if re.match(r"[A-Z]: ", line)
            and not line.startswith(NEWER)]
    assert tags == []


def test_every_override_has_its_reason() -> None:
    for path in (TREE / "debian").rglob("*lintian-overrides"):
        before = ""
        for line in path.read_text().splitlines():
            assert line.startswith("#") or before.startswith("# "), line
            before = line


def digests(built: Built) -> Dict[str, str]:
    """The digest of each package; .changes and .buildinfo tell of the machine."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in built.directory.iterdir() if path.suffix in (".deb", ".xz")}


def test_built_twice_the_same_bytes(built: Built, tmp_path: Path) -> None:
    """In another directory, at another hour, with another umask, zone and language."""
    again = build(tmp_path / "again", "-F", umask=0o002, TZ="Asia/Tokyo", LC_ALL="C",
                  HOME=str(tmp_path), TMPDIR=str(tmp_path))
    assert digests(again) == digests(built)
    assert len(digests(built)) == 3


def test_the_versions_agree() -> None:
    from snftools import __version__
    [first] = re.findall(r"\A\S+ \((.*?)\)", (TREE / "debian/changelog").read_text())
    assert first == __version__
    assert "## %s" % __version__ in (TREE / "NEWS.md").read_text()
