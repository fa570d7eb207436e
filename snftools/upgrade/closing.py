"""What is kept for the way back, and who still refers to it: listed, and removed when asked."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Dict, List, Sequence, Tuple

from snftools import files
from snftools.errors import Refused
from snftools.output.text import human_size
from snftools.state import State

if TYPE_CHECKING:
    from snftools.backups.sets import BackupSet
    from snftools.database.find import Database

_BEFORE = re.compile(r"^(.*)_before_[0-9]{8}T[0-9]{6}Z$")


@dataclass(frozen=True)
class OldDatabase:
    """A database that a restore replaced; `sessions`: who is connected to it."""

    beside: "Database"
    name: str
    size: int
    sessions: Tuple[str, ...]


@dataclass(frozen=True)
class Kept:
    """Everything that is kept: databases, undo copies by ID with bytes, marked sets."""

    databases: Tuple[OldDatabase, ...]
    undo: Dict[str, int]
    marked: "Tuple[BackupSet, ...]"

    def lines(self) -> List[str]:
        """What there is, each with what refers to it."""
        found = ["database  %s  %s%s" % (
            one.name, human_size(one.size), "".join("\n    in use: " + who
                                                    for who in one.sessions))
                 for one in self.databases]
        found += ["undo      %s  %s of old packages, files and names "
                  "(every --undo %s needs it)" % (undo_id, human_size(size), undo_id)
                  for undo_id, size in self.undo.items()]
        found += ["mark      %s is held: %s" % (one.name, ", ".join(sorted(
            {str(mark.get("mark")) for mark in one.marks()}))) for one in self.marked]
        return [part for line in found for part in line.split("\n")]

    def as_dict(self) -> Dict[str, Any]:
        """For --json."""
        return {"databases": [{"name": one.name, "size": one.size,
                               "sessions": list(one.sessions)} for one in self.databases],
                "undo": self.undo, "marked": [one.name for one in self.marked]}


def kept(state: State, backup_dir: str, databases: "Sequence[Database]") -> Kept:
    """Look for all of it."""
    from snftools.backups import sets
    return Kept(tuple(_old(databases)),
                {undo_id: _bytes(state.undo(undo_id).directory) for undo_id in state.undo_ids()},
                tuple(one for one in sets.list_sets(backup_dir) if one.marks()))


def _old(databases: "Sequence[Database]") -> List[OldDatabase]:
    from snftools.backups import restore
    from snftools.database import connect, sessions
    found = []
    for group in restore.by_server(databases):
        names = {restore.before_name(one.name, "20000101T000000Z")[:-17]: one for one in group}
        with connect.connect(group[0], admin=True, dbname="postgres") as maintenance:
            for name, size in connect.rows(
                    maintenance, "SELECT datname, pg_database_size(oid) FROM pg_database "
                    "WHERE datname LIKE '%%\\_before\\_%%' ORDER BY datname"):
                if _BEFORE.match(name) and name[:-17] in names:
                    who = tuple(one.describe() for one in sessions.on(maintenance, name))
                    found.append(OldDatabase(names[name[:-17]], name, int(size), who))
    return found


def remove(state: State, found: Kept) -> None:
    """Drop the databases, then remove the undo copies; Refused (3) while one is in use."""
    busy = [one for one in found.databases if one.sessions]
    if busy:
        raise Refused("%s: still in use" % ", ".join(one.name for one in busy),
                      why="\n".join(who for one in busy for who in one.sessions),
                      unchanged="everything", next="end these sessions, then: snf-upgrade close")
    for one in found.databases:
        _drop(one)
    for undo_id in found.undo:
        path = state.undo(undo_id).directory
        away = os.path.join(os.path.dirname(path), ".removing-" + undo_id)
        os.rename(path, away)
        shutil.rmtree(away)
        files.fsync_directory(os.path.dirname(path))


def _drop(one: OldDatabase) -> None:
    import psycopg2

    from snftools.database import catalog, connect
    with connect.connect(one.beside, admin=True, dbname="postgres") as maintenance:
        try:
            connect.execute(maintenance, "DROP DATABASE IF EXISTS %s" % catalog.quoted(one.name))
        except psycopg2.Error as error:
            raise Refused("%s can't be dropped" % one.name, why=str(error).strip(),
                          next="snf-upgrade close")


def release(found: Kept) -> None:
    """Take marks and holds off: prune may remove the sets from now on."""
    for one in found.marked:
        one.add_mark({"mark": "release"})


def _bytes(directory: str) -> int:
    return sum(os.path.getsize(os.path.join(here, name))
               for here, _, names in os.walk(directory) for name in names)
