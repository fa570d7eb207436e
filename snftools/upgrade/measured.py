"""How fast this site is: its survey, backups and rehearsal, against what the plan assumes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any, Mapping, Optional, Tuple

from snftools.upgrade.journal import Journal
from snftools.upgrade.plan import Plan
from snftools.upgrade.step import Step

GB = 1e9
_SMALLEST = 0.1 * GB  # below this a backup tells nothing about the rate
_LEAST, _MOST = 0.2, 20.0


@dataclass(frozen=True)
class Measured:
    """How many times slower than assumed: `nodes` by the survey, `data` by a backup set.

    1.0 is what steps.conf assumes; `data_from` names the set that was measured, if any.
    `steps`: seconds of single steps in a rehearsal, whose databases had `size` bytes;
    `rehearsed` says when it was.
    """

    nodes: float = 1.0
    data: float = 1.0
    data_from: str = ""
    steps: Mapping[str, float] = field(default_factory=dict)
    size: int = 0
    rehearsed: str = ""

    def apply(self, plan: Plan) -> Plan:
        """The plan with the times that this site takes."""
        found = []
        for step in plan.steps:
            nodes, data = self._rates(plan, step)
            found.append(replace(step, seconds=max(1, int(round(step.seconds * nodes))),
                                 seconds_per_gb=int(round(step.seconds_per_gb * data))))
        return replace(plan, steps=tuple(found))

    def _rates(self, plan: Plan, step: Step) -> Tuple[float, float]:
        """How many times slower a step is, by what it takes anyway and by size.

        A rehearsed one took what it took; another one is as its row's others, or as all.
        """
        known = [one for one in plan.steps if one.id in self.steps]
        if not known:
            return self.nodes, self.data
        like = [one for one in known if one.id == step.id] or \
            [one for one in known if one.row == step.row] or known
        rate = sum(self.steps[one.id] for one in like) / max(sum(map(self._assumed, like)), 0.1)
        return rate, rate

    def _assumed(self, step: Step) -> float:
        return step.seconds + step.seconds_per_gb * self.size / GB


def measure(plan: Plan, journal: Optional[Journal], backup_dir: str,
            rehearsed: Mapping[str, Any]) -> Measured:
    """From this run's survey, from the newest set that was proven by restoring it, and from
    what a rehearsal measured: {time, size, steps}, or nothing."""
    nodes = _of_survey(plan, journal) if journal else 1.0
    data, name = _of_sets(plan, backup_dir, nodes)
    return Measured(nodes, data, name, rehearsed.get("steps") or {},
                    int(rehearsed.get("size") or 0), str(rehearsed.get("time") or ""))


def _of_survey(plan: Plan, journal: Journal) -> float:
    begun, done = journal.last("survey", "begun"), journal.last("survey", "done")
    assumed = sum(step.seconds for step in plan.steps if step.id == "survey")
    if begun is None or done is None or done.seq < begun.seq or not assumed:
        return 1.0
    return _bounded((done.moment - begun.moment).total_seconds() / assumed)


def _of_sets(plan: Plan, backup_dir: str, nodes: float) -> Any:
    from snftools.backups import sets
    whole = [step for step in plan.steps if step.label]
    for backup in reversed(sets.list_sets(backup_dir)):
        if not whole or not backup.complete() or not backup.proven("restore"):
            continue
        size = sum(float(row["size"]) for name in backup.databases
                   for row in backup.manifest(name)["tables"])
        if size < _SMALLEST:
            return 1.0, ""
        ended = max(_moment(proof["time"]) for name in backup.databases
                    for proof in backup.proofs(name)[:1])
        took = (ended - backup.time).total_seconds() - whole[0].seconds * nodes
        return _bounded(took / (whole[0].seconds_per_gb * size / GB)), backup.name
    return 1.0, ""


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)


def _bounded(value: float) -> float:
    return min(max(value, _LEAST), _MOST)
