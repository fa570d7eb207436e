"""Who is connected to a database: others stand in the way of migrations and restores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Iterable, List, Sequence

from snftools.database.connect import connect, rows

if TYPE_CHECKING:
    from snftools.database.find import Database

# The names of our own sessions (connect.application); Synnefo's programs set none.
OURS = ("snf-upgrade", "snf-upgrade-tools", "snf-services", "snf-backup-db", "snf-restore-db",
        "snf-install-packages", "snf-check-versions", "snf-settings-rename",
        "snf-settings-check", "snf-migrate-db", "snf-register-services",
        "snf-register-verify", "snf-migrate-quota")


@dataclass(frozen=True)
class Session:
    """A client's session; `since` is the UTC time of its start, `state` as PostgreSQL says."""

    pid: int
    user: str
    application: str
    client: str
    since: str
    state: str = ""
    database: str = ""

    def describe(self) -> str:
        """Who, from where, since when, for a message."""
        return "%s pid %d%s from %s since %s%s" % (
            self.user, self.pid, " (%s)" % self.application if self.application else "",
            self.client, self.since, ", %s" % self.state if self.state else "")


def foreign(database: "Database") -> List[Session]:
    """Every client session of the database that is not ours."""
    with connect(database) as connection:
        return [one for one in on(connection, database.name) if one.application not in OURS]


def foreign_all(databases: Iterable["Database"]) -> List[Session]:
    """The same of several databases."""
    return [session for database in databases for session in foreign(database)]


def on(connection: Any, dbname: str) -> List[Session]:
    """Every client session of a database but this connection's own."""
    version = connection.server_version
    pid = "pid" if version >= 90200 else "procpid"
    columns = [pid, "usename", "application_name" if version >= 90000 else "''",
               "client_addr::text", "backend_start", "state" if version >= 90200 else "''"]
    # Other roles' rows show neither type nor state to the owner; workers have no user.
    client = "AND coalesce(backend_type, 'client backend') = 'client backend'" \
        if version >= 100000 else ""
    found = rows(connection, "SELECT %s FROM pg_catalog.pg_stat_activity WHERE datname = %%s"
                 " AND usesysid IS NOT NULL AND %s <> pg_backend_pid() %s ORDER BY 1"
                 % (", ".join(columns), pid, client), (dbname,))
    return [Session(row[0], row[1] or "?", row[2] or "", row[3] or "this host",
                    row[4].strftime("%Y-%m-%d %H:%M:%S") if row[4] else "?", row[5] or "",
                    dbname) for row in found]


def terminate(connection: Any, sessions: Sequence[Session]) -> None:
    """End sessions (as the administrator)."""
    for session in sessions:
        rows(connection, "SELECT pg_catalog.pg_terminate_backend(%s)", (session.pid,))
