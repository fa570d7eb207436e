"""Roles of a backup on a server that lacks them: made for a proof, without rights, dropped."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Dict, Iterator

from snftools.database import admin
from snftools.database.catalog import quoted
from snftools.database.connect import execute, rows

COMMENT = "made by snf-upgrade-tools to prove a backup"


@contextmanager
def made(maintenance: Any, values: Dict[str, Any]) -> Iterator[None]:
    """Make the roles that a manifest names and the server lacks; dropped at the end, those
    of a killed proof too."""
    _drop(maintenance)
    for name in admin.missing_roles(maintenance, admin.roles_of(values)):
        execute(maintenance, "CREATE ROLE %s NOLOGIN" % quoted(name))
        execute(maintenance, "COMMENT ON ROLE %s IS %%s" % quoted(name), (COMMENT,))
    try:
        yield
    finally:
        if not maintenance.closed:
            _drop(maintenance)


def _drop(maintenance: Any) -> None:
    """Drop the roles that were made for a proof; one that something needs by now stays."""
    import psycopg2
    for (name,) in rows(maintenance, "SELECT r.rolname FROM pg_catalog.pg_roles r"
                        " WHERE shobj_description(r.oid, 'pg_authid') = %s", (COMMENT,)):
        try:
            execute(maintenance, "DROP ROLE IF EXISTS %s" % quoted(name))
        except psycopg2.Error:
            continue
