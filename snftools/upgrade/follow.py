"""A run watched from another terminal: each record of its journal as it is written."""

from __future__ import annotations

import time
from typing import Callable, Optional

from snftools.state import State
from snftools.upgrade.journal import Journal
from snftools.upgrade.orphans import orphans
from snftools.upgrade.run import journal_path
from snftools.upgrade.screens import status

INTERVAL = 0.3


def follow(state: State, run: str, say: Callable[[str], None]) -> str:
    """Tell what is written until the attempt ends; how it ended, in words."""
    seen: Optional[int] = None
    while True:
        alive = _is_alive(state)  # asked first: what a dying master wrote is still told
        journal = Journal.read(journal_path(state, run), run)
        if seen is None:
            seen = journal.position("", "begun", "undo-begun") - 1
        for record in journal.records[max(seen, 0):]:
            say(status.record_line(record))
        seen = len(journal.records)
        last = journal.last("", "done", "failed", "undone", "closed")
        if last is not None and last.seq > journal.position("", "begun", "undo-begun"):
            return "It has ended: %s." % last.event
        if not alive:
            return "Nobody makes it now: it was cut off."
        time.sleep(INTERVAL)


def _is_alive(state: State) -> bool:
    """Whether a master or its children hold the site's lock."""
    holder = state.holder()
    return holder is not None and (not holder.is_dead_here() or bool(orphans(state.directory)))
