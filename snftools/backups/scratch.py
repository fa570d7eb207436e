"""Copies: a database restored from a dump under a name of its own, by the administrator."""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Optional, Tuple

from snftools.backups import archive, roles, space
from snftools.backups.clients import Clients, blamed, environment, running, tail
from snftools.backups.meter import Meter, growing
from snftools.backups.sets import BackupSet
from snftools.database import admin, digest, objects, peer
from snftools.database import connect as connecting
from snftools.database.catalog import quoted
from snftools.database.connect import execute, rows
from snftools.database.params import Params, from_admin
from snftools.errors import Failed, Refused

if TYPE_CHECKING:
    from snftools.database.find import Database
    from snftools.output.statusfd import Progress

# A copy's comment: by it the next start knows a leftover of ours.
COMMENT = "made by snf-upgrade-tools from a backup"
_PREFIX = "snf_verify_"
# Nothing waits for the disk at each commit: the swap's own commit, or nobody's need, comes last.
_RESTORING = "-c synchronous_commit=off -c default_transaction_read_only=off"
_LIST_SETTINGS = ("search_path", "temp_tablespaces", "local_preload_libraries",
                  "session_preload_libraries")


def make(maintenance: Any, name: str, facts: Dict[str, Any]) -> None:
    """CREATE DATABASE with the set's owner, encoding and collation, marked as ours."""
    import psycopg2
    try:
        execute(maintenance, "CREATE DATABASE %s TEMPLATE template0 OWNER %s ENCODING %%s"
                " LC_COLLATE %%s LC_CTYPE %%s" % (quoted(name), quoted(facts["owner"])),
                (facts["encoding"], facts["collate"], facts["ctype"]))
        execute(maintenance, "COMMENT ON DATABASE %s IS %%s" % quoted(name), (COMMENT,))
    except psycopg2.Error as error:
        raise Failed("can't create database %s" % name, why=str(error).strip(),
                     unchanged="the databases of the site")


def drop(maintenance: Any, name: str) -> None:
    """Drop a copy, if it is there."""
    rows(maintenance, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
         " WHERE datname = %s AND pid <> pg_backend_pid()", (name,))
    execute(maintenance, "DROP DATABASE IF EXISTS %s" % quoted(name))


def exists(maintenance: Any, name: str) -> bool:
    """Whether the server has a database of that name."""
    return bool(rows(maintenance, "SELECT 1 FROM pg_database WHERE datname = %s", (name,)))


def is_ours(maintenance: Any, name: str) -> bool:
    """Whether a database is a copy that we made."""
    return bool(rows(maintenance, "SELECT 1 FROM pg_database WHERE datname = %s AND"
                     " shobj_description(oid, 'pg_database') = %s", (name, COMMENT)))


def disown(maintenance: Any, name: str) -> None:
    """A copy that is finished is nobody's leftover any more."""
    execute(maintenance, "COMMENT ON DATABASE %s IS NULL" % quoted(name))


def unclaimed(maintenance: Any) -> List[str]:
    """Copies of ours that no living command works on, by their names."""
    names = [row[0] for row in rows(
        maintenance, "SELECT datname FROM pg_database WHERE"
        " shobj_description(oid, 'pg_database') = %s ORDER BY 1", (COMMENT,))]
    found = []
    for name in names:
        if rows(maintenance, "SELECT pg_try_advisory_lock(hashtext(%s))", (name,))[0][0]:
            rows(maintenance, "SELECT pg_advisory_unlock(hashtext(%s))", (name,))
            found.append(name)
    return found


@contextmanager
def claimed(maintenance: Any, name: str) -> Iterator[None]:
    """Hold the name by an advisory lock of the maintenance session, so others leave it alone."""
    if not rows(maintenance, "SELECT pg_try_advisory_lock(hashtext(%s))", (name,))[0][0]:
        raise Refused("another command is at work: %s" % name, unchanged="everything")
    try:
        yield
    finally:
        if not maintenance.closed:
            rows(maintenance, "SELECT pg_advisory_unlock(hashtext(%s))", (name,))


@contextmanager
def scratch(database: "Database", values: Dict[str, Any], elsewhere: bool = False
            ) -> Iterator[Any]:
    """(maintenance session, name) for a scratch database, dropped at the end whatever happens.

    `elsewhere`: roles that the server lacks are made, without any right, and dropped too.
    Refused (3) when it has no room, or lacks roles.
    """
    name = "%s%d_%s" % (_PREFIX, os.getpid(), database.name)
    name = name.encode()[:63].decode("utf-8", "ignore")
    with connecting.connect(database, admin=True, dbname="postgres") as maintenance:
        remove_stale(maintenance)
        Clients.of(database).fit_restore(maintenance.server_version, values["format"])
        space.need_on_server(maintenance, database, values)
        with ExitStack() as stack:
            stack.enter_context(claimed(maintenance, name))
            if elsewhere:
                stack.enter_context(claimed(maintenance, roles.COMMENT))
                stack.enter_context(roles.made(maintenance, values))
            else:
                admin.need_roles(maintenance, values, database.node.name)
            try:
                yield maintenance, name
            finally:
                if not maintenance.closed:
                    drop(maintenance, name)


