"""Which databases the site has: what the nodes' settings name, told apart by what answers.

The same server (postmaster start time and port) and oid are one database, with several
components: usually astakos and cyclades share one (SOURCE 4).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Optional, Sequence, Tuple

from snftools.database import connect as connecting
from snftools.database.params import NoPostgres, Params, from_django, from_url
from snftools.errors import Failed, Invalid, Refused
from snftools.node import at_once
from snftools.output import mask

if TYPE_CHECKING:
    from snftools.node import Node
    from snftools.site import Site

COMPONENTS = ("astakos", "cyclades", "pithos")
_SERVER = ("SELECT pg_postmaster_start_time() AT TIME ZONE 'UTC',"
           " current_setting('port'), (SELECT oid FROM pg_database WHERE datname = %s)")


@dataclass(frozen=True)
class Database:
    """A database of the site; `oid` 0 means that the server has none of that name (any more).

    `node` names it in its settings; `server_node` and `bindir` have the programs of its server.
    `server_at`: where the server is, when the programs are not taken from there.
    """

    name: str
    components: Tuple[str, ...]
    node: "Node"
    owner: Params
    oid: int = 0
    server: str = ""
    admin: str = field(default="", repr=False)
    server_node: Optional["Node"] = None
    bindir: str = ""
    server_at: Optional["Node"] = None

    @property
    def programs_node(self) -> "Node":
        """The node whose pg_dump and pg_restore are used."""
        return self.server_node or self.node

    def as_dict(self) -> Dict[str, Any]:
        """What JSON tells of it."""
        return {"name": self.name, "components": list(self.components), "oid": self.oid,
                "server": self.server, "node": self.node.name}


def declared(nodes: Iterable["Node"], site: "Site", settings_dir: str = "/etc/synnefo"
             ) -> List[Database]:
    """One Database a node and component, as the settings name it; nothing is connected to.

    Raises Refused when a role that needs PostgreSQL has sqlite (OBSERVED E) or a setting that
    can't be evaluated.
    """
    from snftools.settings.directory import SettingsDir

    every = list(nodes)
    by_name = {node.name: node for node in every}

    def of_node(node: "Node") -> List[Database]:
        served = [role for role in COMPONENTS if role in node.roles]
        settings = SettingsDir.read(node, settings_dir) if served else None
        found = []
        for role in served:
            params = _params(settings, node, role)
            mask.learn(params.password)
            conf = site.databases.of(params.dbname)
            found.append(Database(params.dbname, (role,), node, params, admin=conf.admin,
                                  server_node=by_name.get(conf.node), bindir=conf.bindir))
        return found
    return [one for found in at_once(every, of_node) for one in found]


def find(nodes: Sequence["Node"], site: "Site", settings_dir: str = "/etc/synnefo",
         absent_ok: bool = False) -> List[Database]:
    """The site's databases, each once, by the answers of their servers.

    Raises Failed naming node and database when one can't be reached.  `absent_ok`: a database
    that its server does not have is given with oid 0 (a restore makes it).
    """
    return answered(declared(nodes, site, settings_dir), absent_ok)


def answered(databases: Iterable[Database], absent_ok: bool = False) -> List[Database]:
    """The databases with what their servers answer, each once (as find)."""
    merged: Dict[Tuple[str, int, str], Database] = {}
    every = list(databases)
    answers = at_once(every, lambda database: _answer(database, absent_ok))
    for database, (server, oid) in zip(every, answers):
        key = (server, oid, database.name)
        old = merged.get(key)
        if old is None:
            merged[key] = replace(database, server=server, oid=oid)
        else:
            merged[key] = replace(old, components=_joined(old, database))
    return list(merged.values())


def for_component(databases: Iterable[Database], component: str) -> Database:
    """The database that serves a component; Failed when none does."""
    for database in databases:
        if component in database.components:
            return database
    raise Failed("no node's settings name a database of %s" % component)


def check_answer(databases: Iterable[Database]) -> None:
    """Prove that each database's server answers now; Failed names the first that does not."""
    for database in databases:
        with connecting.connect(database) as connection:
            connecting.rows(connection, "SELECT 1")


def _answer(database: Database, absent_ok: bool) -> Tuple[str, int]:
    """The server's identity and the database's oid there."""
    try:
        with connecting.connect(database) as connection:
            row = connecting.rows(connection, _SERVER, (database.name,))[0]
    except connecting.Unreachable as error:
        if not (absent_ok and error.missing):
            raise
        with connecting.connect(database, admin=True, dbname="postgres") as connection:
            row = connecting.rows(connection, _SERVER, (database.name,))[0]
    # To the microsecond: two machines may well have booted in the same second.
    return "%sZ port %s" % (row[0].strftime("%Y-%m-%dT%H:%M:%S.%f"), row[1]), row[2] or 0


def _joined(old: Database, new: Database) -> Tuple[str, ...]:
    """The components of both, in the order of the upgrade."""
    both = set(old.components) | set(new.components)
    return tuple(name for name in COMPONENTS if name in both)


def _params(settings: Any, node: "Node", role: str) -> Params:
    """What the node's settings say of the role's database."""
    name = _setting(settings, role)
    from snftools.settings.values import NotEvaluated
    try:
        value = settings.value(name, None)
        if role == "pithos":
            return from_url(str(value or ""))
        if not isinstance(value, dict) or not isinstance(value.get("default"), dict):
            raise NoPostgres("it is not set")
        return from_django(value["default"])
    except NotEvaluated as error:
        raise Invalid("%s can't be evaluated" % name, node=node.name, why=str(error))
    except NoPostgres as error:
        raise Refused("%s of %s names no PostgreSQL database" % (name, role), node=node.name,
                      why="it says: %s" % mask.clean(str(error)), unchanged="everything",
                      next="set %s in %s on %s" % (name, settings.path, node.name))


def _setting(settings: Any, role: str) -> str:
    """The setting that names the role's database (SOURCE 4)."""
    if role != "pithos":
        return "DATABASES"
    own = "PITHOS_BACKEND_DB_CONNECTION"
    return own if settings.has(own) or not settings.has("BACKEND_DB_CONNECTION") \
        else "BACKEND_DB_CONNECTION"
