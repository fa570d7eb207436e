"""Proving a backup: its files, the content of its archive, a restored copy."""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Dict, List, Optional

from snftools.backups import manifest, scratch
from snftools.backups.clients import Clients
from snftools.backups.sets import BackupSet
from snftools.errors import NotVerified

if TYPE_CHECKING:
    from snftools.database.find import Database
    from snftools.output.statusfd import Progress

_TAIL = b"\\.\n\n\n"
_PART = 1 << 20


def verify(backup: BackupSet, database: "Database", level: str, progress: "Progress",
           jobs: int = 2) -> None:
    """Prove one database's backup at a level and record it.

    NotVerified (4) names file, table or object; that is recorded too, and from then on the
    backup is worth nothing until it is proven again.
    """
    try:
        _prove(backup, database, level, progress, jobs)
    except NotVerified as error:
        _record(backup, database.name, {"level": level, "ok": False, "why": error.what})
        raise
    client = Clients.of(database).version("pg_restore") if level != "files" else ""
    _record(backup, database.name, {"level": level, "ok": True, "server": database.server,
                                    "client": client})


def _prove(backup: BackupSet, database: "Database", level: str, progress: "Progress",
           jobs: int) -> None:
    values = backup.manifest(database.name)
    progress.event("verifying files", node=database.node.name, text=database.name)
    check_files(backup, values)
    if level == "files":
        return
    progress.event("verifying archive", node=database.node.name, text=database.name)
    check_archive(backup, values, Clients.of(database), jobs)
    if level == "archive":
        return
    progress.event("verifying restore", node=database.node.name, text=database.name)
    with scratch.scratch(database) as (maintenance, name):
        scratch.make(maintenance, name, values["facts"])
        scratch.fill(database, backup, name, jobs)
        refuse(backup, database.name, scratch.compare(database, values, name))


def check_files(backup: BackupSet, values: Dict[str, Any]) -> None:
    """Level files: exactly the manifest's files, with its sizes and digests."""
    directory = backup.directory(values["database"])
    own = {manifest.NAME, "verified.jsonl"}
    there = set(manifest.paths_below(directory)) - own
    wanted = values["files"]
    found = ["%s is missing" % path for path in sorted(set(wanted) - there)]
    found += ["%s does not belong there" % path for path in sorted(there - set(wanted))]
    for path in sorted(there & set(wanted)):
        full = os.path.join(directory, path)
        size = os.path.getsize(full)
        if size != wanted[path]["size"]:
            found.append("%s has %d bytes instead of %d" % (path, size, wanted[path]["size"]))
        elif manifest.sha256_of(full) != wanted[path]["sha256"]:
            found.append("%s is damaged" % path)
    refuse(backup, values["database"], found)


def check_archive(backup: BackupSet, values: Dict[str, Any], clients: Clients,
                  jobs: int = 2) -> None:
    """Level archive: every member read, its digest equal to the snapshot's."""
    dump = os.path.join(backup.directory(values["database"]), "dump")
    members = {oid: number for number, oid, kind in clients.entries(dump)
               if kind == "TABLE DATA"}
    with ThreadPoolExecutor(max(jobs, 1)) as pool:
        checks = [pool.submit(_check_table, dump, members.get(table["oid"]), table)
                  for table in values["tables"]]
        found = [problem for problem in (check.result() for check in checks) if problem]
    known = {table["oid"] for table in values["tables"]}
    found += ["the dump has data of a table with oid %d that the manifest does not know" % oid
              for oid in sorted(set(members) - known)]
    found += [_check_blob(dump, row) for row in values["large_objects"]]
    found += _check_sequences(clients.sequence_values(dump), values["sequences"])
    refuse(backup, values["database"], [problem for problem in found if problem])


def _check_table(dump: str, member: Optional[int], table: Dict[str, Any]) -> str:
    """What is wrong with a table's member, or ""."""
    name = "table %s.%s" % (table["schema"], table["name"])
    if member is None:
        return "%s is not in the dump" % name
    path = os.path.join(dump, "%d.dat.gz" % member)
    digest = hashlib.sha256()
    rest = b""
    try:
        with gzip.open(path, "rb") as stream:
            for part in iter(lambda: stream.read(_PART), b""):
                rest += part
                digest.update(rest[:-len(_TAIL)])
                rest = rest[-len(_TAIL):]
    except (OSError, EOFError, zlib.error) as error:
        return "%s: %s can't be read: %s" % (name, os.path.basename(path), error)
    if rest != _TAIL:
        return "%s: %s has no proper end" % (name, os.path.basename(path))
    return "" if digest.hexdigest() == table["sha256"] else "%s: other content" % name


def _check_blob(dump: str, row: Dict[str, Any]) -> str:
    """What is wrong with a large object's member, or ""."""
    path = os.path.join(dump, "blob_%d.dat.gz" % row["oid"])
    digest = hashlib.sha256()
    try:
        with gzip.open(path, "rb") as stream:
            for part in iter(lambda: stream.read(_PART), b""):
                digest.update(part)
    except (OSError, EOFError, zlib.error) as error:
        return "large object %d can't be read: %s" % (row["oid"], error)
    return "" if digest.hexdigest() == row["sha256"] else \
        "large object %d: other content" % row["oid"]


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
    """Append the proof; a set that can't be written to is proven all the same."""
    try:
        backup.add_proof(database, proof)
    except OSError:
        pass
