"""The digest of a table: sha256 of the text of COPY table (columns) TO STDOUT, under the pins.

The same bytes stand in the dump's member of that table, and come from a faithful copy.
Several sessions in one snapshot read side by side.
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Optional, Sequence

from snftools.database import catalog
from snftools.database.connect import execute, rows, unlocked_after

Tell = Optional[Callable[[int], None]]

_PART = 1 << 20
_READ = 0x40000  # lo_open for reading
_MANY = 1000     # tables


@dataclass(frozen=True)
class Digest:
    """Rows, bytes and sha256 of a table's COPY text."""

    rows: int
    size: int
    sha256: str


class Hasher:
    """A file to write COPY text to (live).  Every row ends in the only newline that it has.

    psycopg2 gives a row at a time: they are gathered, so that hashing lets other threads run.
    """

    def __init__(self, tell: Tell = None) -> None:
        self._hash = hashlib.sha256()
        self._tell = tell
        self._waiting = bytearray()
        self.rows = self.size = 0

    def write(self, data: bytes) -> None:
        self._waiting += data
        if len(self._waiting) >= _PART:
            self._take()

    def digest(self) -> Digest:
        """What was written so far."""
        self._take()
        return Digest(self.rows, self.size, self._hash.hexdigest())

    def _take(self) -> None:
        self._hash.update(self._waiting)
        self.rows += self._waiting.count(b"\n")
        self.size += len(self._waiting)
        if self._tell:
            self._tell(len(self._waiting))
        self._waiting.clear()


def of_table(connection: Any, table: catalog.Table, tell: Tell = None) -> Digest:
    """The digest of one table in the connection's snapshot (with its pins applied)."""
    columns = ", ".join(catalog.quoted(name) for name in table.columns)
    hasher = Hasher(tell)
    with connection.cursor() as cursor:
        cursor.copy_expert("COPY %s%s TO STDOUT" % (
            catalog.quoted(table.schema, table.name), " (%s)" % columns if columns else ""),
            hasher, size=_PART)
    return hasher.digest()


def of_tables(sessions: Sequence[Any], tell: Tell = None) -> List[Dict[str, Any]]:
    """Every table with its digest, as manifests hold them; the sessions share the work.

    The first session holds a lock on every table (lock_tables).  Another one that meets a
    table which somebody waits to change leaves it to the first.
    """
    tables = catalog.tables(sessions[0])
    waiting = sorted(tables, key=lambda table: table.bytes)
    found: Dict[int, Digest] = {}
    failures: List[BaseException] = []
    left: List[catalog.Table] = []

    def work(session: Any, others: bool) -> None:
        try:
            while not failures:
                try:
                    table = waiting.pop()
                except IndexError:
                    return
                with unlocked_after(session):
                    if others and not _locked(session, table):
                        left.append(table)
                        continue
                    found[table.oid] = of_table(session, table, tell)
        except BaseException as error:
            failures.append(error)
    threads = [threading.Thread(target=work, args=(session, True), daemon=True)
               for session in sessions[1:]]
    for thread in threads:
        thread.start()
    work(sessions[0], False)
    for thread in threads:
        thread.join()
    waiting += left
    work(sessions[0], False)
    if failures:
        raise failures[0]
    return [_row(table, found[table.oid]) for table in tables]


def lock_tables(connection: Any) -> None:
    """Keep every table from being changed or dropped until the transaction ends.

    Of very many tables pg_dump alone holds the locks: a server has room for some thousands.
    """
    names = [catalog.quoted(table.schema, table.name) for table in catalog.tables(connection)]
    if 0 < len(names) <= _MANY:
        execute(connection, "LOCK TABLE %s IN ACCESS SHARE MODE" % ", ".join(names))


def large_objects(connection: Any, tell: Tell = None) -> List[Dict[str, Any]]:
    """The digest of every large object's content."""
    catalogue = "oid FROM pg_largeobject_metadata" if connection.server_version >= 90000 \
        else "DISTINCT loid FROM pg_largeobject"
    found = []
    for (oid,) in rows(connection, "SELECT %s ORDER BY 1" % catalogue):
        hasher, size = hashlib.sha256(), 0
        handle = rows(connection, "SELECT pg_catalog.lo_open(%s, %s)", (oid, _READ))[0][0]
        while True:
            part = bytes(rows(connection, "SELECT pg_catalog.loread(%s, %s)",
                              (handle, _PART))[0][0])
            hasher.update(part)
            size += len(part)
            if tell:
                tell(len(part))
            if len(part) < _PART:
                break
        execute(connection, "SELECT pg_catalog.lo_close(%s)", (handle,))
        found.append({"oid": oid, "size": size, "sha256": hasher.hexdigest()})
    return found


def content(connection: Any, tell: Tell = None, others: Sequence[Any] = ()) -> Dict[str, Any]:
    """Tables, large objects and sequences: what a manifest is compared with.

    `others`: more sessions in the same snapshot (or of a database that nobody writes to).
    """
    return {"tables": of_tables([connection, *others], tell),
            "large_objects": large_objects(connection, tell),
            "sequences": catalog.sequences(connection)}


def differences(before: Dict[str, Any], now: Dict[str, Any]) -> List[str]:
    """How two contents differ, in words; oids and filenodes do not matter."""
    found: List[str] = []
    for kind, keys in (("tables", ("columns", "rows", "sha256")),
                       ("sequences", ("value", "called")), ("large_objects", ("sha256",))):
        old = {_name(row): row for row in before[kind]}
        new = {_name(row): row for row in now[kind]}
        word = kind[:-1].replace("_", " ")
        found += ["%s %s is missing" % (word, name) for name in sorted(set(old) - set(new))]
        found += ["%s %s is not in the set" % (word, name) for name in sorted(set(new) - set(old))]
        found += [_difference(word, name, old[name], new[name], keys)
                  for name in sorted(set(old) & set(new))
                  if [old[name][key] for key in keys] != [new[name][key] for key in keys]]
    return found


def _locked(session: Any, table: catalog.Table) -> bool:
    """Whether the session could lock the table without waiting."""
    import psycopg2
    try:
        execute(session, "LOCK TABLE %s IN ACCESS SHARE MODE NOWAIT"
                % catalog.quoted(table.schema, table.name))
    except psycopg2.OperationalError as error:
        if error.pgcode != "55P03":  # lock_not_available
            raise
        return False
    return True


def _row(table: catalog.Table, digest: Digest) -> Dict[str, Any]:
    return {"oid": table.oid, "schema": table.schema, "name": table.name,
            "filenode": table.filenode, "columns": list(table.columns),
            "rows": digest.rows, "size": digest.size, "sha256": digest.sha256}


def _name(row: Dict[str, Any]) -> str:
    return "%s.%s" % (row["schema"], row["name"]) if "name" in row else str(row["oid"])


def _difference(word: str, name: str, old: Dict[str, Any], new: Dict[str, Any],
                keys: Any) -> str:
    key = next(key for key in keys if old[key] != new[key])
    if key == "rows":
        return "%s %s: %d rows instead of %d" % (word, name, new[key], old[key])
    if key == "value":
        return "%s %s: at %d instead of %d" % (word, name, new[key], old[key])
    return "%s %s: other %s" % (word, name, "content" if key == "sha256" else key)
