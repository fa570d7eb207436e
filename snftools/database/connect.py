"""Sessions of our own: the owner reads, the administrator creates, renames and drops.

Every session carries application_name snf-COMMAND, so that others can be told from ours.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Dict, Iterator, List

from snftools.database.params import Params, from_admin
from snftools.errors import Failed, Refused
from snftools.output import mask

if TYPE_CHECKING:
    from snftools.database.find import Database
    from snftools.node import Node

LOCK_TIMEOUT = "60s"  # for a table that another session holds
TIMEOUT = 15  # seconds until a server that does not answer counts as dead

# Pins under which content is read, with the server version that knows each (DESIGN: backups).
PINS = (("TimeZone", "UTC", 0), ("DateStyle", "ISO", 0), ("IntervalStyle", "postgres", 80400),
        ("extra_float_digits", "3", 90000), ("bytea_output", "hex", 90000),
        ("synchronize_seqscans", "off", 80300), ("row_security", "off", 90500))


def application() -> str:
    """The name of our sessions: that of the command."""
    name = os.path.basename(sys.argv[0] or "")
    return name if name.startswith("snf-") else "snf-upgrade-tools"


def pins(server_version: int) -> Dict[str, str]:
    """The settings under which this server's content is read, as a manifest records them."""
    return {name: value for name, value, since in PINS if server_version >= since}


def pin_options(values: Dict[str, str]) -> str:
    """The pins as PGOPTIONS has them."""
    return " ".join("-c %s=%s" % item for item in sorted(values.items()))


@contextmanager
def connect(database: "Database", admin: bool = False, dbname: str = "",
            readonly: bool = False) -> Iterator[Any]:
    """A psycopg2 connection to a database as owner or administrator, closed at the end.

    `dbname` names another database of the same server.  `readonly`: one REPEATABLE READ, READ
    ONLY transaction under the pins; else autocommit.  Raises Failed when the server does not
    answer, Refused when no administrator is known.
    """
    import psycopg2
    opened = open_session(database, admin, dbname)
    try:
        if readonly:
            apply_pins(opened)
            opened.set_session(isolation_level="REPEATABLE READ", readonly=True,
                               autocommit=False)
        yield opened
    except psycopg2.Error as error:
        raise Failed("database %s: %s" % (dbname or database.name,
                                          mask.clean(str(error).strip().partition("\n")[0])),
                     node=database.node.name, why=mask.clean(str(error).strip()))
    finally:
        opened.close()


def open_session(database: "Database", admin: bool = False, dbname: str = "") -> Any:
    """The same, for one who closes it himself."""
    if not admin:
        wanted = replace(database.owner, dbname=dbname or database.name)
        return session(database.node, wanted)
    if database.admin:
        wanted = replace(from_admin(database.admin), dbname=dbname or database.name)
        return session(database.node, wanted, libpq_password=True)
    from snftools.database import peer
    return peer.session(database, dbname or database.name)


def session(node: "Node", params: Params, libpq_password: bool = False) -> Any:
    """Open a session with these parameters, as the node reaches them."""
    import psycopg2

    words: Dict[str, Any] = {"dbname": params.dbname, "port": params.port,
                             "application_name": application(), "connect_timeout": TIMEOUT,
                             **dict(params.options)}
    host, port = node.forward(params.host, params.port)
    if host:
        words.update(host=host, port=port)
    if params.user:
        words["user"] = params.user
    if params.password:
        mask.learn(params.password)
        words["password"] = params.password
    elif not libpq_password:
        words["passfile"] = os.devnull  # the owner's password is what the settings say
    try:
        opened = psycopg2.connect(**words)
    except psycopg2.OperationalError as error:
        raise unreachable(node, params, error)
    opened.autocommit = True
    return opened


class Unreachable(Failed):
    """The server does not answer; `missing` when it answers that there is no such database."""

    missing = False


def unreachable(node: "Node", params: Params, error: Exception) -> Unreachable:
    """What to say when a connection fails."""
    text = mask.clean(str(error).strip())
    failed = Unreachable(
        "database %s does not answer" % params.dbname, node=node.name, why=text,
        unchanged="everything",
        next="see that PostgreSQL runs and that the settings of %s name it" % node.name)
    failed.missing = 'database "%s" does not exist' % params.dbname in text
    return failed


def apply_pins(connection: Any) -> Dict[str, str]:
    """Set the pins in a session; returns them with the client encoding."""
    values = pins(connection.server_version)
    with connection.cursor() as cursor:
        for name, value in values.items():
            cursor.execute("SELECT pg_catalog.set_config(%s, %s, false)", (name, value))
        cursor.execute("SHOW server_encoding")
        encoding = cursor.fetchone()[0]
        cursor.execute("SELECT pg_catalog.set_config('search_path', 'pg_catalog', false)")
        if connection.server_version >= 90300:
            cursor.execute("SELECT pg_catalog.set_config('lock_timeout', %s, false)",
                           (LOCK_TIMEOUT,))
    connection.set_client_encoding(encoding)
    return dict(values, client_encoding=encoding)


def rows(connection: Any, sql: str, values: Any = None) -> List[Any]:
    """The rows of a query."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def execute(connection: Any, sql: str, values: Any = None) -> None:
    """Run a statement that returns nothing."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def need_admin(databases: List["Database"]) -> None:
    """Refused (3) when some database's administrator can't log in or is not known."""
    for database in databases:
        try:
            with connect(database, admin=True, dbname="postgres") as connection:
                able = rows(connection, "SELECT rolsuper OR rolcreatedb FROM pg_roles"
                                        " WHERE rolname = current_user")[0][0]
        except Failed as error:
            raise Refused("the administrator of database %s can't log in" % database.name,
                          node=database.node.name, why=error.why, unchanged="everything",
                          next="set [databases] admin in site.conf, or --db-admin URI")
        if not able:
            raise Refused("the administrator of database %s may not create databases"
                          % database.name, node=database.node.name, unchanged="everything",
                          next="set [databases] admin in site.conf, or --db-admin URI")
