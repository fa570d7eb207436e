"""The way back of the data: a set proven by restoring it, equal to the database now, marked.

DESIGN 4: what the migrations change can't be reversed, so before the first of them each
database must have such a set, or a mark of its own (which counts only for its oid).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple

from snftools.backups import sets, verify
from snftools.backups.sets import BackupSet
from snftools.database import catalog, digest, sessions
from snftools.database import connect as connecting
from snftools.errors import Refused, SnfError

if TYPE_CHECKING:
    from snftools.database.find import Database

# From here on counters stand in shared memory, complete as soon as a session has ended.
_COUNTERS_CERTAIN = 150000
_TOLD = 4  # differences that a refusal names


def require(backup_dir: str, database: "Database") -> BackupSet:
    """The database's way back.  Refused (3) when it has none, with the line to type."""
    backup = marked(backup_dir, database)
    written: List[str] = []
    if backup is None:
        backup, written = _compared(backup_dir, database, "restore", "")
    if backup is None:
        raise Refused("there is no way back for database %s" % database.name,
                      node=database.node.name,
                      why="; ".join(["no complete set proven at level restore in %s equals what "
                                     "it holds now" % backup_dir, *_told(written)]),
                      unchanged="everything",
                      next="snf-backup-db create --label pre-upgrade --verify restore")
    return backup


def _told(written: List[str]) -> List[str]:
    more = ["and %d more" % (len(written) - _TOLD)] if len(written) > _TOLD else []
    return written[:_TOLD] + more


def mark(backup: BackupSet, database: "Database", run_id: str = "") -> None:
    """Mark and hold the set as the database's way back; marked already is fine."""
    if not _has_mark(backup, database):
        backup.add_mark({"mark": "way-back", "database": database.name, "oid": database.oid,
                         "server": database.server, "run": run_id})


def marked(backup_dir: str, database: "Database") -> Optional[BackupSet]:
    """The complete set that is marked for this very database (name and oid), or None."""
    for backup in reversed(sets.list_sets(backup_dir)):
        if backup.complete() and _has_mark(backup, database) and _intact(backup, database):
            return backup
    return None


def equal(backup_dir: str, database: "Database", level: str = "restore", label: str = ""
          ) -> Optional[BackupSet]:
    """The newest complete set at a level that equals the database now, or None."""
    return _compared(backup_dir, database, level, label)[0]


def _compared(backup_dir: str, database: "Database", level: str, label: str
              ) -> Tuple[Optional[BackupSet], List[str]]:
    """That set, and where there is none how the newest one differs (the first names it)."""
    written: List[str] = []
    content: Optional[Dict[str, Any]] = None
    for backup in reversed(sets.list_sets(backup_dir)):
        if not _fits(backup, database, level, label):
            continue
        try:
            values = backup.manifest(database.name)
        except (SnfError, OSError, KeyError):
            continue
        if content is None and unwritten(database, values) and _intact(backup, database):
            return backup, []
        if content is None:
            content = now(database)
        lines = digest.differences(values, content)
        if not lines and _intact(backup, database):
            return backup, []
        if lines and not written:
            written = ["since %s was taken: %s" % (backup.name, lines[0]), *lines[1:]]
    return None, written


def now(database: "Database") -> Dict[str, Any]:
    """The database's content now, as manifests have it."""
    with connecting.connect(database, readonly=True) as connection:
        return digest.content(connection)


def unwritten(database: "Database", values: Dict[str, Any]) -> bool:
    """Whether nothing was written since the manifest, by counters, sequences and filenodes.

    Believed only where nobody was connected then or is now: a session tells its writes late. Before
    PostgreSQL 15 never: its statistics collector may be half a second behind, or lose a message.
    """
    if not values.get("quiet") or values["facts"]["oid"] != database.oid \
            or values["server"]["id"] != database.server or sessions.foreign(database):
        return False
    with connecting.connect(database, readonly=True) as connection:
        if connection.server_version < _COUNTERS_CERTAIN:
            return False
        counted = json.loads(json.dumps(catalog.counters(connection)))
        tables = [[table.oid, table.schema, table.name, table.filenode, list(table.columns)]
                  for table in catalog.tables(connection)]
        then = [[row["oid"], row["schema"], row["name"], row["filenode"], row["columns"]]
                for row in values["tables"]]
        return (counted["stats_reset"] is not None and counted == values["counters"]
                and tables == then and not values["large_objects"]
                and catalog.sequences(connection) == values["sequences"])


def _fits(backup: BackupSet, database: "Database", level: str, label: str) -> bool:
    if label and backup.label != label or database.name not in backup.databases:
        return False
    proven = backup.level(database.name)
    return backup.complete() and bool(proven) and \
        sets.LEVELS.index(proven) >= sets.LEVELS.index(level)


def _intact(backup: BackupSet, database: "Database") -> bool:
    """Whether the backup's files are still what its manifest says (level files)."""
    try:
        verify.check_files(backup, backup.manifest(database.name))
    except (SnfError, OSError):
        return False
    return True


def _has_mark(backup: BackupSet, database: "Database") -> bool:
    return any(line.get("mark") == "way-back" and line.get("database") == database.name
               and line.get("oid") == database.oid for line in backup.marks())
