"""snf-upgrade plan - show the steps in their order"""

from __future__ import annotations

from typing import Any, List, Sequence

from snftools.commands.upgrade.asking import asking
from snftools.commands.upgrade.common import Upgrade
from snftools.report import Finding, Report
from snftools.upgrade import assess, estimate, facts
from snftools.upgrade.journal import Journal
from snftools.upgrade.plan import Plan
from snftools.upgrade.screens import plan as screen
from snftools.upgrade.silent import findings as left_out


def act(args: Any) -> Report:
    """Build the plan from site.conf, the release and the survey; run nothing."""
    up = Upgrade(args)
    silent = up.leave_out_silent()
    journal = up.newest()
    plan = up.plan(journal.run if journal else "")
    size = facts.database_size(up)
    pending = _pending(plan, journal or Journal("", ""), up.site.backup_dir, proven=args.json)
    lines = screen.lines(plan, up.headline(), size, up.site.backup_dir, bool(args.verbose))
    lines += screen.turning(plan, size, up.measured, args.window)
    result = screen.result(plan, size, pending)
    result["way_back"] = int(round(estimate.way_back(plan, size)))
    result["turn_back_after"] = estimate.turn_back_after(plan, size, args.window)
    result["rehearsed"] = up.measured.rehearsed or None
    result["run"] = journal.run if journal else None
    result["by_hand"] = _by_hand(up)
    for when in ("before", "after"):
        lines += ["", "By hand, %s it:" % when]
        lines += screen.by_hand(row for row in result["by_hand"] if row["when"] == when)
    return Report(result=result, lines=tuple(lines),
                  findings=(*left_out(silent, up.site.path), *_no_way_back(up, pending)))


def _pending(plan: Plan, journal: Journal, backup_dir: str, proven: bool) -> List[str]:
    """What a run would make; a screen is made without asking the nodes, by the journal alone."""
    if not proven:
        return [step.id for step in plan.steps if journal.state(step.id) not in ("done", "found")]
    with asking(plan, journal) as ask:
        return assess.pending(plan, journal, ask, backup_dir)


def _no_way_back(up: Upgrade, pending: Sequence[str]) -> List[Finding]:
    """The old packages that can't be had again, said before anything is installed."""
    from snftools.packages import back
    part = up.release.part("packages")
    return [finding for node in up.ctx.all_nodes() if "install." + node.name in pending
            for finding in back.missing(node, part)]


def _by_hand(up: Upgrade) -> List[Any]:
    """What no command does; how much of it there is tells the last screen."""
    return [{"name": name, "when": row["when"], "title": _without_counts(row["title"]),
             "why": row["why"], "line": row["line"]}
            for name, row in up.release.part("by_hand").items()]


def _without_counts(title: str) -> str:
    """A title before anything was counted."""
    return " ".join(title.replace("{count}", "").replace("{names}", "").split())
