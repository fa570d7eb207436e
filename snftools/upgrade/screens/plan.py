"""The plan as a table, and as `--json` prints it."""

from __future__ import annotations

import re
import textwrap
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence

from snftools.output.text import human_size, human_time, table
from snftools.upgrade import estimate
from snftools.upgrade.measured import Measured
from snftools.upgrade.plan import Plan
from snftools.upgrade.report.text import when
from snftools.upgrade.step import Row, Step

_HEAD = ("step", "needs", "undo", "command   (NODE: -v prints each line)")
_USERS = ("---- from here on users write: going back then loses what they have written ----")


def lines(plan: Plan, headline: str, size: int, backup_dir: str, verbose: bool) -> List[str]:
    """The screen of `snf-upgrade plan`."""
    found = ["%s   %d steps   about %s without service" % (
        headline, len(plan.rows), human_time(estimate.without_service(plan, size))),
        "%d backup sets, at most %s, in %s (%s free)" % (
            estimate.sets(plan), human_size(size * estimate.sets(plan)), backup_dir,
            human_size(estimate.free_bytes(backup_dir))), ""]
    found += verbose_lines(plan) if verbose else rows_table(plan)
    found.append("")
    if any("restore" in row.undo_word for row in plan.rows):
        found.append("restore: snf-restore-db pre-upgrade      Before the window: run --until "
                     "survey,")
        found.append("and snf-install-packages --download-only on each node.    Next: "
                     "snf-upgrade run")
    if plan.offline:
        found.append("Left out (offline): %s" % ", ".join(plan.offline))
    if plan.seen.source != "survey":
        found.append("No survey yet: the start lines name all services that are enabled.")
    return found


def turning(plan: Plan, size: int, measured: Measured, window: Optional[int]) -> List[str]:
    """How long going back takes, and until when it can be decided."""
    found = ["Going back takes at most about %s; without loss until %s begins." % (
        human_time(estimate.way_back(plan, size)),
        next((step.row for step in plan.starts("site")), "the end"))]
    after = estimate.turn_back_after(plan, size, window)
    if after is not None:
        found.append("In a window of %d min turn back at the latest %s after the stop." % (
            window or 0, human_time(after)) if after else
            "A window of %d min is too short to go back within it." % (window or 0))
    if measured.rehearsed:
        found.append("Times of %d steps are those of the rehearsal that ended %s." % (
            sum(step.id in measured.steps for step in plan.steps),
            when(measured.rehearsed)))
    if (measured.nodes, measured.data) != (1.0, 1.0):
        found.append("Times: %.1f times what is assumed for commands (by the survey), %s." % (
            measured.nodes, "%.1f times for data (by %s)" % (measured.data, measured.data_from)
            if measured.data_from else "data not measured yet"))
    return found


def rows_table(plan: Plan) -> List[str]:
    """One line a row."""
    shown = {row.name: _command(row, plan) for row in plan.rows}
    name = max([len(row.name) for row in plan.rows] + [4])
    needs = max([len(_needs(row)) for row in plan.rows] + [5])
    undo = max([len(row.undo_word) for row in plan.rows] + [4])
    form = "%%-%ds  %%-%ds  %%-%ds  %%s" % (name, needs, undo)
    found = [(form % _HEAD).rstrip()]
    indent = name + needs + undo + 6
    for row in plan.rows:
        if row.users_write:
            found.append(_USERS)
        first, *rest = _broken(shown[row.name], 80 - indent)
        found.append(form % (row.name, _needs(row), row.undo_word, first))
        found += [" " * (indent + 2) + line for line in rest]
    return found


def verbose_lines(plan: Plan) -> List[str]:
    """Each step with the exact line that an operator could type."""
    found: List[str] = []
    for step in plan.steps:
        found.append("%s   (%s; needs %s)" % (step.id, step.kind,
                                              ", ".join(step.needs) or "nothing"))
        found.append("  " + " ".join(step.argv))
        if step.undo:
            found.append("  undo: " + " ".join(step.undo))
    return found


def by_hand(rows: Iterable[Mapping[str, Any]]) -> List[str]:
    """What no command does: what it is, and the line below."""
    return [line for row in rows for line in ("  " + row["title"], "      " + row["line"])]


def back_lines(headline: str, plan: Plan, due: Sequence[Step], size: int, run: str, to: str
               ) -> List[str]:
    """The screen of `snf-upgrade rollback --check`: each literal line with its time."""
    found = ["%s   going back%s, run %s" % (headline, " to after " + to if to else "", run),
             "%d lines, %d of them due, about %s" % (
                 len(plan.steps), len(due), human_time(estimate.in_order(
                     plan, size, [step.id for step in plan.steps if step not in due]))), ""]
    found += table([[step.id, ", ".join(dict.fromkeys(
        plan.step(need).row for need in step.needs[-1:])) or "-",
        human_time(estimate.seconds(step, size)) if step in due else "undone",
        ] for step in plan.steps], ["line", "needs", "expected"])
    found += [""]
    for step in due:
        found += ["  " + " ".join(step.argv)]
    return found + [""]


def result(plan: Plan, size: int, pending: Sequence[str]) -> Dict[str, Any]:
    """`result` of `snf-upgrade plan --json` (DESIGN 3.1)."""
    return {
        "steps": [{"id": step.id, "kind": step.kind, "nodes": list(step.nodes),
                   "needs": list(step.needs), "undo": list(step.undo),
                   "command": list(step.argv), "pending": step.id in pending, "window": step.window,
                   "seconds": int(round(estimate.seconds(step, size)))}
                  for step in plan.steps],
        "without_service": int(round(estimate.without_service(plan, size))),
        "offline": list(plan.offline), "services_from": plan.seen.source}


def _needs(row: Row) -> str:
    return ", ".join(row.needs) or "-"


def _command(row: Row, plan: Plan) -> str:
    words = {"{node}": "NODE", "{services}": "S...", "{run}": "RUN",
             "{email}": "--email" if any("--email" in step.argv for step in plan.of_row(row.name))
             else ""}
    return " ".join(filter(None, (words.get(word, word) for word in row.command)))


def _broken(text: str, width: int) -> List[str]:
    """A command over several lines, as a shell would take it."""
    if len(text) <= width:
        return [text]
    kept = re.sub(r" (--[a-z-]+) (?!-)", " \\1\0", text)  # an option stays with its value
    parts = [part.replace("\0", " ") for part in textwrap.wrap(
        kept, width - 2, break_long_words=False, break_on_hyphens=False)]
    return [part + " \\" for part in parts[:-1]] + parts[-1:]
