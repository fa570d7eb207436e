"""The digest of a table: sha256 of the text of COPY table (columns) TO STDOUT, under the pins.

The same bytes stand in the dump's member of that table, and come from a faithful copy.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Optional

from snftools.database import catalog


@dataclass(frozen=True)
class Digest:
    """Rows, bytes and sha256 of a table's COPY text."""

    rows: int
    size: int
    sha256: str


class Hasher:
    """A file to write COPY text to (live).  Every row ends in the only newline that it has."""

    def __init__(self, tell: Optional[Callable[[int], None]] = None) -> None:
        self._hash = hashlib.sha256()
        self._tell = tell
        self.rows = self.size = 0

    def write(self, data: bytes) -> None:
        self._hash.update(data)
        self.rows += data.count(b"\n")
        self.size += len(data)
        if self._tell:
            self._tell(len(data))

    def digest(self) -> Digest:
        """What was written so far."""
        return Digest(self.rows, self.size, self._hash.hexdigest())


def of_table(connection: Any, table: catalog.Table,
             tell: Optional[Callable[[int], None]] = None) -> Digest:
    """The digest of one table in the connection's snapshot (with its pins applied)."""
    columns = ", ".join(catalog.quoted(name) for name in table.columns)
    hasher = Hasher(tell)
    with connection.cursor() as cursor:
        cursor.copy_expert("COPY %s%s TO STDOUT" % (
            catalog.quoted(table.schema, table.name), " (%s)" % columns if columns else ""),
            hasher)
    return hasher.digest()


def of_tables(connection: Any, tell: Optional[Callable[[int], None]] = None
              ) -> List[Dict[str, Any]]:
    """Every table with its digest, as manifests hold them."""
    found = []
    for table in catalog.tables(connection):
        digest = of_table(connection, table, tell)
        found.append({"oid": table.oid, "schema": table.schema, "name": table.name,
                      "filenode": table.filenode, "columns": list(table.columns),
                      "rows": digest.rows, "size": digest.size, "sha256": digest.sha256})
    return found


def large_objects(connection: Any) -> List[Dict[str, Any]]:
    """The digest of every large object's content."""
    found = []
    for (oid,) in _oids(connection):
        hasher, offset = hashlib.sha256(), 0
        while True:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_catalog.lo_get(%s, %s, %s)", (oid, offset, 1 << 20))
                part = bytes(cursor.fetchone()[0])
            hasher.update(part)
            offset += len(part)
            if len(part) < 1 << 20:
                break
        found.append({"oid": oid, "size": offset, "sha256": hasher.hexdigest()})
    return found


def _oids(connection: Any) -> List[Any]:
    from snftools.database.connect import rows
    return rows(connection, "SELECT oid FROM pg_largeobject_metadata ORDER BY 1")


def content(connection: Any, tell: Optional[Callable[[int], None]] = None) -> Dict[str, Any]:
    """Tables, large objects and sequences: what a manifest is compared with."""
    return {"tables": of_tables(connection, tell), "large_objects": large_objects(connection),
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
