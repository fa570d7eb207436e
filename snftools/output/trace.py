"""-v: every program that is run on a node, how it ended, how long it took."""

from __future__ import annotations

import shlex
import sys
from typing import Sequence

from snftools.output import mask

SCRIPT = 3  # lines of an argument that are told as they are

enabled = False


def program(node: str, argv: Sequence[str], code: int, seconds: float) -> None:
    """Tell of a program that has ended, on standard error.

    What it printed is not told: it may hold secrets that nobody has learned yet.
    """
    if not enabled:
        return
    line = mask.clean(" ".join(shlex.quote(_short(word)) for word in argv).replace("\n", "\\n"))
    try:
        sys.stderr.write("%s: %s   (exit %d, %.1f s)\n" % (node, line, code, seconds))
    except OSError:
        pass  # standard error is closed: its end is told by the command itself


def _short(word: str) -> str:
    """A script of ours is told by its first line."""
    lines = word.strip().splitlines()
    return word if len(lines) <= SCRIPT else "%s ... (%d lines)" % (lines[0], len(lines))
