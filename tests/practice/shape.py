"""The shape of a database as plain data: what two databases must have in common."""

from __future__ import annotations

from typing import Any, Dict, List

COLUMNS = """
SELECT c.relname, a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
       || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
       || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace ORDER BY c.relname, a.attnum
"""
CONSTRAINTS = """
SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
FROM pg_constraint
WHERE connamespace = 'public'::regnamespace AND contype IN ('p', 'u', 'f', 'c') ORDER BY 1
"""
INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"
SEQUENCES = "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1"
CONTENT_TYPES = (
    "SELECT id || ' ' || name || ' ' || app_label || ' ' || model"
    " FROM django_content_type ORDER BY id"
)
PERMISSIONS = (
    "SELECT id || ' ' || name || ' ' || content_type_id || ' ' || codename"
    " FROM auth_permission ORDER BY id"
)
HISTORY = "SELECT app_name || ' ' || migration FROM south_migrationhistory ORDER BY id"


def shape(connection: Any) -> Dict[str, Any]:
    """Return tables, constraints, indexes, sequences, and Django's own rows, in order."""
    tables: Dict[str, List[str]] = {}
    for table, column in _rows(connection, COLUMNS):
        tables.setdefault(table, []).append(column)
    found: Dict[str, Any] = {"tables": tables}
    for key, sql in (
        ("constraints", CONSTRAINTS),
        ("indexes", INDEXES),
        ("sequences", SEQUENCES),
    ):
        found[key] = [row[0] for row in _rows(connection, sql)]
    for key, sql, table in (
        ("content_types", CONTENT_TYPES, "django_content_type"),
        ("permissions", PERMISSIONS, "auth_permission"),
        ("history", HISTORY, "south_migrationhistory"),
    ):
        if table in tables:
            found[key] = [row[0] for row in _rows(connection, sql)]
    return found


def _rows(connection: Any, sql: str) -> List[Any]:
    with connection, connection.cursor() as cursor:
        cursor.execute(sql)
        rows: List[Any] = cursor.fetchall()
        return rows
