"""Which backup sets take the data back, and what going back would lose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Sequence, Tuple

from snftools.errors import Refused
from snftools.upgrade.back import data_steps
from snftools.upgrade.journal import Journal
from snftools.upgrade.plan import Plan
from snftools.upgrade.step import RECORD, Step

if TYPE_CHECKING:
    from snftools.database.find import Database

# set name: its databases that are put back; none named: all of the set
Sets = Dict[str, Tuple[str, ...]]


def sets_for(up: Any, plan: Plan, journal: Journal, to: str) -> Sets:
    """The sets to put back, none when no data is to be undone; Refused (3) without one.

    A rollback that has begun keeps to the sets that it chose: a database that was swapped
    back has no mark any more.
    """
    steps = data_steps(plan, journal, to)
    begun = journal.last("", "undo-begun")
    if journal.undo_stands and begun and begun.proof.get("to", "") == to:
        return {name: tuple(which) for name, which in (begun.proof.get("sets") or {}).items()}
    if not steps:
        return {}
    return _between(up, plan, journal, to, steps) if to else _marked(up, steps)


def _marked(up: Any, steps: Sequence[Step]) -> Sets:
    """The marked set of each database whose migration was begun."""
    from snftools.backups import wayback
    nodes = {node for step in steps for node in step.nodes}
    roles = {role for entry in up.site.nodes if entry.name in nodes for role in entry.roles}
    found: Dict[str, List[str]] = {}
    for database in _databases(up):
        backup = wayback.marked(up.site.backup_dir, database)
        if backup is not None:
            found.setdefault(backup.name, []).append(database.name)
        elif set(database.components) & roles:
            raise Refused(
                "no set in %s is marked as the way back of database %s"
                % (up.site.backup_dir, database.name), node=database.node.name,
                why="it was migrated elsewhere, without a way back, or was replaced since",
                unchanged="everything",
                next="copy the marked set here, or on the machine that has it: "
                     "snf-restore-db SET --database %s" % database.name)
    return {name: _unless_all(up, name, which) for name, which in found.items()}


def _unless_all(up: Any, name: str, which: Sequence[str]) -> Tuple[str, ...]:
    from snftools.backups import sets
    every = sets.find(up.site.backup_dir, name).databases
    return () if set(which) == set(every) else tuple(sorted(which))


def _between(up: Any, plan: Plan, journal: Journal, to: str, steps: Sequence[Step]) -> Sets:
    """This run's set that was taken between STEP and the first step that is undone."""
    last = plan.steps.index(plan.until(to)[-1])
    first = min(plan.steps.index(step) for step in steps)
    rows = {step.row for step in data_steps(plan, journal)}
    before = max([index for index, step in enumerate(plan.steps[:last + 1])
                  if step.row in rows] or [-1])
    for step in plan.steps[before + 1:first]:
        name = _taken(step, journal)
        if name:
            return {name: ()}
    raise Refused("no backup was taken between %s and %s" % (to, steps[0].id),
                  why="data goes back only to where this run took a set",
                  unchanged="everything", next="snf-upgrade rollback%s" % "".join(
                      " --to %s" % row for row in _nearest(plan, journal)))


def _taken(step: Step, journal: Journal) -> str:
    done = journal.last(step.id, "done") if step.kind == RECORD and step.label else None
    return str(done.proof.get("set") or "") if done else ""


def _nearest(plan: Plan, journal: Journal) -> List[str]:
    """The last step with a set of its own before the data that is undone."""
    rows = {step.row for step in data_steps(plan, journal)}
    found = [step.row for step in plan.steps if _taken(step, journal)
             and any(other.row in rows for other in plan.steps[plan.steps.index(step):])]
    return found[-1:]


def is_lossy(plan: Plan, journal: Journal, sets: Mapping[str, Any]) -> bool:
    """Whether services ran on the new release before data that would now be put back."""
    starts = {step.id for step in plan.starts("site")}
    return bool(sets) and any(record.step in starts and record.event in ("begun", "done", "found")
                              for record in journal.records)


def losses(up: Any, plan: Plan, journal: Journal) -> List[str]:
    """What was written since the run's newest set, by digest: database, table, how."""
    from snftools.backups import sets, wayback
    from snftools.database import digest
    names = [_taken(step, journal) for step in plan.steps if _taken(step, journal)]
    if not names:
        return ["unknown: this run took no set to compare with"]
    newest = sets.find(up.site.backup_dir, names[-1])
    found = []
    for database in _databases(up):
        if database.name in newest.databases:
            values = newest.manifest(database.name)
            found += ["%s: %s" % (database.name, line)
                      for line in digest.differences(values, wayback.now(database))]
    return found


def _databases(up: Any) -> "List[Database]":
    from snftools.database import find
    return find.find(up.ctx.all_nodes(), up.site)
