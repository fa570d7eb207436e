"""Progress: one JSON object a line on --status-fd, as dpkg and GnuPG do.

The master draws it, logs it and takes it as heartbeat.  Without --status-fd and with a
terminal on standard error the same events are one live line there, else a line every half a
minute, so that a log shows that the work goes on.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from typing import Any, Dict, Optional, Set

from snftools.output import mask
from snftools.output.text import human_size

_drawn: Set["Progress"] = set()  # whose live line stands on the screen


def clear_drawn() -> None:
    """Take every live line away: the command is done, or has something to say."""
    for progress in list(_drawn):
        progress.clear()


class Progress:
    """The channel of one command's progress; threads may share it."""

    def __init__(self, fd: Optional[int] = None, step: str = "", live: bool = False,
                 beat: float = 0.0) -> None:
        """`live`: draw one line on a terminal; `beat`: else a line each so many seconds."""
        self._fd = fd
        self._step = step
        self._live = live
        self._beat = beat
        self._told = time.monotonic()
        self._lock = threading.Lock()

    def event(self, event: str, *, node: str = "", done: Optional[float] = None,
              total: Optional[float] = None, unit: str = "", text: str = "") -> None:
        """Tell one event; `done` and `total` are in `unit` ("bytes", "packages", ...)."""
        record: Dict[str, Any] = {"event": event, "step": self._step, "node": node,
                                  "done": done, "total": total, "unit": unit,
                                  "text": mask.clean(text)}
        with self._lock:
            if self._fd is not None:
                self._write(record)
            elif self._live:
                self._draw(record)
            elif self._beat and time.monotonic() - self._told >= self._beat:
                self._say(record)

    def clear(self) -> None:
        """Take the live line away, so that finished lines can be printed."""
        with self._lock:
            if self in _drawn:
                _drawn.discard(self)
                try:
                    sys.stderr.write("\r\x1b[K")
                    sys.stderr.flush()
                except OSError:
                    self._live = False

    def _write(self, record: Dict[str, Any]) -> None:
        """Write the record; a master that went away is no reason to stop working."""
        assert self._fd is not None
        try:
            os.write(self._fd, (json.dumps(record) + "\n").encode("ascii"))
        except OSError:
            self._fd = None

    def _draw(self, record: Dict[str, Any]) -> None:
        """Draw the live line."""
        try:
            sys.stderr.write("\r\x1b[K" + _line(record))
            sys.stderr.flush()
            _drawn.add(self)
        except OSError:
            self._live = False

    def _say(self, record: Dict[str, Any]) -> None:
        """Write a finished line; who does not read them is no reason to stop."""
        self._told = time.monotonic()
        try:
            sys.stderr.write(_line(record) + "\n")
            sys.stderr.flush()
        except OSError:
            self._beat = 0.0


def _line(record: Dict[str, Any]) -> str:
    """An event as a line of a screen."""
    parts = [record["node"], record["event"], _amount(record), record["text"]]
    return "  ".join(part for part in parts if part)[:79]


def _amount(record: Dict[str, Any]) -> str:
    """"3 of 10 packages", "1.2 MB of 3.0 MB", or nothing."""
    done, total, unit = record["done"], record["total"], record["unit"]
    if done is None:
        return ""
    if unit == "bytes":
        return human_size(done) + (" of " + human_size(total) if total else "")
    return "%d%s %s" % (done, " of %d" % total if total else "", unit)
