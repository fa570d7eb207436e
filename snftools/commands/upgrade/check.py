"""snf-upgrade check - look for every problem on every node"""

from __future__ import annotations

import time
from typing import Any, Dict, List

from snftools.commands.upgrade.asking import asking
from snftools.commands.upgrade.common import Upgrade
from snftools.report import Finding, Report
from snftools.upgrade import assess
from snftools.upgrade.checks import Checked, run_checks
from snftools.upgrade.journal import Journal
from snftools.upgrade.screens import check as screen
from snftools.upgrade.silent import findings as left_out


def act(args: Any) -> Report:
    """Every check of every node in one pass; 4 with errors, 0 with warnings alone."""
    started = time.monotonic()
    up = Upgrade(args)
    silent = up.leave_out_silent()
    journal = up.newest() or Journal("", "")
    plan = up.plan(journal.run)
    with asking(plan, journal) as ask:
        found = assess.assess(plan, journal, ask)
    checked = run_checks(up, plan, found)
    nodes = set(args.node) - {"all"}
    findings = [_waived(up, finding) for finding in
                checked.findings + left_out(silent, up.site.path)
                if not nodes or finding.node in nodes or not finding.node]
    lines = screen.lines(up, checked, findings, time.monotonic() - started)
    return Report(findings=tuple(findings), lines=tuple(lines), result={
        "checks": checked.names, "places": _places(checked),
        "done": sorted(found.done & {step.id for step in plan.steps if step.kind == "state"})})


def _waived(up: Upgrade, finding: Finding) -> Finding:
    """An error is told with 4, or as a warning when site.conf waives it."""
    from dataclasses import replace
    if finding.severity != "error":
        return finding
    if finding.waivable and finding.check in up.site.waive:
        return replace(finding, severity="warning", what=finding.what + " (waived)")
    if finding.check in up.site.waive:
        return replace(finding, code=4, what=finding.what + " (can't be waived)")
    return replace(finding, code=4)


def _places(checked: Checked) -> List[Dict[str, Any]]:
    return [{"place": place, "ok": ok, "errors": errors, "warnings": warnings}
            for place, (ok, errors, warnings) in checked.made.items()]
