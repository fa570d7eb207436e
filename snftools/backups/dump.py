"""Taking a backup: one exported snapshot, pg_dump and the digests side by side in it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Tuple

from snftools import failpoint, files
from snftools.backups import manifest, sets
from snftools.backups.clients import Clients, environment, tail
from snftools.backups.lock import pgpass
from snftools.backups.sets import BackupSet
from snftools.database import catalog, digest, objects, sessions
from snftools.database import connect as connecting
from snftools.errors import Failed, Refused, SnfError
from snftools.output.text import human_size

if TYPE_CHECKING:
    from snftools.database.find import Database
    from snftools.output.statusfd import Progress

LOCK_WAIT = "60s"


@dataclass(frozen=True)
class Wish:
    """What a set is to be: its label, why, for which run, with how many jobs a database."""

    label: str
    jobs: int = 2
    run: str = ""
    reason: str = ""
    hold: bool = False
    whole: bool = True
    extra: Dict[str, Any] = field(default_factory=dict)


def take(backup_dir: str, databases: List["Database"], wish: Wish, progress: "Progress"
         ) -> BackupSet:
    """Take a whole set (the caller holds the directory's lock).

    Refused before anything is written when programs or space do not fit; Failed when a dump
    fails: the set then stays INCOMPLETE.
    """
    versions = [_prepare(database) for database in databases]
    check_space(backup_dir, databases)
    try:
        taken = sets.create(backup_dir, wish.label, {
            "databases": [database.name for database in databases], "whole": wish.whole,
            "run": wish.run, "reason": wish.reason, **wish.extra})
        for database, client in zip(databases, versions):
            _take_one(taken, database, wish, client, progress)
        if wish.hold:
            taken.add_mark({"mark": "hold", "run": wish.run})
    except OSError as error:
        raise Failed("the backup failed: %s" % (error.strerror or error), why=backup_dir,
                     unchanged="the databases; what was written is INCOMPLETE, never counts",
                     next="snf-backup-db prune")
    return taken


def check_space(backup_dir: str, databases: List["Database"]) -> Tuple[int, int]:
    """(needed, free) bytes; Refused (3) with the numbers when the dumps would not fit."""
    needed = sum(_estimate(backup_dir, database) for database in databases)
    facts = os.statvfs(backup_dir)
    free = facts.f_bavail * facts.f_frsize
    if needed > free:
        raise Refused("not enough space in %s" % backup_dir, unchanged="everything",
                      why="about %s are needed, %s are free" % (human_size(needed),
                                                                human_size(free)),
                      next="snf-backup-db prune, or --backup-dir")
    return needed, free


def _estimate(backup_dir: str, database: "Database") -> int:
    """Bytes that a dump will take: by the newest one's ratio, else the database's size."""
    with connecting.connect(database) as connection:
        size = int(catalog.database_facts(connection)["size"])
    for old in reversed(sets.list_sets(backup_dir)):
        if not old.complete() or database.name not in old.databases:
            continue
        try:
            values = old.manifest(database.name)
        except SnfError:
            continue  # a damaged one tells nothing
        dumped = sum(one["size"] for one in values["files"].values())
        return int(size * dumped / max(values["facts"]["size"], 1)) + 1
    return size


def _prepare(database: "Database") -> str:
    """The version of the pg_dump that will be used; Refused when it does not fit."""
    with connecting.connect(database) as connection:
        return Clients.of(database).check(connection.server_version)


def _take_one(taken: BackupSet, database: "Database", wish: Wish, client: str,
              progress: "Progress") -> None:
    """One database's backup: dump, digests, then the manifest, last."""
    directory = taken.directory(database.name)
    dump = os.path.join(directory, "dump")
    os.mkdir(directory, 0o700)
    begun = sets.now_text()
    with connecting.connect(database, readonly=True) as connection:
        pins = connecting.apply_pins(connection)
        before = [one.describe() for one in sessions.foreign(database)]
        values = _facts(connection)
        snapshot = connecting.rows(connection, "SELECT pg_export_snapshot()")[0][0]
        with _dumping(taken, database, dump, snapshot, wish.jobs, pins) as finish:
            failpoint.reach("dump.running:" + database.name)
            values.update(_content(connection, database, progress))
            finish()
    values["sequences"] = _dumped_sequences(database, dump, values["sequences"])
    after = [one.describe() for one in sessions.foreign(database)]
    _make_durable(dump)
    failpoint.reach("dump.done:" + database.name)
    manifest.write(directory, dict(
        values, database=database.name, components=list(database.components), set=taken.name,
        format="directory", client=client, server={"id": database.server}, pins=pins,
        begun=begun, ended=sets.now_text(), run=wish.run, quiet=not (before or after),
        sessions=before, owner_params={"host": database.owner.host, "port": database.owner.port,
                                       "user": database.owner.user},
        files=manifest.files_below(directory)))
    files.fsync_directory(taken.path)


def _facts(connection: Any) -> Dict[str, Any]:
    """What the manifest says of the database besides its content."""
    return {"facts": catalog.database_facts(connection), "objects": objects.objects(connection),
            "counters": catalog.counters(connection), "unhashed": catalog.unhashed(connection),
            "migrations": catalog.histories(connection),
            "server_version": connection.server_version}


def _content(connection: Any, database: "Database", progress: "Progress") -> Dict[str, Any]:
    """Tables, large objects and sequences, read with progress by bytes."""
    done = [0, 0]

    def tell(size: int) -> None:
        done[0] += size
        if done[0] - done[1] > 1 << 22:
            done[1] = done[0]
            progress.event("hashing", node=database.node.name, done=done[0], unit="bytes",
                           text=database.name)
    progress.event("dumping", node=database.node.name, text=database.name)
    return digest.content(connection, tell)


@contextmanager
def _dumping(taken: BackupSet, database: "Database", dump: str, snapshot: str, jobs: int,
             pins: Dict[str, str]) -> Iterator[Any]:
    """pg_dump beside us in the snapshot; the yielded function waits for its good end."""
    clients = Clients.of(database)
    log = os.path.join(taken.path, ".%s.log" % sets.file_name(database.name))
    with pgpass(os.path.dirname(taken.path), database.owner) as path:
        job = clients.node.start(
            [clients.program("pg_dump"), "-w", "-Fd", "-j", str(jobs), "-Z1", "--snapshot",
             snapshot, "--lock-wait-timeout", LOCK_WAIT, "-f", dump, "-d",
             database.owner.conninfo(database.name)],
            stdout=log, env=environment(pins, path))

        def finish() -> None:
            code = job.wait()
            if code != 0:
                raise Failed("pg_dump of %s: exit %d" % (database.name, code),
                             node=clients.node.name, why=tail(log),
                             unchanged="the database; the set is INCOMPLETE and never counts",
                             next="snf-backup-db prune")
        try:
            yield finish
        finally:
            if job.poll() is None:
                job.kill()
    os.unlink(log)


def _dumped_sequences(database: "Database", dump: str, seen: List[Dict[str, Any]]
                      ) -> List[Dict[str, Any]]:
    """The sequences with the values that are in the dump: they stand in no snapshot."""
    values = Clients.of(database).sequence_values(dump)
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
