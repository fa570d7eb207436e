"""What a test sees of a practice node's packages, and how it spoils them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any, Dict, Tuple


def tool(root: Path, name: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a program of the node's root."""
    return subprocess.run([str(root / "usr/bin" / name), *arguments], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True,
                          env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C",
                               "DEBIAN_FRONTEND": "noninteractive"})


def versions(root: Path) -> Dict[str, Tuple[str, str]]:
    """Version and status of each package that dpkg has in some state."""
    lines = tool(root, "dpkg-query", "-W", "-f",
                 "${Package}\t${Version}\t${Status}\n").stdout.splitlines()
    rows = [line.split("\t") for line in lines]
    return {name: (version, status) for name, version, status in rows
            if "not-installed" not in status}


def tree(directory: Path) -> Dict[str, Any]:
    """Every file below a directory: bytes (or a link's target), mode, owner."""
    found: Dict[str, Any] = {}
    for parent, _, names in os.walk(str(directory)):
        for name in names:
            path = Path(parent) / name
            facts = path.lstat()
            data = os.readlink(str(path)) if path.is_symlink() else path.read_bytes()
            found[str(path.relative_to(directory))] = (data, facts.st_mode, facts.st_uid,
                                                       facts.st_gid)
    return found


def offer_without(site: Any, name: str, version: str) -> None:
    """Take one version of a package out of the site's archive."""
    index = site.dir / "repo" / "Packages"
    paragraphs = index.read_text().split("\n\n")
    kept = [text for text in paragraphs
            if not ("Package: %s\n" % name in text and "Version: %s\n" % version in text)]
    assert len(kept) < len(paragraphs)
    index.write_text("\n\n".join(kept))


def replace_apt(root: Path, script: str) -> None:
    """Put a program before the node's apt-get; $REAL is the old one.

    It is asked only for what changes the node: simulations and downloads go to the old one.
    """
    path, real = root / "usr/bin/apt-get", root / "usr/bin/apt-get.real"
    path.rename(real)
    path.write_text('#!/bin/sh\nREAL=%s\ncase " $* " in *" -s "*|*" update "*|*" download "*)\n'
                    'exec "$REAL" "$@";; esac\n%s\n' % (real, script))
    path.chmod(0o755)


def restore_apt(root: Path) -> None:
    """Give the node its own apt-get back."""
    (root / "usr/bin/apt-get.real").rename(root / "usr/bin/apt-get")
