"""snf-upgrade check - look for every problem on every node"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from typing import Any, Dict, List

from snftools.commands.upgrade.common import Upgrade
from snftools.report import Finding, Report
from snftools.upgrade import assess
from snftools.upgrade.checks import Checked, run_checks
from snftools.upgrade.journal import Journal
from snftools.upgrade.plan import Plan
from snftools.upgrade.runner import Runner
from snftools.upgrade.screens import check as screen
from snftools.upgrade.screens.run import RunScreen
from snftools.upgrade.signals import stopping
from snftools.upgrade.silent import findings as left_out


def act(args: Any) -> Report:
    """Every check of every node in one pass; 4 with errors, 0 with warnings alone."""
    started = time.monotonic()
    up = Upgrade(args)
    silent = up.leave_out_silent()
    journal = up.newest() or Journal("", "")
    plan = up.plan(journal.run)
    found = _assess(up, plan, journal)
    checked = run_checks(up, plan, found)
    nodes = set(args.node) - {"all"}
    findings = [_waived(up, finding) for finding in
                checked.findings + left_out(silent, up.site.path)
                if not nodes or finding.node in nodes or not finding.node]
    lines = screen.lines(up, checked, findings, time.monotonic() - started)
    return Report(findings=tuple(findings), lines=tuple(lines), result={
        "checks": checked.names, "places": _places(checked),
        "done": sorted(found.done & {step.id for step in plan.steps if step.kind == "state"})})


def _assess(up: Upgrade, plan: Plan, journal: Journal) -> assess.Assessment:
    """What the state steps say of themselves; their output is thrown away."""
    directory = tempfile.mkdtemp(prefix="snf-upgrade-check.")
    try:
        with stopping() as asked:
            runner = Runner(plan, journal, os.path.join(directory, "log"), None,
                            RunScreen(True, True, False), asked, lambda step, answer: {})
            found = assess.assess(plan, journal, runner.ask)
        if asked.exit:  # as if it had come now that nothing runs
            os.kill(os.getpid(), asked.exit - 128)
        return found
    finally:
        shutil.rmtree(directory, ignore_errors=True)


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
