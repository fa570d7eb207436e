"""An administrator who knows better than a proof: his word stands for it, and is recorded."""

from __future__ import annotations

from typing import Any, Callable, Dict

from snftools.errors import Refused
from snftools.upgrade import resume, schedule
from snftools.upgrade.assess import Assessment
from snftools.upgrade.journal import Journal
from snftools.upgrade.plan import Plan
from snftools.upgrade.step import RECORD, WINDOW, Step


def accept(plan: Plan, journal: Journal, found: Assessment, text: str, why: str,
           confirm: Callable[[str], None]) -> None:
    """Write that the steps named by `text` are accepted.

    Refused (3) for backups and the survey, for what is done, and for a step at which no
    attempt failed: nobody knows better than a proof that was not made.
    """
    steps = [step for step in plan.select(text) if step.id not in found.done]
    if not steps:
        raise Refused("%s is done: there is nothing to accept" % text, unchanged="everything")
    for step in steps:
        _refuse(plan, journal, found, step)
    confirm("Go on though %s is not proven: %s?" % (", ".join(step.id for step in steps), why))
    for step in steps:
        journal.append(step.id, "accepted", node=step.where if step.nodes else "",
                       argv=step.check, proof={"why": why})


def _refuse(plan: Plan, journal: Journal, found: Assessment, step: Step) -> None:
    if step.kind == RECORD:
        raise Refused("%s can't be accepted: without it there is no way back" % step.id,
                      unchanged="everything", next="snf-upgrade run")
    missing = [need for need in schedule.before(plan, step) if need not in found.done
               and plan.step(need).kind != WINDOW and not journal.is_accepted(need)
               and journal.state(need) in (resume.NONE, resume.BEGUN)]
    if missing:
        raise Refused("%s needs %s, which is not done" % (step.id, ", ".join(missing)),
                      unchanged="everything", next="snf-upgrade run --until %s" % step.row)
    stopped = {step_id for step_id, _ in found.stops()}
    last = journal.last(step.id, "begun", "failed", "done", "found")
    if step.id not in stopped and (last is None or last.event != "failed"):
        raise Refused("no attempt failed at %s: there is nothing to accept" % step.id,
                      unchanged="everything", next="snf-upgrade run --until %s" % step.row)


def accepted(journal: Journal) -> Dict[str, Any]:
    """The steps that are accepted now: why, and when, by id."""
    found = {}
    for record in journal.records:
        if record.step and journal.is_accepted(record.step) and record.event == "accepted":
            found[record.step] = {"why": str(record.proof.get("why") or ""),
                                  "time": record.time}
    return found
