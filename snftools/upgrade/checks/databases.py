"""The databases answer, can be backed up and restored, and are as the migrations expect."""

from __future__ import annotations

from typing import Any, List

from snftools.report import Finding
from snftools.upgrade.checks import DATABASES, Check, Look

OLDEST = 80400
# What a session begins with; ours turn it off for themselves.
_READ_ONLY = "SELECT reset_val FROM pg_settings WHERE name = 'default_transaction_read_only'"
_OTHERS = """
SELECT c.relname, pg_get_userbyid(c.relowner) FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'r' AND n.nspname = 'public' AND NOT pg_has_role(c.relowner, 'USAGE')
 ORDER BY 1"""


def answer(look: Look, node: Any) -> List[Finding]:
    """Each database server answers its owner now (RUNBOOK 1.3)."""
    from snftools.database import find
    find.check_answer(look.databases)
    return []


def administrator(look: Look, node: Any) -> List[Finding]:
    """Restoring and proving a backup needs to create and rename databases."""
    from snftools.database import admin
    admin.need_admin(look.databases)
    return []


def backup_format(look: Look, node: Any) -> List[Finding]:
    """The programs fit the servers; a note where another than the usual way of dumping is taken."""
    from snftools.backups import dump
    for database in look.databases:
        dump.need_restorable(database)
    ways = zip(look.databases, dump.ways(look.up.site.backup_dir, look.databases))
    return [Finding("backup-format", "note", "database %s is dumped in format %s"
                    % (database.name, way.told), node=database.node.name, why=way.reasons)
            for database, way in ways if way.format != "directory"]


def migrations(look: Look, node: Any) -> List[Finding]:
    """Histories without holes, pithos stamped, quotaholder as 0.13 leaves it (SOURCE 4)."""
    from snftools.database import connect
    from snftools.database.find import for_component
    from snftools.migrations import guards, preflight
    from snftools.migrations import site as whole
    plan = guards.Plan.of(look.up.release.part("migrations"))
    every = whole.targets(look.up.ctx.all_nodes(plan.order), look.databases, plan,
                          for_component)
    found: List[Finding] = []
    for target in every:
        state = whole.read_state(target.database)
        found += guards.refusals(plan, target.role, state)
        with connect.connect(target.database) as connection:
            found += preflight.findings(plan, target.role, state, connection)
    return found


def writable(look: Look, node: Any) -> List[Finding]:
    """The owner can change the tables: no standby, not read-only, no table of another role."""
    from snftools.database import connect
    found = []
    for database in look.databases:
        with connect.connect(database) as connection:
            if connection.server_version >= 90000 \
                    and connect.rows(connection, "SELECT pg_is_in_recovery()")[0][0]:
                found.append(_not_writable(database, "its server is a standby",
                                           "name the primary in the settings"))
                continue
            if connect.rows(connection, _READ_ONLY)[0][0] == "on":
                found.append(_not_writable(
                    database, "its sessions are read-only",
                    "ALTER DATABASE %s SET default_transaction_read_only = off"
                    % database.name))
            others = connect.rows(connection, _OTHERS)
        if others:
            found.append(_not_writable(
                database, "tables of another role: %s" % ", ".join(row[0] for row in others[:5]),
                "REASSIGN OWNED BY %s TO %s" % (others[0][1], database.owner.user)))
    return found


def _not_writable(database: Any, what: str, remedy: str) -> Finding:
    return Finding("database-writable", "error", "%s can't be changed by its owner: %s"
                   % (database.name, what), where=database.name, remedy=remedy, code=3)


def version(look: Look, node: Any) -> List[Finding]:
    """The oldest server that Synnefo 0.13's guides and our catalogue queries know."""
    from snftools.database import connect
    found = []
    for database in look.databases:
        with connect.connect(database) as connection:
            if connection.server_version < OLDEST:
                found.append(Finding("database-version", "error", "PostgreSQL %s is older than "
                                     "8.4" % connect.rows(connection, "SHOW server_version")
                                     [0][0], where=database.name, code=3,
                                     remedy="move the databases to a newer server first"))
    return found


CHECKS = [Check("database-answer", "migrate", DATABASES, answer),
          Check("database-version", "migrate", DATABASES, version),
          Check("database-writable", "migrate", DATABASES, writable),
          Check("database-admin", "migrate", DATABASES, administrator),
          Check("backup-format", "migrate", DATABASES, backup_format),
          Check("migrations", "migrate", DATABASES, migrations)]
