"""Names of databases: what a restore's copy and what it replaces are called, and the swap."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Sequence, Tuple

from snftools import failpoint
from snftools.backups import sets
from snftools.database import connect as connecting
from snftools.database import sessions
from snftools.database.catalog import quoted
from snftools.database.connect import execute, rows
from snftools.errors import Failed, Refused

if TYPE_CHECKING:
    from snftools.database.find import Database

LONGEST = 63  # bytes of a name in PostgreSQL
_PATIENCE = 10.0  # seconds to wait for ended sessions to be gone


@dataclass(frozen=True)
class Swap:
    """A database whose name another took: `before` is what the old one is called now."""

    name: str
    before: str
    old_oid: int
    new_oid: int

    def as_dict(self) -> Dict[str, Any]:
        return {"name": self.name, "before": self.before, "old_oid": self.old_oid,
                "new_oid": self.new_oid}


def refuse_sessions(databases: Iterable["Database"]) -> None:
    """Refused (3) naming every session of others."""
    found = []
    for database in databases:
        if database.oid:
            with connecting.connect(database, admin=True, dbname="postgres") as connection:
                found += sessions.on(connection, database.name)
    if found:
        raise Refused("%d session(s) are connected" % len(found),
                      why="\n".join("%s: %s" % (one.database, one.describe()) for one in found),
                      unchanged="everything",
                      next="snf-services stop --node all   (or end them: --terminate)")


def swap(maintenance: Any, names: Sequence[Tuple[str, str, str]], terminate: bool = False
         ) -> List[Swap]:
    """Give each (name, copy, before): name becomes before, copy becomes name, in one transaction.

    Refused when somebody is connected to one of them; proven by the oids afterwards.
    """
    import psycopg2

    old = {name: _oid(maintenance, name) for name, _, _ in names}
    new = {name: _oid(maintenance, copy) for name, copy, _ in names}
    deadline = time.monotonic() + _PATIENCE
    while True:
        if terminate:
            for name, _, _ in names:
                sessions.terminate(maintenance, sessions.on(maintenance, name))
        try:
            _rename(maintenance, names, old)
            break
        except psycopg2.Error as error:
            ours = all(one.application in sessions.OURS for name, _, _ in names
                       for one in sessions.on(maintenance, name))
            if (terminate or ours) and time.monotonic() < deadline:
                time.sleep(0.1)  # sessions that were ended, or were ours, are going
                continue
            raise Refused("the names can't be swapped", why=str(error).strip(),
                          unchanged="the databases; the copies stay for the next attempt",
                          next="snf-services stop --node all   (or end sessions: --terminate)")
    failpoint.reach("swap.done:" + ",".join(name for name, _, _ in names))
    for name, _, _ in names:
        if _oid(maintenance, name) != new[name]:
            raise Failed("database %s is not the copy after the swap" % name)
    return [Swap(name, before if old[name] else "", old[name], new[name])
            for name, _, before in names]


def undo(databases: Sequence["Database"], kept: Sequence[Dict[str, Any]], moment: str,
         terminate: bool = False) -> List[Swap]:
    """Swap back what a restore did: the databases that it replaced get their names again.

    What is there now stays as <name>_before_<moment>.  Empty when it is undone already.
    """
    by_name = {one["name"]: one for one in kept}
    mine = [one for one in databases if one.name in by_name
            and one.oid != by_name[one.name]["old_oid"]]
    for database in mine:
        # A restore that was killed right after its swap could not note the new oid.
        if database.oid != (by_name[database.name]["new_oid"] or database.oid):
            raise Refused("database %s was replaced again since that restore" % database.name,
                          unchanged="everything")
        if not by_name[database.name]["before"]:
            raise Refused("the restore replaced no database %s" % database.name,
                          unchanged="everything",
                          next="DROP DATABASE %s;   (in psql, if it is to go)"
                          % quoted(database.name))
    if not terminate:
        refuse_sessions(mine)
    swaps: List[Swap] = []
    for group in by_server(mine):
        with connecting.connect(group[0], admin=True, dbname="postgres") as maintenance:
            for database in group:
                if _oid(maintenance, by_name[database.name]["before"]) != \
                        by_name[database.name]["old_oid"]:
                    raise Refused("database %s is not there any more"
                                  % by_name[database.name]["before"], unchanged="everything")
            swaps += swap(maintenance, [(one.name, by_name[one.name]["before"],
                                         before_name(one.name, moment)) for one in group],
                          terminate)
    return swaps


def by_server(databases: Sequence["Database"]) -> List[List["Database"]]:
    """The databases grouped by their servers."""
    groups: Dict[str, List["Database"]] = {}
    for database in databases:
        groups.setdefault(database.server, []).append(database)
    return list(groups.values())


def free_moment(databases: Sequence["Database"]) -> str:
    """The UTC time for before_name(); waits while a restore of this very second has taken it."""
    while True:
        moment = sets.moment()
        for group in by_server(databases):
            with connecting.connect(group[0], admin=True, dbname="postgres") as maintenance:
                if any(_oid(maintenance, before_name(one.name, moment)) for one in group):
                    break
        else:
            return moment
        time.sleep(0.1)


def new_name(name: str) -> str:
    """The name of the copy."""
    return cut(name, "_new")


def before_name(name: str, moment: str) -> str:
    """The name under which the replaced database stays: <name>_before_<UTC time>."""
    return cut(name, "_before_" + moment)


def cut(name: str, suffix: str) -> str:
    """The name with the suffix, in 63 bytes, never in the middle of a character."""
    room = LONGEST - len(suffix.encode())
    return name.encode()[:room].decode("utf-8", "ignore") + suffix


def _rename(maintenance: Any, names: Sequence[Tuple[str, str, str]], old: Dict[str, int]) -> None:
    """All renames in one transaction."""
    maintenance.autocommit = False
    try:
        with maintenance:
            for name, copy, before in names:
                if old[name]:
                    execute(maintenance, "ALTER DATABASE %s RENAME TO %s"
                            % (quoted(name), quoted(before)))
                failpoint.reach("swap.inside:" + name)
                # From here on it is no leftover that somebody may drop.
                execute(maintenance, "COMMENT ON DATABASE %s IS NULL" % quoted(copy))
                execute(maintenance, "ALTER DATABASE %s RENAME TO %s"
                        % (quoted(copy), quoted(name)))
    finally:
        maintenance.autocommit = True


def _oid(maintenance: Any, name: str) -> int:
    """The oid of a database, or 0."""
    found = rows(maintenance, "SELECT oid FROM pg_database WHERE datname = %s", (name,))
    return int(found[0][0]) if found else 0
