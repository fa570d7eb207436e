"""Putting a set back: into copies, proven there, then all names swapped in one transaction."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Sequence, Tuple

from snftools import failpoint
from snftools.backups import scratch, space, verify
from snftools.backups.clients import Clients
from snftools.backups.sets import BackupSet
from snftools.backups.swap import (
    LONGEST, Swap, before_name, by_server, new_name, refuse_sessions, swap)
from snftools.database import admin
from snftools.database import connect as connecting
from snftools.errors import Refused

if TYPE_CHECKING:
    from snftools.database.find import Database
    from snftools.output.statusfd import Progress


def differing(backup: BackupSet, databases: Iterable["Database"]
              ) -> List[Tuple["Database", List[str]]]:
    """The databases that are not as the set has them, each with how it differs."""
    found = []
    for database in databases:
        values = restorable(backup, database)
        how = scratch.compare(database, values, database.name) if database.oid \
            else ["database %s is not there" % database.name]
        if how:
            found.append((database, how))
    return found


def restorable(backup: BackupSet, database: "Database") -> Dict[str, Any]:
    """The manifest; Refused (3) when what was taken does not allow a proof in the copy."""
    values = backup.manifest(database.name)
    if not values.get("digests", True):
        raise Refused("%s/%s was taken without digests: a copy of it can't be proven"
                      % (backup.name, database.name), unchanged="everything",
                      next="pg_restore it by hand, or take another set")
    return values


def restore(backup: BackupSet, databases: Sequence["Database"], moment: str,
            progress: "Progress", terminate: bool = False, jobs: int = 2) -> List[Swap]:
    """Put the databases of a set back; the old ones stay as <name>_before_<moment>.

    Refused (3) while others are connected (unless `terminate`), NotVerified (4) when the set or
    the copy is not what the manifest says; the names are then as they were.
    """
    if not terminate:
        refuse_sessions(databases)
    for database in databases:
        verify.check_files(backup, backup.manifest(database.name), jobs)
    swaps: List[Swap] = []
    for group in by_server(databases):
        with ExitStack() as stack:
            maintenance = stack.enter_context(
                connecting.connect(group[0], admin=True, dbname="postgres"))
            for database in group:
                stack.enter_context(scratch.claimed(maintenance, new_name(database.name)))
                _copy(maintenance, backup, database, new_name(database.name), progress, jobs)
                failpoint.reach("swap.copied:" + database.name)
            swaps += swap(maintenance, [(one.name, new_name(one.name),
                                         before_name(one.name, moment)) for one in group],
                          terminate)
    return swaps


def restore_as(backup: BackupSet, database: "Database", name: str, progress: "Progress",
               jobs: int = 2) -> bool:
    """Make the database of a set anew under another name, proven there; False when it is
    there already, as the set has it.  Refused (3) when another one has that name."""
    if is_beside(backup, database, name):
        return False
    values = restorable(backup, database)
    with connecting.connect(database, admin=True, dbname="postgres") as maintenance:
        verify.check_files(backup, values, jobs)
        with scratch.claimed(maintenance, name):
            _copy(maintenance, backup, database, name, progress, jobs)
            scratch.disown(maintenance, name)
    return True


def is_beside(backup: BackupSet, database: "Database", name: str) -> bool:
    """Whether the server has a database of that name that is as the set has it.

    Refused (3) when it has one with other content, that is no leftover of ours.
    """
    if len(name.encode()) > LONGEST:
        raise Refused("the name %s is longer than %d bytes" % (name, LONGEST),
                      unchanged="everything")
    values = restorable(backup, database)
    with connecting.connect(database, admin=True, dbname="postgres") as maintenance:
        if not scratch.exists(maintenance, name) or scratch.is_ours(maintenance, name):
            return False
    if scratch.compare(database, values, name):
        raise Refused("there is a database %s already, with other content" % name,
                      node=database.node.name, unchanged="everything",
                      next="take another name, or rename or drop that one")
    return True


def leftovers(databases: Iterable["Database"]) -> List[str]:
    """Databases that killed restores and proofs left on the servers: copies nobody works on."""
    found: List[str] = []
    for group in by_server(list(databases)):
        with connecting.connect(group[0], admin=True, dbname="postgres") as maintenance:
            found += scratch.unclaimed(maintenance)
    return found


def _copy(maintenance: Any, backup: BackupSet, database: "Database", name: str,
          progress: "Progress", jobs: int) -> None:
    """Restore under a name and prove it; a leftover of ours is replaced."""
    values = restorable(backup, database)
    if scratch.exists(maintenance, name):
        if not scratch.is_ours(maintenance, name):
            raise Refused("there is a database %s that this tool did not make" % name,
                          node=database.node.name, unchanged="everything",
                          next="rename or drop it")
        scratch.drop(maintenance, name)
    clients = Clients.of(database)
    clients.fit_restore(maintenance.server_version, values["format"])
    clients.fit_read(values["client"])
    admin.need_roles(maintenance, values, database.node.name)
    space.need_on_server(maintenance, database, values)
    done = False
    try:
        scratch.make(maintenance, name, values["facts"])
        failpoint.reach("restore.made:" + database.name)
        scratch.fill(database, backup, values, name, progress, jobs)
        failpoint.reach("restore.filled:" + database.name)
        verify.refuse(backup, database.name,
                      scratch.compare(database, values, name, jobs, progress))
        scratch.apply_settings(maintenance, name, values["facts"])
        done = True
    finally:
        if not done and not maintenance.closed:
            scratch.drop(maintenance, name)
