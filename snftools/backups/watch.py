"""What a dump is doing: bytes read, time left, and who keeps it waiting."""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Dict, Iterator, Set, Tuple

from snftools.backups.meter import EVERY, Meter
from snftools.database import catalog, locks
from snftools.database import connect as connecting
from snftools.errors import SnfError

if TYPE_CHECKING:
    from snftools.database.find import Database
    from snftools.output.statusfd import Progress

_DUMPING = re.compile(r'dumping contents of table "?([^"\n]+?)"?$', re.MULTILINE)
_WAITING = ("SELECT 1 FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON"
            " a.pid = l.pid WHERE NOT l.granted AND a.application_name = %s")
_COPIES = ("SELECT pid, relid, bytes_processed FROM pg_catalog.pg_stat_progress_copy"
           " WHERE datname = current_database()")


class Watch:
    """One database's dump and digests, in bytes of COPY text (live)."""

    def __init__(self, database: "Database", progress: "Progress", total: int,
                 log: str) -> None:
        self._database = database
        self._progress = progress
        self._meter = Meter(progress, "dumping", database, total * 2)  # dumped, and hashed
        self._log = log
        self._hashed = 0
        self._dumped: Dict[Tuple[int, int], int] = {}
        self._own: Set[int] = set()
        self._lock = threading.Lock()

    def tell(self, size: int) -> None:
        """So many more bytes were hashed."""
        with self._lock:
            self._hashed += size

    def anew(self) -> None:
        """What was hashed is hashed again."""
        with self._lock:
            self._hashed = 0

    def own(self, pid: int) -> None:
        """A session of ours that hashes: its bytes are counted by tell()."""
        self._own.add(pid)

    @contextmanager
    def shown(self) -> Iterator["Watch"]:
        """Look and tell once a second, until we leave."""
        over = threading.Event()
        thread = threading.Thread(target=self._look_often, args=(over,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            over.set()
            thread.join()

    def _look_often(self, over: threading.Event) -> None:
        """Whatever goes wrong here, the dump itself will say it; after a broken line, again."""
        while not over.is_set():
            try:
                with connecting.connect(self._database) as connection:
                    sizes = self._sizes(connection)
                    while not over.wait(EVERY):
                        self._look(connection, sizes)
            except (SnfError, OSError, UnicodeError):
                over.wait(EVERY)

    def _look(self, connection: Any, sizes: Dict[str, int]) -> None:
        before = sum(self._dumped.values())
        dumped = self._dumped_now(connection, sizes)
        if dumped == before and _waits(connection):
            for text in locks.holders(connection)[:1]:
                self._progress.event("waiting", node=self._database.node.name, text=text)
                return
        self._meter.at(dumped + self._hashed)

    def _dumped_now(self, connection: Any, sizes: Dict[str, int]) -> int:
        """Bytes that pg_dump has read: as the server says (14 on), else the sizes of the
        tables that its log names."""
        if connection.server_version >= 140000:
            for pid, relation, size in connecting.rows(connection, _COPIES):
                if pid not in self._own:
                    key = (pid, relation)
                    self._dumped[key] = max(size, self._dumped.get(key, 0))
        else:
            with open(self._log, encoding="utf-8", errors="replace") as stream:
                for name in _DUMPING.findall(stream.read()):
                    self._dumped[0, hash(name)] = sizes.get(name, 0)
        return sum(self._dumped.values())

    def _sizes(self, connection: Any) -> Dict[str, int]:
        """The tables' sizes by name, with and without the schema: old ones print none."""
        found: Dict[str, int] = {}
        for table in catalog.tables(connection):
            found[table.name] = found[table.full] = table.bytes
        return found


def _waits(connection: Any) -> bool:
    """Whether a session of ours waits for a lock."""
    return connection.server_version >= 90200 and bool(
        connecting.rows(connection, _WAITING, (connecting.application(),)))
