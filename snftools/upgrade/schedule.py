"""What may start: needs, selection, and what a failure means for the rest."""

from __future__ import annotations

from typing import Collection, List, Sequence, Set

from snftools.errors import Refused
from snftools.upgrade.plan import Plan
from snftools.upgrade.step import PROOF, RECORD, STATE, WINDOW, Step


def may_start(plan: Plan, chosen: Collection[str], done: Collection[str],
              running: Collection[str], failed: Collection[str]) -> List[Step]:
    """The steps that may start now: everything that they need, directly or not, is done.

    (A step found done does not make up for the stop or the backup before it.)  After a failure in
    the site's window nothing new starts; a failure on a Ganeti node with a window of its own
    only ends that node's steps.
    """
    stopped = {plan.step(step_id).window for step_id in failed}
    if "site" in stopped:
        return []
    return [step for step in plan.ready(done)
            if all(need in done for need in before(plan, step)) and step.id in chosen
            and step.id not in running and step.id not in failed and step.window not in stopped]


def chosen(plan: Plan, until: str = "", only: str = "", nodes: Sequence[str] = (),
           named: Collection[str] = ()) -> Set[str]:
    """The ids that a command line asks for.

    With `only` come the window's stop and quiet, and of what is needed the proofs and `named`,
    the records that the journal names: what only looks is asked, not refused.
    """
    steps = plan.until(until) if until else plan.select(only) if only else plan.steps
    ids = {step.id for step in steps}
    if only:
        for step in steps:
            if step.kind in (STATE, RECORD) and in_window(plan, step):
                ids |= {stop.id for stop in plan.stops(step.window)}
            ids |= {need for need in before(plan, step)
                    if need in named or plan.step(need).kind == PROOF}
    if nodes:
        ids = {step_id for step_id in ids
               if not plan.step(step_id).nodes or set(plan.step(step_id).nodes) & set(nodes)}
    return ids


def in_window(plan: Plan, step: Step) -> bool:
    """Whether services are down while the step runs: a stop comes before, a start after."""
    stops = {stop.id for stop in plan.stops(step.window)}
    return bool(stops & set(before(plan, step)))


def before(plan: Plan, step: Step) -> List[str]:
    """Everything that a step needs, directly or not, in the plan's order."""
    seen: Set[str] = set()
    todo = list(step.needs)
    while todo:
        need = todo.pop()
        if need not in seen:
            seen.add(need)
            todo.extend(plan.step(need).needs)
    return [other.id for other in plan.steps if other.id in seen]


def check_order(plan: Plan, ids: Collection[str], done: Collection[str]) -> None:
    """Refused (3) when a chosen step needs one that is neither chosen nor done."""
    for step in plan.steps:
        if step.id not in ids or step.id in done:
            continue
        missing = [need for need in before(plan, step) if need not in done and need not in ids]
        if missing:
            raise Refused("%s needs %s, which is not done" % (step.id, ", ".join(missing)),
                          unchanged="everything", next="snf-upgrade run --until %s" % step.row)


def wants_check_before(plan: Plan, ids: Collection[str], done: Collection[str]) -> bool:
    """Whether a chosen step opens a window or changes the site: the checks must hold then."""
    starts = {step.id for step in plan.starts()}
    return any(step.id in ids and step.id not in done and step.id not in starts
               and step.kind in (STATE, WINDOW) for step in plan.steps)
