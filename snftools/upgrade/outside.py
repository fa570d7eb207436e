"""What somebody else did, by hand or by a playbook, before the way back: noted as found.

The way back goes by the journal; what is not in it would be left, and called put back.
"""

from __future__ import annotations

from typing import Any, Dict, Sequence, Set

from snftools.upgrade import assess, bysurvey, resume
from snftools.upgrade.back import touched
from snftools.upgrade.journal import Journal
from snftools.upgrade.plan import Plan
from snftools.upgrade.step import Step


def note_found(up: Any, plan: Plan, journal: Journal, ask: assess.Ask) -> Set[str]:
    """Ask for the end state of what the journal does not know; the ids that were found.

    Old bytes and versions are kept from the survey first, but not for a journal that is
    only looked at.
    """
    def ask_unknown(steps: Sequence[Step]) -> Dict[str, assess.Answer]:
        known = [step for step in steps if touched(journal, step)]
        return {**{step.id: (0, {}) for step in known},
                **ask([step for step in steps if step not in known])}

    found = assess.assess(plan, journal, ask_unknown)
    ids = {step_id for step_id, decision in found.decisions.items()
           if decision.what == resume.NOTE_FOUND and not touched(journal, plan.step(step_id))}
    if ids and not journal.looks_only:
        bysurvey.keep_found(up, plan, journal, found)
    for step in plan.steps:
        if step.id in ids:
            journal.append(step.id, "found", node=step.where if step.nodes else "",
                           argv=step.check, exit=0, proof={"check": 0})
    return ids
