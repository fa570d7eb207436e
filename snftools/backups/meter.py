"""Progress in bytes with the time left, told once a second whatever the steps are."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Iterator

from snftools.database import connect as connecting
from snftools.errors import SnfError

if TYPE_CHECKING:
    from snftools.database.find import Database
    from snftools.output.statusfd import Progress

EVERY = 1.0  # seconds


class Meter:
    """One phase of the work on a database (live); threads may share it."""

    def __init__(self, progress: "Progress", event: str, database: "Database", total: int) -> None:
        self._progress = progress
        self._event = event
        self._database = database
        self._total = total
        self._done = 0
        self._begun = self._told = time.monotonic()
        self._lock = threading.Lock()
        progress.event(event, node=database.node.name, text=database.name)

    def tell(self, size: int) -> None:
        """So many more bytes are done."""
        with self._lock:
            self._done += size
            now = time.monotonic()
            if now - self._told >= EVERY:
                self._told = now
                self._show(now)

    def at(self, done: int) -> None:
        """So many bytes are done by now."""
        with self._lock:
            self._done = done
            self._show(time.monotonic())

    def _show(self, now: float) -> None:
        left = time_left(now - self._begun, self._done, self._total)
        self._progress.event(self._event, node=self._database.node.name, done=self._done,
                             total=max(self._total, self._done), unit="bytes",
                             text=", ".join(filter(None, (self._database.name, left))))


@contextmanager
def growing(meter: Meter, database: "Database", name: str) -> Iterator[None]:
    """Tell the size of a database that is being filled, until we leave."""
    over = threading.Event()

    def look() -> None:
        try:
            with connecting.connect(database, admin=True, dbname="postgres") as connection:
                while not over.wait(EVERY):
                    meter.at(int(connecting.rows(
                        connection, "SELECT pg_database_size(%s)", (name,))[0][0]))
        except SnfError:  # pg_restore itself will say what is wrong
            return
    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def time_left(seconds: float, done: int, total: int) -> str:
    """"about 3 min left", or nothing when that can't be told yet."""
    if seconds < 2 or not 0 < done < total:
        return ""
    left = seconds * (total - done) / done
    return "about %d s left" % left if left < 90 else "about %d min left" % round(left / 60)
