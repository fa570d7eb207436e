"""Telling whom a running migration waits for: it says nothing itself (OBSERVED C.6)."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Callable, List, Optional, Set

if TYPE_CHECKING:
    from snftools.database.find import Database
    from snftools.database.sessions import Session

# Seconds between two looks; a migration of seconds is looked at never or once.
INTERVAL = 2.0

_BLOCKERS = """
SELECT DISTINCT h.pid FROM pg_locks w JOIN pg_locks h ON h.relation = w.relation
   AND h.database = w.database AND h.pid <> w.pid
 WHERE w.locktype = 'relation' AND NOT w.granted AND h.granted
   AND w.database = (SELECT oid FROM pg_database WHERE datname = current_database())"""


def blockers(database: "Database") -> List["Session"]:
    """The foreign sessions that hold a lock for which another session waits."""
    from snftools.database import connect, sessions
    with connect.connect(database) as connection:
        with connection.cursor() as cursor:
            cursor.execute(_BLOCKERS)
            pids = {row[0] for row in cursor.fetchall()}
    return [one for one in sessions.foreign(database) if one.pid in pids] if pids else []


class Watch:
    """While it is entered, each session that blocks is told once, by `tell(session)`.

    Of two sessions of Synnefo only the one that waits is the migration; the other is told.
    """

    def __init__(self, database: "Database", tell: Callable[["Session"], None],
                 interval: float = INTERVAL) -> None:
        self._database = database
        self._tell = tell
        self._interval = interval
        self._end = threading.Event()
        self._thread: Optional[threading.Thread] = None
        self._told: Set[int] = set()

    def __enter__(self) -> "Watch":
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: Any) -> None:
        self._end.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(self._interval):
            try:
                found = blockers(self._database)
            except Exception:
                continue  # a look that fails disturbs nobody: the migration tells of its own
            for session in found:
                if session.pid not in self._told:
                    self._told.add(session.pid)
                    self._tell(session)
