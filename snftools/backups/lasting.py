"""Copies of a set's databases that last: under other names, with a login of their own."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Callable, Collection, Dict, List, Sequence, Tuple

from snftools import failpoint
from snftools.backups import restore, scratch
from snftools.backups.sets import BackupSet
from snftools.backups.swap import before_name, cut, new_name
from snftools.database import admin, objects
from snftools.database import connect as connecting
from snftools.database.catalog import quoted
from snftools.database.connect import execute, rows
from snftools.errors import Refused
from snftools.output import mask

if TYPE_CHECKING:
    from snftools.database.find import Database
    from snftools.output.statusfd import Progress

_MOMENT = "20000101T000000Z"


def name_of(name: str) -> str:
    """What the copy of a database is called."""
    return cut(name, "_rehearsal")


def need_roles(maintenance: Any, names: Collection[str], login: str, password: str,
               ours: Collection[str], made: Callable[[str], None]) -> str:
    """Make the roles that the server lacks; the password by which `login` gets in.

    `ours`: those that an earlier rehearsal made; `made` is told of each before it is.
    Raises Refused (3) with the lines to type when they can't be made.
    """
    import psycopg2
    missing = admin.missing_roles(maintenance, {*names, login})
    chosen = secrets.token_urlsafe(18) if login in missing or login in ours else password
    mask.learn(chosen)
    try:
        for name in missing:
            made(name)
            execute(maintenance, "CREATE ROLE %s NOSUPERUSER NOCREATEDB %s" % (
                quoted(name), "LOGIN" if name == login else "NOLOGIN"))
        if chosen != password:
            execute(maintenance, "ALTER ROLE %s LOGIN PASSWORD %%s" % quoted(login), (chosen,))
    except psycopg2.Error as error:
        raise Refused("the roles of the copies can't be made", why=str(error).strip(),
                      unchanged="the live site",
                      next="\n".join('CREATE ROLE "%s" LOGIN;' % name for name in missing))
    return chosen


def refuse_foreign(maintenance: Any, copy: str, where: str) -> None:
    """Refused (3) when somebody else's database has a copy's name."""
    if scratch.exists(maintenance, copy) and not scratch.is_ours(maintenance, copy):
        raise Refused("there is a database %s already" % copy, node=where,
                      why="no rehearsal of this site made it", unchanged="everything",
                      next="rename or drop it, or take another --server")


def make(backup: BackupSet, database: "Database", copy: str, progress: "Progress",
         changed: Collection[str] = ()) -> bool:
    """The database of the set under the copy's name, proven; False when it is there.

    One that is there and is not as the set has it is replaced: see refuse_foreign.  `changed`:
    tables that are changed after the proof.
    """
    with connecting.connect(database, admin=True, dbname="postgres") as maintenance:
        if scratch.exists(maintenance, copy):
            if not scratch.is_ours(maintenance, copy) and not _differing(backup, database, copy,
                                                                        changed):
                return False
            scratch.drop(maintenance, copy)
    failpoint.reach("lasting.restoring:" + copy)
    restore.restore_as(backup, database, copy, progress)
    return True


def _differing(backup: BackupSet, database: "Database", copy: str, changed: Collection[str]
               ) -> List[str]:
    values = restore.restorable(backup, database)
    tables = {"%s.%s" % (row["schema"], row["name"]) for row in values["tables"]
              if row["name"] in changed}
    return [line for line in scratch.compare(database, values, copy)
            if line not in {"table %s: other content" % name for name in tables}]


def same_objects(backup: BackupSet, databases: Sequence["Database"]) -> bool:
    """Whether the databases have the set's objects: digests tell of content alone."""
    for database in databases:
        values = restore.restorable(backup, database)
        with connecting.connect(database, readonly=True, wanted=values["pins"]) as session:
            if scratch.object_differences(values["objects"], objects.objects(session)):
                return False
    return True


def belonging(maintenance: Any, copies: Sequence[str]) -> List[str]:
    """The copies, and what restores and proofs made of them, as far as the server has them."""
    known = [row[0] for row in rows(maintenance, "SELECT datname FROM pg_database ORDER BY 1")]
    size = len(_MOMENT)
    wanted = {*copies, *map(new_name, copies)}
    before = {before_name(name, _MOMENT)[:-size] for name in copies}
    return [name for name in known if name in wanted or name[:-size] in before]


def drop(maintenance: Any, copies: Sequence[str], keep: Collection[str] = ()) -> List[str]:
    """Drop the copies and what belongs to them; returns the names."""
    dropped = [name for name in belonging(maintenance, copies) if name not in keep]
    for name in dropped:
        scratch.drop(maintenance, name)
    scratch.remove_stale(maintenance)
    return dropped


def drop_roles(maintenance: Any, names: Sequence[str]) -> List[str]:
    """Drop roles that were made for copies; returns those that something still needs."""
    import psycopg2
    left = []
    for name in names:
        try:
            execute(maintenance, "DROP ROLE IF EXISTS %s" % quoted(name))
        except psycopg2.Error:
            left.append(name)
    return left


def neutralize(database: "Database", copy: str, part: Dict[str, Any], components: Sequence[str]
               ) -> List[Tuple[str, int]]:
    """Give the release's outward rows of a copy an address that never resolves."""
    found = []
    with connecting.connect(replace(database, name=copy), admin=True, dbname=copy) as session:
        for table, row in part["rows"].items():
            if row["component"] not in components:
                continue
            if not rows(session, "SELECT 1 FROM pg_tables WHERE tablename = %s", (table,)):
                continue
            execute(session, "UPDATE %s SET %s = %s || %%s" % (
                quoted(table), quoted(row["column"]), quoted(row["key"])),
                ("." + part["host"],))
            found.append((table, int(rows(session, "SELECT count(*) FROM %s"
                                          % quoted(table))[0][0])))
    return found
