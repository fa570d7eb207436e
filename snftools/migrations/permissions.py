"""The rows that Django makes after a migration, when something kept it from making them.

A migrate that ends at the question about stale content types, or is killed right after its
last migration, leaves a full history without them, and no later migrate makes them
(OBSERVED B.1).  They are made here as Django's create_permissions would make them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from snftools.migrations.guards import ACTIONS, Plan, Step
from snftools.migrations.state import DatabaseState

if TYPE_CHECKING:
    from snftools.database.find import Database


def complete(database: "Database", plan: Plan, step: Step, state: DatabaseState) -> None:
    """Insert the missing content types and permissions, all in one transaction."""
    from snftools.database import connect
    with connect.connect(database) as connection:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
            try:
                for label in plan.missing_types(step, state):
                    insert(cursor, label, plan.content_types[label])
                cursor.execute("COMMIT")
            except BaseException:
                cursor.execute("ROLLBACK")
                raise


def insert(cursor: Any, label: str, name: str) -> None:
    """Insert app.model and its permissions where they are missing; `name` is its verbose one."""
    app, _, model = label.partition(".")
    cursor.execute(
        "INSERT INTO django_content_type (name, app_label, model) SELECT %s, %s, %s WHERE NOT "
        "EXISTS (SELECT 1 FROM django_content_type WHERE app_label = %s AND model = %s)",
        (name, app, model, app, model))
    for action in ACTIONS:
        cursor.execute(
            "INSERT INTO auth_permission (name, content_type_id, codename) SELECT %s, t.id, %s "
            "FROM django_content_type t WHERE t.app_label = %s AND t.model = %s AND NOT EXISTS "
            "(SELECT 1 FROM auth_permission p WHERE p.content_type_id = t.id "
            "AND p.codename = %s)",
            ("Can %s %s" % (action, name), "%s_%s" % (action, model), app, model,
             "%s_%s" % (action, model)))
