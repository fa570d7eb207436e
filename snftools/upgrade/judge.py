"""Why a step's --check ends a run before it begins, as findings."""

from __future__ import annotations

from typing import Any, List, Mapping

from snftools.errors import Failed
from snftools.report import Finding
from snftools.upgrade import resume
from snftools.upgrade.journal import Journal
from snftools.upgrade.screens import failure
from snftools.upgrade.step import Step


def judged(step: Step, decision: resume.Decision, journal: Journal,
           answer: Mapping[str, Any]) -> List[Finding]:
    """Why a state step ends the run before it begins: both evidences, or its own findings."""
    if decision.what == resume.UNDONE:
        last = journal.last(step.id, "done", "found", "accepted")
        return [Finding("undone", "error", "%s is undone: the journal has it %s at %s, its "
                        "--check now says that it would change something"
                        % (step.id, last.event if last else "done",
                           last.time if last else "an unknown time"),
                        node=step.where, why="--check: %s" % " ".join(step.check),
                        remedy="snf-upgrade run --redo %s" % step.id)]
    found = failure.findings(answer, ("error",))
    if found:
        return found
    error = answer.get("error") or Failed("").__dict__
    return [Finding("not-found-out", "error", "%s: %s" % (step.id, error.get("what") or
                    "its --check ended with %d" % decision.exit), node=step.where,
                    why=str(error.get("why") or ""), code=decision.exit,
                    remedy=str(error.get("next") or " ".join(step.check)))]
