"""What Astakos has registered of a component, in the tables of 0.13 or of 0.14."""

from __future__ import annotations

from typing import Any

from snftools.output import mask

# im_component since the migration, im_service before it (OBSERVED D): the column and names.
_QUERIES = (
    ("im_component", "SELECT %s FROM im_component WHERE name = %%s"),
    ("im_service", "SELECT %s FROM im_service WHERE name IN (%%s, %%s || '+')"),
)


def registered(connection: Any, component: str) -> str:
    """The component's token, "" when it has none; the mask knows it from now on."""
    token = _value(connection, component, "auth_token")
    mask.learn(token)
    return token


def address(connection: Any, component: str) -> str:
    """The component's URL as it was registered, "" when it was not."""
    return _value(connection, component, "url")


def _value(connection: Any, component: str, column: str) -> str:
    with connection.cursor() as cursor:
        for table, query in _QUERIES:
            cursor.execute("SELECT count(*) FROM pg_class WHERE relname = %s AND relkind = 'r'",
                           (table,))
            if not cursor.fetchone()[0]:
                continue
            cursor.execute(query % column, (component,) * query.count("%%s"))
            rows = [row[0] for row in cursor.fetchall() if row[0]]
            if len(rows) == 1:
                return str(rows[0])
    return ""