def remove_stale(maintenance: Any) -> List[str]:
    """Drop scratch databases of ours that no living command holds; returns their names."""
    stale = [name for name in unclaimed(maintenance) if name.startswith(_PREFIX)]
    for name in stale:
        drop(maintenance, name)
    return stale


def fill(database: "Database", backup: BackupSet, values: Dict[str, Any], name: str,
         progress: "Progress", jobs: int = 2) -> None:
    """pg_restore the set's dump into a database that make() made; Failed when it fails."""
    clients = Clients.of(database)
    path = archive.path_of(backup.directory(database.name), values["format"])
    words, stdin = clients.input_of(path)
    if not stdin:
        words = ["-j", str(jobs), *words]
    before, target = _as_admin(clients, database, name)
    meter = Meter(progress, "restoring", database, int(values["facts"]["size"]))
    with tempfile.NamedTemporaryFile(prefix="snf-restore-") as log:
        job = clients.node.start(
            [*before, clients.program("pg_restore"), "-w", "--exit-on-error", "-d", target, *words],
            stdin=stdin or b"", stdout=log.name, env={
                **environment({}), "PGOPTIONS": _RESTORING})
        with running(job), growing(meter, database, name):
            code = job.wait()
        if code != 0:
            text = tail(log.name, 40)
            raise Failed("pg_restore of %s: exit %d" % (database.name, code),
                         node=clients.node.name, why=blamed(text) or tail(log.name),
                         unchanged="the databases of the site")


def _as_admin(clients: Clients, database: "Database", name: str) -> Tuple[List[str], str]:
    """(what stands before the program, its connection string) to be the administrator."""
    if database.admin:
        return [], from_admin(database.admin).conninfo(name)
    if clients.here:
        return [], peer.params(database, name).conninfo()
    _, socket = peer.place(database)
    params = Params(name, os.path.dirname(socket), database.owner.port, peer.USER)
    return peer.as_postgres([]), params.conninfo()


def compare(database: "Database", values: Dict[str, Any], name: str, jobs: int = 2,
            progress: Optional["Progress"] = None) -> List[str]:
    """How a database differs from a manifest: content, sequences, objects; [] when equal."""
    tell = Meter(progress, "verifying", database, sum(
        row["size"] for row in values["tables"])).tell if progress else None
    with ExitStack() as stack:
        first, *others = [stack.enter_context(connecting.connect(
            database, admin=True, dbname=name, readonly=True, wanted=values["pins"]))
            for _ in range(max(jobs, 1))]
        found = digest.differences(values, digest.content(first, tell, others))
        found += object_differences(values["objects"], objects.objects(first))
    return found


def object_differences(before: List[str], now: List[str]) -> List[str]:
    """Objects that are missing, or that are not as they were, in words."""
    gone = sorted(set(before) - set(now))
    new = sorted(set(now) - set(before))
    return ["missing or changed: %s" % _words(line) for line in gone] + \
        ["not in the set: %s" % _words(line) for line in new]


def apply_settings(maintenance: Any, name: str, facts: Dict[str, Any]) -> None:
    """Give the database the set's settings, rights and connection limit."""
    for role, values in facts["settings"]:
        whom = "ROLE %s IN DATABASE %s" % (quoted(role), quoted(name)) if role \
            else "DATABASE %s" % quoted(name)
        for value in values:
            key, _, text = value.partition("=")
            if key in _LIST_SETTINGS:
                execute(maintenance, "ALTER %s SET %s TO %s" % (whom, quoted(key), text))
            else:
                execute(maintenance, "ALTER %s SET %s TO %%s" % (whom, quoted(key)), (text,))
    if facts["connlimit"] != -1:
        execute(maintenance, "ALTER DATABASE %s CONNECTION LIMIT %d"
                % (quoted(name), facts["connlimit"]))
    if facts["acl"]:
        _grant(maintenance, name, facts["acl"])


def _grant(maintenance: Any, name: str, acl: List[str]) -> None:
    """The rights on the database itself, from aclitem texts."""
    execute(maintenance, "REVOKE ALL ON DATABASE %s FROM PUBLIC" % quoted(name))
    words = {"C": "CREATE", "T": "TEMPORARY", "c": "CONNECT"}
    for item in acl:
        who, _, rights = item.rpartition("=")
        whom = who if who else "PUBLIC"  # the text quotes a name where SQL needs it
        for letter in rights.partition("/")[0].replace("*", ""):
            grant = " WITH GRANT OPTION" if letter + "*" in rights and who else ""
            execute(maintenance, "GRANT %s ON DATABASE %s TO %s%s"
                    % (words[letter], quoted(name), whom, grant))


def _words(line: str) -> str:
    return " ".join(line.split())[:120]
