"""What a plan is expected to take: seconds of each step, time without service, room."""

from __future__ import annotations

import os
from typing import Dict, Iterable, List, Optional

from snftools.upgrade import schedule
from snftools.upgrade.plan import Plan
from snftools.upgrade.step import Step

GB = 1e9


def seconds(step: Step, size: int) -> float:
    """The expected time of a step, `size` being the bytes of all databases."""
    return step.seconds + step.seconds_per_gb * size / GB


def without_service(plan: Plan, size: int, done: Iterable[str] = ()) -> float:
    """From the first stop to the last start: rows after one another, the nodes of a row
    beside each other unless the row is serial."""
    known = set(done)
    starts = {step.id for step in plan.starts("site")}
    inside: Dict[str, List[float]] = {}
    for step in plan.steps:
        if step.window != "site" or step.id in known:
            continue
        if step.id in starts or step in plan.stops("site") or schedule.in_window(plan, step) \
                and not _after_start(plan, step, starts):
            inside.setdefault(step.row, []).append(seconds(step, size))
    serial = {row.name for row in plan.rows if row.serial}
    return sum(sum(times) if row in serial else max(times) for row, times in inside.items())


def forecast(plan: Plan, size: int, steps: Iterable[Step]) -> Dict[str, int]:
    """The expected seconds of each step, for the journal."""
    return {step.id: int(round(seconds(step, size))) for step in steps}


def way_back(plan: Plan, size: int) -> float:
    """What going back takes from just before users write: what is undone takes no longer than
    it took to do, and the data as long as the backup that is proven by restoring it."""
    undone: Dict[str, float] = {}
    for step in plan.steps:
        if step.undo and step.window == "site" and step not in plan.starts():
            undone[step.row] = max(undone.get(step.row, 0.0), float(step.seconds))
    restores = {row.name for row in plan.rows if row.undo_word == "restore"}
    backups = [seconds(step, size) for step in plan.steps if step.label]
    return sum(taken for row, taken in undone.items() if row not in restores) \
        + max(backups or [0.0])


def turn_back_after(plan: Plan, size: int, window: Optional[int]) -> Optional[int]:
    """Seconds after the stop at which to turn back at the latest, in a window of so many
    minutes; never later than users write."""
    if window is None:
        return None
    return int(max(0, min(window * 60 - way_back(plan, size), without_service(plan, size))))


def in_order(plan: Plan, size: int, done: Iterable[str] = ()) -> float:
    """All rows after one another, the nodes of a row beside each other."""
    known = set(done)
    times: Dict[str, List[float]] = {}
    for step in plan.steps:
        if step.id not in known:
            times.setdefault(step.row, []).append(seconds(step, size))
    return sum(max(row) for row in times.values())


def _after_start(plan: Plan, step: Step, starts: Iterable[str]) -> bool:
    return bool(set(starts) & set(schedule.before(plan, step)))


def sets(plan: Plan) -> int:
    """How many backup sets the plan takes."""
    return sum(1 for step in plan.steps if step.label)


def free_bytes(directory: str) -> int:
    """The room where a directory lies or will lie."""
    place = directory
    while not os.path.isdir(place):
        parent = os.path.dirname(place)
        if parent == place:
            break
        place = parent
    stat = os.statvfs(place)
    return stat.f_bavail * stat.f_frsize
