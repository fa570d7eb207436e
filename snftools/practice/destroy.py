"""Removes a practice site: first its processes, then what `create` made."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import List, Tuple

from snftools.practice import create, server, services
from snftools.practice.copy import read_marker

MADE = ("nodes", "repo", "pg", "run", "backups", "state", "site.conf", create.MARKER)


def destroy(directory: Path) -> Tuple[int, List[str]]:
    """Stop and remove the site; returns how many processes ended and what is left there.

    Also takes away a half-made one.  Refused (3) when the directory is none of ours.
    """
    directory = Path(os.path.realpath(str(directory)))
    facts = read_marker(directory)
    ended = services.stop_all(directory)
    postgres = server.Server(directory)
    if postgres.running():
        postgres.stop()
        ended += 1
    for name in MADE:
        path = directory / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(str(path))
        elif path.is_symlink() or path.exists():
            path.unlink()
    left = sorted(os.listdir(str(directory)))
    if facts.get("made_directory") and not left:
        directory.rmdir()
    return ended, left
