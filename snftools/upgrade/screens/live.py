"""The lines that change while steps run: drawn on a terminal's standard error, else nothing."""

from __future__ import annotations

import sys
import time
from typing import Any, List, Mapping, Sequence

from snftools.output.text import clock, human_size
from snftools.upgrade.job import Job

INTERVAL = 0.2  # seconds between two drawings


class Live:
    """The live region (live)."""

    def __init__(self, on: bool) -> None:
        self.on = on
        self._drawn = 0
        self._last = 0.0

    def draw(self, lines: Sequence[str]) -> None:
        """Draw the lines in place of those drawn before."""
        if not self.on or time.monotonic() - self._last < INTERVAL:
            return
        self._last = time.monotonic()
        self.clear()
        self._write("".join(line[:79] + "\n" for line in lines))
        self._drawn = len(lines)

    def clear(self) -> None:
        """Take what is drawn away, so that finished lines can be printed."""
        if self._drawn:
            self._write("\x1b[%dA\x1b[J" % self._drawn)
            self._drawn = 0

    def _write(self, text: str) -> None:
        try:
            sys.stderr.write(text)
            sys.stderr.flush()
        except OSError:
            self.on = False


def job_lines(jobs: Sequence[Job]) -> List[str]:
    """One line a running step: what, where, how long, how far."""
    return ["..........%-14s  %-9s %6s   %s" % (
        job.step.row, job.step.where, clock(time.monotonic() - job.started),
        _progress(job.child.progress, job.phase)) for job in jobs]


def _progress(event: Mapping[str, Any], phase: str) -> str:
    if phase != "run":
        return "looking" if phase == "before" else "proving"
    done, total, unit = event.get("done"), event.get("total"), event.get("unit")
    amount = ""
    if isinstance(done, (int, float)):
        if unit == "bytes":
            amount = human_size(done) + (" of " + human_size(total) if total else "")
        else:
            amount = "%d%s" % (done, " of %d" % total if total else "")
    return "  ".join(part for part in (amount, str(event.get("text") or "")) if part)
