"""Runs SQL as South and Django do: its errors are Django's, each statement is logged."""

import os
import sys
import time

from .context import DatabaseError


def statements(text):
    """Split an SQL file: a statement ends with a semicolon at a line's end, outside of $$."""
    found, lines = [], []
    for line in text.splitlines():
        if not lines and (not line.strip() or line.startswith("--")):
            continue
        lines.append(line)
        if line.rstrip().endswith(";") and "\n".join(lines).count("$$") % 2 == 0:
            found.append("\n".join(lines))
            lines = []
    return found


def query(connection, text, parameters=()):
    """Execute one statement and return the cursor; on an error all is rolled back."""
    import psycopg2

    cursor = connection.cursor()
    try:
        cursor.execute(text, *([parameters] if parameters else []))
    except (psycopg2.ProgrammingError, psycopg2.IntegrityError, psycopg2.DataError) as exc:
        connection.rollback()
        raise DatabaseError(str(exc)) from None
    return cursor


def debug(statement):
    """Write the line of South's log that goes to stderr."""
    now = time.time()
    stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now))
    sys.stderr.write(
        '%s,%03d [%d] south generic [DEBUG] south execute "%s" with params "[]"\n'
        % (stamp, now % 1 * 1000, os.getpid(), statement)
    )
