"""Queries of the commands, on PostgreSQL or on the sqlite file that Synnefo falls back to."""


def query(context, sql, parameters=()):
    """Return all rows of a query as dicts by column name."""
    cursor = execute(context, sql, parameters)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row)) for row in cursor.fetchall()]


def one(context, sql, parameters=()):
    """Return the first row of a query as a dict, None when there is none."""
    found = query(context, sql, parameters)
    return found[0] if found else None


def execute(context, sql, parameters=()):
    """Run a statement in the transaction that is open; return the cursor."""
    connection = context.db()
    if connection.__class__.__module__.startswith("sqlite3"):
        return connection.execute(sql.replace("%s", "?"), parameters)
    cursor = connection.cursor()
    cursor.execute(sql, parameters)
    return cursor


def commit(context):
    """End the transaction and keep what it did."""
    context.db().commit()
