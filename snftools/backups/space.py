"""Room for a dump here, and for a copy on the server: asked before, told in numbers."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Dict, List, Tuple

from snftools.backups import sets
from snftools.database import catalog
from snftools.database import connect as connecting
from snftools.errors import Refused, SnfError
from snftools.output.text import human_size

if TYPE_CHECKING:
    from snftools.database.find import Database

_LOCAL = ("", "localhost", "127.0.0.1", "::1")


def need(backup_dir: str, databases: List["Database"]) -> List[int]:
    """The databases' sizes in bytes; Refused (3) with the numbers when the dumps would not fit."""
    sizes = [size_of(database) for database in databases]
    needed = sum(estimate(backup_dir, database.name, size)
                 for database, size in zip(databases, sizes))
    facts = os.statvfs(backup_dir)
    free = facts.f_bavail * facts.f_frsize
    if needed > free:
        raise Refused("not enough space in %s" % backup_dir, unchanged="everything",
                      why="about %s are needed, %s are free" % (human_size(needed),
                                                                human_size(free)),
                      next="snf-backup-db prune, or --backup-dir")
    return sizes


def need_on_server(maintenance: Any, database: "Database", values: Dict[str, Any]) -> None:
    """Refused (3) with the numbers when a copy would not fit where the server keeps its data.

    Asked only of a server on the machine of the programs, by who may know the directory.
    """
    needed = int(values["facts"]["size"])
    free, directory = _server_room(maintenance, database)
    if 0 <= free < needed:
        raise Refused("not enough space for a copy of %s" % database.name,
                      node=database.programs_node.name, unchanged="everything",
                      why="about %s are needed in %s, %s are free"
                      % (human_size(needed), directory, human_size(free)),
                      next="make room there, or prove the set elsewhere: snf-backup-db verify"
                           " SET --level restore --server URI")


def previous(backup_dir: str, name: str) -> Dict[str, Any]:
    """The manifest of the newest complete backup of that database, or {}."""
    for old in reversed(sets.list_sets(backup_dir)):
        if old.complete() and name in old.databases:
            try:
                return old.manifest(name)
            except SnfError:
                continue  # a damaged one tells nothing
    return {}


def size_of(database: "Database") -> int:
    """Bytes of the database on its server."""
    with connecting.connect(database) as connection:
        return int(catalog.database_facts(connection)["size"])


def estimate(backup_dir: str, name: str, size: int) -> int:
    """Bytes that a dump will take: by the newest one's ratio, else the database's size."""
    old = previous(backup_dir, name)
    if not old:
        return size
    dumped = sum(one["size"] for one in old["files"].values())
    return int(size * dumped / max(old["facts"]["size"], 1)) + 1


def _server_room(maintenance: Any, database: "Database") -> Tuple[int, str]:
    """(free bytes where the server keeps its data, that directory); -1 when unknown."""
    import psycopg2

    from snftools.database.params import from_admin
    host = from_admin(database.admin).host if database.admin else ""
    if host not in _LOCAL and not host.startswith("/"):
        return -1, ""
    try:
        directory = str(connecting.rows(maintenance, "SHOW data_directory")[0][0])
    except psycopg2.Error:  # only for superusers and pg_read_all_settings
        return -1, ""
    answer = database.programs_node.run(["df", "-Pk", directory], timeout=60)
    words = answer.lines[-1].split() if answer.ok and answer.lines else []
    if len(words) < 4 or not words[3].isdigit():
        return -1, ""
    return int(words[3]) * 1024, directory
