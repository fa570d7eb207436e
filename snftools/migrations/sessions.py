"""Sessions that would block a migration: it would wait for them without a word (OBSERVED C.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, List, Set

from snftools.report import Finding

if TYPE_CHECKING:
    from snftools.database.find import Database

# Relations below this oid are PostgreSQL's own catalogues: nobody's migration waits for them.
_FIRST_USER_OID = 16384

_LOCKS = """
SELECT DISTINCT pid FROM pg_locks WHERE locktype = 'relation' AND relation >= %s AND granted
   AND pid <> pg_backend_pid()
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""


def holding_locks(database: "Database") -> Set[int]:
    """The processes of the server that hold a lock on a table of the database."""
    from snftools.database import connect
    with connect.connect(database) as connection:
        with connection.cursor() as cursor:
            cursor.execute(_LOCKS, (_FIRST_USER_OID,))
            return {row[0] for row in cursor.fetchall()}


def findings(database: "Database") -> List[Finding]:
    """An error (3) for each foreign session inside a transaction, a warning for the others."""
    from snftools.database import sessions
    foreign = sessions.foreign(database)
    holders = holding_locks(database) if foreign else set()
    found = []
    for session in foreign:
        who = "session of " + session.describe()
        if session.pid in holders:
            found.append(Finding(
                "session-blocks", "error", who + ": it is in a transaction and holds locks",
                where=database.name, why="a migration would wait for it without end",
                remedy="snf-services stop --node all\nor in psql: SELECT "
                "pg_terminate_backend(%d);" % session.pid, code=3))
        else:
            found.append(Finding("session-connected", "warning", who + ": it is connected",
                                 where=database.name, remedy="snf-services status --node all"))
    return found
