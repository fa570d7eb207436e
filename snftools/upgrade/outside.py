"""What others did, by hand or by a playbook, before the way back: noted in the journal.

The way back goes by the journal; what is not in it would be left, and called put back.
"""

from __future__ import annotations

from typing import Any, Dict, Sequence, Set

from snftools.errors import SnfError
from snftools.upgrade import assess, bysurvey, resume
from snftools.upgrade.back import RESTORE, touched
from snftools.upgrade.journal import Journal
from snftools.upgrade.plan import Plan
from snftools.upgrade.step import STATE, Step


def note(up: Any, plan: Plan, journal: Journal, ask: assess.Ask) -> Set[str]:
    """Ask for the end state of what the journal does not know; the ids that others did.

    "found" is what is done, "begun" what was broken off.  Old bytes and versions are kept from
    the survey first, but not for a journal that is only looked at.
    """
    unknown = {step.id for step in plan.steps if not touched(journal, step)}

    def ask_unknown(steps: Sequence[Step]) -> Dict[str, assess.Answer]:
        return {**{step.id: (0, {}) for step in steps if step.id not in unknown},
                **ask([step for step in steps if step.id in unknown])}

    assessed = assess.assess(plan, journal, ask_unknown)
    found = {step_id for step_id, decision in assessed.decisions.items()
             if decision.what == resume.NOTE_FOUND and step_id in unknown}
    rest = {step.id for step in plan.steps if step.kind == STATE and step.id in unknown - found}
    begun = bysurvey.broken_off(up, plan, journal, rest) | _migrating(up, plan, rest)
    if not journal.looks_only:
        bysurvey.keep(up, plan, journal, found | begun)
    for step in plan.steps:
        if step.id in found | begun:
            journal.append(step.id, "found" if step.id in found else "begun", argv=step.check,
                           node=step.where if step.nodes else "",
                           exit=assessed.answers[step.id][0], proof={"by": "others"})
    return found | begun


def _migrating(up: Any, plan: Plan, ids: Set[str]) -> Set[str]:
    """The steps by whose database a way back was marked: before its first change."""
    from snftools.backups import wayback
    from snftools.database import find
    data = {row.name for row in plan.rows if row.undo_word == RESTORE}
    steps = [step for step in plan.steps if step.id in ids and step.row in data and step.nodes]
    if not steps:
        return set()
    roles = {entry.name: set(entry.roles) for entry in up.site.nodes}
    try:
        marked = [set(database.components) for database in find.find(up.ctx.all_nodes(), up.site)
                  if wayback.marked(up.site.backup_dir, database)]
    except SnfError:  # settings that nobody can read are what is gone back from
        return set()
    return {step.id for step in steps for node in step.nodes
            if any(components & roles[node] for components in marked)}
