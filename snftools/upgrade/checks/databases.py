"""The databases answer, can be backed up and restored, and are as the migrations expect."""

from __future__ import annotations

from typing import Any, List

from snftools.report import Finding
from snftools.upgrade.checks import DATABASES, Check, Look


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


CHECKS = [Check("database-answer", "migrate", DATABASES, answer),
          Check("database-admin", "migrate", DATABASES, administrator),
          Check("migrations", "migrate", DATABASES, migrations)]
