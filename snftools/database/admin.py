"""What the administrator of a database must be able to do, asked before it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterable, List

from snftools.database.connect import connect, rows
from snftools.database.params import is_uri
from snftools.errors import Failed, Refused

if TYPE_CHECKING:
    from snftools.database.find import Database

_NEXT = "set [databases] admin in site.conf, or --db-admin URI"


def need_admin(databases: Iterable["Database"]) -> None:
    """Refused (3) when some database's administrator can't log in, is not known, or can't
    create databases and give them to their owners."""
    for database in databases:
        try:
            with connect(database, admin=True, dbname="postgres") as connection:
                lacking = _lacking(connection, database)
        except Failed as error:
            raise Refused("the administrator of database %s can't log in" % database.name,
                          node=database.node.name, why=error.why, unchanged="everything",
                          next=_NEXT if not is_uri(database.server) else
                          "look at the server that --server names")
        if lacking:
            raise Refused("the administrator of database %s may not %s"
                          % (database.name, lacking), node=database.node.name,
                          unchanged="everything", next=_NEXT)


def missing_roles(maintenance: Any, roles: Iterable[str]) -> List[str]:
    """Those of the roles that the server does not have."""
    known = {row[0] for row in rows(maintenance, "SELECT rolname FROM pg_catalog.pg_roles")}
    return sorted(set(roles) - known)


def need_roles(maintenance: Any, values: Dict[str, Any], where: str) -> None:
    """Refused (3) when a role that a backup names is not there."""
    missing = missing_roles(maintenance, roles_of(values))
    if missing:
        raise Refused("the server has no role %s" % ", ".join(missing), node=where,
                      why="the backup of %s names it as owner, or in a grant"
                      % values["database"], unchanged="everything",
                      next="\n".join('CREATE ROLE "%s" LOGIN;' % name for name in missing))


def roles_of(values: Dict[str, Any]) -> List[str]:
    """The roles that a manifest names."""
    return sorted({values["facts"]["owner"], *values.get("roles", ())})


def _lacking(connection: Any, database: "Database") -> str:
    """What the administrator may not do, in words, or ""."""
    superuser, creates, user = rows(
        connection, "SELECT rolsuper, rolcreatedb, rolname FROM pg_catalog.pg_roles"
                    " WHERE rolname = current_user")[0]
    if superuser:
        return ""
    if not creates:
        return "create databases: role %s has neither CREATEDB nor SUPERUSER" % user
    owner = rows(connection, "SELECT pg_catalog.pg_get_userbyid(datdba) FROM"
                             " pg_catalog.pg_database WHERE datname = %s", (database.name,))
    right = "SET" if connection.server_version >= 160000 else "MEMBER"
    if owner and not rows(connection, "SELECT pg_catalog.pg_has_role(current_user, %s, %s)",
                          (owner[0][0], right))[0][0]:
        return "make databases of %s: role %s is no member of it" % (owner[0][0], user)
    return ""
