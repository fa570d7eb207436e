"""Who holds a lock that keeps others from reading a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List

from snftools.database.connect import connect, rows
from snftools.errors import SnfError

if TYPE_CHECKING:
    from snftools.database.find import Database


def holders(connection: Any) -> List[str]:
    """"table X is locked by USER pid N (APPLICATION) since TIME", for each such lock of others."""
    version = connection.server_version
    pid = "pid" if version >= 90200 else "procpid"
    name = "a.application_name" if version >= 90000 else "''"
    found = rows(connection, """
        SELECT n.nspname || '.' || c.relname, a.usename, l.pid, %s,
            coalesce(a.xact_start, a.query_start, a.backend_start)
        FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_class c ON c.oid = l.relation
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_catalog.pg_stat_activity a ON a.%s = l.pid
        WHERE l.granted AND l.mode = 'AccessExclusiveLock' AND c.relkind IN ('r', 'S', 'p')
        AND l.database = (SELECT oid FROM pg_catalog.pg_database
            WHERE datname = current_database()) AND l.pid <> pg_backend_pid() ORDER BY 1"""
                 % (name, pid))
    return ["table %s is locked by %s pid %d%s since %s" % (
        table, user or "?", number, " (%s)" % application if application else "",
        since.strftime("%Y-%m-%d %H:%M:%S") if since else "?")
        for table, user, number, application, since in found]


def of(database: "Database") -> List[str]:
    """The same of a database, asked by a session of its own; [] when it does not answer."""
    try:
        with connect(database) as connection:
            return holders(connection)
    except SnfError:
        return []
