"""Taking a backup: one exported snapshot, pg_dump and the digests side by side in it."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Sequence

from snftools import failpoint, files
from snftools.backups import archive, dumping, manifest, sets, space
from snftools.backups.clients import Clients, Way
from snftools.backups.sets import BackupSet
from snftools.backups.watch import Watch
from snftools.database import catalog, digest, interrupt, locks, objects, sessions
from snftools.database import connect as connecting
from snftools.errors import Failed, Refused

if TYPE_CHECKING:
    from snftools.database.find import Database
    from snftools.output.statusfd import Progress

_BREAKS = 5  # of the line, in one dump, that are borne


@dataclass(frozen=True)
class Wish:
    """What a set is to be: its label, why, for which step of which run, with how many jobs.

    `digests`: read the content in the dump's snapshot; without them only files can be proven.
    `lock_wait`: seconds to wait for a table that somebody else has locked.
    """

    label: str
    jobs: int = 2
    run: str = ""
    step: str = ""
    reason: str = ""
    hold: bool = False
    whole: bool = True
    digests: bool = True
    lock_wait: int = connecting.LOCK_TIMEOUT
    extra: Dict[str, Any] = field(default_factory=dict)


def take(backup_dir: str, databases: List["Database"], wish: Wish, progress: "Progress"
         ) -> BackupSet:
    """Take a whole set (the caller holds the directory's lock), its databases side by side.

    Refused before anything is written when programs or space do not fit, or somebody is
    connected to a server that has no snapshots; Failed when a dump fails: the set then stays
    INCOMPLETE.
    """
    found = ways(backup_dir, databases)
    for database, one in zip(databases, found):
        _need_quiet(database, one)
    sizes = space.need(backup_dir, databases)
    try:
        taken = sets.create(backup_dir, wish.label, {
            "databases": [database.name for database in databases], "whole": wish.whole,
            "run": wish.run, "step": wish.step, "reason": wish.reason, **wish.extra})
        interrupt.share([partial(_take_one, taken, database, wish, one, progress)
                         for database, one in zip(databases, found)],
                        [float(size) for size in sizes], wish.jobs)
        files.fsync_directory(taken.path)
        if wish.hold:
            taken.add_mark({"mark": "hold", "run": wish.run})
    except OSError as error:
        raise Failed("the backup failed: %s" % (error.strerror or error), why=backup_dir,
                     unchanged="the databases; what was written is INCOMPLETE, never counts",
                     next="snf-backup-db prune")
    return taken


def ways(backup_dir: str, databases: Sequence["Database"]) -> List[Way]:
    """How each is dumped, as way() says; on another machine it is made there if all that are
    find room."""
    placed = []
    promised: Dict[str, int] = {}
    for database in databases:
        one, node = way(database), database.programs_node
        if not Clients.of(database).here:
            needed = promised.get(node.name, 0) + space.estimate(
                backup_dir, database.name, space.size_of(database))
            why = dumping.no_room(Clients.of(database), needed)
            if why:
                one = replace(one, stream=why)
            else:
                one, promised[node.name] = replace(one, there=True), needed
        placed.append(one)
    return placed


def way(database: "Database") -> Way:
    """How a database is dumped; Refused when the node's pg_dump does not fit the server."""
    with connecting.connect(database) as connection:
        return Clients.of(database).fit_dump(connection.server_version)


def need_restorable(database: "Database") -> Way:
    """How a database is dumped; Refused also when pg_restore could not put that back."""
    one = way(database)
    Clients.of(database).fit_restore(one.server, one.format)
    return one


def _need_quiet(database: "Database", one: Way) -> None:
    """Without a snapshot only what nobody can write to is dumped."""
    others = [] if one.snapshot else sessions.foreign(database)
    if others:
        raise Refused("%d session(s) are connected to database %s" % (len(others),
                                                                      database.name),
                      node=database.node.name, unchanged="everything",
                      why="%s\n%s" % (one.why, "\n".join(who.describe() for who in others)),
                      next="snf-services stop --node all")


def _take_one(taken: BackupSet, database: "Database", wish: Wish, one: Way,
              progress: "Progress", jobs: int) -> None:
    """One database's backup: dump, digests, then the manifest, last."""
    directory = taken.directory(database.name)
    os.mkdir(directory, 0o700)
    os.mkdir(os.path.join(directory, "dump"), 0o700)
    begun = sets.now_text()
    before = [who.describe() for who in sessions.foreign(database)]
    with _reading(database, wish) as connection:
        pins = connecting.apply_pins(connection, wish.lock_wait)
        digest.lock_tables(connection)
        values = _facts(connection)
        expected = _text_size(taken, connection, database)
        with dumping.at_work(os.path.dirname(taken.path), dumping.Order(
                database, one, archive.path_of(directory, one.format),
                _exported(connection) if one.snapshot else "", pins, wish.lock_wait, jobs),
                os.path.join(taken.path, ".%s.log" % sets.file_name(database.name))) as work:
            failpoint.reach("dump.running:" + database.name)
            watch = Watch(database, progress, expected, work.log)
            with watch.shown():
                values.update(_content(database, wish, work, connection, watch, jobs))
                work.finish()
    values["sequences"] = _dumped_sequences(database, work.sequences(), values["sequences"])
    after = [who.describe() for who in sessions.foreign(database)]
    _make_durable(os.path.join(directory, "dump"))
    failpoint.reach("dump.done:" + database.name)
    manifest.write(directory, dict(
        values, database=database.name, components=list(database.components), set=taken.name,
        format=one.format, snapshot=one.snapshot, digests=wish.digests, client=one.client,
        server={"id": database.server}, pins=pins, begun=begun, ended=sets.now_text(),
        run=wish.run, step=wish.step, quiet=not (before or after), sessions=before,
        owner_params={"host": database.owner.host, "port": database.owner.port,
                      "user": database.owner.user},
        files=manifest.files_below(directory, jobs)))


@contextmanager
def _reading(database: "Database", wish: Wish) -> Iterator[Any]:
    """Our session in the snapshot; a failure names who holds a lock."""
    try:
        with connecting.connect(database, readonly=True,
                                lock_timeout=wish.lock_wait) as connection:
            yield connection
    except Failed as error:
        held = locks.of(database) if "lock timeout" in error.why or "lock" in error.what else []
        if held:
            raise Failed("database %s: %s" % (database.name, held[0]), node=error.node,
                         why="\n".join([*held, error.why]), unchanged=dumping.UNCHANGED,
                         next="end that session, then the same line again")
        raise Failed(error.what, node=error.node, why=error.why,
                     unchanged=error.unchanged or dumping.UNCHANGED,
                     next=error.next or "the same line again; snf-backup-db prune")


def _facts(connection: Any) -> Dict[str, Any]:
    """What the manifest says of the database besides its content."""
    return {"facts": catalog.database_facts(connection), "objects": objects.objects(connection),
            "roles": catalog.roles(connection), "counters": catalog.counters(connection),
            "unhashed": catalog.unhashed(connection),
            "migrations": catalog.histories(connection),
            "server_version": connection.server_version}


def _text_size(taken: BackupSet, connection: Any, database: "Database") -> int:
    """Bytes of COPY text to come: as many as last time, else what the tables take."""
    old = space.previous(os.path.dirname(taken.path), database.name)
    return sum(table["size"] for table in old.get("tables", ())) or \
        sum(table.bytes for table in catalog.tables(connection))


def _content(database: "Database", wish: Wish, work: dumping.Dumping, connection: Any,
             watch: Watch, jobs: int) -> Dict[str, Any]:
    """Tables, large objects and sequences; where the dump outlives a broken line, they are read
    again in its snapshot."""
    import psycopg2
    try:
        return _read(database, wish, work.snapshot, connection, watch, jobs)
    except (psycopg2.Error, Failed):
        if work.again is None or connecting.answers(connection):
            raise
    for left in reversed(range(_BREAKS)):
        interrupt.check()
        snapshot = work.again()
        watch.anew()
        try:
            with connecting.connect(database, readonly=True, snapshot=snapshot,
                                    lock_timeout=wish.lock_wait) as another:
                digest.lock_tables(another)
                return _read(database, wish, snapshot, another, watch, jobs)
        except Failed as error:
            if not left or getattr(error.__cause__, "pgcode", None) is not None:
                raise
    raise AssertionError("the last one is raised")


def _read(database: "Database", wish: Wish, snapshot: str, connection: Any, watch: Watch,
          jobs: int) -> Dict[str, Any]:
    """The same, by as many sessions as jobs."""
    if not wish.digests:
        return {"tables": [], "large_objects": [], "sequences": catalog.sequences(connection)}
    with ExitStack() as stack:
        others = [stack.enter_context(connecting.connect(
            database, readonly=True, snapshot=snapshot, lock_timeout=wish.lock_wait))
            for _ in range(jobs - 1 if snapshot else 0)]
        for session in (connection, *others):
            watch.own(session.get_backend_pid())
        found = digest.content(connection, watch.tell, others)
    return found


def _exported(connection: Any) -> str:
    return str(connecting.rows(connection, "SELECT pg_export_snapshot()")[0][0])


def _dumped_sequences(database: "Database", values: archive.Sequences,
                      seen: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """The sequences with the values that are in the dump: they stand in no snapshot."""
    missing = [one["name"] for one in seen if (one["schema"], one["name"]) not in values]
    if missing:
        raise Failed("pg_dump left out the sequences %s" % ", ".join(missing),
                     node=database.node.name)
    return [dict(one, value=values[(one["schema"], one["name"])][0],
                 called=values[(one["schema"], one["name"])][1]) for one in seen]


def _make_durable(dump: str) -> None:
    """fsync every file of the dump and its directory; files 0600, directories 0700."""
    os.chmod(dump, 0o700)
    for path in manifest.paths_below(dump):
        handle = os.open(os.path.join(dump, path), os.O_RDONLY)
        try:
            os.fchmod(handle, 0o600)
            os.fsync(handle)
        finally:
            os.close(handle)
    files.fsync_directory(dump)
    files.fsync_directory(os.path.dirname(dump))
