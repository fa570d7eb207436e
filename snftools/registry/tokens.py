"""The token that Astakos gave to a component: what its node's settings must hold."""

from __future__ import annotations

from typing import Any

from snftools.output import mask

# im_component since the migration, im_service before it (OBSERVED D).
TABLES = ("im_component", "im_service")


def registered(connection: Any, component: str) -> str:
    """The component's token, "" when it has none; the mask knows it from now on."""
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute("SELECT count(*) FROM pg_class WHERE relname = %s AND relkind = 'r'",
                           (table,))
            if not cursor.fetchone()[0]:
                continue
            if table == "im_component":
                cursor.execute("SELECT auth_token FROM im_component WHERE name = %s",
                               (component,))
            else:
                cursor.execute("SELECT auth_token FROM im_service WHERE name IN (%s, %s)",
                               (component, component + "+"))
            rows = [row[0] for row in cursor.fetchall() if row[0]]
            if len(rows) == 1:
                mask.learn(rows[0])
                return str(rows[0])
    return ""
