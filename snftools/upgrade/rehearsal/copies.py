"""The databases of a rehearsal: a set of the live site restored under other names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Dict, List, Sequence, Tuple

from snftools.backups import clients, lasting
from snftools.database import admin
from snftools.database import connect as connecting
from snftools.database.params import Params, from_admin
from snftools.errors import Refused, SnfError

if TYPE_CHECKING:
    from snftools.backups.sets import BackupSet
    from snftools.database.find import Database
    from snftools.node import Node
    from snftools.output.statusfd import Progress
    from snftools.upgrade.rehearsal.record import Record

_LOCALHOST = "127.0.0.1"  # Debian's pg_hba.conf lets no application in by the socket


@dataclass(frozen=True)
class Server:
    """Where the copies lie: at the administrator's URI, or at the spare's own server ("")."""

    node: "Node"
    here: "Node"
    uri: str = ""
    bindir: str = ""

    def beside(self, live: "Database", set_format: str) -> "Database":
        """The live database as one of this server: what restores the set there."""
        where = from_admin(self.uri) if self.uri else Params("postgres", _LOCALHOST)
        programs = self.node
        if set_format == clients.DIRECTORY and self.node.address != "local":
            programs = self.here  # the dump is a directory of this machine
        return replace(live, node=self.node, admin=self.uri, server_node=programs,
                       server_at=self.node, oid=0, bindir=self.bindir, owner=replace(
                           live.owner, host=where.host or _LOCALHOST, port=where.port, options=()))

    def maintenance(self, any_: "Database") -> Any:
        """A session of the administrator."""
        return connecting.connect(any_, admin=True, dbname="postgres")


def refuse(server: Server, live: Sequence["Database"], record: "Record") -> Dict[str, str]:
    """What the copies will be called, by the live database's name; changes nothing.

    Refused (3) when the server has no administrator for us, or a database of that name which
    no rehearsal made.
    """
    known, names = set(record.names("databases")), {}
    for database in live:
        target = server.beside(database, clients.DIRECTORY)
        _need_admin(server, target)
        names[database.name] = lasting.name_of(database.name)
        if names[database.name] not in known:
            with server.maintenance(target) as session:
                lasting.refuse_foreign(session, names[database.name], server.node.name)
    return names


def _need_admin(server: Server, target: "Database") -> None:
    try:
        admin.need_admin([target])
    except Refused as error:
        raise Refused("there is no server for the copies: %s" % error.what, node=error.node,
                      why=error.why, unchanged="the live site",
                      next="look at the server that --server names" if server.uri else
                      "start PostgreSQL on %s and let postgres in as itself (peer), "
                      "or --server URI" % server.node.name)


def make(server: Server, backup: "BackupSet", live: Sequence["Database"], part: Dict[str, Any],
         record: "Record", progress: "Progress"
         ) -> Tuple[Dict[str, Params], List[Tuple[str, int]]]:
    """All copies, proven, with a login: how each is reached, by the live database's name, and
    how many outward rows of which tables were given another address.  Ask `refuse` first."""
    outward = list(part["rows"])
    copies: Dict[str, Params] = {}
    rows: List[Tuple[str, int]] = []
    for database in live:
        values = backup.manifest(database.name)
        target = server.beside(database, values["format"])
        with server.maintenance(target) as session:
            first = _password(copies, target)
            password = lasting.need_roles(
                session, admin.roles_of(values), target.owner.user,
                first or target.owner.password, () if first else record.names("roles"),
                lambda name: record.add("roles", name))
            name = lasting.name_of(database.name)
            lasting.drop(session, [name], keep=[name])  # what the last way back has replaced
        record.add("databases", name)
        lasting.make(backup, target, name, progress, outward)
        rows += lasting.neutralize(target, name, part, database.components)
        copies[database.name] = replace(target.owner, dbname=name, password=password)
        _prove_login(target, copies[database.name])
    return copies, rows


def _password(copies: Dict[str, Params], target: "Database") -> str:
    """Of a login that serves several databases: the one that it got first."""
    return next((one.password for one in copies.values() if one.user == target.owner.user), "")


def _prove_login(target: "Database", copy: Params) -> None:
    try:
        with connecting.connect(replace(target, owner=copy, name=copy.dbname)) as session:
            connecting.rows(session, "SELECT 1")
    except SnfError as error:
        raise Refused("%s can't log in to its copy %s" % (copy.user, copy.dbname),
                      node=target.node.name, why=error.why, unchanged="the live site",
                      next="let it in by pg_hba.conf of that server, with its password")


def remove(server: Server, record: "Record") -> List[str]:
    """Drop all copies, what belongs to them, and the roles that were made; proves it.

    Returns the names; raises Refused (3) naming what could not be dropped.
    """
    names, made = record.names("databases"), record.names("roles")
    if not names and not made:
        return []
    from snftools.database.find import Database
    where = from_admin(server.uri) if server.uri else Params("postgres", _LOCALHOST)
    any_ = Database("postgres", (), server.node, where, admin=server.uri,
                    server_node=server.node, bindir=server.bindir)
    with server.maintenance(any_) as session:
        dropped = lasting.drop(session, names)
        left = lasting.belonging(session, names)
        needed = lasting.drop_roles(session, made)
    if left or needed:
        raise Refused("not all could be dropped: %s" % ", ".join([*left, *needed]),
                      next="look who uses it, then: snf-upgrade rehearse --clean")
    return [*dropped, *made]
