"""The packages as dpkg-buildpackage makes them, built once a session."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List

import pytest

from tests.helpers.cli import BIN, environment

TREE = BIN.parent
PACKAGES = ("snf-upgrade-practice", "snf-upgrade-tools")


@dataclass(frozen=True)
class Built:
    """What a build left in a directory."""

    directory: Path

    @property
    def debs(self) -> Dict[str, Path]:
        """The binary packages by name."""
        return {path.name.partition("_")[0]: path for path in self.directory.glob("*.deb")}

    def field(self, package: str, name: str) -> str:
        """A field of a package's control file."""
        return subprocess.run(["dpkg-deb", "-f", str(self.debs[package]), name], check=True,
                              capture_output=True, text=True).stdout.strip()

    def depends(self, package: str) -> List[str]:
        """Its Depends, a relation each."""
        return sorted(word.strip() for word in self.field(package, "Depends").split(","))

    def unpack(self, directory: Path, *packages: str) -> Path:
        """The files of packages (all, when none is named) below a directory."""
        for package in packages or sorted(self.debs):
            subprocess.run(["dpkg-deb", "-x", str(self.debs[package]), str(directory)], check=True)
        return directory


def files(directory: Path) -> List[str]:
    """Every file of the directory, without what Python compiles."""
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*")
                  if path.is_file() and "__pycache__" not in path.parts)


def why_not() -> str:
    """Why no package can be built here; empty when one can."""
    if shutil.which("dpkg-checkbuilddeps") is None:
        return "dpkg-checkbuilddeps (dpkg-dev) is not installed"
    done = subprocess.run(["dpkg-checkbuilddeps", "-I", "-Pnocheck"], cwd=str(TREE),
                          capture_output=True, text=True)
    return done.stderr.strip() if done.returncode else ""


def build(directory: Path, *options: str, umask: int = 0o022, **env: str) -> Built:
    """Build the tree; the unit tests are not run once more."""
    reason = why_not()
    if reason:
        pytest.skip(reason)
    done = subprocess.run(
        ["sh", "-c", 'umask "$1"; shift; exec "$@"', "sh", "%o" % umask,
         str(TREE / "debian/build-in-copy"), str(directory), *options],
        env={**environment(), "DEB_BUILD_OPTIONS": "nocheck", "DEB_BUILD_PROFILES": "nocheck",
             **env},
        stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return Built(directory)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Binary and source packages."""
    return build(tmp_path_factory.mktemp("built"), "-F")
