"""Whether the window is still quiet: a watchdog may start again what was stopped."""

from __future__ import annotations

from typing import Any, Collection, Mapping, Optional

from snftools.upgrade import schedule
from snftools.upgrade.journal import Journal
from snftools.upgrade.plan import Plan
from snftools.upgrade.step import RECORD, STATE, WINDOW, Step


def guard(plan: Plan, journal: Journal, step: Step, done: Collection[str]) -> Optional[Step]:
    """The window's step that only asks, to be asked again before what needs a quiet site.

    None where there is none, where it was never asked, or where an administrator accepted it.
    """
    if step.kind not in (STATE, RECORD):
        return None
    before = schedule.before(plan, step)
    for other in plan.stops(step.window):
        if other.kind == WINDOW and other.check == other.argv and other.id in before \
                and other.id in done and not journal.is_accepted(other.id):
            return other
    return None


def why(answer: Mapping[str, Any]) -> str:
    """What is not quiet, by the answer of the look."""
    nodes = (answer.get("result") or {}).get("nodes") or {}
    running = ["%s on %s" % (row.get("name"), node) for node, value in sorted(nodes.items())
               for row in (value or {}).get("services") or () if row.get("running")]
    what = ", ".join(running)
    return "something started %s in the window: stop what does that (cron, a watchdog)" % what \
        if what else "the site is not quiet any more"
