"""Proving a backup: its files, the content of its archive, a restored copy."""

from __future__ import annotations

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Dict, List

from snftools import failpoint
from snftools.backups import archive, manifest, scratch
from snftools.backups.clients import Clients
from snftools.backups.meter import Meter
from snftools.backups.sets import BackupSet
from snftools.database import interrupt
from snftools.database.digest import Tell
from snftools.errors import Failed, NotVerified, Refused

if TYPE_CHECKING:
    from snftools.database.find import Database
    from snftools.output.statusfd import Progress


def verify(backup: BackupSet, database: "Database", level: str, progress: "Progress",
           jobs: int = 2, elsewhere: bool = False) -> None:
    """Prove one database's backup at a level and record it.

    `elsewhere`: on a server that is not the database's own, whose roles it may lack.
    NotVerified (4) names file, table or object; that is recorded too, and from then on the
    backup is worth nothing until it is proven again.
    """
    try:
        _prove(backup, database, level, progress, jobs, elsewhere)
    except NotVerified as error:
        _record(backup, database.name, {"level": level, "ok": False, "why": error.what})
        raise
    client = Clients.of(database).version("pg_restore") if level != "files" else ""
    _record(backup, database.name, {"level": level, "ok": True, "server": database.server,
                                    "client": client})


def _prove(backup: BackupSet, database: "Database", level: str, progress: "Progress",
           jobs: int, elsewhere: bool) -> None:
    values = backup.manifest(database.name)
    progress.event("verifying files", node=database.node.name, text=database.name)
    check_files(backup, values, jobs)
    if level == "files":
        return
    if not values.get("digests", True):
        raise Refused("%s/%s was taken without digests: only its files can be proven"
                      % (backup.name, database.name), unchanged="everything",
                      next="verify it at level files, or take another set")
    clients = Clients.of(database)
    clients.fit_read(values["client"])
    if level == "archive":
        meter = Meter(progress, "verifying archive", database, sum(
            row["size"] for row in (*values["tables"], *values["large_objects"])))
        check_archive(backup, values, clients, jobs, meter.tell)
        return
    with scratch.scratch(database, values, elsewhere) as (maintenance, name):
        scratch.make(maintenance, name, values["facts"])
        failpoint.reach("proof.made:" + database.name)
        _fill(backup, database, values, name, progress, jobs)
        failpoint.reach("proof.filled:" + database.name)
        found = scratch.compare(database, values, name, jobs, progress)
    refuse(backup, database.name, found)


def _fill(backup: BackupSet, database: "Database", values: Dict[str, Any], name: str,
          progress: "Progress", jobs: int) -> None:
    """Restore into the copy.

    pg_restore reads every member, and the copy's digests are those of the members: what is
    proven so is proven at level archive too.  Only when it fails the archive is read apart,
    to name the damaged table.
    """
    try:
        scratch.fill(database, backup, values, name, progress, jobs)
    except Failed:
        interrupt.check()
        check_archive(backup, values, Clients.of(database), jobs)
        raise


def check_files(backup: BackupSet, values: Dict[str, Any], jobs: int = 2) -> None:
    """Level files: exactly the manifest's files, with its sizes and digests."""
    directory = backup.directory(values["database"])
    own = {manifest.NAME, "verified.jsonl"}
    there = set(manifest.paths_below(directory)) - own
    wanted = values["files"]
    found = ["%s is missing" % path for path in sorted(set(wanted) - there)]
    found += ["%s does not belong there" % path for path in sorted(there - set(wanted))]
    with ThreadPoolExecutor(max(jobs, 1)) as pool:
        found += filter(None, pool.map(lambda path: _check_file(directory, path, wanted[path]),
                                       sorted(there & set(wanted))))
    refuse(backup, values["database"], found)


def _check_file(directory: str, path: str, wanted: Dict[str, Any]) -> str:
    """What is wrong with a file, or ""."""
    interrupt.check()
    full = os.path.join(directory, path)
    if os.path.islink(full) or not os.path.isfile(full):
        return "%s is no plain file" % path
    size = os.path.getsize(full)
    if size != wanted["size"]:
        return "%s has %d bytes instead of %d" % (path, size, wanted["size"])
    return "" if manifest.sha256_of(full) == wanted["sha256"] else "%s is damaged" % path


def check_archive(backup: BackupSet, values: Dict[str, Any], clients: Clients,
                  jobs: int = 2, tell: Tell = None) -> None:
    """Level archive: every member read, its digest equal to the snapshot's."""
    path = archive.path_of(backup.directory(values["database"]), values["format"])
    wanted = {row["oid"]: row for row in values["large_objects"]}
    dump = archive.read(clients, path, list(wanted), jobs, tell)
    found = [_check_member("table %s.%s" % (row["schema"], row["name"]), row["oid"],
                           row["sha256"], dump.tables, dump) for row in values["tables"]]
    known = {row["oid"] for row in (*values["tables"], *values["unhashed"])}
    found += ["the dump has data of a table with oid %d that the manifest does not know" % oid
              for oid in sorted(set(dump.tables) - known)]
    found += [_check_member("large object %d" % oid, oid, row["sha256"], dump.large_objects, dump)
              for oid, row in wanted.items()]
    found += ["the dump has a large object %d that the manifest does not know" % oid
              for oid in sorted(set(dump.large_objects) - set(wanted))]
    found += _check_sequences(dump.sequences, values["sequences"])
    refuse(backup, values["database"], [problem for problem in found if problem])


def _check_member(what: str, oid: int, sha256: str, there: Dict[int, str],
                  dump: archive.Contents) -> str:
    """What is wrong with a member of the dump, or ""."""
    if oid not in there:
        return "%s is not in the dump" % what
    if oid in dump.problems:
        return "%s: %s" % (what, dump.problems[oid])
    return "" if there[oid] == sha256 else "%s: other content" % what


def _check_sequences(dumped: Dict[Any, Any], wanted: List[Dict[str, Any]]) -> List[str]:
    return ["sequence %s.%s: other value" % (row["schema"], row["name"]) for row in wanted
            if dumped.get((row["schema"], row["name"])) != (row["value"], row["called"])]


def refuse(backup: BackupSet, database: str, problems: List[str]) -> None:
    """NotVerified when there are any problems."""
    if problems:
        more = " (and %d more)" % (len(problems) - 1) if len(problems) > 1 else ""
        raise NotVerified("%s/%s is damaged: %s%s" % (backup.name, database, problems[0], more),
                          why="\n".join(problems[:20]),
                          next="use another set: snf-backup-db list")


def _record(backup: BackupSet, database: str, proof: Dict[str, Any]) -> None:
    """Append the proof; a set on a medium that nobody can write to is proven all the same."""
    try:
        backup.add_proof(database, proof)
    except OSError as error:
        if error.errno not in (errno.EROFS, errno.EACCES, errno.EPERM):
            raise Failed("the proof of %s/%s can't be written down: %s"
                         % (backup.name, database, error.strerror), unchanged="the set",
                         next="snf-backup-db verify %s" % backup.name)
