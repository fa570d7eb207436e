"""snf-upgrade status - show how far the run is, from its journal alone"""

from __future__ import annotations

import sys
from typing import Any

from snftools.commands.upgrade.common import Upgrade
from snftools.upgrade.follow import follow
from snftools.upgrade.journal import Journal
from snftools.report import Finding, Report
from snftools.upgrade.screens import status


def act(args: Any) -> Report:
    """Read the newest run's journal; nothing else is looked at."""
    up = Upgrade(args)
    journal = up.newest()
    if journal is None:
        return Report(result={"run": None}, lines=(
            "%s: no run yet.  Next: snf-upgrade check, snf-upgrade plan" % up.site.name,))
    if args.follow:
        return _follow(up, journal, args)
    events = status.last_events(journal)
    return Report(
        findings=tuple(Finding("journal", "warning", notice) for notice in journal.notices),
        result={"run": journal.run, **status.counts(journal),
                "steps": {step: {"event": record.event, "time": record.time,
                                 "exit": record.exit} for step, record in events.items()}},
        lines=tuple(status.lines(journal, up.headline())))


def _follow(up: Upgrade, journal: Journal, args: Any) -> Report:
    """Print each record as it is written; end with the attempt."""
    def say(text: str) -> None:
        if not args.json:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()
    how = follow(up.state, journal.run, say)
    now = Journal.read(journal.path, journal.run)
    return Report(result={"run": now.run, **status.counts(now)}, lines=("", how))
