"""Ctrl-C and SIGTERM during a run: the first starts nothing new, the second ends it.

A hangup does not stop a run: nobody may be looking, but services are down.
"""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import Any, Iterator


class Stopping:
    """Whether the run was asked to end (live): `exit` is 0, 130 or 143."""

    def __init__(self) -> None:
        self.exit = 0
        self.count = 0

    def _ask(self, number: int, frame: Any) -> None:
        self.count += 1
        self.exit = self.exit or 128 + number

    @property
    def at_once(self) -> bool:
        """Whether what runs is to be ended too."""
        return self.count > 1


@contextmanager
def stopping() -> Iterator[Stopping]:
    """Take both signals over, and give them back."""
    asked = Stopping()
    old = {number: signal.signal(number, asked._ask)
           for number in (signal.SIGINT, signal.SIGTERM)}
    # A handler, not SIG_IGN: daemons that are started must not inherit it.
    old[signal.SIGHUP] = signal.signal(signal.SIGHUP, lambda number, frame: None)
    try:
        yield asked
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
