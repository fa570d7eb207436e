"""What a rehearsal tells: times, rows, sizes, what the real window will take."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Sequence, Set, Tuple

from snftools.output.text import human_size, human_time, table
from snftools.upgrade import estimate
from snftools.upgrade.plan import Plan
from snftools.upgrade.rehearsal import diffs
from snftools.upgrade.report.gather import steps as made

if TYPE_CHECKING:
    from snftools.backups.sets import BackupSet
    from snftools.upgrade.journal import Journal
    from snftools.upgrade.rehearsal.derive import Derived

# A window has other load, other disks: what is told is the forecast and so many times of it.
MARGIN = 1.5
_WINDOW = "window"  # a kind of step that a rehearsal has nothing to do for


@dataclass(frozen=True)
class Took:
    """Seconds of a step, and of the looks before it, whether it may begin."""

    seconds: float
    before: float

    @property
    def whole(self) -> float:
        """What the step adds to the window."""
        return round(self.seconds + self.before, 2)


def times(plan: Plan, journal: "Journal", derived: "Derived") -> Dict[str, Took]:
    """The time of each step that was made, by the ids of the live plan."""
    kinds = {step.id: (step.kind, step.row, step.nodes) for step in plan.steps}
    before = _looks(plan, journal)
    found: Dict[str, Took] = {}
    for row in made(journal):
        kind, name, nodes = kinds.get(row["step"], (_WINDOW, "", ()))
        if row["event"] != "done" or kind == _WINDOW:
            continue
        names = ["%s.%s" % (name, live) for node in nodes for live in derived.live_of[node]]
        for step_id in names or [name]:
            found.setdefault(step_id, Took(float(row["seconds"]), before.get(row["step"], 0.0)))
    return found


def _looks(plan: Plan, journal: "Journal") -> Dict[str, float]:
    """Seconds in which nothing was at work before a step began; those of a row that is made
    beside each other begin as one."""
    serial = {row.name for row in plan.rows if row.serial}
    rows = {step.id: step.row for step in plan.steps}
    groups: Dict[str, float] = {}
    at_work: Set[str] = set()
    since = None
    for record in journal.records:
        if not record.step:
            at_work, since = set(), None
        elif record.event == "begun":
            row = rows.get(record.step, record.step)
            if since is not None and not at_work:
                groups.setdefault(record.step if row in serial else row,
                                  (record.moment - since).total_seconds())
            at_work.add(record.step)
        else:
            at_work.discard(record.step)
            since = record.moment
    return {step: groups.get(step if row in serial else row, 0.0) for step, row in rows.items()}


def step_rows(measured: Mapping[str, Took], plan: Plan, size: int) -> List[Dict[str, Any]]:
    """Each step's time; what goes by the databases' size also has a rate."""
    by_size = {step.row for step in plan.steps if step.seconds_per_gb}
    found = []
    for step_id, took in measured.items():
        rate = size / max(took.seconds, 0.01) if step_id.partition(".")[0] in by_size else 0.0
        found.append({"step": step_id, "seconds": took.seconds, "before": round(took.before, 2),
                      "bytes_per_second": round(rate),
                      "rate": human_size(rate) + "/s" if rate else ""})
    return found


def space(sets: Sequence["BackupSet"], size: int, backup_dir: str) -> Dict[str, int]:
    """Bytes of the run's sets and of the databases, and what is free for the real ones."""
    return {"sets": sum(one.size() for one in sets), "count": len(sets), "databases": size,
            "free": estimate.free_bytes(backup_dir)}


def migrations(sets: Sequence["BackupSet"]) -> Dict[str, List[Dict[str, Any]]]:
    """By database: each table's rows before and after its migrations, where they differ."""
    labels = {one.label: one for one in sets}
    before, after = labels.get("pre-upgrade"), labels.get("after-migrate")
    found: Dict[str, List[Dict[str, Any]]] = {}
    if before is None or after is None:
        return found
    for name in before.databases:
        old, new = _rows(before, name), _rows(after, name)
        found[name] = [{"table": table_, "before": old.get(table_), "after": new.get(table_)}
                       for table_ in sorted({*old, *new}) if old.get(table_) != new.get(table_)]
    return found


def _rows(backup: "BackupSet", name: str) -> Dict[str, int]:
    return {str(row["name"]): int(row["rows"]) for row in backup.manifest(name)["tables"]}


def forecast(plan: Plan, size: int, measured: Mapping[str, Took]) -> Dict[str, Any]:
    """The real window: the live plan with the measured times, its size in bytes of databases."""
    seconds = estimate.without_service(plan, size)
    return {"without_service": round(seconds, 1), "at_most": round(seconds * MARGIN, 1),
            "whole": round(estimate.in_order(plan, size), 1), "margin": MARGIN,
            "not_measured": [step.id for step in plan.steps if step.id not in measured],
            "steps": {step.id: round(estimate.seconds(step, size), 1) for step in plan.steps}}


def lines(told: Mapping[str, Any]) -> List[str]:
    """The report as text."""
    found = ["", *_wrapped("Rehearsed on a copy of %s: %s." % (
        told["site"], ", ".join(told["nodes"])))]
    found += ["", *table([[row["step"], human_time(row["seconds"]), row["rate"]]
                          for row in told["steps"]], ["step", "took", "rate"])]
    found += _row_lines(told["rows"])
    found += diffs.lines(told["diff"], told["diff_files"])
    found += ["", "Led out, and does not any more:"]
    found += ["  %s  %s  %s" % row for row in _outward(told["settings"])]
    found += ["  rows of %s: %d" % (row["table"], row["rows"]) for row in told["neutral_rows"]]
    room, ahead = told["space"], told["forecast"]
    found += ["", *_wrapped("Backups: %s in %d sets, of databases of %s; the window's have %s free."
                            % (human_size(room["sets"]), room["count"],
                               human_size(room["databases"]), human_size(room["free"])))]
    found += _wrapped("The real window: about %s without service; plan with %s (%s times)." % (
        human_time(ahead["without_service"]), human_time(ahead["at_most"]), ahead["margin"]))
    return found + _wrapped("Not shown by a rehearsal: %s." % "; ".join(told["not_shown"]))


def _wrapped(text: str) -> List[str]:
    return textwrap.wrap(text, 79, break_on_hyphens=False)


def _row_lines(rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> List[str]:
    found: List[str] = []
    for database, tables in rows.items():
        found += ["", "%s: rows that the migrations change" % database, *table(
            [[row["table"], _count(row["before"]), _count(row["after"])] for row in tables],
            ["table", "before", "after"])] if tables else []
    return found


def _count(value: Any) -> str:
    return "-" if value is None else str(value)


def _outward(settings: Mapping[str, Any]) -> List[Tuple[str, str, str]]:
    return [(node, row["name"], row["where"] or "(default)") for node, one in settings.items()
            for row in one["neutralized"]]
