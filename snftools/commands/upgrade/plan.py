"""snf-upgrade plan - show the steps in their order"""

from __future__ import annotations

from typing import Any, List

from snftools.commands.upgrade.common import Upgrade
from snftools.report import Report
from snftools.upgrade import facts
from snftools.upgrade.journal import Journal
from snftools.upgrade.screens import plan as screen
from snftools.upgrade.silent import findings as left_out


def act(args: Any) -> Report:
    """Build the plan from site.conf, the release and the survey; run nothing."""
    up = Upgrade(args)
    silent = up.leave_out_silent()
    journal = up.newest()
    plan = up.plan(journal.run if journal else "")
    size = facts.database_size(up)
    done = journal or Journal("", "")
    pending = [step.id for step in plan.steps if done.state(step.id) not in ("done", "found")]
    lines = screen.lines(plan, up.headline(), size, up.site.backup_dir, bool(args.verbose))
    result = screen.result(plan, size, pending)
    result["run"] = journal.run if journal else None
    result["by_hand"] = _by_hand(up)
    for when in ("before", "after"):
        lines += ["", "By hand, %s it:" % when]
        lines += screen.by_hand(row for row in result["by_hand"] if row["when"] == when)
    return Report(result=result, lines=tuple(lines),
                  findings=tuple(left_out(silent, up.site.path)))


def _by_hand(up: Upgrade) -> List[Any]:
    """What no command does; how much of it there is tells the last screen."""
    return [{"name": name, "when": row["when"], "title": _without_counts(row["title"]),
             "why": row["why"], "line": row["line"]}
            for name, row in up.release.part("by_hand").items()]


def _without_counts(title: str) -> str:
    """A title before anything was counted."""
    return " ".join(title.replace("{count}", "").replace("{names}", "").split())
