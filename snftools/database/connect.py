"""Sessions of our own: the owner reads, the administrator creates, renames and drops.

Every session carries application_name snf-COMMAND, so that others can be told from ours.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Optional

from snftools.database import interrupt
from snftools.database.params import Params, from_admin
from snftools.errors import Failed
from snftools.output import mask

if TYPE_CHECKING:
    from snftools.database.find import Database
    from snftools.node import Node

LOCK_TIMEOUT = 60  # seconds for a table that another session holds
TIMEOUT = 15  # seconds until a server that does not answer counts as dead

# Pins under which content is read, with the server version that knows each (DESIGN: backups).
PINS = (("TimeZone", "UTC", 0), ("DateStyle", "ISO", 0), ("IntervalStyle", "postgres", 80400),
        ("extra_float_digits", "2", 0), ("extra_float_digits", "3", 90000),
        ("bytea_output", "hex", 90000),
        ("synchronize_seqscans", "off", 80300), ("row_security", "off", 90500))

# What may end our sessions in the midst of their work; the lock's timeout is the caller's.
_TIMEOUTS = (("lock_timeout", "", 90300),
             ("idle_in_transaction_session_timeout", "0", 90600),
             ("transaction_timeout", "0", 170000))


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
            readonly: bool = False, snapshot: str = "", lock_timeout: int = LOCK_TIMEOUT,
            wanted: Optional[Dict[str, str]] = None) -> Iterator[Any]:
    """A psycopg2 connection to a database as owner or administrator, closed at the end.

    `dbname` names another database of the same server.  `readonly`: one REPEATABLE READ, READ
    ONLY transaction under the pins (in an exported snapshot, if one is named); else
    autocommit.  Raises Failed when the server does not answer, Refused when no administrator
    is known.
    """
    import psycopg2
    opened = open_session(database, admin, dbname)
    try:
        with interrupt.watched(opened.cancel):
            if readonly:
                apply_pins(opened, lock_timeout, wanted)
                opened.set_session(isolation_level="REPEATABLE READ", readonly=True,
                                   autocommit=False)
                if snapshot:
                    execute(opened, "SET TRANSACTION SNAPSHOT %s", (snapshot,))
            yield opened
    except psycopg2.Error as error:
        raise lost(database, dbname or database.name, error)
    finally:
        opened.close()


def lost(database: "Database", dbname: str, error: Exception) -> Failed:
    """What to say when a query fails."""
    text = mask.clean(str(error).strip())
    failed = Failed("database %s: %s" % (dbname, text.partition("\n")[0] or "no answer"),
                    node=database.node.name, why=text)
    failed.__cause__ = error
    return failed


def open_session(database: "Database", admin: bool = False, dbname: str = "") -> Any:
    """The same, for one who closes it himself."""
    wanted = dbname or database.name
    if not admin:
        return session(database.node, replace(database.owner, dbname=wanted))
    if database.admin:
        return session(database.node, replace(from_admin(database.admin), dbname=wanted))
    from snftools.database import peer
    through = peer.params(database, wanted)
    try:
        return session_at(through.host, through.port, through, database.node)
    except Unreachable as error:
        if error.missing:
            raise
        raise peer.refused(database, peer.doorway(database).why or error.why)


def session(node: "Node", params: Params) -> Any:
    """Open a session with these parameters, as the node reaches them."""
    host, port = node.forward(params.host, params.port)
    return session_at(host, port, params, node)


def session_at(host: str, port: int, params: Params, node: "Node") -> Any:
    """Open a session at an address of this machine."""
    import psycopg2

    words: Dict[str, Any] = {"dbname": params.dbname, "port": port,
                             "application_name": application(), "connect_timeout": TIMEOUT,
                             **dict(params.options)}
    if host:
        words["host"] = host
    if params.user:
        words["user"] = params.user
    if params.password:
        mask.learn(params.password)
        words["password"] = params.password
    elif not params.libpq:
        # The owner's password is what the settings say; no file is there (a device is warned of).
        words["passfile"] = os.path.join(os.devnull, "none")
    try:
        opened = psycopg2.connect(**words)
    except psycopg2.OperationalError as error:
        raise unreachable(node, params, error)
    opened.autocommit = True
    # A role's or database's own settings must not stop a CREATE DATABASE half way.
    execute(opened, "SET statement_timeout = 0")
    execute(opened, "SET default_transaction_read_only = off")
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


def apply_pins(connection: Any, lock_timeout: int = LOCK_TIMEOUT,
               wanted: Optional[Dict[str, str]] = None) -> Dict[str, str]:
    """Set the pins in a session; returns them with the client encoding.

    `lock_timeout`: seconds to wait for a table that another session holds; 0 waits for ever.
    `wanted`: the pins of a manifest, as far as this server knows them.
    """
    values = pins(connection.server_version)
    if wanted:
        values = {name: wanted[name] for name in values if name in wanted}
    with connection.cursor() as cursor:
        for name, value in values.items():
            cursor.execute("SELECT pg_catalog.set_config(%s, %s, false)", (name, value))
        cursor.execute("SHOW server_encoding")
        encoding = cursor.fetchone()[0]
        cursor.execute("SELECT pg_catalog.set_config('search_path', 'pg_catalog', false)")
        for name, value, since in _TIMEOUTS:
            if connection.server_version >= since:
                cursor.execute("SELECT pg_catalog.set_config(%s, %s, false)",
                               (name, value or "%ds" % lock_timeout))
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


def answers(connection: Any) -> bool:
    """Whether there is somebody still at the other end of a session."""
    import psycopg2
    try:
        execute(connection, "SELECT 1")
    except psycopg2.Error as error:
        return error.pgcode is not None
    return True


@contextmanager
def unlocked_after(connection: Any) -> Iterator[None]:
    """Let go of the locks that are taken in here, though the transaction goes on."""
    if connection.autocommit:
        yield
        return
    execute(connection, "SAVEPOINT unlocked_after")
    yield
    execute(connection, "ROLLBACK TO SAVEPOINT unlocked_after")
    execute(connection, "RELEASE SAVEPOINT unlocked_after")
