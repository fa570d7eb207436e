"""How long the site was without service, by the journal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Optional

from snftools.upgrade.journal import Journal
from snftools.upgrade.plan import Plan


@dataclass(frozen=True)
class Downtime:
    """Seconds without service so far, since when and until when (None: it still is)."""

    seconds: float
    since: Optional[datetime]
    until: Optional[datetime]


def downtime(plan: Plan, journal: Journal, now: Optional[datetime] = None) -> Downtime:
    """From the first stop of a window to the end of its last start, summed over windows."""
    stops = {step.id for step in plan.stops("site") if step.check != step.argv}
    starts = {step.id for step in plan.starts("site")}
    total, down = 0.0, None  # type: ignore[var-annotated]
    first: Optional[datetime] = None
    until: Optional[datetime] = None
    up = set(starts)
    for record in journal.records:
        if record.step in stops and record.event == "begun":
            down = down or record.moment
            first = first or down
            up = set()
        elif record.step in starts and record.event in ("done", "found"):
            up.add(record.step)
            if down and up >= starts:
                total += (record.moment - down).total_seconds()
                down, until = None, record.moment
    if down:
        total += ((now or datetime.now(timezone.utc)) - down).total_seconds()
        until = None
    return Downtime(total, first, until)
