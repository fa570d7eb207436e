"""What a database says about its migrations, read by SQL alone (so any packages will do)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, FrozenSet, List, Optional, Tuple

_RELATIONS = """
SELECT c.relkind::text, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = ANY (current_schemas(false)) AND c.relkind IN ('r', 'i')"""
_COLUMNS = """
SELECT c.relname || '.' || a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = ANY (current_schemas(false)) AND c.relkind = 'r'
   AND a.attnum > 0 AND NOT a.attisdropped"""
_PERMISSIONS = """
SELECT t.app_label || '.' || t.model, p.codename FROM auth_permission p
  JOIN django_content_type t ON t.id = p.content_type_id"""


@dataclass(frozen=True)
class DatabaseState:
    """Histories, objects, content types and permissions of one database.

    `revision` is alembic's: None without its table, "" for a table without a row (a database
    that was never stamped: OBSERVED C.10).
    """

    name: str
    history: Dict[str, Tuple[str, ...]]
    objects: FrozenSet[str]
    content_types: FrozenSet[str] = frozenset()
    permissions: FrozenSet[Tuple[str, str]] = frozenset()
    revision: Optional[str] = None

    def has(self, thing: str) -> bool:
        """Whether there is a `table`, a `table.column` or an `index NAME`."""
        return thing in self.objects

    def applied(self, app: str) -> Tuple[str, ...]:
        """The migrations of an application in South's history, in the order of their run."""
        return self.history.get(app, ())

    @property
    def has_django(self) -> bool:
        """Whether Django's own tables are there: an empty database has none (OBSERVED B.2)."""
        return self.has("django_content_type") and self.has("south_migrationhistory")


def read(connection: Any, name: str) -> DatabaseState:
    """Ask a database; `connection` is psycopg2's, `name` the database's for messages."""
    with connection.cursor() as cursor:
        objects = {("index " if kind == "i" else "") + relation
                   for kind, relation in _rows(cursor, _RELATIONS)}
        objects.update(row[0] for row in _rows(cursor, _COLUMNS))
        history: Dict[str, Tuple[str, ...]] = {}
        if "south_migrationhistory" in objects:
            for app, migration in _rows(cursor, "SELECT app_name, migration "
                                                "FROM south_migrationhistory ORDER BY id"):
                history[app] = history.get(app, ()) + (migration,)
        types = [row[0] for row in _rows(
            cursor, "SELECT app_label || '.' || model FROM django_content_type")
        ] if "django_content_type" in objects else []
        granted = _rows(cursor, _PERMISSIONS) if "auth_permission" in objects else []
        revision = None
        if "alembic_version" in objects:
            stamped = _rows(cursor, "SELECT version_num FROM alembic_version")
            revision = stamped[0][0] if stamped else ""
    return DatabaseState(name, history, frozenset(objects), frozenset(types),
                         frozenset((row[0], row[1]) for row in granted), revision)


def _rows(cursor: Any, sql: str) -> List[Tuple[Any, ...]]:
    cursor.execute(sql)
    return list(cursor.fetchall())
