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
    """From the first stop of a window to the end of its last start, summed over windows; also
    on the way back, which stops what was started and starts what was stopped."""
    stops = {step.id: step.where for step in plan.stops("site") if step.check != step.argv}
    starts = {step.id: step.where for step in plan.starts("site")}
    serving = set(starts.values())
    total, down = 0.0, set()  # type: ignore[var-annotated]
    since: Optional[datetime] = None
    first: Optional[datetime] = None
    until: Optional[datetime] = None
    for record in journal.records:
        if (record.step, record.event) in {(step, "begun") for step in stops}:
            down = set(serving)
        elif record.step in starts and record.event == "undo-begun":
            down = set(serving)
        elif record.step in starts and record.event in ("done", "found", "accepted"):
            down.discard(starts[record.step])
        elif record.step in stops and record.event == "undone":
            down.discard(stops[record.step])
        elif not record.step and record.event == "closed":
            down = set()
        if down and since is None:
            since = record.moment
            first = first or since
        elif not down and since is not None:
            total += (record.moment - since).total_seconds()
            since, until = None, record.moment
    if since is not None:
        total += ((now or datetime.now(timezone.utc)) - since).total_seconds()
        until = None
    return Downtime(total, first, until)
